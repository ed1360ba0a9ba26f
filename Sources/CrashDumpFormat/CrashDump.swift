import ByteReading
import Facts

/// A kernel crash dump: its header, and as much of the rest as its type and its bytes give.
public struct CrashDump: Sendable {
  public let file: MappedFile
  public let container: DumpContainer
  /// Of an image without a header: what its kernel says.
  public let header: CrashDumpHeader
  public let triage: TriageDump?
  /// The physical pages, where the dump's type has them.
  public let physical: PhysicalMemory?
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
    container = header.is64Bit ? .dump64 : .dump32
    var triage: TriageDump?
    var physical: PhysicalMemory?
    if header.dumpType == nil {
      missing.append(
        Missing(
          "format.dumpType", because: .notPresent,
          detail: "The header's DumpType field is not filled or not in the file: NT 4.0 writes none."))
    }
    if header.dumpType == .header {
      missing.append(
        Missing(
          "modules", because: .notInDump,
          detail: "A header-only dump holds no memory. Collect a small or kernel memory dump."))
    } else if !header.architecture.hasReader {
      missing.append(
        Missing(
          "modules", because: .unsupported,
          detail: "Only the header is read of dumps of \(header.architecture) machines."))
    } else if header.dumpType == .triage {
      do {
        triage = try TriageDump(parsing: file, header: header, problems: &problems)
      } catch {
        problems.append(error)
        missing.append(
          Missing(
            "modules", because: .malformed, detail: "The triage structure behind the header cannot be read: \(error)."))
      }
    } else {
      do {
        physical = try PhysicalMemory.containing(file, header, problems: &problems)
        if physical == nil {
          let readsRuns = header.dumpType == .full || header.dumpType == nil
          missing.append(
            Missing(
              "modules", because: readsRuns ? .notPresent : .unsupported,
              detail: readsRuns
                ? "The header states no runs of physical memory: where the pages are is not known."
                : "The memory of dumps of type \(header.dumpType?.rawValue ?? 0) is not read; the header is."))
        }
      } catch {
        problems.append(error)
        missing.append(
          Missing("modules", because: .malformed, detail: "Where the dump's pages are cannot be read: \(error)."))
      }
    }
    self.triage = triage
    self.physical = physical
    context = RegisterContext(
      file.bytes, at: triage?.contextOffset ?? header.contextOffset, architecture: header.architecture)
    crashContext = triage.flatMap { Self.crashContext($0, file.bytes, architecture: header.architecture) }
    self.problems = problems
    self.missing = missing + (physical.map(Self.truncation) ?? [])
  }

  /// A memory image that has no header of its own: what its kernel says takes the header's place.
  public init(
    imageOf physical: PhysicalMemory, container: DumpContainer, header: CrashDumpHeader, context: RegisterContext?,
    problems: [ReadError]
  ) {
    file = physical.file
    self.container = container
    self.header = header
    triage = nil
    self.physical = physical
    self.context = context
    crashContext = nil
    self.problems = problems
    missing = Self.truncation(physical)
  }

  /// Rows of absent pages that are listed by number.
  public static let listedAbsentRanges = 8

  private static func truncation(_ physical: PhysicalMemory) -> [Missing] {
    guard physical.truncatedPages > 0 else { return [] }
    let ranges = physical.absentRanges(limit: listedAbsentRanges + 1)
    var texts = ranges.prefix(listedAbsentRanges).map {
      "\(hexadecimal($0.lowerBound << 12)) to \(hexadecimal($0.upperBound << 12 - 1))"
    }
    if ranges.count > listedAbsentRanges { texts.append("more") }
    return [
      Missing(
        "memory", because: .notInDump,
        detail:
          "The file ends before \(physical.truncatedPages) of \(physical.statedPages) pages. Absent physical addresses: \(texts.joined(separator: ", "))."
      )
    ]
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

extension Architecture {
  /// Whether a dump of this processor is read beyond its header.
  var hasReader: Bool { self == .x86 || self == .x64 || self == .arm64 }
}
