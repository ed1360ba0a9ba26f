import CrashDumpFormat
import Facts
import Symbols

/// x86: by the frame records of PDBs, by EBP chains, else by scanning.
extension StackWalker {
  private struct State {
    var address: UInt64
    var stackPointer: UInt64
    var framePointer: UInt64
    /// EBX, ESI and EDI, which a frame's program may ask for.
    var saved: [String: UInt32] = [:]
    /// Bytes of parameters that the function below was called with: they lie between its return address and this frame.
    var calleeParameters: UInt32 = 0
    var isReturn = false
  }

  /// `_KTRAP_FRAME` of x86 kernels, the same from NT 4.0 to 10 (public symbols): EBP, EIP, CS, and where the interrupted
  /// function's stack goes on after a trap from kernel mode.
  private enum TrapFrame {
    static let ebx: UInt64 = 0x5C
    static let esi: UInt64 = 0x58
    static let edi: UInt64 = 0x54
    static let ebp: UInt64 = 0x60
    static let eip: UInt64 = 0x68
    static let cs: UInt64 = 0x6C
    static let end: UInt64 = 0x74
    static let kernelCode: UInt64 = 0x08
  }

  func walkX86(_ context: RegisterContext) -> [StackFrame] {
    var state = State(
      address: context.instructionPointer, stackPointer: context.stackPointer, framePointer: context.framePointer)
    for (name, index) in [("$ebx", 3), ("$esi", 6), ("$edi", 7)] where context.knownRegisters.indices.contains(index) {
      state.saved[name] = context.knownRegisters[index].map { UInt32(truncatingIfNeeded: $0) }
    }
    var frames = [name(modules.frame(state.address, stackPointer: state.stackPointer, trust: .context))]
    // What a record unwinds from a frame that was guessed is as much a guess.
    var isGuess = false
    while frames.count < Self.maximumFrames {
      guard let (next, means) = nextX86(state, frames[frames.count - 1], isFirst: frames.count == 1) else { break }
      isGuess = means == .scan || (isGuess && means != .context)
      frames.append(
        name(
          modules.frame(
            next.address, stackPointer: next.stackPointer, trust: isGuess && means == .unwind ? .scan : means)))
      guard next.stackPointer > state.stackPointer, next.address >= Self.kernelStart32 else { break }
      state = next
    }
    return frames
  }

  /// Kernel addresses begin at 2 GiB, with the /3GB switch at 3 GiB.
  private static let kernelStart32: UInt64 = 0x8000_0000

  private func word(_ address: UInt64) -> UInt64? {
    memory.load(at: VirtualAddress(address), as: UInt32.self).map(UInt64.init)
  }

  private func nextX86(_ state: State, _ frame: StackFrame, isFirst: Bool) -> (State, FrameTrust)? {
    switch recorded(state) {
    case .caller(let next, let trust): return (next, trust)
    case .end: return nil
    case .unknown: break
    }
    // At a function's first instruction the return address is what the stack pointer points at.
    if isFirst, let symbol = frame.symbol, !symbol.contains("+"), let address = word(state.stackPointer),
      isReturnAddressX86(address)
    {
      var next = state
      (next.address, next.stackPointer, next.isReturn) = (address, state.stackPointer &+ 4, true)
      return (next, .unwind)
    }
    let pointer = state.framePointer
    if pointer >= state.stackPointer, pointer & 3 == 0, let next = word(pointer), let address = word(pointer &+ 4),
      isReturnAddressX86(address)
    {
      return (
        State(address: address, stackPointer: pointer &+ 8, framePointer: next, isReturn: true), .framePointer
      )
    }
    guard let slot = scanX86(from: state.stackPointer) else { return nil }
    var next = State(
      address: slot.address, stackPointer: slot.at &+ 4, framePointer: state.framePointer, isReturn: true)
    // `push ebp; mov ebp, esp` puts the saved EBP right below the return address.
    if slot.at >= 4, let saved = word(slot.at - 4), saved > slot.at, saved - slot.at < Self.maximumScanBytes {
      next.framePointer = saved
    }
    return (next, .scan)
  }

