import ByteReading
import Facts

/// How a dump's bytes are laid out, as reports name it.
public enum DumpContainer: String, Hashable, Sendable {
  /// DUMP_HEADER and DUMP_HEADER64.
  case dump32 = "PAGEDUMP"
  case dump64 = "PAGEDU64"
  /// A core file as hypervisors write it (QEMU's `dump-guest-memory`): one PT_LOAD for each stretch of physical memory.
  case elf32 = "ELF32"
  case elf64 = "ELF64"
  /// Physical memory and nothing else: byte 0 of the file is physical address 0.
  case raw = "raw"
}

/// Where each type of dump has its pages. Layouts: Documentation/Formats/crash-dump.md, "Pages".
extension PhysicalMemory {
  /// The pages of a dump; nil where its type holds none. Throws where the part that says where they are cannot be read.
  static func containing(
    _ file: MappedFile, _ header: CrashDumpHeader, problems: inout [ReadError]
  ) throws(ReadError) -> PhysicalMemory? {
    switch header.dumpType {
    case .full, nil: header.physicalRuns.isEmpty ? nil : runs(file, header, &problems)
    case .kernel: try summary(file, header, &problems)
    case .bitmapFull, .bitmapKernel, .automatic: try bitmap(file, header, &problems)
    case .kernelMemory, .kernelAndUserMemory, .completeMemory: try ranges(file, header, &problems)
    default: nil
    }
  }

  /// Types 1 and unwritten: the runs of PhysicalMemoryBlock stand one behind the other, right behind the header.
  private static func runs(
    _ file: MappedFile, _ header: CrashDumpHeader, _ problems: inout [ReadError]
  ) -> PhysicalMemory {
    var offset = UInt64(header.byteCount)
    var segments: [Segment] = []
    for run in header.physicalRuns {
      segments.append(Segment(firstPage: run.basePage, pageCount: run.pageCount, fileOffset: offset))
      // At most 86 runs of fewer than 2^40 pages each: below 2^59.
      offset += run.pageCount * UInt64(pageBytes)
    }
    return PhysicalMemory(file, segments: segments, problems: &problems)
  }

  /// Type 2 up to Windows 7: a summary header with an RTL_BITMAP. Newer systems write the bitmap header of types 5 and 6.
  private static func summary(
    _ file: MappedFile, _ header: CrashDumpHeader, _ problems: inout [ReadError]
  ) throws(ReadError) -> PhysicalMemory {
    let bytes = file.bytes
    let base = header.byteCount
    try signature(bytes, at: base, "SUMMARY_DUMP", ["SDMP"])
    let headerSize = UInt64(try bytes.load(at: base + 0x0C, as: UInt32.self, reading: "HeaderSize"))
    let bits = UInt64(try bytes.load(at: base + 0x10, as: UInt32.self, reading: "BitmapSize"))
    // Both forms begin alike; the older one has its header's size where the newer one has nothing.
    guard headerSize > UInt64(base), bits > 0 else { return try bitmap(file, header, &problems) }
    let pages = UInt64(try bytes.load(at: base + 0x14, as: UInt32.self, reading: "Pages"))
    return build(
      file, bitsOffset: base + (header.is64Bit ? 0x28 : 0x20), bits: bits, pages: pages, firstPage: headerSize,
      "SUMMARY_DUMP", &problems)
  }

  /// Types 5, 6 and 7: the first page's place, pages, bits, then the bitmap.
  private static func bitmap(
    _ file: MappedFile, _ header: CrashDumpHeader, _ problems: inout [ReadError]
  ) throws(ReadError) -> PhysicalMemory {
    let bytes = file.bytes
    let base = header.byteCount
    try signature(bytes, at: base, "BMP_HEADER", ["SDMP", "FDMP"])
    let first = try bytes.load(at: base + 0x20, as: UInt64.self, reading: "FirstPage")
    let pages = try bytes.load(at: base + 0x28, as: UInt64.self, reading: "TotalPresentPages")
    let bits = try bytes.load(at: base + 0x30, as: UInt64.self, reading: "Pages")
    return build(
      file, bitsOffset: base + 0x38, bits: bits, pages: pages, firstPage: first, "BMP_HEADER", &problems)
  }

