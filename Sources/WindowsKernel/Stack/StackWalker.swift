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

  // MARK: ARM64

  /// X29 chains: [X29] holds the caller's X29, [X29+8] the return address (AAPCS64, "The Frame Pointer").
  private func walkARM64(_ context: RegisterContext) -> [StackFrame] {
    var frames = [modules.frame(context.instructionPointer, stackPointer: context.stackPointer, trust: .context)]
    var pointer = context.framePointer
    while frames.count < Self.maximumFrames {
      guard let next = memory.load(at: VirtualAddress(pointer), as: UInt64.self),
        let signed = memory.load(at: VirtualAddress(pointer &+ 8), as: UInt64.self)
      else { break }
      // Pointer authentication signs the upper bits; kernel addresses have them all set.
      let address = signed >> 47 & 1 == 1 ? signed | 0xFFFF_0000_0000_0000 : signed
      guard modules.isCode(address) else { break }
      frames.append(modules.frame(address, stackPointer: pointer &+ 16, trust: .framePointer))
      guard next > pointer else { break }
      pointer = next
    }
    return frames
  }

  // MARK: x86

  /// EBP chains, with a scan where a function keeps none.
  private func walkX86(_ context: RegisterContext) -> [StackFrame] {
    var frames = [modules.frame(context.instructionPointer, stackPointer: context.stackPointer, trust: .context)]
    var stack = context.stackPointer
    var pointer = context.framePointer
    func word(_ address: UInt64) -> UInt64? {
      memory.load(at: VirtualAddress(address), as: UInt32.self).map(UInt64.init)
    }
    while frames.count < Self.maximumFrames {
      if pointer >= stack, pointer & 3 == 0, let next = word(pointer), let address = word(pointer &+ 4),
        isReturnAddressX86(address)
      {
        frames.append(modules.frame(address, stackPointer: pointer + 8, trust: .framePointer))
        stack = pointer + 8
        pointer = next
        continue
      }
      guard let slot = scanX86(from: stack, word) else { break }
      frames.append(modules.frame(slot.address, stackPointer: slot.at + 4, trust: .scan))
      // `push ebp; mov ebp, esp` puts the saved EBP right below the return address.
      if slot.at >= 4, let saved = word(slot.at - 4), saved > slot.at, saved - slot.at < Self.maximumScanBytes {
        pointer = saved
      }
      stack = slot.at + 4
    }
    return frames
  }

  private func scanX86(from stack: UInt64, _ word: (UInt64) -> UInt64?) -> (at: UInt64, address: UInt64)? {
    var at = (stack &+ 3) & ~3
    let end = at &+ Self.maximumScanBytes
    while at < end, let value = word(at) {
      if isReturnAddressX86(value) { return (at, value) }
      at += 4
    }
    return nil
  }

  private func isReturnAddressX86(_ address: UInt64) -> Bool {
    guard modules.isCode(address) else { return false }
    return callBefore(address) ?? true
  }

  // MARK: ARM64 and x86 share nothing with the x64 walk below.

  /// Whether the bytes before an address end in a call; nil where they are not in the dump.
  func callBefore(_ address: UInt64) -> Bool? {
    guard address >= 7, let bytes = memory.bytes(at: VirtualAddress(address - 7), count: 7) else { return nil }
    // E8 rel32; FF /2 with no, 8-bit or 32-bit displacement, with and without SIB or REX.
    if bytes[2] == 0xE8 { return true }
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
