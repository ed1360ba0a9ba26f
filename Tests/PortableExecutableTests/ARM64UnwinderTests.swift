import ByteReading
import EvidenceSynthesis
import Facts
import Testing

@testable import PortableExecutable

/// Instructions of ARM64 functions, run one by one: what the unwinder gives must be the caller's registers, wherever it stops.
private enum Step {
  /// `sub sp, sp, #n` and `add sp, sp, #n`.
  case allocate(UInt64)
  case release(UInt64)
  /// `stp a, b, [sp, #at]`, with `!` the stack pointer moves down by `at` first; `ldp` likewise.
  case storePair(Int, Int, at: UInt64, preIndexed: Bool)
  case loadPair(Int, Int, at: UInt64, postIndexed: Bool)
  case store(Int, at: UInt64, preIndexed: Bool)
  case load(Int, at: UInt64, postIndexed: Bool)
  /// `add x29, sp, #n`, `mov sp, x29` less n.
  case setFrame(UInt64)
  case leaveFrame(UInt64)
  case body
  case ret

  func run(_ x: inout [UInt64], _ sp: inout UInt64, _ stack: inout [UInt64: UInt64], changing: [Int]) {
    switch self {
    case .allocate(let n): sp -= n
    case .release(let n): sp += n
    case .storePair(let a, let b, let at, let pre):
      if pre { sp -= at }
      stack[sp + (pre ? 0 : at)] = x[a]
      stack[sp + (pre ? 0 : at) + 8] = x[b]
    case .store(let a, let at, let pre):
      if pre { sp -= at }
      stack[sp + (pre ? 0 : at)] = x[a]
    case .loadPair(let a, let b, let at, let post):
      x[a] = stack[sp + (post ? 0 : at)] ?? 0
      x[b] = stack[sp + (post ? 0 : at) + 8] ?? 0
      if post { sp += at }
    case .load(let a, let at, let post):
      x[a] = stack[sp + (post ? 0 : at)] ?? 0
      if post { sp += at }
    case .setFrame(let n): x[29] = sp + n
    case .leaveFrame(let n): sp = x[29] - n
    case .body: for register in changing { x[register] = 0xDEAD_0000 + UInt64(register) }
    case .ret: break
    }
  }
}

@Suite struct ARM64UnwinderTests {
  static let base: UInt64 = 0xFFFF_F803_1000_0000
  static let returnAddress: UInt64 = 0xFFFF_F803_2000_1234
  static let callerSP: UInt64 = 0xFFFF_A000_0000_1000

  private func unwinder(_ unwindInfo: [UInt8], instructions: Int) throws -> ARM64Unwinder {
    var sample = SynthesizedImage()
    sample.machine = 0xAA64
    sample.functions = [.init(begin: 0x1000, end: 0, unwindInfo: unwindInfo)]
    return try #require(ARM64Unwinder(try loaded(sample.memory(), base: Self.base)))
  }

  /// Stops at every instruction, and behind every call that the body stands for.
  private func check(_ steps: [Step], unwindInfo: [UInt8], changing: [Int], usesFrame: Bool = false) throws {
    let unwinder = try unwinder(unwindInfo, instructions: steps.count)
    var x = (0..<31).map { 0x1111_0000 + UInt64($0) }
    let callers = x
    x[30] = Self.returnAddress
    var sp = Self.callerSP
    var stack: [UInt64: UInt64] = [:]
    for (index, step) in steps.enumerated() {
      let pc = Self.base + 0x1000 + UInt64(4 * index)
      var isBody = false
      if case .body = step { isBody = true }
      for isReturn in isBody ? [false, true] : [false] {
        let found = try unwinder.caller(
          of: ARM64Registers(
            instructionPointer: pc + (isReturn ? 4 : 0), stackPointer: isReturn && usesFrame ? nil : sp, general: x),
          isReturnAddress: isReturn
        ) { stack[$0] }
        #expect(found.registers.instructionPointer == Self.returnAddress, "step \(index)")
        #expect(found.registers.stackPointer == Self.callerSP, "step \(index)")
        for register in 19..<30 {
          #expect(found.registers.general[register] == callers[register], "x\(register), step \(index)")
        }
        #expect(!found.isMachineFrame)
      }
      step.run(&x, &sp, &stack, changing: changing)
    }
  }

  private static func word(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }

  /// A record with one epilogue at the function's end that shares the prologue's codes from `epilogueAt` on.
  private static func record(instructions: Int, epilogueAt: UInt32, codes: [UInt8]) -> [UInt8] {
    let padded = codes + [UInt8](repeating: 0xE3, count: (4 - codes.count % 4) % 4)
    let words = UInt32(padded.count / 4)
    return word(UInt32(instructions) | 1 << 21 | epilogueAt << 22 | words << 27) + padded
  }

