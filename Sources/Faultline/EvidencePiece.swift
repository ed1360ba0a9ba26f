import Analyses
import ByteReading
import CaptureFormat
import CrashDumpFormat
import Crypto
import Facts
import FieldLogs
import KnowledgeBase
import MachineInventory
import PortableExecutable
import Reporting
import Symbols
import WindowsKernel

/// One file of evidence, read as what it is.
public struct EvidencePiece: Sendable {
  public enum Content: Sendable {
    case dump(KernelDump)
    case article(Article)
    case symptoms(Symptoms)
    case image(ImageView)
    case symbols(SymbolsView)
    /// A debugger's log, with the pool tables in it.
    case debuggerLog(DebuggerLogView, PoolLogView)
    case poolLog(PoolLogView)
    case inventory(InventoryView)
    case hive(HiveView)
    case capture(CaptureView)
    /// The system's folder of a mounted or copied volume.
    case volume(VolumeView)
    /// Recognized or not, but nothing could be read of it.
    case nothing
  }

  /// Larger files are not hashed unasked: a memory dump of 64 GiB would take a minute before the first word.
  public static let hashLimit = 1 << 30

  public var path: String
  public var kind: EvidenceKind
  public var sha256: String?
  public var problems: [EvidenceProblem]
  public var content: Content

  /// Whether something of it could be read.
  public var isRead: Bool {
    if case .nothing = content { return false }
    return true
  }

  /// The machine it comes from, where it says.
  var machine: Machine? {
    switch content {
    case .dump(let dump): dump.machine
    case .symptoms(let symptoms): symptoms.machine
    case .debuggerLog(let log, _): log.machine
    case .inventory(let inventory): inventory.statedMachine
    case .hive(let hive): hive.machine
    case .volume(let volume): volume.machine
    case .article, .image, .symbols, .poolLog, .capture, .nothing: nil
    }
  }

  /// The machine as it is put together for audits and verifications: a binary is a file of it.
  var describedMachine: Machine? {
    if case .image(let image) = content { return Machine(files: [image.identity(path: path)]) }
    return machine
  }

  /// What kind of description of a machine it is; one machine has one of each.
  var descriptionKind: String {
    switch content {
    case .dump: "dump"
    case .symptoms: "symptoms"
    case .debuggerLog: "dump"
    case .inventory(let inventory):
      inventory.forms.contains(.systemInformation)
        ? "systeminfo" : inventory.forms.map(\.rawValue).joined(separator: "+")
    case .hive(let hive): "hive-" + hive.type
    case .volume: "volume"
    case .image: "image"
    case .article, .symbols, .poolLog, .capture, .nothing: "other"
    }
  }

  /// Reads one file. Never throws: what goes wrong is a problem of this piece alone.
  public static func read(
    _ path: String, symbols: SymbolFolder? = nil, images: ImageFolder? = nil, server: SymbolServer? = nil,
    hash: Bool = true
  ) -> EvidencePiece {
    if FileStatus.of(path) == .folder, let volume = SystemVolume(systemFolder: path) { return EvidencePiece(volume) }
    do {
      return EvidencePiece(
        file: try MappedFile(path: path), symbols: symbols, images: images, server: server, hash: hash)
    } catch {
      return EvidencePiece(unreadable: path, EvidenceProblem(error))
    }
  }

  /// A path of which not even the first byte could be had.
  public init(unreadable path: String, _ reason: String) {
    self.init(
      unreadable: path,
      EvidenceProblem(
        what: "file", because: .notPresent, expected: "a readable file", found: reason, text: reason))
  }

  /// True where the file could not be opened or read at all, which is no fault of its content.
  public var isInputOutputFailure: Bool { kind == .unknown && problems.contains { $0.what == "file" } }

  private init(_ volume: SystemVolume) {
    path = volume.view.root
    kind = .inventory
    problems = volume.problems
    content = .volume(volume.view)
  }

  private init(unreadable path: String, _ problem: EvidenceProblem) {
    self.path = path
    kind = .unknown
    problems = [problem]
    content = .nothing
  }

