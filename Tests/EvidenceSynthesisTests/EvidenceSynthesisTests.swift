import EvidenceSynthesis
import Facts

/// Little-endian reads for asserts; offsets in the tests are spelled out from the formats' documentation, not taken from
/// the writer.
extension [UInt8] {
  func u16(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(offset, 2)) }
  func u32(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: number(offset, 4)) }
  func u64(_ offset: Int) -> UInt64 { number(offset, 8) }

  private func number(_ offset: Int, _ size: Int) -> UInt64 {
    guard offset >= 0, offset + size <= count else { return .max }
    return (0..<size).reduce(0) { $0 | UInt64(self[offset + $1]) << UInt64(8 * $1) }
  }

  func ascii(_ offset: Int, _ length: Int) -> String {
    guard offset >= 0, offset + length <= count else { return "" }
    return String(decoding: self[offset..<offset + length], as: UTF8.self)
  }

  func utf16(_ offset: Int, _ characters: Int) -> String {
    String(decoding: (0..<characters).map { u16(offset + 2 * $0) }, as: UTF16.self)
  }
}

/// A small machine of each width whose every value is chosen to be recognized.
enum Sample {
  static let x86: SynthesizedMachine = {
    let stack = SynthesizedStack(
      frames: [
        SynthesizedFrame("nt!KeBugCheckEx", at: 0x8087_0011, locals: [0xAA, 0xBB, 0xCC, 0xDD], arguments: [1, 2]),
        SynthesizedFrame(
          "nt!KiTrap0E", at: 0x8087_0022, trap: .x86(X86Registers(eax: 0xEAEA_EAEA, ecx: 0xECEC_ECEC))),
        SynthesizedFrame("a!Fault", at: 0xF700_1033, locals: [1, 2, 3, 4, 5, 6, 7, 8]),
        SynthesizedFrame("a!Caller", at: 0xF700_2044),
      ], architecture: .x86, base: 0xF480_3000)
    var machine = SynthesizedMachine(
      architecture: .x86, version: SystemVersion(5, 2, 3790, servicePack: 2, buildLab: "3790.test"),
      productType: .server, suiteMask: 0x112, processors: 4, systemTime: 0x01CA_0000_1111_2222,
      upTime: 0x0000_0001_2345_6789,
      modules: [
        SynthesizedModule(
          name: "ntoskrnl.exe", base: 0x8080_0000, size: 0x24_B000, timestamp: 0x45D6_9AD8, checksum: 7),
        SynthesizedModule(
          name: "a.sys", base: 0xF700_0000, size: 0x4000, timestamp: 0x1234_5678, checksum: 9, entryPoint: 0xF700_3000),
      ], stop: SynthesizedStop(StopCode(0xD1), [0x11, 2, 0, 0xF700_1033]),
      registers: .x86(
        X86Registers(
          ebp: UInt32(stack.framePointers[0]), esp: UInt32(stack.stackPointers[0]), eip: 0x8087_0011)), stack: stack,
      layout: .server2003SP2x86)
    machine.process = SynthesizedProcess(
      name: "smss.exe", id: 0x1A4, session: 3, address: 0x8900_0000, sessionSpace: 0xBC40_0000)
    machine.thread = SynthesizedThread(id: 0x1B0, address: 0x8900_1000)
    machine.unloadedModules = [
      SynthesizedUnloadedModule(name: "dump_storport.sys", start: 0xF800_0000, end: 0xF800_9000)
    ]
    machine.memory = [SynthesizedMemory(address: 0x8912_3000, bytes: [9, 8, 7, 6, 5])]
    machine.comment = "a comment"
    return machine
  }()

  static let x64: SynthesizedMachine = {
    let stack = SynthesizedStack(
      frames: [
        SynthesizedFrame("nt!KeBugCheckEx", at: 0xFFFF_F800_02A9_3EA0, isAtEntry: true),
        SynthesizedFrame(
          "nt!KiBugCheckDispatch", at: 0xFFFF_F800_02AA_22E9, locals: [UInt8](repeating: 5, count: 0x138)),
        SynthesizedFrame("nt!KiPageFault", at: 0xFFFF_F800_02A9_FEE0, trap: .x64(X64Registers(rax: 0xA0, rcx: 0xC0))),
        SynthesizedFrame("a!Fault", at: 0xFFFF_F880_0100_1033, locals: [1, 2, 3, 4, 5, 6, 7, 8]),
        SynthesizedFrame("a!Caller", at: 0xFFFF_F880_0100_2044),
      ], architecture: .x64, base: 0xFFFF_F880_0900_0000)
    var machine = SynthesizedMachine(
      architecture: .x64, version: SystemVersion(6, 1, 7601, servicePack: 1, buildLab: "7601.test"),
      processors: 2, systemTime: 0x01CD_0000_1111_2222, upTime: 0x99,
      modules: [
        SynthesizedModule(
          name: "ntoskrnl.exe", base: 0xFFFF_F800_02A0_0000, size: 0x5E_A000, timestamp: 0x5E0A_BD3C, checksum: 0x55),
        SynthesizedModule(
          name: "a.sys", base: 0xFFFF_F880_0100_0000, size: 0x4000, timestamp: 0x1234_5678, checksum: 9,
          entryPoint: 0xFFFF_F880_0100_3000),
      ], stop: SynthesizedStop(StopCode(0xD1), [0x11, 2, 1, 0xFFFF_F880_0100_1033]),
      registers: .x64(X64Registers(rsp: stack.top, rip: 0xFFFF_F800_02A9_3EA0)), stack: stack, layout: .windows7SP1x64)
    machine.kernelSymbols = [
      "PsLoadedModuleList": 0x23_9C90, "KdDebuggerDataBlock": 0x1E_2130, "KeBugCheckEx": 0x9_3EA0,
    ]
    machine.process = SynthesizedProcess(name: "averylongprocessname.exe", id: 0x1A4, address: 0xFFFF_FA80_0400_0000)
    machine.thread = SynthesizedThread(id: 0x1B0, address: 0xFFFF_FA80_0400_1000)
    machine.unloadedModules = [
      SynthesizedUnloadedModule(name: "dam.sys", start: 0xFFFF_F880_0200_0000, end: 0xFFFF_F880_0200_9000)
    ]
    machine.memory = [SynthesizedMemory(address: 0xFFFF_FA80_0500_0000, bytes: [9, 8, 7, 6, 5])]
    return machine
  }()
}
