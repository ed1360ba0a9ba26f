import ByteReading
import Facts

/// A kernel crash dump: its header, and as much of the rest as its type and its bytes give.
public struct CrashDump: Sendable {
  public let file: MappedFile
  public let header: CrashDumpHeader
  public let triage: TriageDump?
  /// The header's context record.
  public let context: RegisterContext?
  /// The crashing processor's saved context, where it is another than the header's.
  public let crashContext: RegisterContext?
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
          Missing(
            "modules", because: .malformed, detail: "The triage structure behind the header cannot be read: \(error)."))
      }
    case .triage:
      missing.append(
        Missing(
          "modules", because: .unsupported,
          detail: "Only the header is read of dumps of \(header.architecture) machines."))
    case .header:
      missing.append(
        Missing(
          "modules", because: .notInDump,
          detail: "A header-only dump holds no memory. Collect a small or kernel memory dump."))
    case .some(let type):
      missing.append(
        Missing(
          "modules", because: .unsupported,
          detail: "The memory of dumps of type \(type.rawValue) (\(type.name)) is not read yet; the header is."))
    case nil:
      missing.append(
        Missing(
          "format.dumpType", because: .notPresent,
          detail: "The header's DumpType field is not filled or not in the file: NT 4.0 writes none."))
      missing.append(
        Missing("modules", because: .unsupported, detail: "Nothing but the header is read of a dump without a type."))
    }
    self.triage = triage
    context = RegisterContext(
      file.bytes, at: triage?.contextOffset ?? header.contextOffset, architecture: header.architecture)
    crashContext = triage.flatMap { Self.crashContext($0, file.bytes, architecture: header.architecture) }
    self.problems = problems
    self.missing = missing
  }

  /// The crashing processor's registers, to which KPRCB.Context points, where the call stack that the dump kept begins at
  /// their stack pointer. Windows Error Reporting rewrites the header's context to the exception's (seen in a 19041 dump of
  /// stop 0x1000007E); the processor's is still the one in KeBugCheckEx.
  private static func crashContext(
    _ triage: TriageDump, _ bytes: RawSpan, architecture: Architecture
  ) -> RegisterContext? {
    guard let prcb = triage.prcb, let offset = triage.debuggerData?[.prcbContextPointer], offset < prcb.count,
      let pointer = bytes.loadIfPresent(at: prcb.offset + offset, as: UInt64.self),
      let context = triage.memory.registerContext(at: VirtualAddress(pointer), architecture: architecture),
      context.stackPointer == triage.topOfStack.rawValue
    else { return nil }
    return context
  }
}

extension DumpMemory {
  /// A CONTEXT record in the dump's memory.
  public func registerContext(at address: VirtualAddress, architecture: Architecture) -> RegisterContext? {
    // The part of each record that holds the integer registers; vector registers behind it may be cut off.
    let needed = architecture == .arm64 ? 0x110 : architecture == .x86 ? 0xCC : 0x100
    guard let bytes = bytes(at: address, count: needed) else { return nil }
    return RegisterContext(bytes.span.bytes, at: 0, architecture: architecture)
  }
}

extension Architecture {
  /// Whether a dump of this processor is read beyond its header.
  var hasReader: Bool { self == .x86 || self == .x64 || self == .arm64 }
}
