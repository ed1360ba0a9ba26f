import ByteReading
import EvidenceSynthesis
import Facts
import Testing

@testable import PortableExecutable

/// Instructions of a function, run for real: what the unwinder gives must be the registers the caller had, wherever it stops.
private enum Step {
  case push(Int)
  case sub(UInt32)
  case store(Int, UInt8)
  case setFrame(UInt8)
  case nop
  case add(UInt32)
  case leave(Int8)
  case pop(Int)
  case ret

  var bytes: [UInt8] {
    switch self {
    case .push(let r): r < 8 ? [0x50 + UInt8(r)] : [0x41, 0x50 + UInt8(r - 8)]
    case .sub(let n): n < 0x80 ? [0x48, 0x83, 0xEC, UInt8(n)] : [0x48, 0x81, 0xEC] + Self.word(n)
    case .store(let r, let at): [r < 8 ? 0x48 : 0x4C, 0x89, UInt8(0x44 | (r & 7) << 3), 0x24, at]
    case .setFrame(let at): [0x48, 0x8D, 0x6C, 0x24, at]
    case .nop: [0x90]
    case .add(let n): n < 0x80 ? [0x48, 0x83, 0xC4, UInt8(n)] : [0x48, 0x81, 0xC4] + Self.word(n)
    case .leave(let at): [0x48, 0x8D, 0x65, UInt8(bitPattern: at)]
    case .pop(let r): r < 8 ? [0x58 + UInt8(r)] : [0x41, 0x58 + UInt8(r - 8)]
    case .ret: [0xC3]
    }
  }

  private static func word(_ n: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: n >> UInt32(8 * $0)) } }

  func run(_ r: inout [UInt64], _ stack: inout [UInt64: UInt64]) {
    switch self {
    case .push(let n):
      r[4] -= 8
      stack[r[4]] = r[n]
    case .sub(let n): r[4] -= UInt64(n)
    case .store(let n, let at): stack[r[4] + UInt64(at)] = r[n]
    case .setFrame(let at): r[5] = r[4] + UInt64(at)
    case .nop: break
    case .add(let n): r[4] += UInt64(n)
    case .leave(let at): r[4] = r[5] &+ UInt64(bitPattern: Int64(at))
    case .pop(let n):
      r[n] = stack[r[4]] ?? 0
      r[4] += 8
    case .ret: break
    }
  }
}

@Suite struct X64UnwinderTests {
  static let base: UInt64 = 0xFFFF_F800_1000_0000
  static let callers: [UInt64] = (0..<16).map { $0 == 4 ? 0xFFFF_A000_0000_1000 : 0x1111_0000 + UInt64($0) }
  static let returnAddress: UInt64 = 0xFFFF_F800_2000_1234

  /// Stops at every instruction of a function and asks for the caller.
  private func check(_ steps: [Step], unwindInfo: [UInt8], changing: [Int] = []) throws {
    var sample = SynthesizedImage()
    sample.code = steps.flatMap(\.bytes)
    let end = 0x1000 + UInt32(sample.code.count)
    sample.functions = [.init(begin: 0x1000, end: end, unwindInfo: unwindInfo)]
    sample.code += [UInt8](repeating: 0xCC, count: 32)
    let unwinder = try #require(X64Unwinder(try loaded(sample.memory(), base: Self.base)))
    var registers = Self.callers
    registers[4] -= 8
    var stack: [UInt64: UInt64] = [registers[4]: Self.returnAddress]
    var place: UInt64 = 0x1000
    for (index, step) in steps.enumerated() {
      if case .nop = step { for register in changing { registers[register] = 0xDEAD } }
      let found = try unwinder.caller(
        of: X64Registers(instructionPointer: Self.base + place, general: registers)
      ) { stack[$0] }
      #expect(found.registers.instructionPointer == Self.returnAddress, "before step \(index)")
      for register in [3, 4, 5, 6, 7, 12, 13, 14, 15] {
        #expect(found.registers.general[register] == Self.callers[register], "register \(register), step \(index)")
      }
      #expect(found.registers.general[0] == nil)
      #expect(!found.isMachineFrame)
      step.run(&registers, &stack)
      place += UInt64(step.bytes.count)
    }
  }

