import ByteReading
import Facts
import Synchronization

/// How one stretch of x86 code keeps its frame: FPO_DATA of older databases (public header winnt.h), FRAMEDATA of newer ones
/// (Microsoft's published cvinfo.h).
public struct FrameRecord: Hashable, Sendable {
  @frozen
  public enum Kind: Hashable, Sendable {
    /// No frame pointer: the return address lies behind locals and saved registers.
    case noFramePointer
    /// A trap handler: EBP points to the interrupted code's registers.
    case trap
    case taskSegment
    case framePointer
    /// Described by a program.
    case program(String)
  }

  /// Relative to the image's base.
  public var start: UInt32
  public var size: UInt32
  public var localBytes: UInt32
  public var savedRegisterBytes: UInt32
  /// Of its parameters on the stack.
  public var parameterBytes: UInt32
  public var prologueBytes: UInt32
  /// EBP is among the saved registers: the function uses it for something else.
  public var savesFramePointer: Bool
  public var kind: Kind

  public func contains(_ offset: UInt32) -> Bool { offset >= start && offset - start < size }
}

/// The frame records of a PDB, read when the first one is asked for and kept.
public final class FrameRecords: Sendable {
  /// Blocks of one function nest, and stand one behind the other: so many are looked past for the innermost around a place.
  static let maximumNested = 256
  /// A kernel has 20,000; records of 16 bytes in a stream of a gigabyte would be 64 million.
  static let maximumRecords = 1 << 18
  static let maximumProgram = 1024

  private let pdb: PDBFile
  private let cache = Mutex<Content?>(nil)

  private struct Content {
    /// Sorted by their beginnings, newer forms first where both describe one place.
    var records: [FrameRecord]
    /// Code that was moved after linking: records keep the places before, and these lead there and back.
    var toSource: [(source: UInt32, target: UInt32)]
    var fromSource: [(source: UInt32, target: UInt32)]
  }

  public init(_ pdb: PDBFile) { self.pdb = pdb }

  /// Sorted by their beginnings, as the linker placed them; empty where there are none.
  public func all() -> [FrameRecord] { content().records }

  private func content() -> Content {
    cache.withLock { cache in
      if let cache { return cache }
      // What is damaged in one stream does not spoil the other.
      let new = (try? Self.newRecords(pdb)) ?? []
      let old = (try? Self.oldRecords(pdb)) ?? []
      let records = Array((new + old).prefix(Self.maximumRecords))
      var order = Array(records.indices)
      order.sort { (records[$0].start, $0) < (records[$1].start, $1) }
      let content = Content(
        records: order.map { records[$0] },
        toSource: SectionMap.pairs((try? Self.stream(pdb, DebugStreams.Optional.omapToSource)) ?? []),
        fromSource: SectionMap.pairs((try? Self.stream(pdb, DebugStreams.Optional.omapFromSource)) ?? []))
      cache = content
      return content
    }
  }

  /// The innermost record around an address relative to the base; it begins where its code is now.
  public func lookup(_ offset: UInt32) -> FrameRecord? {
    let content = content()
    guard !content.fromSource.isEmpty else { return Self.find(offset, content.records) }
    // One function may lie in several pieces, of which only the place before tells that they belong together.
    guard let source = SectionMap.moved(offset, by: content.toSource),
      var record = Self.find(source, content.records),
      let start = SectionMap.moved(record.start, by: content.fromSource)
    else { return nil }
    record.start = start
    return record
  }

  private static func find(_ offset: UInt32, _ records: [FrameRecord]) -> FrameRecord? {
    var low = 0
    var high = records.count
    while low < high {
      let middle = (low + high) / 2
      if records[middle].start <= offset { low = middle + 1 } else { high = middle }
    }
    var found: FrameRecord?
    for index in stride(from: low - 1, through: max(0, low - maximumNested), by: -1) where index >= 0 {
      let record = records[index]
      if let found, record.start < found.start { return found }
      // Of records with one beginning the first in the order counts: a program says more than fixed fields.
      if record.contains(offset) { found = record }
    }
    return found
  }

  private static func stream(_ pdb: PDBFile, _ index: Int) throws(ReadError) -> [UInt8] {
    guard let number = pdb.debug?.optional(index) else { return [] }
    return try pdb.container.stream(number) ?? []
  }

  /// FRAMEDATA: 32 bytes each, behind a relocation word that only object files fill.
  private static func newRecords(_ pdb: PDBFile) throws(ReadError) -> [FrameRecord] {
    let bytes = try stream(pdb, DebugStreams.Optional.newFramePointerOmission)
    guard !bytes.isEmpty else { return [] }
    let names = try pdb.namedStreams["/names"].flatMap { number throws(ReadError) in try pdb.container.stream(number) }
    let span = bytes.span.bytes
    let first = bytes.count % 32 == 4 ? 4 : 0
    // A few hundred programs serve all functions.
    var programs: [UInt32: String] = [:]
    func program(_ offset: UInt32) -> String {
      if let known = programs[offset] { return known }
      let found = text(offset, names)
      programs[offset] = found
      return found
    }
    return (0..<min((bytes.count - first) / 32, maximumRecords)).map { index in
      let at = first + 32 * index
      func word(_ offset: Int) -> UInt32 { span.loadIfPresent(at: at + offset, as: UInt32.self) ?? 0 }
      func half(_ offset: Int) -> UInt32 { UInt32(span.loadIfPresent(at: at + offset, as: UInt16.self) ?? 0) }
      return FrameRecord(
        start: word(0), size: word(4), localBytes: word(8), savedRegisterBytes: half(26), parameterBytes: word(12),
        prologueBytes: half(24), savesFramePointer: false, kind: .program(program(word(20))))
    }
  }

  /// A string of the table `/names`: signature, version, bytes, then the strings.
  private static func text(_ offset: UInt32, _ names: [UInt8]?) -> String {
    guard let names, names.count > 12, Int(offset) < names.count - 12 else { return "" }
    return String(
      decoding: names[(12 + Int(offset))...].prefix(maximumProgram).prefix { $0 != 0 }, as: UTF8.self)
  }

  /// FPO_DATA: 16 bytes each.
  private static func oldRecords(_ pdb: PDBFile) throws(ReadError) -> [FrameRecord] {
    let bytes = try stream(pdb, DebugStreams.Optional.framePointerOmission)
    let span = bytes.span.bytes
    return (0..<min(bytes.count / 16, maximumRecords)).map { index in
      func word(_ offset: Int) -> UInt32 { span.loadIfPresent(at: 16 * index + offset, as: UInt32.self) ?? 0 }
      let fields = word(12)
      let (locals, overflow) = word(8).multipliedReportingOverflow(by: 4)
      let kinds: [FrameRecord.Kind] = [.noFramePointer, .trap, .taskSegment, .framePointer]
      return FrameRecord(
        start: word(0), size: word(4), localBytes: overflow ? 0 : locals,
        savedRegisterBytes: (fields >> 24 & 7) * 4, parameterBytes: (fields & 0xFFFF) * 4,
        prologueBytes: fields >> 16 & 0xFF, savesFramePointer: fields >> 28 & 1 == 1,
        kind: kinds[Int(fields >> 30 & 3)])
    }
  }
}
