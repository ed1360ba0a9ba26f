import ByteReading
import EvidenceSynthesis
import Facts
import Testing

@testable import PortableExecutable

@Suite struct UnwindDataTests {
  private func info(_ bytes: [UInt8]) throws(ReadError) -> X64UnwindInfo {
    var sample = SynthesizedImage()
    sample.functions = [.init(begin: 0x1000, end: 0x1080, unwindInfo: bytes)]
    let image = try read(sample.file())
    guard let table = image.functionTable else {
      throw ReadError(.notPresent, reading: "table", expected: "one", found: "none")
    }
    return try X64UnwindInfo(at: try table.entry(0).unwindInfo, in: image)
  }

  /// Every operation, with the exception handler behind an odd number of codes.
  @Test func allOperations() throws {
    let codes: [UInt8] = [
      40, 0x01 | 0x10, 0x78, 0x56, 0x34, 0x12,  // allocate 0x12345678
      36, 0x01, 0x40, 0x00,  // allocate 0x40 * 8
      32, 0xF2,  // allocate 0x80
      28, 0x03,  // frame register
      24, 0x34, 0x05, 0x00,  // save RBX at 0x28
      20, 0xC5, 0x00, 0x00, 0x01, 0x00,  // save R12 at 0x10000
      16, 0x68, 0x03, 0x00,  // save XMM6 at 0x30
      12, 0xF9, 0x10, 0x00, 0x02, 0x00,  // save XMM15 at 0x20010
      8, 0x50,  // push RBP
      4, 0x1A,  // machine frame with error code
    ]
    let head: [UInt8] = [1 | 1 << 3, 40, UInt8(codes.count / 2), 0x25]
    let found = try info(head + codes + [0, 0] + [0x44, 0x33, 0x22, 0x11])
    #expect(found.version == 1)
    #expect(found.flags == .exceptionHandler)
    #expect(found.frameRegister == 5)
    #expect(found.frameOffset == 32)
    #expect(found.handler == 0x1122_3344)
    #expect(
      found.codes.map(\.operation) == [
        .allocate(0x1234_5678), .allocate(0x200), .allocate(0x80), .setFrameRegister,
        .saveNonvolatile(3, offset: 0x28), .saveNonvolatile(12, offset: 0x10000), .saveXMM128(6, offset: 0x30),
        .saveXMM128(15, offset: 0x20010), .pushNonvolatile(5), .pushMachineFrame(errorCode: true),
      ])
    #expect(found.codes.map(\.prologueOffset) == [40, 36, 32, 28, 24, 20, 16, 12, 8, 4])
  }

  /// Version 2: the first code has the epilogues' size and whether one ends the function, each other one a distance from the end.
  @Test func epilogueCodes() throws {
    let found = try info([2, 4, 5, 0, 3, 0x16, 0x20, 0x16, 0, 0x06, 4, 0x30, 2, 0x50, 0, 0])
    #expect(found.epilogueSize == 3)
    #expect(found.epilogues == [3, 0x120])
    #expect(found.codes.map(\.operation) == [.pushNonvolatile(3), .pushNonvolatile(5)])
  }

  @Test func chainedEntry() throws {
    let found = try info([1 | 4 << 3, 0, 1, 0, 2, 0x30, 0, 0] + [0, 0x10, 0, 0, 0x40, 0x10, 0, 0, 8, 0x30, 0, 0])
    #expect(found.chained == RuntimeFunction(begin: 0x1000, end: 0x1040, unwindInfo: 0x3008))
  }

  @Test func refusals() throws {
    for (bytes, kind) in [
      ([3, 0, 0, 0], .unsupported), ([0, 0, 0, 0], .malformed), ([1, 0, 1, 0, 0, 0x11, 0, 0], .malformed),
      ([1, 0, 1, 0, 0, 0x0B, 0, 0], .malformed),
    ] as [([UInt8], Absence)] {
      #expect(#expect(throws: ReadError.self) { try info(bytes) }?.kind == kind, "\(bytes)")
    }
  }

  @Test func lookUps() throws {
    var sample = SynthesizedImage()
    sample.functions = (0..<7).map {
      .init(begin: UInt32(0x1000 + 0x20 * $0), end: UInt32(0x1018 + 0x20 * $0), unwindInfo: [1, 0, 0, 0])
    }
    let table = try #require(try read(sample.file()).functionTable)
    #expect(table.count == 7)
    for target in 0xFF0..<0x1100 as Range<UInt32> {
      let expected = sample.functions.first { target >= $0.begin && target < $0.end }?.begin
      #expect(try table.lookup(target)?.begin == expected)
    }
    #expect(throws: ReadError.self) { try table.entry(7) }
    #expect(throws: ReadError.self) { try table.entry(-1) }
  }
}

