import CrashDumpFormat
import Facts

/// Leaves a function by following its own code to its end: what unwinding without images can do when the dump holds the code.
///
/// Newer triage dumps hold a few hundred bytes of code behind every return address on the stack. From there every path to
/// `ret` undoes the same frame, so the stack pointer at any reached `ret` locates the caller; where two paths disagree, the
/// answer is none.
struct X64Epilogue {
  /// Registers in encoding order (RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8…R15); nil where not known.
  typealias Registers = [UInt64?]

  enum Exit: Hashable {
    /// The slot that holds the return address.
    case `return`(slot: UInt64)
    /// `iretq` from the machine frame at this address.
    case interrupt(frame: UInt64)
  }

  struct Result {
    var exit: Exit
    var registers: Registers
  }

  static let rsp = 4
  static let rbp = 5
  /// RAX, RCX, RDX, R8 to R11 (x64 calling convention, "Register volatility").
  static let volatile = [0, 1, 2, 8, 9, 10, 11]
  /// Instructions and paths followed for one frame.
  static let maximumInstructions = 1500
  static let maximumPaths = 64

  /// What following the code found: the way out, or at least how far up the stack the frame reaches.
  struct Outcome {
    var result: Result?
    /// The return address lies here or above: an epilogue that the dump cuts off had the stack pointer here already, or the
    /// function writes to its frame this far up.
    var leastSlot: UInt64
  }

  /// A caller's frame ends at the return address; above it the callee owns four words of home space, which optimized code
  /// uses for its own values (x64 calling convention, "Stack allocation").
  static let homeBytes: UInt64 = 0x20

  /// Instructions that one walk may decode, over all its frames and candidates.
  final class Allowance {
    /// The walk of a real 19041 dump with 36 frames decodes 1,200. A dump made to be slow could have 470 million decoded; it
    /// spends this in milliseconds, and what lies behind is not walked.
    static let maximumInstructions = 100_000

    var instructions = Allowance.maximumInstructions
    var isSpent: Bool { instructions <= 0 }
  }

  let memory: any MemoryReading
  let allowance: Allowance
  /// Whether an address is code of the module the function is in: a jump elsewhere is a tail call.
  let isCode: (UInt64) -> Bool

  private struct Path {
    var address: UInt64
    var registers: Registers
    /// The last instruction moved the stack pointer up or restored a register: the shape of an epilogue.
    var inEpilogue: Bool
  }

  func leave(from address: UInt64, registers: Registers) -> Outcome {
    var least = registers[Self.rsp] ?? 0
    var pending = [Path(address: address, registers: registers, inEpilogue: false)]
    var visited: Set<UInt64> = []
    var budget = Self.maximumInstructions
    var paths = 0
    var found: Result?
    while let path = pending.popLast(), paths < Self.maximumPaths {
      paths += 1
      guard let result = follow(path, &pending, &visited, &budget, &least) else { continue }
      if let found, found.exit != result.exit { return Outcome(result: nil, leastSlot: least) }
      if found == nil { found = result }
    }
    return Outcome(result: found, leastSlot: least)
  }

  private func follow(
    _ start: Path, _ pending: inout [Path], _ visited: inout Set<UInt64>, _ budget: inout Int,
    _ least: inout UInt64
  ) -> Result? {
    var path = start
    var code: [UInt8] = []
    var position = 0
    while budget > 0 {
      budget -= 1
      allowance.instructions -= 1
      guard visited.insert(path.address).inserted else { return nil }
      if code.count - position < X86Instruction.maximumLength {
        code = memory.bytesAvailable(at: VirtualAddress(path.address), limit: 256)
        position = 0
      }
      guard let instruction = X86Instruction(code[position...]) else {
        if path.inEpilogue, let sp = path.registers[Self.rsp] { least = max(least, sp) }
        return nil
      }
      if let reach = frameReach(instruction, path.registers) { least = max(least, reach) }
      let next = path.address &+ UInt64(instruction.length)
      switch flow(instruction, next: next, &path) {
      case .onward:
        break
      case .fork(let target):
        var other = path
        other.address = target
        other.inEpilogue = false
        pending.append(other)
      case .jump(let target):
        path.address = target
        code = []
        position = 0
        continue
      case .leave(let exit):
        return Result(exit: exit, registers: path.registers)
      case .stop:
        return nil
      }
      path.address = next
      position += instruction.length
    }
    return nil
  }

  /// The least place of the return address that a store to, or the address of, `[rsp+displacement]` allows.
  private func frameReach(_ i: X86Instruction, _ registers: Registers) -> UInt64? {
    guard i.map == .one, i.opcode == 0x89 || i.opcode == 0xC7 || (i.opcode == 0x8D && i.reg != Self.rsp),
      i.base == Self.rsp,
      let sp = registers[Self.rsp], i.displacement > Int64(Self.homeBytes), i.displacement < 0x4000
    else { return nil }
    return sp &+ UInt64(i.displacement) &- Self.homeBytes
  }

  private enum Flow {
    case onward
    case fork(UInt64)
    case jump(UInt64)
    case leave(Exit)
    case stop
  }