  private func scanX86(from stack: UInt64) -> (at: UInt64, address: UInt64)? {
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

  // MARK: Frame records

  private enum Recorded {
    case caller(State, FrameTrust)
    /// A thread's first function returns to nothing.
    case end
    case unknown
  }

  /// One step by the PDB's record of the function; unknown where there is none, where the function was stopped within its
  /// prologue and the record tells only of its body, or where the step leads to no code behind a call.
  private func recorded(_ state: State) -> Recorded {
    guard let entry = modules.entry(at: state.address), let base = entry.identity.base,
      entry.symbolMatch == .identity, let records = entry.symbols?.frames,
      let offset = UInt32(exactly: state.address - base.rawValue),
      let record = records.lookup(state.isReturn && offset > 0 ? offset - 1 : offset)
    else { return .unknown }
    switch record.kind {
    case .program(let program): return run(program, record, state)
    case .noFramePointer:
      let done = offset &- record.start
      if !state.isReturn, done < record.prologueBytes {
        guard done == 0 else { return .unknown }
        return step(state, record, slot: state.stackPointer, framePointer: state.framePointer)
      }
      // Locals are taken from the stack first, then registers pushed: EBX before EBP, the others behind.
      let saved = state.stackPointer &+ UInt64(state.calleeParameters) &+ UInt64(record.savedRegisterBytes)
      let slot = saved &+ UInt64(record.localBytes)
      let framePointer =
        record.savesFramePointer ? word(saved &- (record.savedRegisterBytes >= 8 ? 8 : 4)) : state.framePointer
      return step(state, record, slot: slot, framePointer: framePointer)
    case .trap: return trapped(state)
    case .framePointer, .taskSegment: return .unknown
    }
  }

  private func step(
    _ state: State, _ record: FrameRecord, slot: UInt64, framePointer: UInt64?
  ) -> Recorded {
    guard let framePointer, let address = word(slot) else { return .unknown }
    if address == 0 { return .end }
    guard isReturnAddressX86(address) else { return .unknown }
    // FPO data do not tell what is pushed for another call within the same expression: a call that names another function
    // shows that the word was left behind by an earlier one.
    if let target = directTarget(before: address), let base = modules.entry(at: state.address)?.identity.base,
      target != base.rawValue &+ UInt64(record.start), !isJump(target)
    {
      return .unknown
    }
    return .caller(
      State(
        address: address, stackPointer: slot &+ 4, framePointer: framePointer,
        calleeParameters: record.parameterBytes, isReturn: true), .unwind
    )
  }

  /// Where a call of five bytes that ends at an address leads; nil for other calls, and where the code is not there.
  private func directTarget(before address: UInt64) -> UInt64? {
    guard address >= 7, let bytes = modules.code(at: address - 7, count: 7), bytes[2] == 0xE8,
      !Self.isIndirectCall(bytes)
    else { return nil }
    let distance = bytes[3...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return UInt64(UInt32(truncatingIfNeeded: address) &+ distance)
  }

  /// A stub that jumps on: incremental linking and imports put them between.
  private func isJump(_ address: UInt64) -> Bool {
    guard let bytes = modules.code(at: address, count: 2) else { return true }
    return bytes[0] == 0xE9 || bytes[0] == 0xEB || (bytes[0] == 0xFF && bytes[1] == 0x25)
  }

  /// A trap handler keeps EBP at the interrupted code's registers.
  private func trapped(_ state: State) -> Recorded {
    let frame = state.framePointer
    guard frame >= state.stackPointer, let cs = word(frame &+ TrapFrame.cs), cs & 0xFFFF == TrapFrame.kernelCode,
      let address = word(frame &+ TrapFrame.eip), modules.isCode(address), let ebp = word(frame &+ TrapFrame.ebp)
    else { return .unknown }
    var next = State(address: address, stackPointer: frame &+ TrapFrame.end, framePointer: ebp)
    for (name, place) in [("$ebx", TrapFrame.ebx), ("$esi", TrapFrame.esi), ("$edi", TrapFrame.edi)] {
      next.saved[name] = word(frame &+ place).map { UInt32(truncatingIfNeeded: $0) }
    }
    return .caller(next, .context)
  }

  private func run(_ program: String, _ record: FrameRecord, _ state: State) -> Recorded {
    let start =
      state.stackPointer &+ UInt64(state.calleeParameters) &+ UInt64(record.localBytes)
      &+ UInt64(record.savedRegisterBytes)
    guard let start32 = UInt32(exactly: start), let esp = UInt32(exactly: state.stackPointer),
      let ebp = UInt32(exactly: state.framePointer)
    else { return .unknown }
    var variables = state.saved
    variables["$eip"] = UInt32(truncatingIfNeeded: state.address)
    variables["$esp"] = esp
    variables["$ebp"] = ebp
    let constants: [String: UInt32] = [
      ".raSearch": start32, ".raSearchStart": start32, ".cbLocals": record.localBytes,
      ".cbSavedRegs": record.savedRegisterBytes, ".cbParams": record.parameterBytes,
      ".cbCalleeParams": state.calleeParameters,
    ]
    let result = FrameProgram(variables: variables, constants: constants).run(program) {
      memory.load(at: VirtualAddress(UInt64($0)), as: UInt32.self)
    }
    guard let result, let eip = result["$eip"], let pointer = result["$esp"], pointer > esp,
      let caller = result["$ebp"]
    else { return .unknown }
    if eip == 0 { return .end }
    guard isReturnAddressX86(UInt64(eip)) else { return .unknown }
    var next = State(
      address: UInt64(eip), stackPointer: UInt64(pointer), framePointer: UInt64(caller),
      calleeParameters: record.parameterBytes, isReturn: true)
    for name in ["$ebx", "$esi", "$edi"] { next.saved[name] = result[name] }
    return .caller(next, .unwind)
  }
}
