/// Functions of ARM64 code as compilers write them, with their unwind data, and what running them leaves on a stack.
///
/// Like `X64Program`: unwind data are written from the same instructions by the rules of the calling convention
/// (learn.microsoft.com/cpp/build/arm64-exception-handling, "Unwind codes"), instructions by the Arm Architecture Reference
/// Manual, C6.
public struct ARM64Program: Sendable {
  enum Instruction: Sendable {
    /// `stp a, b, [sp, #at]`; with the stack pointer moved down by `at` before: `stp a, b, [sp, #-at]!`.
    case storePair(Int, Int, at: UInt32, isMoving: Bool = false)
    /// `ldp a, b, [sp, #at]` and `ldp a, b, [sp], #at`.
    case loadPair(Int, Int, at: UInt32, isMoving: Bool = false)
    case store(Int, at: UInt32)
    case load(Int, at: UInt32)
    case allocate(UInt32)
    case release(UInt32)
    /// `add x29, sp, #at`.
    case setFrame(at: UInt32)
    /// `mov sp, x29`.
    case leaveFrame
    /// A register gets another value.
    case set(Int, UInt16)
    case call
    case nop
    case ret

    var word: UInt32 {
      func pair(_ base: UInt32, _ a: Int, _ b: Int, _ offset: Int32) -> UInt32 {
        base | (UInt32(bitPattern: offset / 8) & 0x7F) << 15 | UInt32(b) << 10 | 31 << 5 | UInt32(a)
      }
      switch self {
      case .storePair(let a, let b, let at, let isMoving):
        return pair(isMoving ? 0xA980_0000 : 0xA900_0000, a, b, isMoving ? -Int32(at) : Int32(at))
      case .loadPair(let a, let b, let at, let isMoving):
        return pair(isMoving ? 0xA8C0_0000 : 0xA940_0000, a, b, Int32(at))
      case .store(let a, let at): return 0xF900_0000 | (at / 8) << 10 | 31 << 5 | UInt32(a)
      case .load(let a, let at): return 0xF940_0000 | (at / 8) << 10 | 31 << 5 | UInt32(a)
      case .allocate(let bytes): return 0xD100_03FF | bytes << 10
      case .release(let bytes): return 0x9100_03FF | bytes << 10
      case .setFrame(let at): return 0x9100_03FD | at << 10
      case .leaveFrame: return 0x9100_03BF
      case .set(let register, let value): return 0xD280_0000 | UInt32(value) << 5 | UInt32(register)
      case .call: return 0x9400_0004
      case .nop: return 0xD503_201F
      case .ret: return 0xD65F_03C0
      }
    }
  }

  enum Kind: Sendable {
    /// Keeps X29 and X30 at the frame's low end; what it allocates at run time lies below.
    case framed, framedAndGrowing
    /// Keeps X30 without X29.
    case unframed
    /// Allocates first and points X29 into its frame.
    case framedAbove
    /// Keeps nothing and has no unwind data; it calls nobody.
    case leaf
    /// Its prologue stands behind a CONTEXT that the interrupted code's registers were written to.
    case trapHandler
  }

  struct Function: Sendable {
    var kind: Kind
    var begin: UInt32 = 0
    var instructions: [Instruction] = []
    /// Unwind codes of the prologue, its last instruction first, and of the epilogue where they differ.
    var codes: [[UInt8]] = []
    var epilogueCodes: [[UInt8]]?
  }

  public private(set) var code: [UInt8] = []
  public private(set) var functions: [SynthesizedImage.Function] = []
  var parts: [Function] = []
  /// Their number; the last one is a trap handler, the one before it a leaf.
  public var count: Int { parts.count }

  public init(functions count: Int, seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let kinds: [Kind] = [.framed, .framedAndGrowing, .unframed, .framedAbove]
    for index in 0..<count {
      let kind: Kind =
        index == count - 1
        ? .trapHandler
        : index == count - 2 ? .leaf : kinds[index < kinds.count ? index : random.index(below: kinds.count)]
      var function = Self.function(kind, &random)
      function.begin = 0x1000 + UInt32(code.count)
      for instruction in function.instructions {
        code += (0..<4).map { UInt8(truncatingIfNeeded: instruction.word >> UInt32(8 * $0)) }
      }
      parts.append(function)
      if kind != .leaf {
        functions.append(.init(begin: function.begin, end: 0, unwindInfo: Self.record(function)))
      }
    }
    code += [UInt8](repeating: 0, count: 16)
  }

