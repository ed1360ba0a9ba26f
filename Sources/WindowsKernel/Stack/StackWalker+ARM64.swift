import CrashDumpFormat
import Facts
import PortableExecutable

/// ARM64: by unwind data of images, else by the chain of frame pointers.
extension StackWalker {
  private struct State {
    var registers: ARM64Registers
    var isReturn = false
    var isStackPointerKnown = true
    var stackPointer: UInt64? { registers.stackPointer }
  }

  func walkARM64(_ context: RegisterContext) -> [StackFrame] {
    var general = Array(context.knownRegisters.prefix(29))
    general += [UInt64?](repeating: nil, count: max(0, 29 - general.count))
    general += [context.framePointer, context.linkRegister]
    var state = State(
      registers: ARM64Registers(
        instructionPointer: context.instructionPointer, stackPointer: context.stackPointer, general: general))
    var frames = [name(modules.frame(context.instructionPointer, stackPointer: context.stackPointer, trust: .context))]
    var least = context.stackPointer
    // What is unwound from a frame that a chain gave is no better than the chain.
    var weakest = FrameTrust.context
    while frames.count < Self.maximumFrames, let (next, means) = nextARM64(state, least: least) {
      weakest = means == .context ? .context : weakest == .framePointer ? .framePointer : means
      let address = next.registers.instructionPointer
      frames.append(name(modules.frame(address, stackPointer: next.stackPointer ?? least, trust: weakest)))
      if let pointer = next.stackPointer {
        // A frame that does not rise is a loop, but what was stopped may not have moved the stack yet, or not at all.
        guard pointer > least || (!state.isReturn && pointer == least) else { break }
        least = pointer
      }
      if address < MachineFrame.userEnd { break }
      state = next
    }
    return frames
  }

  private func nextARM64(_ state: State, least: UInt64) -> (State, FrameTrust)? {
    switch unwound(state, least: least) {
    case .caller(let next, let trust): return (next, trust)
    case .end: return nil
    case .unknown: break
    }
    // [X29] holds the caller's X29, [X29+8] the return address (AAPCS64, "The Frame Pointer").
    guard let pointer = state.registers.general[29], pointer >= least,
      let next = memory.load(at: VirtualAddress(pointer), as: UInt64.self),
      let signed = memory.load(at: VirtualAddress(pointer &+ 8), as: UInt64.self)
    else { return nil }
    let address = ARM64Unwinder.unsigned(signed)
    guard modules.isCode(address), callBeforeARM64(address) ?? true else { return nil }
    var registers = ARM64Registers(instructionPointer: address, stackPointer: pointer &+ 16, general: [])
    // The last frame's caller has no frame of its own.
    registers.general[29] = next > pointer ? next : nil
    var found = State(registers: registers, isReturn: true)
    // The frame goes on behind the pair: only from X29 can its caller be told.
    found.isStackPointerKnown = false
    return (found, .framePointer)
  }

  private enum Unwound {
    case caller(State, FrameTrust)
    case end
    case unknown
  }

  private func unwound(_ state: State, least: UInt64) -> Unwound {
    let pc = state.registers.instructionPointer
    guard let index = modules.index(of: pc), let base = modules.entries[index].identity.base else { return .unknown }
    var registers = state.registers
    if !state.isStackPointerKnown { registers.stackPointer = nil }
    for image in modules.images(at: index) {
      guard let unwinder = ARM64Unwinder(image, base: base),
        let found = try? unwinder.caller(
          of: registers, isReturnAddress: state.isReturn,
          stack: { memory.load(at: VirtualAddress($0), as: UInt64.self) }),
        let pointer = found.registers.stackPointer, pointer >= least
      else { continue }
      let address = found.registers.instructionPointer
      if found.isMachineFrame {
        guard modules.isCode(address) || (address < MachineFrame.userEnd && address != 0) else { continue }
        return .caller(State(registers: found.registers), .context)
      }
      // A thread's first function returns to nothing.
      if address == 0 { return .end }
      // Only a leaf leaves the stack as it is.
      guard pointer > least || !state.isReturn, modules.isCode(address), callBeforeARM64(address) ?? true else {
        continue
      }
      return .caller(State(registers: found.registers, isReturn: true), .unwind)
    }
    return .unknown
  }

  /// Whether the instruction before an address is a call: BL, BLR or BLRAA and its like (Arm Architecture Reference Manual, C6);
  /// nil where neither the dump nor the module's file holds it.
  func callBeforeARM64(_ address: UInt64) -> Bool? {
    guard address >= 4, address & 3 == 0 else { return false }
    guard let bytes = modules.code(at: address - 4, count: 4) else { return nil }
    let word = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return word >> 26 == 0b100101 || word & 0xFFFF_FC1F == 0xD63F_0000 || word & 0xFEFF_F800 == 0xD63F_0800
  }
}
