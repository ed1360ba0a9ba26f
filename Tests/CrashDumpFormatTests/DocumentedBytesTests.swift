import ByteReading
import CrashDumpFormat
import Facts
import Testing

/// 32-bit dumps of pages, which no independent reader could be had for, laid out here byte by byte from
/// Documentation/Formats/crash-dump.md alone: neither the synthesizer nor the reader had a part in it.
@Suite struct DocumentedBytesTests {
  private struct File {
    var bytes: [UInt8]

    init(count: Int) {
      bytes = (0..<count).map { Array("PAGE".utf8)[$0 % 4] }
      put("PAGEDUMP", 0)
      long(15, 0x08)
      long(2600, 0x0C)
      long(0x39000, 0x10)
      long(0x8055_3FA0, 0x18)
      long(0x8055_9EA8, 0x1C)
      long(0x014C, 0x20)
      long(1, 0x24)
      long(0x0000_000A, 0x28)
      for (index, value) in [0x16, 2, 0, 0x8051_0000].enumerated() { long(value, 0x2C + 4 * index) }
      bytes[0x5C] = 0
      long(0x8054_4CE0, 0x60)
    }

    mutating func long(_ value: Int, _ offset: Int) {
      for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }

    mutating func put(_ text: String, _ offset: Int) {
      bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }

    mutating func page(_ value: UInt8, _ offset: Int) {
      bytes.replaceSubrange(offset..<offset + 4096, with: repeatElement(value, count: 4096))
    }

    func read() throws -> CrashDump { try CrashDump(parsing: MappedFile(bytes: bytes, path: "documented")) }
  }

  private func value(_ dump: CrashDump, _ page: UInt64) -> UInt8? {
    dump.physical?.load(at: PhysicalAddress(page << 12 | 0xFFF), as: UInt8.self)
  }

  /// NumberOfRuns at 0x64, NumberOfPages at 0x68, pairs from 0x6C; pages from 0x1000. Type 1, and none as NT 4.0 leaves it.
  @Test(arguments: [1, 0x4547_4150]) func runs(type: Int) throws {
    var file = File(count: 0x4000)
    file.long(2, 0x64)
    file.long(3, 0x68)
    for (index, value) in [1, 2, 0x100, 1].enumerated() { file.long(value, 0x6C + 4 * index) }
    file.long(type, 0xF88)
    for index in 0..<3 { file.page(UInt8(0x10 + index), 0x1000 * (index + 1)) }
    let dump = try file.read()
    #expect(dump.problems.isEmpty)
    #expect(dump.header.build == 2600)
    #expect(dump.header.paeEnabled == false)
    #expect(dump.header.kdDebuggerDataBlock == VirtualAddress(0x8054_4CE0))
    #expect((0...3).map { value(dump, $0) } == [nil, 0x10, 0x11, nil])
    #expect(value(dump, 0x100) == 0x12)
    #expect(dump.physical?.statedPages == 3)
  }

  /// `SDMP`, `DUMP`, header's size at 0x0C, bits at 0x10, pages at 0x14, RTL_BITMAP at 0x18, the bits at 0x20.
  @Test func summary() throws {
    var file = File(count: 0x5000)
    file.long(2, 0xF88)
    file.put("SDMPDUMP", 0x1000)
    file.long(0, 0x1008)
    file.long(0x2000, 0x100C)
    file.long(48, 0x1010)
    file.long(3, 0x1014)
    file.long(48, 0x1018)
    for (index, byte) in ([0b0000_0100, 0, 0, 0, 0, 0b1100_0000] as [UInt8]).enumerated() {
      file.bytes[0x1020 + index] = byte
    }
    for index in 0..<3 { file.page(UInt8(0x20 + index), 0x2000 + 0x1000 * index) }
    let dump = try file.read()
    #expect(dump.problems.isEmpty, "\(dump.problems)")
    #expect(value(dump, 2) == 0x20)
    #expect(value(dump, 46) == 0x21)
    #expect(value(dump, 47) == 0x22)
    #expect(value(dump, 48) == nil)
    #expect(dump.physical?.statedPages == 3)
  }

  /// `FDMP`, `DUMP`, first page's place at 0x20, pages at 0x28, bits at 0x30, the bits at 0x38.
  @Test(arguments: [5, 6, 7]) func bitmap(type: Int) throws {
    var file = File(count: 0x4000)
    file.long(type, 0xF88)
    file.put("FDMPDUMP", 0x1000)
    for (offset, value) in [(0x20, 0x2000), (0x28, 2), (0x30, 32)] {
      file.long(value, 0x1000 + offset)
      file.long(0, 0x1004 + offset)
    }
    for (index, byte) in ([0, 0b0001_0000, 0, 0b1000_0000] as [UInt8]).enumerated() {
      file.bytes[0x1038 + index] = byte
    }
    for index in 0..<2 { file.page(UInt8(0x30 + index), 0x2000 + 0x1000 * index) }
    let dump = try file.read()
    #expect(dump.problems.isEmpty, "\(dump.problems)")
    #expect(value(dump, 12) == 0x30)
    #expect(value(dump, 31) == 0x31)
    #expect(dump.physical?.page(13) == .notCaptured)
  }
}