  /// One epilogue at the function's end, whose codes are the prologue's or follow them.
  private static func record(_ function: Function) -> [UInt8] {
    let prologue: [UInt8] = function.codes.joined() + [0xE4]
    var codes = prologue
    if let epilogue = function.epilogueCodes { codes += epilogue.joined() + [0xE4] }
    while codes.count % 4 != 0 { codes.append(0xE3) }
    let start = function.epilogueCodes == nil ? 0 : UInt32(prologue.count)
    let head = UInt32(function.instructions.count) | 1 << 21 | start << 22 | UInt32(codes.count / 4) << 27
    return (0..<4).map { UInt8(truncatingIfNeeded: head >> UInt32(8 * $0)) } + codes
  }

  private static func function(_ kind: Kind, _ random: inout SplitMix64) -> Function {
    var function = Function(kind: kind)
    var prologue: [(instruction: Instruction, code: [UInt8])] = []
    var epilogue: [(instruction: Instruction, code: [UInt8])] = []
    let pairs = kind == .leaf || kind == .trapHandler ? 0 : random.index(below: 4) + (kind == .unframed ? 1 : 0)
    /// save_regp.
    func savePair(_ index: Int, at: UInt32) -> [UInt8] {
      [0xC8 | UInt8(2 * index) >> 2, UInt8(2 * index & 3) << 6 | UInt8(at / 8)]
    }
    func add(_ store: Instruction, _ load: Instruction, _ code: [UInt8]) {
      prologue.append((store, code))
      epilogue.insert((load, code), at: 0)
    }
    func addPairs(_ indices: Range<Int>, from at: UInt32) {
      for index in indices {
        let (a, b, place) = (19 + 2 * index, 20 + 2 * index, at + 16 * UInt32(index - indices.lowerBound))
        add(.storePair(a, b, at: place), .loadPair(a, b, at: place), savePair(index, at: place))
      }
    }
    let locals = 16 * UInt32(random.below(4))
    var growth: UInt32 = 0
    switch kind {
    case .framed, .framedAndGrowing:
      let size = 16 + 16 * UInt32(pairs) + locals
      add(
        .storePair(29, 30, at: size, isMoving: true), .loadPair(29, 30, at: size, isMoving: true),
        [
          0x80 | UInt8(size / 8 - 1)
        ])
      // Only at the end can it be undone first, when the stack has grown.
      if kind == .framed { prologue.append((.setFrame(at: 0), [0xE1])) }
      addPairs(0..<pairs, from: 16)
      if kind == .framedAndGrowing {
        add(.setFrame(at: 0), .leaveFrame, [0xE1])
        growth = 16 + 16 * UInt32(random.below(8))
      }
    case .unframed:
      let size = 16 * UInt32(pairs) + 16
      add(
        .storePair(19, 20, at: size, isMoving: true), .loadPair(19, 20, at: size, isMoving: true),
        [
          0x20 | UInt8(size / 8)
        ])
      addPairs(1..<pairs, from: 16)
      let at = 16 * UInt32(pairs)
      // save_reg of X30, the eleventh behind X19.
      add(.store(30, at: at), .load(30, at: at), [0xD2, 0xC0 | UInt8(at / 8)])
      if locals > 0 { add(.allocate(locals), .release(locals), [UInt8(locals / 16)]) }
    case .framedAbove:
      let room = 512 + 16 * UInt32(random.below(64))
      add(.allocate(room), .release(room), [0xC0 | UInt8(room >> 12), UInt8(room / 16 & 0xFF)])
      add(.storePair(29, 30, at: locals), .loadPair(29, 30, at: locals), [0x40 | UInt8(locals / 8)])
      prologue.append((.setFrame(at: locals), [0xE2, UInt8(locals / 8)]))
      addPairs(0..<pairs, from: 16 + locals)
    case .trapHandler: add(.allocate(0x20 + locals), .release(0x20 + locals), [UInt8((0x20 + locals) / 16)])
    case .leaf: break
    }
    function.instructions = prologue.map(\.instruction)
    function.codes = prologue.map(\.code).reversed()
    // A CONTEXT lies above all.
    if kind == .trapHandler { function.codes.append([0xEA]) }
    let codes = epilogue.map(\.code)
    if codes != function.codes { function.epilogueCodes = codes }
    if growth > 0 { function.instructions.append(.allocate(growth)) }
    for register in 19..<(19 + 2 * pairs) {
      function.instructions.append(.set(register, UInt16(random.below(1 << 16))))
    }
    function.instructions.append(.set(Int(random.below(16)), UInt16(random.below(1 << 16))))
    if kind != .leaf { function.instructions += [.call, .nop] }
    function.instructions += epilogue.map(\.instruction) + [.ret]
    return function
  }
}

// MARK: Running

