import ByteReading
import CrashDumpFormat
import Facts
import PortableExecutable
import Symbols

extension StackWalker {
  /// KiSystemCall64 to the end of the service exit takes 2.6 KiB in the seven public symbol tables at hand.
  private static let dispatcherBytes: UInt64 = 0x1000

  private struct State {
    var address: UInt64
    var registers: X64Epilogue.Registers
    /// Behind a call; false where code was stopped: by the dump, an interrupt or an exception.
    var isReturn = false
    var stackPointer: UInt64 { registers[X64Epilogue.rsp] ?? 0 }
  }

  /// In this order: the image's unwind data, from its file or the dump's memory; a trap frame right where the stack pointer is;
  /// the function's own epilogue; the first word on the stack that can be a return address. An answer that leads nowhere is
  /// not taken.
  func walkX64(_ context: RegisterContext) -> [StackFrame] {
    var state = State(address: context.instructionPointer, registers: context.knownRegisters)
    var frames = [name(modules.frame(state.address, stackPointer: state.stackPointer, trust: .context))]
    var isFirst = true
    let records = StackRecords(from: state.stackPointer, memory: memory)
    let allowance = X64Epilogue.Allowance()
    // What is unwound from a frame that a scan guessed is as much a guess, until a trap frame speaks for itself.
    var isGuess = false
    while frames.count < Self.maximumFrames {
      guard let (next, means) = nextX64(state, frames[frames.count - 1], records, allowance, isFirst: isFirst)
      else { break }
      isGuess = means == .scan || (isGuess && means != .context)
      let trust = isGuess ? .scan : means
      isFirst = false
      frames.append(name(modules.frame(next.address, stackPointer: next.stackPointer, trust: trust)))
      // User mode is the end of the kernel's stack; a frame that does not rise is a loop.
      if next.address < MachineFrame.userEnd || next.stackPointer <= state.stackPointer { break }
      state = next
    }
    return frames
  }

  private func nextX64(
    _ state: State, _ frame: StackFrame, _ records: StackRecords, _ allowance: X64Epilogue.Allowance, isFirst: Bool
  ) -> (State, FrameTrust)? {
    switch unwound(state) {
    case .caller(let next, let trust): return (next, trust)
    case .end: return nil
    case .nowhere, .unknown: break
    }
    if isFirst {
      // At a function's first instruction the return address is what the stack pointer points at. Stops begin so: KeBugCheckEx
      // saves the registers it was called with.
      if let symbol = frame.symbol, !symbol.contains("+"),
        let caller = caller(at: state.stackPointer, registers: state.registers)
      {
        return (caller, .unwind)
      }
    } else if let interrupted = interrupted(byTrapFrameAt: state.stackPointer) {
      return (interrupted, .context)
    }
    let epilogue = X64Epilogue(memory: memory, allowance: allowance) { [modules] target in
      modules.isCode(target) && modules.index(of: target) == modules.index(of: state.address)
    }
    let outcome = epilogue.leave(from: state.address, registers: state.registers)
    if let result = outcome.result {
      switch result.exit {
      case .return(let slot):
        // A thread's first function returns to nothing.
        if memory.load(at: VirtualAddress(slot), as: UInt64.self) == 0 { return nil }
        if slot >= state.stackPointer, let caller = caller(at: slot, registers: result.registers) {
          return (caller, .unwind)
        }
      case .interrupt(let frame):
        if let found = MachineFrame(at: frame, in: memory, modules: modules) {
          return (interrupted(found, registers: result.registers), .context)
        }
      }
    }
    return scanX64(state, frame, records, allowance, from: outcome.leastSlot, isFirst: isFirst)
  }

  private enum Unwound {
    case caller(State, FrameTrust)
    /// A thread's first function returns to nothing.
    case end
    /// By the unwind data the caller would be where no code is, or the address lies in no function that calls.
    case nowhere
    case unknown
  }