  @Test func pushesAndAllocation() throws {
    try check(
      [.push(5), .push(7), .push(12), .sub(0x20), .nop, .nop, .add(0x20), .pop(12), .pop(7), .pop(5), .ret],
      unwindInfo: [1, 8, 4, 0, 8, 0x32, 4, 0xC0, 2, 0x70, 1, 0x50], changing: [5, 7, 12])
  }

  @Test func largeAllocation() throws {
    try check(
      [.push(3), .sub(0x1230), .nop, .add(0x1230), .pop(3), .ret],
      unwindInfo: [1, 8, 3, 0, 8, 0x01, 0x46, 0x02, 1, 0x30, 0, 0], changing: [3])
  }

  /// A function without frame that returns at once, and one that an entry without codes describes.
  @Test func nothingToUndo() throws {
    try check([.nop, .ret], unwindInfo: [1, 0, 0, 0])
  }

  /// `lea rbp, [rsp+0x20]`, after which RSP may be anything.
  @Test func framePointer() throws {
    try check(
      [.push(5), .sub(0x40), .setFrame(0x20), .nop, .sub(0x100), .nop, .leave(0x20), .pop(5), .ret],
      unwindInfo: [1, 10, 3, 0x25, 10, 0x03, 5, 0x72, 1, 0x50, 0, 0])
  }

  /// A register stored in the caller's home space before the allocation: its code stands at the prologue's end.
  @Test func storedRegisters() throws {
    try check(
      [.store(3, 0x10), .push(7), .sub(0x20), .nop, .add(0x20), .pop(7), .ret],
      unwindInfo: [1, 10, 4, 0, 10, 0x34, 7, 0, 10, 0x32, 6, 0x70], changing: [7])
  }

  /// Version 2 lists its epilogues, and what looks like one elsewhere is none.
  @Test func listedEpilogues() throws {
    try check(
      [.push(7), .sub(0x20), .nop, .add(0x20), .pop(7), .ret],
      unwindInfo: [2, 5, 3, 0, 2, 0x16, 5, 0x32, 1, 0x70, 0, 0], changing: [7])
  }

  private func unwinder(_ sample: SynthesizedImage, absentPages: Set<Int> = []) throws -> X64Unwinder {
    try #require(X64Unwinder(try loaded(sample.memory(), base: Self.base, absentPages: absentPages)))
  }

  @Test func leafFunction() throws {
    let unwinder = try unwinder(sampleImage())
    var registers = Self.callers
    registers[4] -= 8
    let found = try unwinder.caller(
      of: X64Registers(instructionPointer: Self.base + 0x1080, general: registers)
    ) { $0 == registers[4] ? Self.returnAddress : nil }
    #expect(found.way == .leaf)
    #expect(found.registers.stackPointer == Self.callers[4])
    #expect(found.registers.instructionPointer == Self.returnAddress)
  }

  /// Interrupts push RIP, CS, EFLAGS, RSP and SS, some of them an error code first.
  @Test(arguments: [false, true]) func machineFrame(hasErrorCode: Bool) throws {
    var sample = SynthesizedImage()
    sample.functions = [
      .init(begin: 0x1000, end: 0x1040, unwindInfo: [1, 4, 2, 0, 4, 0x12, 0, hasErrorCode ? 0x1A : 0x0A])
    ]
    let sp: UInt64 = 0xFFFF_A000_0000_0F00
    let frame = sp + 16 + (hasErrorCode ? 8 : 0)
    let stack: [UInt64: UInt64] = [frame: 0x7FF6_1234, frame + 8: 0x33, frame + 24: 0x12_FF00, frame + 32: 0x2B]
    let found = try unwinder(sample).caller(
      of: X64Registers(instructionPointer: Self.base + 0x1010, general: (0..<16).map { $0 == 4 ? sp : 1 })
    ) { stack[$0] }
    #expect(found.isMachineFrame)
    #expect(found.registers.instructionPointer == 0x7FF6_1234)
    #expect(found.registers.stackPointer == 0x12_FF00)
  }

