import ByteReading
import Facts

/// A kernel crash dump: its header, and as much of the rest as its type and its bytes give.
public struct CrashDump: Sendable {
  public let file: MappedFile
  public let header: CrashDumpHeader
  public let triage: TriageDump?
  public let context: RegisterContext?
  /// Parts that are there but wrong. The rest was read all the same.
  public let problems: [ReadError]
  /// Parts this type of dump or this reader does not give, with the reason.
  public let missing: [Missing]

  public static func matches(firstBytes: RawSpan) -> Bool { CrashDumpHeader.matches(firstBytes) }

  public init(parsing file: MappedFile) throws(ReadError) {
    self.file = file
    var problems: [ReadError] = []
    var missing: [Missing] = []
    let header = try CrashDumpHeader(parsing: file.bytes, problems: &problems)
    self.header = header
    var triage: TriageDump?
    switch header.dumpType {
    case .triage where header.architecture.hasReader:
      do {
        triage = try TriageDump(parsing: file, header: header, problems: &problems)
      } catch {
        problems.append(error)
        missing.append(
          Missing("modules", because: .malformed, detail: "The triage structure behind the header cannot be read: \(error)."))
      }
    case .triage:
      missing.append(
        Missing(
          "modules", because: .unsupported,
          detail: "Only the header is read of dumps of \(header.architecture) machines."))
    case .header:
      missing.append(
        Missing("modules", because: .notInDump, detail: "A header-only dump holds no memory. Collect a small or kernel memory dump."))
    case .some(let type):
      missing.append(
        Missing(
          "modules", because: .unsupported,
          detail: "The memory of dumps of type \(type.rawValue) (\(type.name)) is not read yet; the header is."))
    case nil:
      missing.append(
        Missing("format.dumpType", because: .notPresent, detail: "The header's DumpType field is not filled or not in the file."))
    }
    self.triage = triage
    context = RegisterContext(
      file.bytes, at: triage?.contextOffset ?? header.contextOffset, architecture: header.architecture)
    self.problems = problems
    self.missing = missing
  }
}

extension Architecture {
  /// Whether a dump of this processor is read beyond its header.
  var hasReader: Bool { self == .x86 || self == .x64 || self == .arm64 }
}
