import ByteReading
import Facts
import PortableExecutable

/// Everything read of an image.
struct ImageListing {
  let image: PEImage

  init(_ image: PEImage) { self.image = image }

  func write() {
    let header = image.header
    line("machine", hex(header.machineType))
    line("timestamp", hex(header.timestamp))
    line("imageSize", hex(header.imageSize))
    line("checksum", hex(header.checksum), image.computedChecksum().map { hex($0) } ?? "-")
    line("entryPoint", hex(header.entryPoint))
    line("base", hex(header.preferredBase))
    for section in image.sections {
      line(
        "section", section.name, hex(section.offset), hex(section.size), hex(section.fileOffset), hex(section.fileSize))
    }
    attempt("debug") {
      for entry in try image.debugDirectory() {
        line("debug", hex(entry.kind.rawValue), hex(entry.timestamp), hex(entry.size))
      }
      if let record = try image.codeView() { line("pdb", record.identifier, hex(record.age), record.path) }
    }
    attempt("exports") {
      guard let exports = try image.exports() else { return }
      for symbol in exports.symbols {
        line("export", String(symbol.ordinal), symbol.name ?? "", hex(symbol.offset), symbol.forwarder ?? "")
      }
    }
    attempt("version") {
      guard let version = try image.versionInformation() else { return }
      line("version", version.fileVersion?.description ?? "-", version.productVersion?.description ?? "-")
      for table in version.stringTables {
        for entry in table.strings { line("string", entry.key, entry.value) }
      }
      for translation in version.translations {
        line("translation", hex(translation.language), hex(translation.codePage))
      }
    }
    attempt("functions") {
      guard let table = image.functionTable else { return }
      for index in 0..<table.count {
        let function = try table.entry(index)
        line("function", hex(function.begin), hex(function.end), hex(function.unwindInfo))
        guard function.unwindInfo & 1 == 0, function.begin != 0 else { continue }
        attempt("unwind") { unwind(function, try X64UnwindInfo(at: function.unwindInfo, in: image)) }
      }
    }
    attempt("functions") {
      guard let table = image.arm64FunctionTable else { return }
      for index in 0..<table.count {
        let function = try table.entry(index)
        line("arm64", hex(function.begin), hex(function.length), "\(function.form)")
        line("prologue", function.prologue.map { "\($0)" }.joined(separator: " "))
        for epilogue in function.epilogues {
          line("epilogue", hex(epilogue.offset), epilogue.codes.map { "\($0)" }.joined(separator: " "))
        }
      }
    }
  }

  private func unwind(_ function: RuntimeFunction, _ info: X64UnwindInfo) {
    line(
      "unwind", String(info.version), String(info.flags.rawValue), String(info.prologueSize),
      info.frameRegister.map(String.init) ?? "-", String(info.frameOffset), info.handler.map { hex($0) } ?? "-")
    for code in info.codes { line("code", String(code.prologueOffset), describe(code.operation)) }
    if let chained = info.chained {
      line("chained", hex(chained.begin), hex(chained.end), hex(chained.unwindInfo))
    }
    for distance in info.epilogues { line("epilog", String(info.epilogueSize), String(distance)) }
  }

  private func describe(_ operation: X64UnwindInfo.Operation) -> String {
    switch operation {
    case .pushNonvolatile(let register): "push \(register)"
    case .allocate(let bytes): "alloc \(bytes)"
    case .setFrameRegister: "setframe"
    case .saveNonvolatile(let register, let offset): "save \(register) \(offset)"
    case .saveXMM128(let register, let offset): "xmm \(register) \(offset)"
    case .pushMachineFrame(let errorCode): "machframe \(errorCode ? 1 : 0)"
    case .unused(let code): "unused \(code)"
    }
  }

  private func attempt(_ what: String, _ body: () throws -> Void) {
    do { try body() } catch { line("error", what, "\(error)") }
  }
}