  /// One step by unwind data; unknown where there are none, where they lead to no code, or where it cannot be told whether the
  /// function was being left.
  private func unwound(_ state: State) -> Unwound {
    guard let index = modules.index(of: state.address), let base = modules.entries[index].identity.base else {
      return .unknown
    }
    let registers = X64Registers(instructionPointer: state.address, general: state.registers)
    var answer = Unwound.unknown
    for image in modules.images(at: index) {
      guard let unwinder = X64Unwinder(image, base: base) else { continue }
      let found: X64Unwound
      do {
        found = try unwinder.caller(of: registers, isReturnAddress: state.isReturn) {
          memory.load(at: VirtualAddress($0), as: UInt64.self)
        }
      } catch {
        if error.kind == .malformed { answer = .nowhere }
        continue
      }
      guard state.isReturn || found.isEpilogueKnown, let sp = found.registers.stackPointer else { continue }
      let address = found.registers.instructionPointer
      if found.isMachineFrame {
        guard modules.isCode(address) || (address < MachineFrame.userEnd && address != 0 && sp < MachineFrame.userEnd)
        else {
          answer = .nowhere
          continue
        }
        return .caller(
          withContext(State(address: address, registers: found.registers.general)), .context)
      }
      guard sp > state.stackPointer else { continue }
      if address == 0 { return .end }
      guard modules.isCode(address), callBefore(address) ?? true else {
        answer = .nowhere
        continue
      }
      return .caller(State(address: address, registers: found.registers.general, isReturn: true), .unwind)
    }
    return answer
  }

  /// With all registers, where a context record of the dump is that of the same instruction and stack.
  private func withContext(_ state: State) -> State {
    guard
      let context = contexts.first(where: {
        $0.instructionPointer == state.address && $0.stackPointer == state.stackPointer
      })
    else { return state }
    return State(address: state.address, registers: context.knownRegisters)
  }

  /// The caller whose return address lies in a slot; nil unless that word is code behind a call.
  private func caller(at slot: UInt64, registers: X64Epilogue.Registers) -> State? {
    guard let address = memory.load(at: VirtualAddress(slot), as: UInt64.self), modules.isCode(address),
      callBefore(address) ?? true
    else { return nil }
    var registers = registers
    registers[X64Epilogue.rsp] = slot &+ 8
    for register in X64Epilogue.volatile { registers[register] = nil }
    return State(address: address, registers: registers, isReturn: true)
  }

  private func interrupted(byTrapFrameAt base: UInt64) -> State? {
    let (at, overflow) = base.addingReportingOverflow(MachineFrame.offsetInTrapFrame)
    guard !overflow, let frame = MachineFrame(at: at, in: memory, modules: modules) else { return nil }
    var registers = X64Epilogue.Registers(repeating: nil, count: 16)
    for (register, offset) in MachineFrame.savedRegisters {
      registers[register] = memory.load(at: VirtualAddress(base &+ offset), as: UInt64.self)
    }
    return interrupted(frame, registers: registers)
  }

  /// The registers of interrupted code: an exception's context record knows them all.
  private func interrupted(_ frame: MachineFrame, registers: X64Epilogue.Registers) -> State {
    var registers = registers
    registers[X64Epilogue.rsp] = frame.stackPointer
    return withContext(State(address: frame.instructionPointer, registers: registers))
  }