  /// `stp x19, x20, [sp, #-48]!`, `stp x21, x22, [sp, #16]`, `stp x29, x30, [sp, #32]`, `add x29, sp, #32`.
  @Test func pairsAndFrame() throws {
    let codes: [UInt8] = [0xE2, 4, 0x44, 0xC8 | 0, 0x82, 0xCC, 0x05, 0xE4]
    let steps: [Step] = [
      .storePair(19, 20, at: 48, preIndexed: true), .storePair(21, 22, at: 16, preIndexed: false),
      .storePair(29, 30, at: 32, preIndexed: false), .setFrame(32), .body, .body, .leaveFrame(32),
      .loadPair(29, 30, at: 32, postIndexed: false), .loadPair(21, 22, at: 16, postIndexed: false),
      .loadPair(19, 20, at: 48, postIndexed: true), .ret,
    ]
    // save_regp x21 at 16: 110010xx xxzzzzzz with x = 2, z = 2; save_regp_x x19 with 48: x = 0, z = 5.
    try check(
      steps, unwindInfo: Self.record(instructions: steps.count, epilogueAt: 0, codes: codes),
      changing: [19, 20, 21, 22, 30], usesFrame: true)
  }

  /// save_next: a pair behind the one that is named.
  @Test func nextPairs() throws {
    // save_next, save_next, save_regp_x x19 with 64, end; then fp at 48 is not saved: return address in a register store.
    let codes: [UInt8] = [0xD2, 0xC6, 0xE6, 0xCC, 0x07, 0xE4]
    // save_reg x30 (19 + 11) at 48: 110100xx xxzzzzzz: x = 11, z = 6.
    let steps: [Step] = [
      .storePair(19, 20, at: 64, preIndexed: true), .storePair(21, 22, at: 16, preIndexed: false),
      .store(30, at: 48, preIndexed: false), .body, .load(30, at: 48, postIndexed: false),
      .loadPair(21, 22, at: 16, postIndexed: false), .loadPair(19, 20, at: 64, postIndexed: true), .ret,
    ]
    try check(
      steps, unwindInfo: Self.record(instructions: steps.count, epilogueAt: 0, codes: codes),
      changing: [19, 20, 21, 22, 30])
  }

  /// `sub sp, sp, #n` of each size, with the return address stored.
  @Test func allocations() throws {
    for (bytes, codes) in [
      (0x50, [0x05]), (0x2000, [0xC2, 0x00]), (0x10_0000, [0xE0, 0x01, 0x00, 0x00]),
    ] as [(UInt64, [UInt8])] {
      // str x30, [sp, #8]: save_reg x30 at 8.
      let steps: [Step] = [
        .allocate(bytes), .store(30, at: 8, preIndexed: false), .body, .load(30, at: 8, postIndexed: false),
        .release(bytes), .ret,
      ]
      try check(
        steps, unwindInfo: Self.record(instructions: steps.count, epilogueAt: 0, codes: [0xD2, 0xC1] + codes + [0xE4]),
        changing: [30])
    }
  }

  /// All in one word: `stp x19, x20, [sp, #-32]!`, `stp x21, x30, [sp, #16]`; and a frame with locals.
  @Test func packedForms() throws {
    // RegI 3, CR 1, frame of 32 bytes; 3 + return address is 32 bytes.
    let first: [Step] = [
      .storePair(19, 20, at: 32, preIndexed: true), .storePair(21, 30, at: 16, preIndexed: false), .body,
      .loadPair(21, 30, at: 16, postIndexed: false), .loadPair(19, 20, at: 32, postIndexed: true), .ret,
    ]
    try check(
      first, unwindInfo: Self.word(1 | UInt32(first.count) << 2 | 3 << 16 | 1 << 21 | 2 << 23),
      changing: [19, 20, 21, 30])
    // RegI 2, CR 3: x19, x20 in 16 bytes, then x29, x30 and 32 bytes of locals: a frame of 16 + 48.
    let second: [Step] = [
      .storePair(19, 20, at: 16, preIndexed: true), .storePair(29, 30, at: 48, preIndexed: true), .setFrame(0), .body,
      .loadPair(29, 30, at: 48, postIndexed: true), .loadPair(19, 20, at: 16, postIndexed: true), .ret,
    ]
    try check(
      second, unwindInfo: Self.word(1 | UInt32(second.count) << 2 | 2 << 16 | 3 << 21 | 4 << 23),
      changing: [19, 20, 30], usesFrame: true)
  }