  public init(
    file: MappedFile, symbols: SymbolFolder? = nil, images: ImageFolder? = nil, server: SymbolServer? = nil,
    hash: Bool = true
  ) {
    path = file.path
    problems = []
    content = .nothing
    sha256 = hash && file.byteCount <= Self.hashLimit ? Self.sha256(file) : nil
    let detected = EvidenceKind.detect(file)
    kind = detected.kind
    switch detected.kind {
    case .crashDump:
      do {
        let dump = KernelDump(try Self.dump(file), symbols: symbols, images: images, server: server)
        problems = dump.dump.problems.map { EvidenceProblem($0) }
        content = .dump(dump)
      } catch {
        problems = [EvidenceProblem(error)]
      }
    case .article:
      let article = Article.parse(file.array())
      problems = article.limitsReached.map { EvidenceProblem(articleLimit: $0) }
      content = .article(article)
    case .symptoms:
      do {
        content = .symptoms(try Symptoms(json: file.array()))
      } catch {
        problems = [EvidenceProblem(error)]
      }
    case .image:
      do {
        var failures: [ReadError] = []
        content = .image(ImageView(try PEImage(parsing: file), &failures))
        problems = failures.map { EvidenceProblem($0) }
      } catch {
        problems = [EvidenceProblem(error)]
      }
    case .symbols:
      do {
        var failures: [ReadError] = []
        content = .symbols(try Self.symbols(file, &failures))
        problems = failures.map { EvidenceProblem($0) }
      } catch {
        problems = [EvidenceProblem(error)]
      }
    case .debuggerLog, .poolLog:
      readLog(file)
    case .inventory:
      let inventory = InventoryText.read(file.array())
      problems = inventory.problems
      if !inventory.forms.isEmpty { content = .inventory(inventory) }
    case .registryHive:
      do {
        var failures: [ReadError] = []
        content = .hive(HiveView(try RegistryHive(parsing: file, logs: Self.transactionLogs(of: file)), &failures))
        problems = failures.map { EvidenceProblem($0) }
      } catch {
        problems = [EvidenceProblem(error)]
      }
    case .capture:
      do {
        var failures: [ReadError] = []
        content = .capture(try CaptureReading.view(file, problems: &failures))
        problems = failures.map { EvidenceProblem($0) }
      } catch {
        problems = [EvidenceProblem(error)]
      }
    case .unknown:
      if Self.mayBeMemory(file), let image = try? KernelSearch.dump(.raw(file), container: .raw) {
        kind = .crashDump
        content = .dump(KernelDump(image, symbols: symbols, images: images, server: server))
        return
      }
      problems = [
        EvidenceProblem(
          what: "kind of evidence", because: file.byteCount == 0 ? .malformed : .unsupported, offset: 0,
          expected: Self.kindsRead,
          found: detected.reason,
          text: "kind of evidence at file offset 0x0: expected \(Self.kindsRead), found \(detected.reason)"
        )
      ]
    }
  }

  /// Text that people paste: whatever both readers find in it, under the kind it was recognized as.
  private mutating func readLog(_ file: MappedFile) {
    let isCounted = CounterLog.matches(file.bytes.array(at: 0, count: min(file.byteCount, 1 << 14)) ?? [])
    let limit = isCounted ? CounterLog.maximumBytes : DebuggerLog.maximumBytes
    let bytes = file.bytes.array(at: 0, count: min(file.byteCount, limit + 1)) ?? []
    let pool = PoolLog.read(bytes)
    if kind == .poolLog, !pool.isEmpty {
      content = .poolLog(pool)
      return
    }
    if isCounted {
      let found = pool.notes.first ?? "no line with a time and values"
      problems = [
        EvidenceProblem(
          ReadError(
            .malformed, reading: kind.rawValue, at: .file(0), expected: "performance counters of pool or handles",
            found: found))
      ]
      return
    }
    let log = DebuggerLog.read(bytes)
    if !log.saysNothing || !pool.isEmpty {
      kind = log.saysNothing ? .poolLog : .debuggerLog
      content = log.saysNothing ? .poolLog(pool) : .debuggerLog(log, pool)
      return
    }
    problems = [
      EvidenceProblem(
        ReadError(
          .malformed, reading: kind.rawValue, at: .file(0),
          expected: "a stop, a stack, a list of modules or rows of pool tags", found: "none of them"))
    ]
  }

