import ByteReading
import Facts

/// A core file of a whole machine, as QEMU's `dump-guest-memory` and VirtualBox write it: each PT_LOAD is a stretch of
/// physical memory (System V ABI, "Program Header"; QEMU documentation, dump-guest-memory).
public enum ElfCore {
  private static let core: UInt16 = 4
  private static let load: UInt32 = 1
  /// e_phnum says this where section header 0 has the real number.
  private static let manyHeaders: UInt16 = 0xFFFF
  static let maximumHeaders = 1 << 20

  public static func matches(firstBytes bytes: RawSpan) -> Bool {
    bytes.starts(with: "\u{7F}ELF") && bytes.loadIfPresent(at: 5, as: UInt8.self) == 1
      && bytes.loadIfPresent(at: 16, as: UInt16.self) == core
  }

  /// The pages, and the machine's EM_ number.
  public static func read(
    _ file: MappedFile, problems: inout [ReadError]
  ) throws(ReadError) -> (memory: PhysicalMemory, machine: UInt16, container: DumpContainer) {
    let bytes = file.bytes
    let wide = try bytes.load(at: 4, as: UInt8.self, reading: "EI_CLASS") == 2
    let name = wide ? "Elf64_Ehdr" : "Elf32_Ehdr"
    func field(_ offset: Int, _ reading: String) throws(ReadError) -> UInt64 {
      wide
        ? try bytes.load(at: offset, as: UInt64.self, reading: reading)
        : UInt64(try bytes.load(at: offset, as: UInt32.self, reading: reading))
    }
    let machine = try bytes.load(at: 18, as: UInt16.self, reading: "e_machine")
    let tableOffset = try field(wide ? 0x20 : 0x1C, "e_phoff")
    let stride = Int(try bytes.load(at: wide ? 0x36 : 0x2A, as: UInt16.self, reading: "e_phentsize"))
    var count = Int(try bytes.load(at: wide ? 0x38 : 0x2C, as: UInt16.self, reading: "e_phnum"))
    if count == Int(manyHeaders) {
      let sections = try field(wide ? 0x28 : 0x20, "e_shoff")
      guard let section = Int(exactly: sections), section < bytes.byteCount else {
        throw ReadError(
          .malformed, reading: "e_shoff", at: .file(wide ? 0x28 : 0x20), expected: "an offset in the file",
          found: hexadecimal(sections), trail: [name])
      }
      count = Int(try bytes.load(at: section + (wide ? 0x2C : 0x1C), as: UInt32.self, reading: "sh_info"))
    }
    guard let table = Int(exactly: tableOffset), table < bytes.byteCount, stride >= (wide ? 56 : 32),
      count <= maximumHeaders
    else {
      throw ReadError(
        .malformed, reading: "program headers", at: .file(wide ? 0x20 : 0x1C),
        expected: "at most \(maximumHeaders) in the file",
        found: "\(count) of \(stride) bytes at \(hexadecimal(tableOffset))", trail: [name])
    }
    var segments: [PhysicalMemory.Segment] = []
    for index in 0..<count {
      let at = table + stride * index
      guard let type = bytes.loadIfPresent(at: at, as: UInt32.self) else {
        problems.append(
          ReadError(
            .malformed, reading: "program header", at: .file(UInt64(at)), expected: "\(count) headers",
            found: "the end of the file after \(index)", trail: [name]))
        break
      }
      guard type == load else { continue }
      let offset = try field(at + (wide ? 8 : 4), "p_offset")
      let address = try field(at + (wide ? 24 : 12), "p_paddr")
      let size = try field(at + (wide ? 32 : 16), "p_filesz")
      // A page that begins before the segment is not whole in the file.
      let skip = (0x1000 - (address & 0xFFF)) & 0xFFF
      let (start, overflow) = offset.addingReportingOverflow(skip)
      guard size > skip, !overflow, address <= .max - skip else { continue }
      segments.append(
        PhysicalMemory.Segment(
          firstPage: (address + skip) >> 12, pageCount: (size - skip) >> 12, fileOffset: start))
    }
    guard !segments.isEmpty else {
      throw ReadError(
        .malformed, reading: "PT_LOAD", at: .file(UInt64(table)), expected: "stretches of physical memory",
        found: "none", trail: [name])
    }
    return (
      PhysicalMemory(file, segments: segments, problems: &problems), machine, wide ? .elf64 : .elf32
    )
  }
}

extension PhysicalMemory {
  /// A raw image: the whole file from physical address 0.
  public static func raw(_ file: MappedFile) -> PhysicalMemory {
    var problems: [ReadError] = []
    return PhysicalMemory(
      file,
      segments: [Segment(firstPage: 0, pageCount: UInt64(file.byteCount / pageBytes), fileOffset: 0)],
      problems: &problems)
  }
}
