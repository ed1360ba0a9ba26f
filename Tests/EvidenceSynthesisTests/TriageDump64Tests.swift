import EvidenceSynthesis
import Facts
import Testing

@Suite struct TriageDump64Tests {
  let dump = TriageDump(Sample.x64).encoded()

  @Test func header() {
    #expect(dump.ascii(0x000, 8) == "PAGEDU64")
    #expect(dump.u32(0x00C) == 7601)
    #expect(dump.u64(0x020) == 0xFFFF_F800_02C3_9C90)
    #expect(dump.u32(0x030) == 0x8664)
    #expect(dump.u32(0x034) == 2)
    #expect(dump.u32(0x038) == 0xD1)
    #expect(
      [dump.u64(0x040), dump.u64(0x048), dump.u64(0x050), dump.u64(0x058)] == [0x11, 2, 1, 0xFFFF_F880_0100_1033])
    #expect(dump.u64(0x080) == 0xFFFF_F800_02BE_2130)
    #expect(dump.u32(0x348 + 0x30) == 0x0010_000F)
    #expect(dump.u64(0x348 + 0x98) == dump.u64(0x2048))
    #expect(dump.u64(0x348 + 0xF8) == 0xFFFF_F800_02A9_3EA0)
    #expect(dump.u32(0xF00) == 0x8000_0003)
    #expect(dump.u64(0xF10) == 0xFFFF_F800_02A9_3EA0)
    #expect(dump.u32(0xF98) == 4)
    #expect(dump.u64(0xFA0) == UInt64(dump.count))
    #expect(dump.u64(0xFA8) == 0x01CD_0000_1111_2222)
    #expect(dump.ascii(0xFB0, 8) == "PAGEPAGE")
    #expect(dump.u64(0x1030) == 0x99)
    #expect(dump.u32(0x1040) == 1)
    #expect(dump.u32(0x1044) == 0x100)
  }

  @Test func triageFields() {
    #expect(dump.u32(0x2000) == 0x100)
    #expect(dump.u32(0x2004) == UInt32(dump.count))
    #expect(dump.u32(0x2008) == UInt32(dump.count - 4))
    #expect(dump.ascii(dump.count - 4, 4) == "TRGD")
    #expect(dump.u32(0x200C) == 0x348)
    #expect(dump.u32(0x2010) == 0xF00)
    #expect(dump.u32(0x2014) == 0x2080)
    #expect(dump.u32(0x2080) == 1)
    #expect(dump.u32(0x2084) == 0x50)
    #expect(dump.u32(0x2018) == 0x20D0)
  }

  @Test func drivers() {
    let second = Int(dump.u32(0x2030)) + 0x90
    #expect(dump.u32(0x2034) == 2)
    let name = Int(dump.u32(second))
    #expect(name % 8 == 0)
    #expect(dump.u32(name) == 5)
    #expect(dump.utf16(name + 4, 6) == "a.sys\0")
    #expect(dump.u64(second + 8 + 0x30) == 0xFFFF_F880_0100_0000)
    #expect(dump.u64(second + 8 + 0x38) == 0xFFFF_F880_0100_3000)
    #expect(dump.u32(second + 8 + 0x40) == 0x4000)
    #expect(dump.u32(second + 8 + 0x78) == 9)
    #expect(dump.u32(second + 8 + 0x80) == 0x1234_5678)
  }

  @Test func unloadedDrivers() {
    #expect(dump.u64(0x20D0) == 1)
    #expect(dump.u16(0x20D8) == 14)
    #expect(dump.utf16(0x20D8 + 16, 7) == "dam.sys")
    #expect(dump.u64(0x20D8 + 40) == 0xFFFF_F880_0200_0000)
    #expect(dump.u64(0x20D8 + 48) == 0xFFFF_F880_0200_9000)
  }

  /// Return addresses stand where the frames' sizes put them, and the trap frame tells where the interrupted code was.
  @Test func stack() {
    let (stack, size, top) = (Int(dump.u32(0x2028)), UInt64(dump.u32(0x202C)), dump.u64(0x2048))
    #expect(top &+ size == 0xFFFF_F880_0900_0000)
    #expect(top % 16 == 8)
    #expect(dump.u64(stack) == 0xFFFF_F800_02AA_22E9)
    #expect(dump[stack + 8] == 5)
    #expect(dump.u64(stack + 8 + 0x138) == 0xFFFF_F800_02A9_FEE0)
    let trap = stack + 8 + 0x140
    #expect(dump.u64(trap + 0x30) == 0xA0)
    #expect(dump.u64(trap + 0x168) == 0xFFFF_F880_0100_1033)
    #expect(dump.u64(trap + 0x170) == 0x10)
    #expect(dump.u64(trap + 0x180) == top &+ 8 &+ 0x140 &+ 0x190)
    #expect(dump.u64(trap + 0x180) % 16 == 0)
    #expect(dump.u64(trap + 0x190) == 0x0807_0605_0403_0201)
    #expect(dump.u64(trap + 0x190 + 8) == 0xFFFF_F880_0100_2044)
  }

  /// Offsets of Windows 7 SP1: EPROCESS 0x4D0 bytes, KPRCB 0x4D00.
  @Test func structures() {
    let (prcb, process, thread) = (Int(dump.u32(0x201C)), Int(dump.u32(0x2020)), Int(dump.u32(0x2024)))
    #expect(process - prcb == 0x4D00)
    #expect(thread - process == 0x4D0)
    #expect(dump.u64(prcb + 8) == 0xFFFF_FA80_0400_1000)
    #expect(dump.u64(prcb + 0x40 + 0xE0 + 0xF8) == 0xFFFF_F800_02A9_3EA0)
    #expect(dump.u64(process + 0x180) == 0x1A4)
    #expect(dump.ascii(process + 0x2E0, 15) == "averylongproce\0")
    #expect(dump.u64(thread + 0x3B8) == 0x1B0)
  }

  @Test func debuggerDataAndBlocks() {
    let block = Int(dump.u32(0x2070))
    #expect(dump.u32(0x2074) == 0x340)
    #expect(dump.ascii(block + 0x10, 4) == "KDBG")
    #expect(dump.u64(block + 0x18) == 0xFFFF_F800_02A0_0000)
    #expect(dump.u64(block + 0x48) == dump.u64(0x20))
    #expect(dump.u64(block + 0x138) == 0x1000)
    #expect(dump.u16(block + 0x2BC) == 0x120)
    #expect(dump.u16(block + 0x338) == 0x4BD8)
    let table = Int(dump.u32(0x2078))
    #expect(dump.u32(0x207C) == 3)
    #expect(dump.u64(table) == 0xFFFF_FA80_0500_0000)
    #expect(dump.u32(table + 12) == 5)
    #expect(dump[Int(dump.u32(table + 8))] == 9)
    #expect(dump.u64(table + 16) == dump.u64(block + 0x208))
    #expect(dump.ascii(Int(dump.u32(table + 16 + 8)), 9) == "7601.test")
  }

  @Test func arm64() {
    var machine = Sample.x64
    machine.architecture = .arm64
    machine.registers = .arm64(ARM64Registers(x: [7], fp: 0x11, lr: 0x22, sp: 0x33, pc: 0x44))
    let dump = TriageDump(machine).encoded()
    #expect(dump.u32(0x030) == 0xAA64)
    #expect(dump.u32(0x348) == 0x0040_0007)
    #expect(dump.u64(0x348 + 0x08) == 7)
    #expect(dump.u64(0x348 + 0xF0) == 0x11)
    #expect(dump.u64(0x348 + 0x100) == 0x33)
    #expect(dump.u64(0x348 + 0x108) == 0x44)
  }
}