  private static let kindsRead =
    "a crash dump, image, symbols, debugger or pool log, capture, inventory, registry hive, knowledge-base article or symptoms file"

  private static func symbols(_ file: MappedFile, _ problems: inout [ReadError]) throws(ReadError) -> SymbolsView {
    if PDBFile.matches(firstBytes: file.bytes) { return SymbolsView(try PDBFile(parsing: file), &problems) }
    let bytes = XZ.matches(file.bytes) ? try XZ.decompress(file.array()) : file.array()
    return SymbolsView(try SymbolTable(isf: bytes))
  }

  private static func dump(_ file: MappedFile) throws(ReadError) -> CrashDump {
    guard ElfCore.matches(firstBytes: file.bytes) else { return try CrashDump(parsing: file) }
    var problems: [ReadError] = []
    let (memory, _, container) = try ElfCore.read(file, problems: &problems)
    return try KernelSearch.dump(memory, container: container, problems: problems)
  }

  /// A raw memory image has no signature: whole pages, and more of them than the smallest machine of NT 4.0 has.
  private static func mayBeMemory(_ file: MappedFile) -> Bool {
    file.byteCount >= 8 << 20 && file.byteCount % PhysicalMemory.pageBytes == 0
  }

  /// The logs that lie beside a hive under its name.
  private static func transactionLogs(of hive: MappedFile) -> [MappedFile] {
    [".LOG", ".LOG1", ".LOG2"].compactMap { ending in
      for path in [hive.path + ending, hive.path + ending.lowercased()] where FileStatus.of(path) == .file {
        // A log that cannot be read is as good as none: the hive then says that it lacks one.
        if let log = try? MappedFile(path: path) { return log }
      }
      return nil
    }
  }

  private static func sha256(_ file: MappedFile) -> String {
    var hash = SHA256()
    let bytes = file.bytes
    // In chunks: a mapped file is never whole in memory.
    let chunk = 1 << 20
    var offset = 0
    while offset < bytes.byteCount {
      guard let part = bytes.part(at: offset, count: min(chunk, bytes.byteCount - offset)) else { break }
      part.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
      offset += chunk
    }
    return hash.finalize().map { String(hexadecimal(UInt64($0), digits: 2).dropFirst(2)) }.joined()
  }
}

extension EvidenceProblem {
  init(_ error: FileError) {
    self.init(
      what: "file", because: .notPresent, expected: "a readable file", found: error.detail, text: error.detail)
  }

  /// More in an article than is read of one; what was read stands.
  init(articleLimit note: String) {
    self.init(
      what: "article", because: .unsupported, expected: "no more than the limits of an article", found: note,
      text: "article: not all of it was read: \(note)")
  }

  init(_ error: ReadError) {
    var offset: UInt64?
    var address: VirtualAddress?
    switch error.position {
    case .file(let value): offset = value
    case .address(let value): address = value
    case .nowhere: break
    }
    self.init(
      what: (error.trail + [error.reading]).joined(separator: " > "), because: error.kind, offset: offset,
      address: address,
      expected: error.expected, found: error.found, text: error.description)
  }
}

extension InventoryView {
  /// With the numbers that are printed without a prefix, so that an update is found among them.
  fileprivate var statedMachine: Machine {
    var stated = machine
    for entry in otherEntries {
      if let number = ArticleNumber(entry), !stated.updates.contains("KB\(number.rawValue)") {
        stated.updates.append("KB\(number.rawValue)")
      }
    }
    return stated
  }

  fileprivate var problems: [EvidenceProblem] {
    if forms.isEmpty {
      let expected = "the output of systeminfo or a list of updates"
      return [
        EvidenceProblem(
          what: "inventory", because: .malformed, expected: expected, found: "neither",
          text: "inventory: expected \(expected), found neither")
      ]
    }
    guard let stated = statedUpdates, stated != listedUpdates else { return [] }
    return [
      EvidenceProblem(
        what: "inventory > updates", because: .malformed, expected: "\(stated) entries, as the text states",
        found: "\(listedUpdates)",
        text: "inventory > updates: expected \(stated) entries, as the text states, found \(listedUpdates)")
    ]
  }
}
