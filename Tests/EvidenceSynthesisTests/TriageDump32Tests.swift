import EvidenceSynthesis
import Facts
import Testing

@Suite struct TriageDump32Tests {
  let dump = TriageDump(Sample.x86).encoded()

  @Test func header() {
    #expect(dump.ascii(0x000, 8) == "PAGEDUMP")
    #expect(dump.u32(0x008) == 15)
    #expect(dump.u32(0x00C) == 3790)
    #expect(dump.u32(0x010) == 0x0072_7000)
    #expect(dump.u32(0x018) & 0xFF00_0000 == 0x8000_0000)
    #expect(dump.u32(0x020) == 0x014C)
    #expect(dump.u32(0x024) == 4)
    #expect(dump.u32(0x028) == 0xD1)
    #expect([dump.u32(0x02C), dump.u32(0x030), dump.u32(0x034), dump.u32(0x038)] == [0x11, 2, 0, 0xF700_1033])
    #expect(dump[0x05C] == 1)
    #expect(dump.ascii(0x064, 8) == "PAGEPAGE")
    #expect(dump.ascii(0x820, 10) == "a comment\0")
    #expect(dump.u32(0xF88) == 4)
    #expect(dump.u32(0xF8C) == 0xDFF)
    #expect(dump.u32(0xF94) == 3)
    #expect(dump.u32(0xF98) == 0x112)
    #expect(dump.u64(0xFA0) == UInt64(dump.count))
    #expect(dump.u64(0xFB8) == 0x0000_0001_2345_6789)
    #expect(dump.u64(0xFC0) == 0x01CA_0000_1111_2222)
  }

  @Test func contextAndException() {
    #expect(dump.u32(0x320) == 0x0001_003F)
    #expect(dump.u32(0x320 + 0xB8) == 0x8087_0011)
    #expect(dump.u32(0x320 + 0xC4) == dump.u32(0x1048))
    #expect(dump.u32(0x320 + 0xBC) == 8)
    #expect(dump.u32(0x7D0) == 0x8000_0003)
    #expect(dump.u32(0x7D4) == 1)
  }

  @Test func sizesAndEnd() {
    #expect(dump.count == 0x1_0000)
    #expect(dump.u32(0x1000) == 0x200)
    #expect(dump.u32(0x1004) == 0x1_0000)
    #expect(dump.u32(0x1008) == 0xFFFC)
    #expect(dump.ascii(0xFFFC, 4) == "TRGD")
    #expect(dump.u32(0x100C) == 0x320)
    #expect(dump.u32(0x1010) == 0x7D0)
    #expect(dump.u32(0x1014) == 0x1068)
  }

  @Test func drivers() {
    let list = Int(dump.u32(0x1030))
    #expect(dump.u32(0x1034) == 2)
    let second = list + 0x4C
    let name = Int(dump.u32(second))
    #expect(dump.u32(name) == 5)
    #expect(dump.utf16(name + 4, 6) == "a.sys\0")
    #expect(name >= Int(dump.u32(0x1038)))
    #expect(name < Int(dump.u32(0x1038) + dump.u32(0x103C)))
    #expect(dump.u32(second + 4 + 0x18) == 0xF700_0000)
    #expect(dump.u32(second + 4 + 0x1C) == 0xF700_3000)
    #expect(dump.u32(second + 4 + 0x20) == 0x4000)
    #expect(dump.u32(second + 4 + 0x40) == 9)
    #expect(dump.u32(second + 4 + 0x44) == 0x1234_5678)
  }

  @Test func unloadedDrivers() {
    let list = Int(dump.u32(0x1018))
    #expect(dump.u32(list) == 1)
    #expect(dump.u16(list + 4) == 24)
    #expect(dump.utf16(list + 4 + 8, 12) == "dump_storpor")
    #expect(dump.u32(list + 4 + 32) == 0xF800_0000)
    #expect(dump.u32(list + 4 + 36) == 0xF800_9000)
  }

