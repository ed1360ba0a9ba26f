/// A whole machine's memory as a file: any type of crash dump that holds pages, a raw image or an ELF core.
public struct MemoryDump: Sendable {
  public enum Container: Hashable, Sendable {
    /// DumpType 1 and unwritten (all pages), 2, 5, 6, 7 (pages with content), 8, 9, 10 (the same, as ranges).
    case dump(DumpType)
    case raw
    case elf
  }

  public let machine: SynthesizedMachine
  public let memory: MachineMemory
  public var container: Container
  /// Bytes a piece of the file has, at least; a page is 4096.
  private static let pieceBytes = 1 << 20

  public init(_ whole: WholeMachine, _ container: Container) {
    (memory, machine) = whole.built()
    self.container = container
  }

  /// The file, piece by piece.
  public func encode(_ emit: ([UInt8]) throws -> Void) rethrows {
    var file = ByteBuilder()
    func flush() throws {
      if file.count >= Self.pieceBytes {
        try emit(file.bytes)
        file = ByteBuilder()
      }
    }
    switch container {
    case .dump(let type):
      file.append(head(type))
      for frame in frames(of: type) {
        appendPage(frame, to: &file)
        try flush()
      }
    case .raw:
      for frame in 0..<endFrame {
        appendPage(frame, to: &file)
        try flush()
      }
    case .elf:
      file.append(elfHeader())
      for run in memory.runs {
        for frame in run.basePage..<(run.basePage + run.pageCount) {
          appendPage(frame, to: &file)
          try flush()
        }
      }
    }
    try emit(file.bytes)
  }

  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    encode { bytes.append(contentsOf: $0) }
    return bytes
  }

  private var endFrame: UInt64 { memory.runs.map { $0.basePage + $0.pageCount }.max() ?? 0 }

  private func appendPage(_ frame: UInt64, to file: inout ByteBuilder) {
    if let page = memory.page(frame) {
      file.append(page)
    } else {
      file.grow(to: file.count + MachineMemory.pageBytes)
    }
  }

  private func frames(of type: DumpType) -> [UInt64] {
    type == .full || type == .unwritten
      ? memory.runs.flatMap { Array($0.basePage..<($0.basePage + $0.pageCount)) } : memory.frames
  }

  /// Everything before the first page.
  private func head(_ type: DumpType) -> [UInt8] {
    var options = HeaderOptions(type: type)
    options.physicalRuns = memory.runs
    let pages = frames(of: type)
    var file = DumpHeader.encoded(machine, options)
    let start = file.count
    switch type {
    case .full, .unwritten: break
    case .summary: PageDump.appendSummaryHead(pages, width: machine.pointerWidth, covered: covered, to: &file)
    case .bitmapFull, .bitmapKernel, .automatic:
      PageDump.appendBitmapHead(pages, signature: type == .bitmapKernel ? "SDMP" : "FDMP", covered: covered, to: &file)
    default: appendRanges(pages, isComplete: type.rawValue == 10, to: &file)
    }
    if type == .full || type == .unwritten { file.truncate(to: start) }
    file.put(UInt64(file.count + pages.count * MachineMemory.pageBytes), at: 0xFA0)
    return file.bytes
  }

  private var covered: UInt64 { (endFrame + 63) / 64 * 64 }

  /// Types 8, 9, 10 (names and places as the public kdmp-parser has them): 0x40, `RDMP`, `DUMP`, a word unknown, bytes of
  /// metadata behind this head of 0x20, the first page's place; 16 bytes more, of which type 10 has the count of ranges and of
  /// pages; then pairs of first page and count, ended by zeros, up to the first page.
  private func appendRanges(_ pages: [UInt64], isComplete: Bool, to file: inout ByteBuilder) {
    let start = file.count
    var ranges: [PhysicalRun] = []
    for frame in pages {
      if let last = ranges.last, last.basePage + last.pageCount == frame {
        ranges[ranges.count - 1].pageCount += 1
      } else {
        ranges.append(PhysicalRun(basePage: frame, pageCount: 1))
      }
    }
    let first = (start + 0x30 + 16 * (ranges.count + 1) + 4095) / 4096 * 4096
    file.append(0x40 as UInt32)
    file.append(Array("RDMPDUMP".utf8))
    file.append(0 as UInt32)
    file.append(UInt64(first - start - 0x20))
    file.append(UInt64(first))
    file.append(UInt32(isComplete ? ranges.count : 0))
    file.append(0 as UInt32)
    file.append(UInt64(isComplete ? pages.count : 0))
    for range in ranges {
      file.append(range.basePage)
      file.append(range.pageCount)
    }
    file.grow(to: first)
  }

  /// ELF file header and one PT_LOAD for each run (System V ABI; as QEMU's dump-guest-memory writes them), padded to a page.
  private func elfHeader() -> [UInt8] {
    let wide = machine.pointerWidth == 8
    let count = memory.runs.count + 1
    let head = (wide ? 0x40 + 56 * count : 0x34 + 32 * count) + 4095
    var offset = UInt64(head / 4096 * 4096)
    var out = ByteBuilder()
    out.append([0x7F, 0x45, 0x4C, 0x46, wide ? 2 : 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    out.append(4 as UInt16)
    out.append((wide ? 62 : 3) as UInt16)
    out.append(1 as UInt32)
    func word(_ value: UInt64) { wide ? out.append(value) : out.append(UInt32(truncatingIfNeeded: value)) }
    word(0)
    word(wide ? 0x40 : 0x34)
    word(0)
    out.append(0 as UInt32)
    for value in [wide ? 0x40 : 0x34, wide ? 56 : 32, count, 0, 0, 0] { out.append(UInt16(value)) }
    func header(_ type: UInt32, _ place: UInt64, _ address: UInt64, _ size: UInt64) {
      out.append(type)
      if wide { out.append(0 as UInt32) }
      for value in [place, address, address, size, size] { word(value) }
      if !wide { out.append(0 as UInt32) }
      word(0)
    }
    // PT_NOTE, empty: processors' registers would stand there.
    header(4, offset, 0, 0)
    for run in memory.runs {
      header(1, offset, run.basePage * 4096, run.pageCount * 4096)
      offset += run.pageCount * 4096
    }
    out.grow(to: head / 4096 * 4096)
    return out.bytes
  }
}