@Suite struct ARM64UnwindDataTests {
  private func function(_ bytes: [UInt8]) throws -> ARM64Function {
    var sample = SynthesizedImage()
    sample.machine = 0xAA64
    sample.functions = [.init(begin: 0x1000, end: 0, unwindInfo: bytes)]
    let table = try #require(try read(sample.file()).arm64FunctionTable)
    return try #require(try table.lookup(0x1004))
  }

  private func packed(
    flag: UInt32 = 1, length: UInt32, floats: UInt32 = 0, integers: UInt32 = 0, homes: Bool = false, chain: UInt32 = 0,
    frame: UInt32
  ) throws -> ARM64Function {
    let size = frame / 16
    let word =
      flag | (length / 4) << 2 | floats << 13 | integers << 16 | (homes ? 1 << 20 : 0) | chain << 21 | size << 23
    return try function((0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) })
  }

  /// Three saved registers and a frame: `stp x19, x20, [sp, #-32]!; str x21, [sp, #16]; stp x29, x30, [sp, #-16]!; mov x29, sp`.
  @Test func packedFrame() throws {
    let found = try packed(length: 92, integers: 3, chain: 3, frame: 48)
    #expect(found.form == .packed)
    #expect(found.length == 92)
    #expect(
      found.prologue == [
        .setFrame(0), .savePair(.x(29), .x(30), offset: 16, preIndexed: true),
        .saveRegister(.x(21), offset: 16, preIndexed: false),
        .savePair(.x(19), .x(20), offset: 32, preIndexed: true), .end,
      ])
  }

  @Test func packedVariants() throws {
    // The return address beside an odd register, and vector registers behind.
    #expect(
      try packed(length: 64, floats: 1, integers: 1, chain: 1, frame: 32).prologue == [
        .savePair(.d(8), .d(9), offset: 16, preIndexed: false),
        .savePair(.x(19), .x(30), offset: 0, preIndexed: false), .allocate(32), .end,
      ])
    // A large frame takes a subtraction of its own, a signed return address an instruction before all.
    #expect(
      try packed(length: 64, chain: 2, frame: 1024).prologue == [
        .setFrame(0), .savePair(.x(29), .x(30), offset: 0, preIndexed: false), .allocate(1024), .signReturnAddress,
        .end,
      ])
    #expect(try packed(length: 64, frame: 4096).prologue == [.allocate(16), .allocate(4080), .end])
    #expect(try packed(length: 64, homes: true, frame: 64).prologue == [.nop, .nop, .nop, .allocate(64), .end])
    #expect(try packed(flag: 2, length: 64, frame: 16).form == .packedFragment)
  }

  /// A record with two epilogues, a handler, and every code that has bytes of its own.
  @Test func record() throws {
    let codes: [UInt8] = [
      0x02, 0x24, 0x41, 0x83, 0xC1, 0x00, 0xC8, 0x42, 0xCC, 0x42, 0xD0, 0x42, 0xD4, 0x22, 0xD6, 0x42, 0xD8, 0x42, 0xDA,
      0x42, 0xDC, 0x42, 0xDE, 0x22, 0xE0, 0, 0, 2, 0xE1, 0xE2, 2, 0xE3, 0xE6, 0xE7, 0x53, 0x04, 0xE9, 0xFC, 0xE5, 0xE4,
    ]
    let words = UInt32(codes.count / 4)
    let head: UInt32 = 0x40 | 1 << 20 | 2 << 22 | words << 27
    let scopes: [UInt32] = [0x10 | 38 << 22, 0x20 | 0 << 22]
    let bytes =
      ([head] + scopes).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } } + codes
      + [1, 2, 3, 4]
    let found = try function(bytes)
    #expect(found.length == 0x100)
    #expect(found.handler == 0x0403_0201)
    #expect(found.epilogues.map(\.offset) == [0x40, 0x80])
    #expect(found.epilogues[0].codes == [.endOfContinued, .end])
    #expect(
      found.prologue == [
        .allocate(32), .savePair(.x(19), .x(20), offset: 32, preIndexed: true),
        .savePair(.x(29), .x(30), offset: 8, preIndexed: false),
        .savePair(.x(29), .x(30), offset: 32, preIndexed: true),
        .allocate(4096), .savePair(.x(20), .x(21), offset: 16, preIndexed: false),
        .savePair(.x(20), .x(21), offset: 24, preIndexed: true), .saveRegister(.x(20), offset: 16, preIndexed: false),
        .saveRegister(.x(20), offset: 24, preIndexed: true), .savePair(.x(21), .x(30), offset: 16, preIndexed: false),
        .savePair(.d(9), .d(10), offset: 16, preIndexed: false), .savePair(.d(9), .d(10), offset: 24, preIndexed: true),
        .saveRegister(.d(9), offset: 16, preIndexed: false), .saveRegister(.d(9), offset: 24, preIndexed: true),
        .allocate(32), .setFrame(0), .setFrame(16), .nop, .saveNext,
        .savePair(.x(19), .x(20), offset: 64, preIndexed: false), .machineFrame, .signReturnAddress, .endOfContinued,
        .end,
      ])
  }
}
