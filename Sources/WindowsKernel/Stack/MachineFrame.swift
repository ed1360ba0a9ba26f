import CrashDumpFormat
import Facts

/// What an x64 processor pushes on an interrupt or exception: RIP, CS, EFLAGS, RSP, SS.
struct MachineFrame: Hashable {
  var instructionPointer: UInt64
  var stackPointer: UInt64
  var isUserMode: Bool

  /// KTRAP_FRAME.Rip on x64, the same in every layout from Server 2003 SP1 to Windows 11 (public symbols).
  static let offsetInTrapFrame: UInt64 = 0x168
  /// KTRAP_FRAME.Rbp, and RBX, RDI, RSI before it, which kernel entry saves.
  static let savedRegisters: [(register: Int, offset: UInt64)] = [(3, 0x140), (7, 0x148), (6, 0x150), (5, 0x158)]
  /// End of user addresses on x64 Windows.
  static let userEnd: UInt64 = 0x8000_0000_0000

  /// The five words at an address, if they can be nothing else: selectors as Windows sets them, reserved flags as the
  /// processor has them, and a stack pointer that fits the mode.
  init?(at address: UInt64, in memory: any MemoryReading, modules: ModuleMap) {
    func word(_ index: UInt64) -> UInt64? { memory.load(at: VirtualAddress(address &+ 8 * index), as: UInt64.self) }
    guard let rip = word(0), let cs = word(1), let flags = word(2), let rsp = word(3), let ss = word(4) else {
      return nil
    }
    // Bit 1 of EFLAGS is always set, bits 3, 5 and 15 never; above bit 21 all are zero.
    guard flags & 0x8028 == 0, flags & 2 != 0, flags >> 22 == 0 else { return nil }
    // Selectors are pushed as 64-bit words whose upper part is undefined; the kernel compares the low word.
    switch (cs & 0xFFFF, ss & 0xFFFF) {
    case (0x10, 0x18), (0x10, 0):
      guard modules.isCode(rip), rsp > address, rsp - address < 0x10000 else { return nil }
      isUserMode = false
    case (0x33, 0x2B), (0x23, 0x2B):
      guard rip < Self.userEnd, rip != 0, rsp < Self.userEnd, rsp != 0 else { return nil }
      isUserMode = true
    default:
      return nil
    }
    instructionPointer = rip
    stackPointer = rsp
  }
}