extension ARM64Program {
  /// A machine that has run down a chain of calls.
  public struct Run: Sendable {
    /// X0 to X30.
    public var registers: [UInt64]
    public var stackPointer: UInt64
    public var instructionPointer: UInt64 = 0
    public var stack: [UInt64: UInt64] = [:]
    /// Innermost first.
    public var frames: [X64Program.Run.Frame] = []

    /// From the stack pointer, or the lowest word written, to a page's end above the highest.
    public var memory: SynthesizedMemory {
      let low = min(stackPointer, stack.keys.min() ?? stackPointer)
      let high = (max(stackPointer, stack.keys.max() ?? 0) + 0x1000) & ~0xFFF
      var out = ByteBuilder(zeros: Int(high - low))
      for (address, value) in stack { out.put(value, at: Int(address - low)) }
      return SynthesizedMemory(address: low, bytes: out.bytes)
    }
  }

  public struct Call: Sendable {
    public var program: ARM64Program
    public var base: UInt64
    public var function: Int

    public init(_ program: ARM64Program, base: UInt64, function: Int) {
      self.program = program
      self.base = base
      self.function = function
    }
  }

  /// Runs a chain, outermost first. Before each trap handler the function above it is stopped at any instruction, and the
  /// innermost is stopped so at the end; handlers only before their epilogue, which no code describes.
  public static func run(_ chain: [Call], stackTop: UInt64, seed: UInt64) -> Run {
    var random = SplitMix64(seed: seed)
    var run = Run(registers: (0..<31).map { _ in random.next() }, stackPointer: stackTop)
    // A thread's first function returns to nothing, and no frame is above it.
    run.registers[29] = 0
    run.registers[30] = 0
    for (index, call) in chain.enumerated() {
      let function = call.program.parts[call.function]
      let next = index + 1 < chain.count ? chain[index + 1] : nil
      let isStopped = next.map { $0.program.parts[$0.function].kind == .trapHandler } ?? true
      let last = function.instructions.count - (function.kind == .trapHandler ? 2 : 0)
      let stop = isStopped ? random.index(below: last) : nil
      for (number, instruction) in function.instructions.enumerated() {
        let place = call.base + UInt64(function.begin) + UInt64(4 * number)
        if number == stop {
          run.instructionPointer = place
          run.frames.insert(.init(address: place, stackPointer: run.stackPointer, isStopped: true), at: 0)
          break
        }
        if case .call = instruction, stop == nil {
          run.frames.insert(.init(address: place + 4, stackPointer: run.stackPointer, isStopped: false), at: 0)
          run.registers[30] = place + 4
          // A call may change what its caller does not rely on.
          for register in 0..<19 { run.registers[register] = random.next() }
          break
        }
        run.step(instruction)
      }
      if next != nil, isStopped { run.interrupt(&random) }
    }
    return run
  }
}

extension ARM64Program.Run {
  /// Writes a CONTEXT (public header winnt.h: X0 at 8, Sp at 0x100, Pc at 0x108) below the stack.
  fileprivate mutating func interrupt(_ random: inout SplitMix64) {
    let context = (stackPointer - 0x390) & ~15
    for (number, value) in registers.enumerated() { stack[context + 8 + 8 * UInt64(number)] = value }
    stack[context + 0x100] = stackPointer
    stack[context + 0x108] = instructionPointer
    stackPointer = context
    for register in 0..<31 { registers[register] = random.next() }
  }

  fileprivate mutating func step(_ instruction: ARM64Program.Instruction) {
    switch instruction {
    case .storePair(let a, let b, let at, let isMoving):
      if isMoving { stackPointer -= UInt64(at) }
      let place = stackPointer + (isMoving ? 0 : UInt64(at))
      stack[place] = registers[a]
      stack[place + 8] = registers[b]
    case .loadPair(let a, let b, let at, let isMoving):
      let place = stackPointer + (isMoving ? 0 : UInt64(at))
      registers[a] = stack[place] ?? 0
      registers[b] = stack[place + 8] ?? 0
      if isMoving { stackPointer += UInt64(at) }
    case .store(let register, let at): stack[stackPointer + UInt64(at)] = registers[register]
    case .load(let register, let at): registers[register] = stack[stackPointer + UInt64(at)] ?? 0
    case .allocate(let bytes): stackPointer -= UInt64(bytes)
    case .release(let bytes): stackPointer += UInt64(bytes)
    case .setFrame(let at): registers[29] = stackPointer + UInt64(at)
    case .leaveFrame: stackPointer = registers[29]
    case .set(let register, let value): registers[register] = UInt64(value)
    case .call, .nop, .ret: break
    }
  }
}
