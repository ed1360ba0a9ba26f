import Facts

/// A dump of any type but triage: its header, the sub-header its type asks for, and the physical pages given (none is
/// fine: readers are then tested on the headers alone).
public struct PageDump: Sendable {
  public var machine: SynthesizedMachine
  public var type: DumpType
  /// IMAGE_FILE_HEADER.Machine; nil: that of the machine's architecture. IA-64 is 0x200 (64-bit header), Alpha 0x184
  /// (32-bit header), 64-bit Alpha 0x284 (64-bit header).
  public var machineType: UInt32?
  /// 4096 bytes each, by page frame number; shorter ones are filled with zeros.
  public var pages: [UInt64: [UInt8]]
  /// Pages the bitmap covers; nil: enough for the highest page, in whole words of 64 (rizin reads whole bytes only).
  public var bitmapPages: UInt64?
  /// The summary sub-header's first signature; `SDMP`, or `FDMP` for types 5 and 7 by default.
  public var signature: String?

  public init(_ machine: SynthesizedMachine, type: DumpType, pages: [UInt64: [UInt8]] = [:]) {
    self.machine = machine
    self.type = type
    self.pages = pages
  }

  static let pageSize = 0x1000

  /// The file.
  public func encoded() -> [UInt8] {
    var options = HeaderOptions(type: type, machineType: machineType)
    options.physicalRuns = pages.isEmpty ? nil : runs
    var file = DumpHeader.encoded(machine, options)
    switch type {
    case .full, .unwritten:
      for frame in pages.keys.sorted() { appendPage(frame, to: &file) }
    case .summary:
      appendSummary(to: &file)
    case .bitmapFull, .bitmapKernel, .automatic:
      appendBitmap(to: &file)
    default:
      break
    }
    file.put(UInt64(file.count), at: 0xFA0)
    return file.bytes
  }

  /// Rows of neighbouring pages, ascending: the order in which a full dump holds them.
  var runs: [PhysicalRun] {
    var result: [PhysicalRun] = []
    for frame in pages.keys.sorted() {
      if let last = result.last, last.basePage + last.pageCount == frame {
        result[result.count - 1].pageCount += 1
      } else {
        result.append(PhysicalRun(basePage: frame, pageCount: 1))
      }
    }
    return result
  }

  private func appendPage(_ frame: UInt64, to file: inout ByteBuilder) {
    let start = file.count
    file.append((pages[frame] ?? []).prefix(Self.pageSize))
    file.grow(to: start + Self.pageSize)
  }

  private var coveredPages: UInt64 { bitmapPages ?? (pages.keys.max().map { $0 / 64 * 64 + 64 } ?? 0) }

  /// One bit per page frame, lowest bit first.
  private static func bitmap(_ frames: some Collection<UInt64>, covered: UInt64) -> [UInt8] {
    var bits = [UInt8](repeating: 0, count: Int(clamping: (covered + 7) / 8))
    for frame in frames where frame < covered { bits[Int(frame / 8)] |= 1 << UInt8(frame % 8) }
    return bits
  }

  private func appendBitmap(to file: inout ByteBuilder) {
    Self.appendBitmapHead(
      pages.keys, signature: signature ?? (type == .bitmapKernel ? "SDMP" : "FDMP"), covered: coveredPages, to: &file)
    for frame in pages.keys.sorted() { appendPage(frame, to: &file) }
  }

  /// Types 5, 6, 7 (BMP header): `SDMP` or `FDMP`, `DUMP`, 24 bytes unknown, then three ULONG64: file offset of the first
  /// page, pages present, bits in the bitmap; the bitmap at 0x38; pages in ascending order. Source: the field names and
  /// offsets on which public readers (rizin, kdmp-parser, volatility3) agree; no real one was at hand.
  static func appendBitmapHead(
    _ frames: some Collection<UInt64>, signature: String, covered: UInt64, to file: inout ByteBuilder
  ) {
    let start = file.count
    let bits = bitmap(frames, covered: covered)
    let first = (start + 0x38 + bits.count + pageSize - 1) / pageSize * pageSize
    var sub = ByteBuilder(zeros: 0x38)
    sub.put(Array(signature.utf8.prefix(4)), at: 0)
    sub.put(Array("DUMP".utf8), at: 4)
    sub.put(UInt64(first), at: 0x20)
    sub.put(UInt64(frames.count), at: 0x28)
    sub.put(covered, at: 0x30)
    file.append(sub.bytes)
    file.append(bits)
    file.grow(to: first)
  }

  private func appendSummary(to file: inout ByteBuilder) {
    Self.appendSummaryHead(
      pages.keys, signature: signature ?? "SDMP", width: machine.pointerWidth, covered: coveredPages, to: &file)
    for frame in pages.keys.sorted() { appendPage(frame, to: &file) }
  }

  /// Type 2 (SUMMARY_DUMP): `SDMP`, `DUMP`, options, header size, bitmap size, pages, all ULONG; then an RTL_BITMAP as it
  /// stood in memory (a ULONG of bits and a pointer), and the bits: at 0x20 on 32-bit, 0x28 on 64-bit systems.
  static func appendSummaryHead(
    _ frames: some Collection<UInt64>, signature: String = "SDMP", width: Int, covered: UInt64,
    to file: inout ByteBuilder
  ) {
    let start = file.count
    let bits = bitmap(frames, covered: covered)
    let bitsAt = width == 4 ? 0x20 : 0x28
    let headerSize = (start + bitsAt + bits.count + pageSize - 1) / pageSize * pageSize
    var sub = ByteBuilder(zeros: bitsAt)
    sub.put(Array(signature.utf8.prefix(4)), at: 0)
    sub.put(Array("DUMP".utf8), at: 4)
    sub.put(1 as UInt32, at: 8)
    sub.put(UInt32(truncatingIfNeeded: headerSize), at: 0x0C)
    sub.put(UInt32(truncatingIfNeeded: covered), at: 0x10)
    sub.put(UInt32(truncatingIfNeeded: frames.count), at: 0x14)
    sub.put(UInt32(truncatingIfNeeded: covered), at: 0x18)
    file.append(sub.bytes)
    file.append(bits)
    file.grow(to: headerSize)
  }
}