  private static func build(
    _ file: MappedFile, bitsOffset: Int, bits: UInt64, pages: UInt64, firstPage: UInt64, _ name: String,
    _ problems: inout [ReadError]
  ) -> PhysicalMemory {
    func problem(_ reading: String, _ offset: UInt64, _ expected: String, _ found: String) {
      problems.append(
        ReadError(.malformed, reading: reading, at: .file(offset), expected: expected, found: found, trail: [name]))
    }
    if bits > PageBitmap.maximumBits {
      problem("BitmapSize", UInt64(bitsOffset), "at most \(PageBitmap.maximumBits) bits", "\(bits)")
    }
    // Pages begin where the header says; bits that would lie among them are none.
    let room =
      firstPage > UInt64(bitsOffset) ? (firstPage - UInt64(bitsOffset)).multipliedReportingOverflow(by: 8) : nil
    let available = room.map { $0.overflow ? .max : $0.partialValue } ?? 0
    if available < bits {
      problem("FirstPage", UInt64(bitsOffset), "a first page behind \(bits) bits", hexadecimal(firstPage))
    }
    let bitmap = PageBitmap(file, bitsOffset: bitsOffset, statedBits: min(bits, available))
    if bitmap.bitCount < min(bits, available, PageBitmap.maximumBits) {
      problem("Bitmap", UInt64(file.byteCount), "\(bits) bits", "the end of the file after \(bitmap.bitCount)")
    } else if bitmap.setCount != pages {
      problem("TotalPresentPages", UInt64(bitsOffset), "\(bitmap.setCount), the bits that are set", "\(pages)")
    }
    return PhysicalMemory(file, bitmap: bitmap, firstPageOffset: firstPage)
  }

  /// Ranges of one `RDMP` part: more than any fragmented machine of 1 TiB needs.
  static let maximumRanges = 1 << 22

  /// Types 8, 9 and 10: a head, then pairs of first page and count up to the first page's place or a pair of zeros.
  private static func ranges(
    _ file: MappedFile, _ header: CrashDumpHeader, _ problems: inout [ReadError]
  ) throws(ReadError) -> PhysicalMemory {
    let bytes = file.bytes
    let base = header.byteCount
    let name = "RDMP_HEADER"
    try signature(bytes, at: base + 4, name, ["RDMP"])
    let first = try bytes.load(at: base + 0x18, as: UInt64.self, reading: "FirstPageOffset")
    let stated =
      header.dumpType == .completeMemory
      ? try bytes.load(at: base + 0x28, as: UInt64.self, reading: "TotalNumberOfPages") : UInt64.max
    var segments: [Segment] = []
    var offset = first
    var pages: UInt64 = 0
    var at = base + 0x30
    let end = min(UInt64(bytes.byteCount), first)
    while UInt64(at) + 16 <= end, segments.count < maximumRanges, pages < stated {
      guard let page = bytes.loadIfPresent(at: at, as: UInt64.self),
        let count = bytes.loadIfPresent(at: at + 8, as: UInt64.self)
      else { break }
      if page == 0, count == 0 { break }
      guard page < maximumPage, count < maximumPage, offset <= 1 << 59, count > 0 else {
        problems.append(
          ReadError(
            .malformed, reading: "Range[\(segments.count)]", at: .file(UInt64(at)),
            expected: "pages below 2^40", found: "\(hexadecimal(page)), \(hexadecimal(count)) pages", trail: [name]))
        break
      }
      segments.append(Segment(firstPage: page, pageCount: count, fileOffset: offset))
      offset += count * UInt64(pageBytes)
      pages += count
      at += 16
    }
    if segments.count == maximumRanges {
      problems.append(
        ReadError(
          .malformed, reading: "Ranges", at: .file(UInt64(base)), expected: "at most \(maximumRanges)",
          found: "more", trail: [name]))
    }
    if stated != .max, pages != stated {
      problems.append(
        ReadError(
          .malformed, reading: "TotalNumberOfPages", at: .file(UInt64(base + 0x28)), expected: "\(pages)",
          found: "\(stated)", trail: [name]))
    }
    guard !segments.isEmpty else {
      throw ReadError(
        .malformed, reading: "Ranges", at: .file(UInt64(base + 0x30)), expected: "ranges of pages", found: "none",
        trail: [name])
    }
    return PhysicalMemory(file, segments: segments, problems: &problems)
  }

  private static func signature(
    _ bytes: RawSpan, at offset: Int, _ name: String, _ expected: [String]
  ) throws(ReadError) {
    let found =
      bytes.array(at: offset, count: 8) ?? bytes.array(at: offset, count: max(0, bytes.byteCount - offset)) ?? []
    guard expected.contains(where: { found == Array(($0 + "DUMP").utf8) }) else {
      throw ReadError(
        .malformed, reading: "Signature", at: .file(UInt64(offset)),
        expected: expected.joined(separator: " or ") + ", DUMP", found: describe(found), trail: [name])
    }
  }
}