  /// A leaf returns by X30; behind a call there is none.
  @Test func leaf() throws {
    let unwinder = try unwinder(Self.record(instructions: 4, epilogueAt: 0, codes: [0xE4]), instructions: 4)
    var registers = ARM64Registers(
      instructionPointer: Self.base + 0x1080, stackPointer: Self.callerSP, general: [UInt64?](repeating: nil, count: 31)
    )
    #expect(throws: ReadError.self) { try unwinder.caller(of: registers) { _ in nil } }
    registers.general[30] = Self.returnAddress
    #expect(
      try unwinder.caller(of: registers) { _ in nil }.registers.instructionPointer == Self.returnAddress)
    #expect(throws: ReadError.self) { try unwinder.caller(of: registers, isReturnAddress: true) { _ in nil } }
  }

  /// SP and PC of interrupted code, and a whole CONTEXT.
  @Test func machineFrames() throws {
    let sp = Self.callerSP
    let frame = try unwinder(Self.record(instructions: 8, epilogueAt: 0, codes: [0xE9, 0xE4]), instructions: 8)
    let registers = ARM64Registers(
      instructionPointer: Self.base + 0x1008, stackPointer: sp, general: [UInt64?](repeating: nil, count: 31))
    let found = try frame.caller(of: registers) { [sp: 0xFFFF_A000_0000_2000, sp + 8: Self.returnAddress][$0] }
    #expect(found.isMachineFrame)
    #expect(found.registers.instructionPointer == Self.returnAddress)
    #expect(found.registers.stackPointer == 0xFFFF_A000_0000_2000)
    let context = try unwinder(Self.record(instructions: 8, epilogueAt: 0, codes: [0xEA, 0xE4]), instructions: 8)
    let all = try context.caller(of: registers) { address in
      switch address &- sp {
      case 0x100: 0xFFFF_A000_0000_3000
      case 0x108: Self.returnAddress
      case let offset where offset >= 8 && offset < 0x100: offset
      default: nil
      }
    }
    #expect(all.registers.general[19] == 8 + 8 * 19)
    #expect(all.registers.stackPointer == 0xFFFF_A000_0000_3000)
  }

  /// What nothing public explains is refused, not guessed.
  @Test(arguments: [0xDF, 0xE8, 0xEB, 0xF0] as [UInt8]) func unknownCodes(code: UInt8) throws {
    let unwinder = try unwinder(
      Self.record(instructions: 8, epilogueAt: 3, codes: [code, 0, 0xE4, 0xE4]), instructions: 8)
    let registers = ARM64Registers(
      instructionPointer: Self.base + 0x1010, stackPointer: Self.callerSP,
      general: [UInt64?](repeating: Self.returnAddress, count: 31))
    let error = #expect(throws: ReadError.self) { try unwinder.caller(of: registers, isReturnAddress: true) { _ in 0 } }
    #expect(error?.kind == .unsupported)
  }

  @Test func signatures() {
    #expect(ARM64Unwinder.unsigned(0xA5F3_F803_2000_1234) == 0xFFFF_F803_2000_1234)
    #expect(ARM64Unwinder.unsigned(0x0012_7FF6_2000_1234) == 0x0000_7FF6_2000_1234)
  }

  /// Damaged images: an error or an answer, never a trap.
  @Test func mutations() throws {
    var sample = SynthesizedImage()
    sample.machine = 0xAA64
    for index in 0..<40 as Range<UInt32> {
      var info = Self.record(instructions: 8, epilogueAt: 0, codes: [0xE6, 0xCC, 0x07, 0xE1, 0x81, 0xE4])
      if index % 2 == 0 {
        var word: UInt32 = 1 | 8 << 2
        word |= (index % 11) << 16
        word |= (index % 4) << 21
        word |= index << 23
        info = Self.word(word)
      }
      sample.functions.append(.init(begin: 0x1000 + 0x20 * index, end: 0, unwindInfo: info))
    }
    let whole = sample.memory()
    for seed in 0..<500 as Range<UInt64> {
      let bytes = Mutator(changes: 1...80, headBytes: whole.count).mutate(whole, seed: seed)
      guard let image = try? loaded(bytes, base: Self.base), let unwinder = ARM64Unwinder(image) else { continue }
      for place in stride(from: 0x1000 as UInt64, to: 0x1500, by: 12) {
        let registers = ARM64Registers(
          instructionPointer: Self.base + place, stackPointer: .max - 64, general: [UInt64?](repeating: .max, count: 31)
        )
        for isReturn in [false, true] {
          _ = try? unwinder.caller(of: registers, isReturnAddress: isReturn) { $0 & 8 == 0 ? nil : $0 }
        }
      }
    }
  }
}
