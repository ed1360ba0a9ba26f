import CrashDumpFormat
import Facts

/// Walks a stack by the best means the dump gives, frame by frame; each frame says which.
public struct StackWalker: Sendable {
  let memory: any MemoryReading
  let modules: ModuleMap
  /// Register contexts found elsewhere in the dump (an exception's): where a frame's stack pointer is theirs, they know all registers.
  let contexts: [RegisterContext]
  /// Names a frame that no symbol table names: from the bundled facts of the kernel's build.
  let name: @Sendable (StackFrame) -> StackFrame

  /// Deeper stacks are cut; kernel stacks are at most 24 KiB on x64, so more frames mean a loop.
  public static let maximumFrames = 256
  /// A scan looks this far for the next return address. The largest kernel frame is limited by the stack's size.
  static let maximumScanBytes: UInt64 = 0x6000

  public init(
    memory: any MemoryReading, modules: ModuleMap, contexts: [RegisterContext] = [],
    name: @escaping @Sendable (StackFrame) -> StackFrame = { $0 }
  ) {
    self.memory = memory
    self.modules = modules
    self.contexts = contexts
    self.name = name
  }

  public func walk(_ context: RegisterContext) -> [StackFrame] {
    switch context.architecture {
    case .x64: walkX64(context)
    case .arm64: walkARM64(context)
    case .x86: walkX86(context)
    default: [modules.frame(context.instructionPointer, stackPointer: context.stackPointer, trust: .context)]
    }
  }

  /// Whether the bytes before an address end in a call; nil where neither the dump nor the module's file holds them.
  func callBefore(_ address: UInt64) -> Bool? {
    guard address >= 7 else { return nil }
    guard let bytes = memory.bytes(at: VirtualAddress(address - 7), count: 7) else {
      guard let bytes = modules.fileCode(at: address - 7, count: 7) else { return nil }
      // Since 10 1809 the loader makes a call through an import or guard slot (FF 15, six bytes) a direct one of five bytes and
      // a NOP: the address is then one byte short of the file's next instruction (seen in Wdf01000.sys 1.31.19041.423).
      return bytes[2] == 0xE8 || Self.isIndirectCall(bytes) || (bytes[2] == 0xFF && bytes[3] == 0x15)
    }
    // E8 rel32; FF /2 with no, 8-bit or 32-bit displacement, with and without SIB or REX.
    return bytes[2] == 0xE8 || Self.isIndirectCall(bytes)
  }

  /// Whether seven bytes end in a call through a register or memory.
  static func isIndirectCall(_ bytes: [UInt8]) -> Bool {
    for length in [2, 3, 4, 6, 7] where bytes[7 - length] == 0xFF {
      let modrm = bytes[7 - length + 1]
      guard modrm >> 3 & 7 == 2 else { continue }
      let sib = modrm >> 6 != 3 && modrm & 7 == 4 ? 1 : 0
      let displacement = modrm >> 6 == 1 ? 1 : modrm >> 6 == 2 || modrm & 0xC7 == 5 ? 4 : 0
      if 2 + sib + displacement == length { return true }
    }
    return false
  }
}
