import EvidenceSynthesis
import Facts
import Testing

@Suite struct PageDumpTests {
  private static let page = [UInt8](repeating: 0x5A, count: 0x1000)

  @Test(arguments: [3, 8, 9, 10, 0, 0xABCD] as [UInt32])
  func headersAlone(type: UInt32) {
    let narrow = PageDump(Sample.x86, type: DumpType(rawValue: type)).encoded()
    let wide = PageDump(Sample.x64, type: DumpType(rawValue: type)).encoded()
    #expect(narrow.count == 0x1000 && wide.count == 0x2000)
    #expect(narrow.u32(0xF88) == type && wide.u32(0xF98) == type)
  }

  @Test func otherMachines() {
    var itanium = PageDump(Sample.x64, type: .header)
    itanium.machineType = 0x200
    #expect(itanium.encoded().u32(0x30) == 0x200)
    var alpha = PageDump(Sample.x86, type: .full)
    alpha.machineType = 0x184
    #expect(alpha.encoded().u32(0x20) == 0x184)
    var machine = Sample.x86
    machine.architecture = .alpha
    #expect(PageDump(machine, type: .header).encoded().u32(0x20) == 0x184)
    machine = Sample.x64
    machine.architecture = .ia64
    #expect(PageDump(machine, type: .header).encoded().ascii(0, 8) == "PAGEDU64")
  }

  /// PHYSICAL_MEMORY_DESCRIPTOR: runs and pages, then first page and count of each run.
  @Test func fullDumpRuns() {
    let dump = PageDump(Sample.x64, type: .full, pages: [1: Self.page, 2: [7], 9: [8]]).encoded()
    #expect(dump.count == 0x2000 + 3 * 0x1000)
    #expect(dump.u32(0x88) == 2)
    #expect(dump.u64(0x90) == 3)
    #expect([dump.u64(0x98), dump.u64(0xA0), dump.u64(0xA8), dump.u64(0xB0)] == [1, 2, 9, 1])
    #expect(dump[0x2000] == 0x5A && dump[0x3000] == 7 && dump[0x4000] == 8)
    let narrow = PageDump(Sample.x86, type: .full, pages: [1: Self.page, 2: [7], 9: [8]]).encoded()
    #expect(narrow.u32(0x64) == 2 && narrow.u32(0x68) == 3)
    #expect([narrow.u32(0x6C), narrow.u32(0x70), narrow.u32(0x74), narrow.u32(0x78)] == [1, 2, 9, 1])
    #expect(narrow[0x1000] == 0x5A)
  }

  @Test(arguments: [(5, "FDMPDUMP"), (6, "SDMPDUMP"), (7, "FDMPDUMP")] as [(UInt32, String)])
  func bitmapDumps(type: UInt32, signature: String) {
    let dump = PageDump(Sample.x64, type: DumpType(rawValue: type), pages: [1: Self.page, 10: [8]]).encoded()
    #expect(dump.ascii(0x2000, 8) == signature)
    #expect(dump.u64(0x2020) == 0x3000)
    #expect(dump.u64(0x2028) == 2)
    #expect(dump.u64(0x2030) == 64)
    #expect(dump[0x2038] == 0b0000_0010 && dump[0x2039] == 0b0000_0100)
    #expect(dump[0x3000] == 0x5A && dump[0x4000] == 8)
    #expect(dump.count == 0x5000)
  }

  @Test func summaryDumps() {
    let dump = PageDump(Sample.x86, type: .summary, pages: [1: Self.page, 10: [8]]).encoded()
    #expect(dump.ascii(0x1000, 8) == "SDMPDUMP")
    #expect(dump.u32(0x100C) == 0x2000)
    #expect(dump.u32(0x1010) == 64)
    #expect(dump.u32(0x1014) == 2)
    #expect(dump[0x1020] == 0b0000_0010 && dump[0x1021] == 0b0000_0100)
    #expect(dump[0x2000] == 0x5A && dump[0x3000] == 8)
    let wide = PageDump(Sample.x64, type: .summary, pages: [1: Self.page]).encoded()
    #expect(wide[0x2028] == 0b0000_0010)
    #expect(wide[0x3000] == 0x5A)
  }
}