  private func scanX64(
    _ state: State, _ frame: StackFrame, _ records: StackRecords, _ allowance: X64Epilogue.Allowance,
    from least: UInt64, isFirst: Bool
  ) -> (State, FrameTrust)? {
    // Return addresses lie at 8 modulo 16: the convention keeps RSP 16-byte aligned at every call.
    let start = isFirst ? state.stackPointer : max(state.stackPointer, least)
    let end = start &+ Self.maximumScanBytes
    var at = (start &+ 7) & ~7
    while at < end, !allowance.isSpent {
      if let behind = records.end(around: at) {
        at = behind
        continue
      }
      guard let value = memory.load(at: VirtualAddress(at), as: UInt64.self) else { return nil }
      if at & 15 == 0, at > start, let found = interrupted(byTrapFrameAt: at) { return (found, .context) }
      if let frame = MachineFrame(at: at, in: memory, modules: modules), !isFirst || at > start {
        return (interrupted(frame, registers: .init(repeating: nil, count: 16)), .context)
      }
      if at & 15 == 8, modules.isCode(value), callBefore(value) ?? true,
        let found = plausible(value, at: at, state, allowance, at == start),
        canCall(value, frame)
      {
        return (found, .scan)
      }
      at += 8
    }
    return nil
  }

  private func canCall(_ caller: UInt64, _ callee: StackFrame) -> Bool {
    let frame = modules.frame(caller, stackPointer: nil, trust: .scan)
    return CallRules.canCall(
      frame.module.map { ModuleIdentity(name: $0).isKernel } ?? false ? CallRules.routine(frame.symbol) : nil,
      callee: CallRules.routine(callee.symbol),
      calleeIsKernel: callee.module.map { ModuleIdentity(name: $0).isKernel } ?? false)
  }

  /// A scanned word as a caller: refused where it is a function's first byte, or where its own code leads to no caller.
  private func plausible(
    _ address: UInt64, at slot: UInt64, _ state: State, _ allowance: X64Epilogue.Allowance, _ isTop: Bool
  ) -> State? {
    guard let entry = modules.entry(at: address), let base = entry.identity.base else { return nil }
    let offset = address - base.rawValue
    // A pointer to a page or section, not to the instruction behind a call.
    if offset & 0xFFF == 0 { return nil }
    if !isTop, beginsFunction(address) { return nil }
    if let nearest = entry.symbols?.nearest(to: offset), UInt64(nearest.offset) == offset, !isTop { return nil }
    var registers = state.registers
    // A scan does not know what the skipped function did to the registers it saves.
    for register in 0..<16 { registers[register] = nil }
    registers[X64Epilogue.rsp] = slot &+ 8
    let found = State(address: address, registers: registers, isReturn: true)
    switch unwound(found) {
    case .caller, .end: return found
    case .nowhere: return nil
    case .unknown: break
    }
    if interrupted(byTrapFrameAt: slot &+ 8) != nil {
      // The system-service dispatcher and its exit are one stretch of code that does not call itself: there the word is what
      // the service's own call left behind (seen in a 19041 dump of stop 0x4A), and the trap frame comes next.
      let distance = address > state.address ? address - state.address : state.address - address
      return distance < Self.dispatcherBytes ? nil : found
    }
    let epilogue = X64Epilogue(memory: memory, allowance: allowance) { [modules] target in
      modules.isCode(target) && modules.index(of: target) == modules.index(of: address)
    }
    guard let result = epilogue.leave(from: address, registers: registers).result, case .return(let next) = result.exit
    else {
      return found
    }
    guard let word = memory.load(at: VirtualAddress(next), as: UInt64.self) else { return found }
    return modules.isCode(word) && callBefore(word) ?? true ? found : nil
  }

  /// Whether the code at an address is a function's first: it makes room on the stack or saves a register in the caller's
  /// home space, which code behind a call does not.
  private func beginsFunction(_ address: UInt64) -> Bool {
    let code = memory.bytesAvailable(at: VirtualAddress(address), limit: X86Instruction.maximumLength)
    guard let first = X86Instruction(code[...]), first.map == .one else { return false }
    switch first.opcode {
    case 0x50...0x57: return true
    case 0x81, 0x83: return first.mod == 3 && first.rm == X64Epilogue.rsp && first.reg & 7 == 5
    case 0x89:
      return first.base == X64Epilogue.rsp && (8...0x20).contains(first.displacement) && first.displacement & 7 == 0
    case 0x8B: return first.mod == 3 && first.rm == X64Epilogue.rsp
    default: return false
    }
  }
}
