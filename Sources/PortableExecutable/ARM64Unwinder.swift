import ByteReading
import Facts

/// The integer registers of ARM64 code; nil where a register's value is not known.
public struct ARM64Registers: Hashable, Sendable {
  public var instructionPointer: UInt64
  /// nil where it is not known: a chain of frame pointers does not tell it.
  public var stackPointer: UInt64?
  /// X0 to X30: 29 is the frame pointer, 30 the return address.
  public var general: [UInt64?]

  /// X0 to X18: a call may change them (ARM64 ABI conventions; X18 is the system's own).
  public static let volatile = 0..<19

  public init(instructionPointer: UInt64, stackPointer: UInt64?, general: [UInt64?]) {
    self.instructionPointer = instructionPointer
    self.stackPointer = stackPointer
    self.general = Array(general.prefix(31)) + [UInt64?](repeating: nil, count: max(0, 31 - general.count))
  }
}

/// One step up an ARM64 stack.
public struct ARM64Unwound: Hashable, Sendable {
  /// The caller's, or the interrupted code's.
  public var registers: ARM64Registers
  /// An interrupt or exception led here: the instruction pointer names the next instruction, not one behind a call.
  public var isMachineFrame: Bool
}

/// Undoes what a function did to stack and registers, by the exception directory of an ARM64 image.
///
/// Source: learn.microsoft.com/cpp/build/arm64-exception-handling, "Unwind codes" and "Unwinding process".
public struct ARM64Unwinder {
  /// CONTEXT on ARM64 (public header winnt.h): X0, Sp and Pc.
  private static let contextRegisters: UInt64 = 8
  private static let contextStackPointer: UInt64 = 0x100
  private static let contextPC: UInt64 = 0x108

  let table: ARM64FunctionTable
  let base: UInt64

  /// nil for images of other machines and those without exception directory.
  public init?(_ image: PEImage, base: VirtualAddress? = nil) {
    guard let table = image.arm64FunctionTable else { return nil }
    self.table = table
    self.base = (base ?? image.base).rawValue
  }

  /// `stack` reads eight bytes at an address, nil where they are not there. Throws where unwind data, the stack or a register that
  /// the next step rests on is not there, and where a code's meaning is not public.
  ///
  /// - Parameter isReturnAddress: as with `X64Unwinder`.
  public func caller(
    of registers: ARM64Registers, isReturnAddress: Bool = false, stack: (UInt64) -> UInt64?
  ) throws(ReadError) -> ARM64Unwound {
    guard registers.instructionPointer >= base, let place = UInt32(exactly: registers.instructionPointer - base) else {
      throw failure(.notPresent, "instruction pointer", registers.instructionPointer, "an address in the image")
    }
    // Behind a call the call itself is looked up: it may be the function's last instruction.
    let inside = isReturnAddress && place >= 4 ? place - 4 : place
    guard let function = try table.lookup(inside) else {
      guard !isReturnAddress else {
        throw failure(.malformed, "function table", registers.instructionPointer, "an entry for a function that calls")
      }
      return ARM64Unwound(registers: try left(registers), isMachineFrame: false)
    }
    var state = Undoing(registers: registers)
    for code in codes(of: function, at: (inside - function.begin) / 4, isReturnAddress: isReturnAddress) {
      if code == .end { break }
      try undo(code, &state, stack)
      if state.isMachineFrame { return ARM64Unwound(registers: state.registers, isMachineFrame: true) }
    }
    return ARM64Unwound(registers: try left(state.registers), isMachineFrame: false)
  }

  private func failure(_ kind: Absence, _ reading: String, _ address: UInt64, _ expected: String) -> ReadError {
    ReadError(
      kind, reading: reading, at: .address(VirtualAddress(address)), expected: expected, found: "none",
      trail: ["ARM64 unwind"])
  }

  /// What is still to be undone: all of the prologue in the body; of an epilogue the rest; of a prologue what has run.
  private func codes(of function: ARM64Function, at instruction: UInt32, isReturnAddress: Bool) -> [ARM64UnwindCode] {
    let prologue = function.prologue
    if isReturnAddress { return prologue }
    for epilogue in function.epilogues {
      let start = epilogue.offset / 4
      // Each code is one instruction, `end` the return.
      if instruction >= start, instruction - start < UInt32(epilogue.codes.count) {
        return Array(epilogue.codes.dropFirst(Int(instruction - start)))
      }
    }
    // A fragment begins behind its prologue; the codes behind `end_c` are another part's prologue.
    guard function.form != .packedFragment else { return prologue }
    let own = prologue.firstIndex { $0 == .end || $0 == .endOfContinued } ?? prologue.count
    let instructions = prologue.prefix(own).count(where: \.isInstruction)
    if instruction < UInt32(instructions) { return Array(prologue.dropFirst(instructions - Int(instruction))) }
    if function.form == .packed {
      // The epilogue mirrors the prologue without what only sets the frame pointer or stores parameters.
      let mirrored = prologue.prefix(own).filter { $0 != .nop && !$0.setsFrame }
      let length = UInt32(mirrored.count) + 1
      let total = function.length / 4
      if total >= length, instruction >= total - length {
        return Array(mirrored.dropFirst(Int(instruction - (total - length)))) + [.end]
      }
    }
    return prologue
  }