  /// A part of a function that saves one more register and continues the prologue of the first part.
  @Test func chainedParts() throws {
    var sample = SynthesizedImage()
    sample.code = [UInt8](repeating: 0x90, count: 0x80)
    sample.functions = [
      .init(begin: 0x1000, end: 0x1020, unwindInfo: [1, 5, 2, 0, 5, 0x52, 1, 0x50]),
      .init(
        begin: 0x1020, end: 0x1040,
        unwindInfo: [1 | 4 << 3, 5, 2, 0, 5, 0x34, 4, 0] + [0, 0x10, 0, 0, 0x20, 0x10, 0, 0, 0, 0x30, 0, 0]),
    ]
    let sp: UInt64 = 0xFFFF_A000_0000_0F00
    // Thirty-two bytes in, RBX is saved; 0x30 allocated and RBP pushed before.
    let stack: [UInt64: UInt64] = [sp + 0x20: 33, sp + 0x30: 55, sp + 0x38: Self.returnAddress]
    let unwinder = try unwinder(sample)
    func caller(_ place: UInt64) throws -> X64Unwound {
      try unwinder.caller(
        of: X64Registers(instructionPointer: Self.base + place, general: (0..<16).map { $0 == 4 ? sp : 1 })
      ) { stack[$0] }
    }
    let body = try caller(0x1030)
    #expect(body.registers.general[3] == 33)
    #expect(body.registers.general[5] == 55)
    #expect(body.registers.instructionPointer == Self.returnAddress)
    #expect(body.registers.stackPointer == sp + 0x40)
    // Before the part's own store has run, RBX still holds the caller's value.
    let early = try caller(0x1022)
    #expect(early.registers.general[3] == 1)
    #expect(early.registers.general[5] == 55)
  }

  /// A chain that leads back to itself ends.
  @Test func endlessChain() throws {
    var sample = SynthesizedImage()
    sample.functions = [
      .init(
        begin: 0x1000, end: 0x1040,
        unwindInfo: [1 | 4 << 3, 0, 0, 0] + [0, 0x10, 0, 0, 0x40, 0x10, 0, 0, 0, 0x30, 0, 0])
    ]
    let unwinder = try unwinder(sample)
    let error = #expect(throws: ReadError.self) {
      try unwinder.caller(
        of: X64Registers(instructionPointer: Self.base + 0x1010, general: Self.callers.map { $0 })
      ) { $0 }
    }
    #expect(error?.kind == .malformed)
  }

  /// What is not in the dump is said, not guessed.
  @Test func absences() throws {
    let registers = X64Registers(instructionPointer: Self.base + 0x1010, general: Self.callers.map { $0 })
    let stackless = try unwinder(sampleImage())
    #expect(#expect(throws: ReadError.self) { try stackless.caller(of: registers) { _ in nil } }?.kind == .notInDump)
    let tableless = try unwinder(sampleImage(), absentPages: [4])
    #expect(#expect(throws: ReadError.self) { try tableless.caller(of: registers) { $0 } }?.kind == .notInDump)
    let codeless = try unwinder(sampleImage(), absentPages: [1])
    #expect(try codeless.caller(of: registers) { $0 }.isEpilogueKnown == false)
    var unknown = registers
    unknown.stackPointer = nil
    #expect(throws: ReadError.self) { try stackless.caller(of: unknown) { $0 } }
    var outside = registers
    outside.instructionPointer = 7
    #expect(throws: ReadError.self) { try stackless.caller(of: outside) { $0 } }
  }

  /// A jump within the function is no tail call; one out of it behind an epilogue is.
  @Test(arguments: [(Int8(-0x12), false), (Int8(0x60), true)]) func tailCalls(distance: Int8, leaves: Bool) throws {
    var sample = SynthesizedImage()
    sample.code = [UInt8](repeating: 0x90, count: 0x100)
    sample.code.replaceSubrange(0x10..<0x13, with: [0x5F, 0xEB, UInt8(bitPattern: distance)])
    sample.functions = [.init(begin: 0x0FF0, end: 0x1040, unwindInfo: [1, 1, 1, 0, 1, 0x70, 0, 0])]
    let sp: UInt64 = 0xFFFF_A000_0000_0F00
    let stack: [UInt64: UInt64] = [sp: 7, sp + 8: Self.returnAddress]
    let found = try unwinder(sample).caller(
      of: X64Registers(instructionPointer: Self.base + 0x1010, general: (0..<16).map { $0 == 4 ? sp : 1 })
    ) { stack[$0] }
    #expect(found.way == (leaves ? .epilogue : .body))
    #expect(found.registers.instructionPointer == Self.returnAddress)
  }
}
