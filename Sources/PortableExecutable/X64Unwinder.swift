import ByteReading
import Facts

/// The integer registers of x64 code; nil where a register's value is not known.
public struct X64Registers: Hashable, Sendable {
  public var instructionPointer: UInt64
  /// RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8…R15, as instructions encode them.
  public var general: [UInt64?]

  public static let stackPointerIndex = 4
  /// RAX, RCX, RDX, R8 to R11: a call may change them (x64 calling convention).
  public static let volatile = [0, 1, 2, 8, 9, 10, 11]

  public init(instructionPointer: UInt64, general: [UInt64?]) {
    self.instructionPointer = instructionPointer
    self.general = Array(general.prefix(16)) + [UInt64?](repeating: nil, count: max(0, 16 - general.count))
  }

  public var stackPointer: UInt64? {
    get { general[Self.stackPointerIndex] }
    set { general[Self.stackPointerIndex] = newValue }
  }
}

/// One step up a stack.
public struct X64Unwound: Hashable, Sendable {
  @frozen
  public enum Way: Hashable, Sendable {
    /// A function that touches neither stack nor saved registers: its return address is what RSP points at.
    case leaf
    case prologue, body, epilogue
  }

  /// The caller's, or the interrupted code's.
  public var registers: X64Registers
  public var way: Way
  /// True where an interrupt or exception led here: `registers` are those of the interrupted code, whose next instruction
  /// the instruction pointer names, not one behind a call.
  public var isMachineFrame: Bool
  /// False where the code's bytes are not there, so that it could not be told whether the instruction is an epilogue's. It
  /// matters only at a stack's top: what a call returns to is no epilogue's inner part.
  public var isEpilogueKnown: Bool
}

/// Undoes what a function did to stack and registers, by its unwind data: registers and memory in, the caller's registers out.
///
/// Source: learn.microsoft.com/cpp/build/exception-handling-x64, "Unwind procedure".
public struct X64Unwinder {
  /// Entries that continue one another: more is a loop.
  static let maximumChain = 32
  /// Pops of all sixteen registers, an addition and a jump fit.
  static let maximumEpilogueBytes = 64

  let image: PEImage
  let table: FunctionTable
  /// Where the image is loaded.
  let base: UInt64

  /// nil for images of other machines and those without exception directory.
  public init?(_ image: PEImage, base: VirtualAddress? = nil) {
    guard let table = image.functionTable else { return nil }
    self.image = image
    self.table = table
    self.base = (base ?? image.base).rawValue
  }

  /// `stack` reads eight bytes at an address, nil where they are not there. Throws where unwind data, the stack or a register that
  /// the next step rests on is not there.
  ///
  /// - Parameter isReturnAddress: the instruction pointer is what a call returns to, not where code was stopped. The call may be
  ///   the function's last instruction, so that the address is the next function's; what it returns to is no epilogue's inner
  ///   part; and whoever called has an entry, so that none means that the image is another one.
  public func caller(
    of registers: X64Registers, isReturnAddress: Bool = false, stack: (UInt64) -> UInt64?
  ) throws(ReadError) -> X64Unwound {
    guard registers.instructionPointer >= base,
      let place = UInt32(exactly: registers.instructionPointer - base)
    else { throw failure(.notPresent, "instruction pointer", registers.instructionPointer, "an address in the image") }
    var state = registers
    guard let function = try table.lookup(isReturnAddress && place > 0 ? place - 1 : place) else {
      if isReturnAddress {
        throw failure(.malformed, "function table", registers.instructionPointer, "an entry for a function that calls")
      }
      try leave(&state, stack)
      return X64Unwound(registers: state, way: .leaf, isMachineFrame: false, isEpilogueKnown: true)
    }
    let info = try X64UnwindInfo(at: function.unwindInfo, in: image)
    let offset = place - function.begin
    let isPrologue = offset < UInt32(info.prologueSize)
    var isEpilogueKnown = true
    if !isPrologue, !isReturnAddress {
      switch try epilogue(at: place, function, info, state, stack) {
      case .left(let registers, let isMachineFrame):
        return X64Unwound(
          registers: registers, way: .epilogue, isMachineFrame: isMachineFrame, isEpilogueKnown: true)
      case .body: break
      case .unknown: isEpilogueKnown = false
      }
    }
    let isMachineFrame = try undo(function, info, executed: isPrologue ? offset : nil, &state, stack)
    return X64Unwound(
      registers: state, way: isPrologue ? .prologue : .body, isMachineFrame: isMachineFrame,
      isEpilogueKnown: isEpilogueKnown)
  }