  /// A frame-pointer chain leads from the stop through the trap frame to the outermost function.
  @Test func framePointerChain() {
    let (stack, size, top) = (Int(dump.u32(0x1028)), Int(dump.u32(0x102C)), Int(dump.u32(0x1048)))
    #expect(top + size == 0xF480_3000)
    #expect(dump.u32(stack) == 0xDDCC_BBAA)
    var pointer = Int(dump.u32(0x320 + 0xB4))
    var addresses: [UInt32] = []
    while pointer >= top, pointer < top + size {
      addresses.append(dump.u32(stack + pointer - top + 4))
      pointer = Int(dump.u32(stack + pointer - top))
    }
    #expect(addresses == [0x8087_0022, 0xF700_1033, 0xF700_2044, 0])
    // The second frame is a KTRAP_FRAME: ECX, EAX, EIP, CS.
    let trap = stack + Int(dump.u32(stack + Int(dump.u32(0x320 + 0xB4)) - top)) - top
    #expect(dump.u32(trap + 0x08) == 0xBADB_0D00)
    #expect(dump.u32(trap + 0x40) == 0xECEC_ECEC)
    #expect(dump.u32(trap + 0x44) == 0xEAEA_EAEA)
    #expect(dump.u32(trap + 0x68) == 0xF700_1033)
    #expect(dump.u32(trap + 0x6C) == 8)
    #expect(dump.u32(trap + 0x74) == 0x0403_0201)
  }

  /// Offsets of Server 2003 SP2: EPROCESS 0x278 bytes, ETHREAD 0x250, KPRCB 0xEC0.
  @Test func structures() {
    let (prcb, process, thread) = (Int(dump.u32(0x101C)), Int(dump.u32(0x1020)), Int(dump.u32(0x1024)))
    #expect(process - prcb == 0xEC0)
    #expect(thread - process == 0x278)
    #expect(dump.u32(prcb + 0x4) == 0x8900_1000)
    #expect(dump.u32(prcb + 0x1C + 0xB8) == 0x8087_0011)
    #expect(dump.u32(process + 0x94) == 0x1A4)
    #expect(dump.ascii(process + 0x164, 9) == "smss.exe\0")
    #expect(dump.u32(process + 0x160) == 0xBC40_0000)
    #expect(dump.u32(thread + 0x1E4) == 0x1A4)
    #expect(dump.u32(thread + 0x1E8) == 0x1B0)
    #expect(dump.u32(thread + 0x38) == 0x8900_0000)
  }

  @Test func debuggerData() {
    let block = Int(dump.u32(0x1058))
    #expect(dump.u32(0x105C) == 0x318)
    #expect(dump.ascii(block + 0x10, 4) == "KDBG")
    #expect(dump.u32(block + 0x14) == 0x318)
    #expect(dump.u64(block + 0x18) == 0x8080_0000)
    #expect(dump.u32(block + 0x48) == dump.u32(0x018))
    #expect(dump.u32(block + 0x50) == dump.u32(0x01C))
    #expect(dump.u16(block + 0x2A8) == 0x278)
    #expect(dump.u16(block + 0x2B0) == 0xEC0)
    #expect(dump.u16(block + 0x2C0) == 0x250)
  }

  @Test func dataBlocks() {
    let (table, count) = (Int(dump.u32(0x1060)), Int(dump.u32(0x1064)))
    #expect(count == 4)
    #expect(dump.u32(table) == 0x8912_3000)
    #expect(dump.u32(table + 8) == 5)
    let place = Int(dump.u32(table + 4))
    #expect(dump[place] == 9 && dump[place + 4] == 5)
    // The session's number, at MM_SESSION_SPACE.SessionId (0xC).
    let last = table + 12 * (count - 1)
    #expect(dump.u32(last) == 0xBC40_0000)
    #expect(dump.u32(Int(dump.u32(last + 4)) + 0xC) == 3)
  }
}