  private struct Undoing {
    var registers: ARM64Registers
    /// Pairs announced by save_next, which lie behind the pair that is named next.
    var pendingPairs: UInt64 = 0
    var isMachineFrame = false
  }

  private func undo(
    _ code: ARM64UnwindCode, _ state: inout Undoing, _ stack: (UInt64) -> UInt64?
  ) throws(ReadError) {
    func load(_ register: ARM64UnwindCode.Register, _ address: UInt64) {
      if case .x(let number) = register, number < 31 { state.registers.general[Int(number)] = stack(address) }
    }
    func known() throws(ReadError) -> UInt64 {
      guard let pointer = state.registers.stackPointer else {
        throw failure(.notPresent, "SP", state.registers.instructionPointer, "a known value")
      }
      return pointer
    }
    switch code {
    case .allocate(let bytes): state.registers.stackPointer = try known() &+ UInt64(bytes)
    case .setFrame(let distance):
      guard let pointer = state.registers.general[29] else {
        throw failure(.notPresent, "X29", state.registers.instructionPointer, "a known value")
      }
      state.registers.stackPointer = pointer &- UInt64(distance)
    case .saveRegister(let register, let offset, let preIndexed):
      let place = try known() &+ (preIndexed ? 0 : UInt64(offset))
      load(register, place)
      if preIndexed { state.registers.stackPointer = place &+ UInt64(offset) }
    case .savePair(let first, let second, let offset, let preIndexed):
      let place = try known() &+ (preIndexed ? 0 : UInt64(offset))
      load(first, place)
      load(second, place &+ 8)
      for pair in 0..<state.pendingPairs {
        let next = UInt8(truncatingIfNeeded: 2 * (pair + 1))
        guard case .x(let number) = first, number < 30 - next else { continue }
        load(.x(number + next), place &+ 16 &* (pair &+ 1))
        load(.x(number + next + 1), place &+ 16 &* (pair &+ 1) &+ 8)
      }
      state.pendingPairs = 0
      if preIndexed { state.registers.stackPointer = place &+ UInt64(offset) }
    case .saveNext: state.pendingPairs = min(state.pendingPairs + 1, 8)
    case .nop, .end, .endOfContinued, .signReturnAddress, .clearUnwoundToCall: break
    case .machineFrame:
      let at = try known()
      guard let pointer = stack(at), let address = stack(at &+ 8) else {
        throw failure(.notInDump, "machine frame", at, "16 bytes")
      }
      state.registers.stackPointer = pointer
      state.registers.instructionPointer = address
      state.isMachineFrame = true
    case .context:
      let at = try known()
      guard let pointer = stack(at &+ Self.contextStackPointer), let address = stack(at &+ Self.contextPC) else {
        throw failure(.notInDump, "CONTEXT", at, "0x110 bytes")
      }
      for number in 0..<31 {
        state.registers.general[number] = stack(at &+ Self.contextRegisters &+ 8 &* UInt64(number))
      }
      state.registers.stackPointer = pointer
      state.registers.instructionPointer = address
      state.isMachineFrame = true
    case .allocateVectors, .trapFrame, .ecContext, .reserved:
      throw failure(
        .unsupported, "unwind code", state.registers.instructionPointer, "one whose effect is published and fixed")
    }
  }

  /// The return address is in X30; kernels sign it in its upper bits.
  private func left(_ registers: ARM64Registers) throws(ReadError) -> ARM64Registers {
    guard let link = registers.general[30] else {
      throw failure(.notPresent, "X30", registers.instructionPointer, "a known value")
    }
    var result = registers
    result.instructionPointer = Self.unsigned(link)
    for register in ARM64Registers.volatile { result.general[register] = nil }
    result.general[30] = nil
    return result
  }

  /// An address without the signature of pointer authentication: with 47 bits of address, bit 55 says which half it is in
  /// (Arm Architecture Reference Manual, "Pointer authentication").
  public static func unsigned(_ address: UInt64) -> UInt64 {
    address >> 55 & 1 == 1 ? address | 0xFFFF_0000_0000_0000 : address & 0x0000_FFFF_FFFF_FFFF
  }
}

extension ARM64UnwindCode {
  fileprivate var setsFrame: Bool {
    if case .setFrame = self { return true }
    return false
  }
}