  private func flow(_ i: X86Instruction, next: UInt64, _ path: inout Path) -> Flow {
    func value(_ register: Int) -> UInt64? { path.registers[register] }
    let target = next &+ UInt64(bitPattern: i.immediate)
    let wasEpilogue = path.inEpilogue
    path.inEpilogue = false
    if i.map == .two {
      switch i.opcode {
      case 0x80...0x8F: return .fork(target)
      case 0x0B, 0x05, 0x07: return .stop
      default:
        clobber(i, &path)
        return .onward
      }
    }
    guard i.map == .one else {
      clobber(i, &path)
      return .onward
    }
    switch i.opcode {
    case 0x50...0x57:
      guard let sp = value(Self.rsp) else { return .stop }
      path.registers[Self.rsp] = sp &- 8
    case 0x58...0x5F:
      guard let sp = value(Self.rsp) else { return .stop }
      path.registers[i.opcodeRegister] = memory.load(at: VirtualAddress(sp), as: UInt64.self)
      path.registers[Self.rsp] = sp &+ 8
      path.inEpilogue = true
    case 0x70...0x7F, 0xE0...0xE3:
      return .fork(target)
    case 0xEB, 0xE9:
      if isCode(target), memory.locate(VirtualAddress(target)) != nil { return .jump(target) }
      guard wasEpilogue, let sp = value(Self.rsp) else { return .stop }
      return .leave(.return(slot: sp))
    case 0xC3, 0xC2:
      guard let sp = value(Self.rsp) else { return .stop }
      return .leave(.return(slot: sp))
    case 0xCF where i.rexW:
      guard let sp = value(Self.rsp) else { return .stop }
      return .leave(.interrupt(frame: sp))
    case 0xC9:
      guard let frame = value(Self.rbp) else { return .stop }
      path.registers[Self.rbp] = memory.load(at: VirtualAddress(frame), as: UInt64.self)
      path.registers[Self.rsp] = frame &+ 8
      path.inEpilogue = true
    case 0xCC, 0xF4, 0xCF:
      return .stop
    case 0xE8:
      for register in Self.volatile { path.registers[register] = nil }
    case 0xFF where i.reg & 7 == 2:
      for register in Self.volatile { path.registers[register] = nil }
    case 0xFF where i.reg & 7 == 4:
      // A jump through memory: a tail call behind an epilogue, else a jump table.
      guard wasEpilogue, let sp = value(Self.rsp) else { return .stop }
      return .leave(.return(slot: sp))
    case 0x81 where i.mod == 3 && i.rm == Self.rsp, 0x83 where i.mod == 3 && i.rm == Self.rsp:
      guard let sp = value(Self.rsp) else { return .stop }
      switch i.reg & 7 {
      case 0:
        path.registers[Self.rsp] = sp &+ UInt64(bitPattern: i.immediate)
        path.inEpilogue = true
      case 5: path.registers[Self.rsp] = sp &- UInt64(bitPattern: i.immediate)
      case 7: break
      default: return .stop
      }
    case 0x8D:
      path.registers[i.reg] = i.rexW ? effectiveAddress(i, next: next, path.registers) : nil
      path.inEpilogue = i.reg == Self.rsp
      if i.reg == Self.rsp, path.registers[Self.rsp] == nil { return .stop }
    case 0x8B:
      if i.mod == 3 {
        path.registers[i.reg] = i.rexW ? value(i.rm) : nil
      } else {
        let address = i.rexW ? effectiveAddress(i, next: next, path.registers) : nil
        path.registers[i.reg] = address.flatMap { memory.load(at: VirtualAddress($0), as: UInt64.self) }
      }
      path.inEpilogue = i.reg == Self.rsp || (wasEpilogue && i.mod != 3)
      if i.reg == Self.rsp, path.registers[Self.rsp] == nil { return .stop }
    case 0x89 where i.mod == 3:
      path.registers[i.rm] = i.rexW ? value(i.reg) : nil
      if i.rm == Self.rsp, path.registers[Self.rsp] == nil { return .stop }
    case 0x38...0x3D, 0x84, 0x85, 0xA8, 0xA9, 0x88, 0x89, 0x90, 0xC6, 0xC7:
      break  // compares, tests and stores change no register
    case 0x80, 0x81, 0x83:
      if i.mod == 3, i.reg & 7 != 7 { path.registers[i.rm] = nil }
    default:
      clobber(i, &path)
    }
    return path.registers[Self.rsp] == nil ? .stop : .onward
  }

  /// Whatever the instruction may write is no longer known.
  private func clobber(_ i: X86Instruction, _ path: inout Path) {
    let sp = path.registers[Self.rsp]
    if i.mod != nil {
      path.registers[i.reg] = nil
      if i.mod == 3 { path.registers[i.rm] = nil }
    } else {
      path.registers[i.opcodeRegister] = nil
    }
    path.registers[0] = nil
    path.registers[2] = nil
    // SSE and test instructions name registers of another file by the same number; the stack pointer is only ever
    // changed by the instructions handled above.
    path.registers[Self.rsp] = sp
  }

  private func effectiveAddress(_ i: X86Instruction, next: UInt64, _ registers: Registers) -> UInt64? {
    let displacement = UInt64(bitPattern: i.displacement)
    if i.ripRelative { return next &+ displacement }
    guard !i.hasIndex, let base = i.base, let value = registers[base] else { return nil }
    return value &+ displacement
  }
}
