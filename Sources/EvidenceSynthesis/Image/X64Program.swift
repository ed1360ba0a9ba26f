/// Functions of x64 code as compilers write them, with their unwind data, and what running them leaves on a stack.
///
/// The code is made of instructions whose effect is known here, so that a call chain can be run: registers, stack and
/// return addresses are then what a machine would have, wherever it is stopped. Unwind data are written from the same
/// instructions by the rules of the calling convention (learn.microsoft.com/cpp/build/exception-handling-x64).
public struct X64Program: Sendable {
  enum Instruction: Sendable {
    case push(Int)
    case allocate(UInt32)
    /// `mov [rsp+at], register`.
    case store(Int, at: UInt32)
    /// `lea rbp, [rsp+at]`.
    case setFrame(at: UInt32)
    /// A register gets another value.
    case set(Int, UInt32)
    /// Through a slot, which the loader makes a direct call and a NOP in memory; else direct.
    case call(isPatched: Bool)
    case nop
    case load(Int, at: UInt32)
    case release(UInt32)
    /// `lea rsp, [rbp-at]`.
    case releaseToFrame(at: UInt32)
    case pop(Int)
    case ret
    /// `iretq`.
    case interruptReturn

    var bytes: [UInt8] {
      func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) } }
      func short(_ register: Int) -> UInt8 { UInt8(register & 7) }
      switch self {
      case .push(let r): return r < 8 ? [0x50 + short(r)] : [0x41, 0x50 + short(r)]
      case .pop(let r): return r < 8 ? [0x58 + short(r)] : [0x41, 0x58 + short(r)]
      case .allocate(let n): return n < 0x80 ? [0x48, 0x83, 0xEC, UInt8(n)] : [0x48, 0x81, 0xEC] + word(n)
      case .release(let n): return n < 0x80 ? [0x48, 0x83, 0xC4, UInt8(n)] : [0x48, 0x81, 0xC4] + word(n)
      case .store(let r, let at): return [r < 8 ? 0x48 : 0x4C, 0x89, 0x84 | short(r) << 3, 0x24] + word(at)
      case .load(let r, let at): return [r < 8 ? 0x48 : 0x4C, 0x8B, 0x84 | short(r) << 3, 0x24] + word(at)
      case .setFrame(let at): return [0x48, 0x8D, 0xAC, 0x24] + word(at)
      case .releaseToFrame(let at): return [0x48, 0x8D, 0xA5] + word(0 &- at)
      case .set(let r, let value): return [r < 8 ? 0x48 : 0x49, 0xC7, 0xC0 | short(r)] + word(value)
      case .call(let isPatched): return isPatched ? [0xFF, 0x15, 0x10, 0x20, 0, 0] : [0xE8, 0x10, 0, 0, 0]
      case .nop: return [0x90]
      case .ret: return [0xC3]
      case .interruptReturn: return [0x48, 0xCF]
      }
    }

    var memoryBytes: [UInt8] {
      if case .call(true) = self { return [0xE8, 0x10, 0, 0, 0, 0x90] }
      return bytes
    }
  }

  struct Function: Sendable {
    var begin: UInt32 = 0
    var end: UInt32 = 0
    var instructions: [Instruction] = []
    /// Handles an interrupt: the processor's five words lie above its frame.
    var isTrapHandler = false
    /// Prologue's last instruction first: offset, operation and operand, as words of UNWIND_CODE.
    var codes: [[UInt16]] = []
    var prologueBytes: UInt8 = 0
    var frame: UInt8 = 0
    /// Where a second entry begins, which continues the first and stores one more register; nil for none.
    var split: (at: UInt32, codes: [[UInt16]], prologueBytes: UInt8)?
  }

  /// As in the file.
  public private(set) var code: [UInt8] = []
  /// As the loader leaves it.
  public private(set) var memoryCode: [UInt8] = []
  public private(set) var functions: [SynthesizedImage.Function] = []
  var parts: [Function] = []
  /// Their number; the last one is a trap handler.
  public var count: Int { parts.count }

  static let nonvolatile = [3, 5, 6, 7, 12, 13, 14, 15]

  /// - Parameter continued: relative address of the unwind data of each entry, which chained entries refer to: they are laid
  ///   down one behind the other from there.
  public init(functions count: Int, unwindDataAt: UInt32 = 0x3000, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for index in 0..<count {
      var function = Self.function(isTrapHandler: index == count - 1, &random)
      while code.count % 16 != 0 {
        code.append(0xCC)
        memoryCode.append(0xCC)
      }
      function.begin = 0x1000 + UInt32(code.count)
      for instruction in function.instructions {
        code += instruction.bytes
        memoryCode += instruction.memoryBytes
      }
      function.end = 0x1000 + UInt32(code.count)
      parts.append(function)
    }
    code += [UInt8](repeating: 0xCC, count: 16)
    memoryCode += [UInt8](repeating: 0xCC, count: 16)
    var place = unwindDataAt
    func add(_ begin: UInt32, _ end: UInt32, _ info: [UInt8], _ functions: inout [SynthesizedImage.Function]) {
      functions.append(.init(begin: begin, end: end, unwindInfo: info))
      place += UInt32((info.count + 3) & ~3)
    }
    for part in parts {
      let own = place
      let end = part.split.map { part.begin + $0.at } ?? part.end
      add(part.begin, end, Self.information(1, part.prologueBytes, part.frame, part.codes), &functions)
      guard let split = part.split else { continue }
      // UNW_FLAG_CHAININFO: the entry that is continued stands behind the codes.
      var info = Self.information(1 | 4 << 3, split.prologueBytes, part.frame, split.codes)
      for word in [part.begin, end, own] { info += (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
      add(part.begin + split.at, part.end, info, &functions)
    }
  }

  private static func information(_ head: UInt8, _ prologue: UInt8, _ frame: UInt8, _ codes: [[UInt16]]) -> [UInt8] {
    var slots = codes.flatMap { $0 }
    let count = slots.count
    if count % 2 == 1 { slots.append(0) }
    return [head, prologue, UInt8(count), frame] + slots.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  private static func function(isTrapHandler: Bool, _ random: inout SplitMix64) -> Function {
    var function = Function()
    function.isTrapHandler = isTrapHandler
    var offset = 0
    var codes: [[UInt16]] = []
    func emit(_ instruction: Instruction) {
      function.instructions.append(instruction)
      offset += instruction.bytes.count
    }
    func code(_ operation: UInt16, _ info: Int, _ more: [UInt16] = []) {
      codes.insert([UInt16(offset) | operation << 8 | UInt16(info) << 12] + more, at: 0)
    }
    if isTrapHandler { code(10, 0) }
    let keepsFrame = !isTrapHandler && random.below(4) == 0
    var pushed = random.shuffled(nonvolatile).prefix(isTrapHandler ? 0 : random.index(below: 5)).map { $0 }
    if keepsFrame, !pushed.contains(5) { pushed.append(5) }
    for register in pushed {
      emit(.push(register))
      code(0, register)
    }
    let large = random.below(5) == 0
    // RSP is a multiple of 16 at every call: the return address and the pushes count; behind a machine frame five words.
    var room = UInt32(0x30 + 16 * random.below(large ? 0x200 : 5))
    if ((isTrapHandler ? 5 : 1) + pushed.count) % 2 == 1 { room += 8 }
    emit(.allocate(room))
    if room <= 128 { code(2, Int(room / 8 - 1)) } else { code(1, 0, [UInt16(room / 8)]) }
    let others = nonvolatile.filter { !pushed.contains($0) && $0 != 5 }
    var stored: [(register: Int, at: UInt32)] = []
    if let register = random.pick(others), random.below(2) == 0 {
      stored.append((register, 0x20))
      emit(.store(register, at: 0x20))
      code(4, register, [0x20 / 8])
    }
    let frameAt: UInt32 = keepsFrame ? 0x20 : 0
    if keepsFrame {
      emit(.setFrame(at: frameAt))
      code(3, 0)
      function.frame = 5 | 2 << 4
    }
    function.prologueBytes = UInt8(offset)
    function.codes = codes
    var changed = pushed + stored.map(\.register)
    if keepsFrame {
      changed.removeAll { $0 == 5 }
      // The stack grows at run time: only RBP still tells where the frame is.
      emit(.allocate(UInt32(0x20 + 16 * random.below(8))))
    } else if !isTrapHandler, let register = random.pick(others.filter { o in !stored.contains { $0.register == o } }),
      random.below(3) == 0
    {
      // A colder part of the function that needs one register more.
      emit(.nop)
      let begin = offset
      emit(.store(register, at: 0x28))
      let length = offset - begin
      function.split = (UInt32(begin), [[UInt16(length) | 4 << 8 | UInt16(register) << 12, 0x28 / 8]], UInt8(length))
      stored.append((register, 0x28))
      changed.append(register)
    }
    for register in changed { emit(.set(register, UInt32(truncatingIfNeeded: random.next()) >> 1)) }
    emit(.call(isPatched: random.below(3) == 0))
    emit(.nop)
    if !keepsFrame { for entry in stored.reversed() { emit(.load(entry.register, at: entry.at)) } }
    if keepsFrame {
      for entry in stored.reversed() {
        // Relative to the frame: RSP is somewhere below.
        emit(.releaseToFrame(at: frameAt))
        emit(.load(entry.register, at: entry.at))
      }
      emit(.releaseToFrame(at: frameAt &- room))
    } else {
      emit(.release(room))
    }
    for register in pushed.reversed() { emit(.pop(register)) }
    emit(isTrapHandler ? .interruptReturn : .ret)
    return function
  }

  // MARK: Running

  /// A machine that has run down a chain of calls.
  public struct Run: Sendable {
    public struct Frame: Hashable, Sendable {
      public var address: UInt64
      public var stackPointer: UInt64
      /// Stopped by the run's end or an interrupt, not by a call.
      public var isStopped: Bool
    }

    /// RAX to R15, as instructions encode them.
    public var registers: [UInt64]
    public var instructionPointer: UInt64 = 0
    /// Aligned words.
    public var stack: [UInt64: UInt64] = [:]
    /// Innermost first.
    public var frames: [Frame] = []

    /// From the lowest word written to a page's end above the highest.
    public var memory: SynthesizedMemory {
      let low = stack.keys.min() ?? 0
      let high = ((stack.keys.max() ?? 0) + 0x1000) & ~0xFFF
      var out = ByteBuilder(zeros: Int(high - low))
      for (address, value) in stack { out.put(value, at: Int(address - low)) }
      return SynthesizedMemory(address: low, bytes: out.bytes)
    }
  }

  public struct Call: Sendable {
    /// The program and where its image is loaded.
    public var program: X64Program
    public var base: UInt64
    public var function: Int

    public init(_ program: X64Program, base: UInt64, function: Int) {
      self.program = program
      self.base = base
      self.function = function
    }
  }

  /// Runs a chain, outermost first. Before each trap handler the function above it is stopped at any instruction, and the
  /// innermost is stopped so at the end. Words that earlier calls would have left lie in the frames.
  public static func run(_ chain: [Call], stackTop: UInt64, seed: UInt64) -> Run {
    var random = SplitMix64(seed: seed)
    var run = Run(registers: (0..<16).map { _ in random.next() })
    run.registers[4] = stackTop
    func push(_ value: UInt64) {
      run.registers[4] -= 8
      run.stack[run.registers[4]] = value
    }
    // A thread's first function returns to nothing; at its entry RSP is 8 off a multiple of 16, as behind every call.
    push(0)
    for (index, call) in chain.enumerated() {
      let function = call.program.parts[call.function]
      let next = index + 1 < chain.count ? chain[index + 1] : nil
      let isStopped = next.map { $0.program.parts[$0.function].isTrapHandler } ?? true
      // Any instruction is as good a place as another.
      let stop = isStopped ? random.index(below: function.instructions.count) : nil
      var place = call.base + UInt64(function.begin)
      for (number, instruction) in function.instructions.enumerated() {
        if number == stop {
          run.instructionPointer = place
          run.frames.insert(
            .init(address: place, stackPointer: run.registers[4], isStopped: true), at: 0)
          break
        }
        place += UInt64(instruction.bytes.count)
        if case .call(let isPatched) = instruction, stop == nil {
          if isPatched { place -= 1 }
          run.frames.insert(.init(address: place, stackPointer: run.registers[4], isStopped: false), at: 0)
          push(place)
          break
        }
        run.step(instruction, stale: chain, &random)
      }
      if next != nil, isStopped {
        let (pointer, interrupted) = (run.registers[4], run.instructionPointer)
        run.registers[4] &= ~15
        for word in [0x18, pointer, 0x246, 0x10, interrupted] { push(word) }
      }
    }
    return run
  }
}

extension X64Program.Run {
  fileprivate mutating func step(
    _ instruction: X64Program.Instruction, stale: [X64Program.Call], _ random: inout SplitMix64
  ) {
    switch instruction {
    case .push(let register):
      registers[4] -= 8
      stack[registers[4]] = registers[register]
    case .allocate(let bytes):
      registers[4] -= UInt64(bytes)
      // What earlier calls left: return addresses among other words.
      for word in stride(from: registers[4], to: registers[4] + UInt64(bytes), by: 8) where stack[word] == nil {
        let left = random.below(6) == 0 ? random.pick(stale) : nil
        stack[word] =
          left.map { $0.base + UInt64($0.program.parts[$0.function].end) - random.below(16) } ?? random.next() >> 8
      }
    case .store(let register, let at): stack[registers[4] + UInt64(at)] = registers[register]
    case .load(let register, let at): registers[register] = stack[registers[4] + UInt64(at)] ?? 0
    case .setFrame(let at): registers[5] = registers[4] + UInt64(at)
    case .set(let register, let value): registers[register] = UInt64(value)
    case .release(let bytes): registers[4] += UInt64(bytes)
    case .releaseToFrame(let at): registers[4] = registers[5] &- UInt64(bitPattern: Int64(Int32(bitPattern: at)))
    case .pop(let register):
      registers[register] = stack[registers[4]] ?? 0
      registers[4] += 8
    case .call, .nop, .ret, .interruptReturn: break
    }
  }
}