  func failure(_ kind: Absence, _ reading: String, _ address: UInt64, _ expected: String) -> ReadError {
    ReadError(
      kind, reading: reading, at: .address(VirtualAddress(address)), expected: expected, found: "none",
      trail: ["x64 unwind"])
  }

  // MARK: Prologue and body

  /// Undoes one description and those it continues; true where it ends in a machine frame. `executed` are the bytes of the
  /// prologue that have run, nil for all of it.
  private func undo(
    _ function: RuntimeFunction, _ info: X64UnwindInfo, executed: UInt32?, _ state: inout X64Registers,
    _ stack: (UInt64) -> UInt64?
  ) throws(ReadError) -> Bool {
    var info = info
    var executed = executed
    for _ in 0..<Self.maximumChain {
      if try undo(info, executed: executed, &state, stack) { return true }
      guard let next = info.chained else {
        try leave(&state, stack)
        return false
      }
      info = try X64UnwindInfo(at: next.unwindInfo, in: image)
      // Whoever continues a function runs behind its prologue.
      executed = nil
    }
    throw failure(.malformed, "chained unwind data", base, "at most \(Self.maximumChain) links")
  }

  private func undo(
    _ info: X64UnwindInfo, executed: UInt32?, _ state: inout X64Registers, _ stack: (UInt64) -> UInt64?
  ) throws(ReadError) -> Bool {
    func isDone(_ code: X64UnwindInfo.Code) -> Bool { executed.map { UInt32(code.prologueOffset) <= $0 } ?? true }
    // Saved registers lie relative to the frame register once it is set, else to RSP as it is behind the prologue.
    let sets = info.codes.first { $0.operation == .setFrameRegister }
    var frame: UInt64?
    if let register = info.frameRegister, sets.map(isDone) ?? true {
      guard let value = state.general[register] else {
        throw failure(.notPresent, "frame register \(register)", state.instructionPointer, "a known value")
      }
      frame = value &- UInt64(info.frameOffset)
    }
    guard let saved = frame ?? state.stackPointer else {
      throw failure(.notPresent, "RSP", state.instructionPointer, "a known value")
    }
    for code in info.codes where isDone(code) {
      let sp = state.stackPointer ?? saved
      switch code.operation {
      case .pushNonvolatile(let register):
        let value = stack(sp)
        state.stackPointer = sp &+ 8
        if register != X64Registers.stackPointerIndex { state.general[register] = value }
      case .allocate(let bytes): state.stackPointer = sp &+ UInt64(bytes)
      case .setFrameRegister: state.stackPointer = saved
      case .saveNonvolatile(let register, let offset):
        if register != X64Registers.stackPointerIndex { state.general[register] = stack(saved &+ UInt64(offset)) }
      case .saveXMM128, .unused: break
      case .pushMachineFrame(let hasErrorCode):
        try interrupted(&state, at: sp &+ (hasErrorCode ? 8 : 0), stack)
        return true
      }
    }
    return false
  }

  /// The return address is what RSP points at.
  func leave(_ state: inout X64Registers, _ stack: (UInt64) -> UInt64?) throws(ReadError) {
    guard let sp = state.stackPointer else {
      throw failure(.notPresent, "RSP", state.instructionPointer, "a known value")
    }
    guard let address = stack(sp) else { throw failure(.notInDump, "return address", sp, "8 bytes") }
    state.instructionPointer = address
    state.stackPointer = sp &+ 8
    for register in X64Registers.volatile { state.general[register] = nil }
  }

  /// What the processor pushed: RIP, CS, EFLAGS, RSP, SS.
  func interrupted(_ state: inout X64Registers, at sp: UInt64, _ stack: (UInt64) -> UInt64?) throws(ReadError) {
    guard let address = stack(sp), let pointer = stack(sp &+ 24) else {
      throw failure(.notInDump, "machine frame", sp, "40 bytes")
    }
    state.instructionPointer = address
    state.stackPointer = pointer
    for register in X64Registers.volatile { state.general[register] = nil }
  }
}
