import ByteReading
import Facts
import PortableExecutable
import Symbols

extension ImageView {
  /// Everything reports print of an image, and what of it could not be read.
  init(_ image: PEImage, _ problems: inout [ReadError]) {
    func attempt<Value>(_ body: () throws(ReadError) -> Value?) -> Value? {
      do {
        return try body()
      } catch {
        problems.append(error)
        return nil
      }
    }
    let header = image.header
    let meaning: DumpView.TimestampMeaning
    var reason: String?
    switch image.timestampMeaning {
    case .date: meaning = .date
    case .notStated: meaning = .unknown
    case .reproducibleBuild:
      meaning = .buildHash
      reason = "its debug directory says that the build is reproducible"
    case .outOfRange:
      meaning = .buildHash
      reason = "no image could be of that date"
    }
    let exports = attempt { () throws(ReadError) in try image.exports() }
    self.init(
      architecture: header.architecture, is64Bit: header.is64Bit, timestamp: header.timestamp,
      timestampMeaning: meaning, timestampReason: reason, imageSize: header.imageSize, checksum: header.checksum,
      computedChecksum: image.computedChecksum(), preferredBase: header.preferredBase, entryPoint: header.entryPoint,
      subsystem: header.subsystem,
      sections: image.sections.map {
        Section(
          name: $0.name, offset: $0.offset, size: $0.size, fileOffset: $0.fileOffset, fileSize: $0.fileSize,
          characteristics: $0.characteristics)
      }, exports: exports?.symbols.count ?? 0, functions: image.functionTable?.count ?? image.arm64FunctionTable?.count)
    exportName = exports?.name
    if let version = attempt({ () throws(ReadError) in try image.versionInformation() }) {
      fileVersion = version.fileVersion
      productVersion = version.productVersion
      fileVersionText = version.fileVersionText
      branchSuffix = version.branchSuffix
      strings = (version.stringTables.first?.strings ?? []).map { Text(key: $0.key, value: $0.value) }
      translations = version.translations.map {
        String(hexadecimal(UInt64($0.language) << 16 | UInt64($0.codePage), digits: 8).dropFirst(2))
      }
    }
    if let record = attempt({ () throws(ReadError) in try image.codeView() }) {
      debugFile = DebugFile(
        name: record.name, path: record.path, form: record.form.rawValue, identifier: record.identifier,
        age: record.age)
    }
    splitDebugFile = attempt { () throws(ReadError) in try image.splitDebugFile() }
    problems.insert(contentsOf: image.problems, at: 0)
  }
}

extension SymbolsView {
  /// A database, with what of it could not be read.
  init(_ pdb: PDBFile, _ problems: inout [ReadError]) {
    let identity = pdb.identity
    self.init(
      form: pdb.container.version == .seven ? "PDB 7.00" : "PDB 2.00", name: identity.name, identifier: identity.guid,
      age: identity.age, writes: pdb.writes, architecture: pdb.architecture, streams: pdb.container.streamCount,
      blockSize: pdb.container.blockSize, modules: pdb.debug?.modules.count,
      isStripped: pdb.debug.map { $0.flags & 2 != 0 })
    problems += pdb.problems
    guard pdb.debug != nil else { return }
    do {
      symbols = try SymbolTable(pdb: pdb).count
      isMoved = try SectionMap(pdb).isMoved
    } catch {
      problems.append(error)
    }
    do {
      types = try pdb.types()?.count
    } catch {
      problems.append(error)
    }
  }

  init(_ table: SymbolTable) {
    self.init(
      form: "ISF", name: table.identity?.name, identifier: table.identity?.guid, age: table.identity?.age,
      symbols: table.count)
  }
}
