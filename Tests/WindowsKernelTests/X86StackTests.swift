import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import TestSupport
import Testing

@testable import Symbols
@testable import WindowsKernel

/// x86 stacks by the frame records of PDBs, on words laid down as the described functions leave them.
@Suite struct X86StackTests {
  private static let base: UInt64 = 0xF780_0000
  private static let stack: UInt64 = 0xF790_1000

  /// What one function left: its record, and how many words of parameters, saved registers and locals it has.
  private struct Function {
    var parameters: Int
    var saved: Int
    var locals: Int
    /// 0 FPO_DATA, 1 FRAMEDATA without, 2 FRAMEDATA with frame pointer.
    var form: Int
    /// EBP is the first of the saved registers.
    var savesEBP: Bool
    var start: UInt32
  }

  typealias Context = CrashDumpFormat.RegisterContext

  /// A chain of functions, each of which called the next; code that ends in a call stands before every return address.
  private func make(seed: UInt64, withRecords: Bool = true) throws -> (StackWalker, Context, [(UInt64, UInt64)]) {
    var random = SplitMix64(seed: seed)
    var database = SynthesizedDatabase()
    database.machine = 0x14C
    database.sections = [.init(offset: 0x1000, size: 0x4000, isExecutable: true)]
    var functions: [Function] = []
    var code = [UInt8](repeating: 0x90, count: 0x4000)
    for index in 0..<10 {
      let function = Function(
        parameters: random.index(below: 4), saved: 1 + random.index(below: 3), locals: random.index(below: 9),
        form: random.index(below: 3), savesEBP: random.below(2) == 0, start: UInt32(0x1000 + 0x100 * index))
      functions.append(function)
      let bytes = UInt32(4 * function.locals)
      switch function.form {
      case 0:
        database.omissions.append(
          .init(
            start: function.start, size: 0x80, localWords: UInt32(function.locals),
            parameterWords: UInt16(function.parameters), prologue: 6, registers: UInt8(function.saved),
            usesFramePointer: function.savesEBP))
      case 1:
        let restored = function.savesEBP ? " $ebp $T0 4 - ^ =" : ""
        database.frameData.append(
          .init(
            start: function.start, size: 0x80, locals: bytes, parameters: UInt32(4 * function.parameters), prologue: 6,
            savedRegisters: UInt16(4 * function.saved),
            program: "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =" + restored))
      default:
        database.frameData.append(
          .init(
            start: function.start, size: 0x80, locals: bytes, parameters: UInt32(4 * function.parameters), prologue: 6,
            savedRegisters: UInt16(4 * function.saved),
            program: "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + ="))
      }
      // call eax
      code[0x100 * index + 0x40 - 2] = 0xFF
      code[0x100 * index + 0x40 - 1] = 0xD0
    }
    // Outermost first. EBP as each function has it at its call.
    var words: [UInt32] = []
    func push(_ value: UInt32) { words.append(value) }
    var sp: UInt64 { Self.stack - UInt64(4 * words.count) }
    var ebp = UInt32(0x1234_5678)
    var frames: [(UInt64, UInt64)] = []
    let depth = 5
    let chain = (0..<depth).map { _ in random.pick(functions) ?? functions[0] }
    push(0)
    for (index, function) in chain.enumerated() {
      if function.form == 2 {
        push(ebp)
        ebp = UInt32(truncatingIfNeeded: sp)
        for _ in 1..<function.saved { push(UInt32(random.below(1 << 30))) }
      } else {
        // As the compiler's programs say it: EBP right below the return address, then the others.
        if function.form == 1, function.savesEBP { push(ebp) }
      }
      let isOmission = function.form == 0
      let registers = function.form == 2 ? 0 : function.saved - (function.savesEBP ? 1 : 0)
      func locals() {
        for _ in 0..<function.locals {
          // Left over from earlier calls: addresses behind calls among them.
          push(
            random.below(3) == 0
              ? UInt32(Self.base) + UInt32(0x1040 + 0x100 * random.below(10)) : UInt32(random.below(1 << 30)))
        }
      }
      // Without a frame pointer locals come first, and EBP is pushed second.
      if isOmission { locals() }
      for index in 0..<registers {
        if isOmission, function.savesEBP, index == 1 { push(ebp) }
        push(UInt32(random.below(1 << 30)))
      }
      if isOmission, function.savesEBP, registers < 2 { push(ebp) }
      if !isOmission { locals() }
      if function.form != 2, function.savesEBP { ebp = UInt32(random.below(1 << 30)) }
      let address = Self.base + UInt64(function.start) + 0x40
      if index + 1 < chain.count {
        for _ in 0..<chain[index + 1].parameters { push(UInt32(random.below(1 << 30))) }
        frames.insert((address, sp), at: 0)
        push(UInt32(address))
      } else {
        frames.insert((address, sp), at: 0)
      }
    }
    let low = sp
    var bytes: [UInt8] = []
    for word in words.reversed() { bytes += (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    let count = bytes.count
    let memory = DumpMemory(
      file: MappedFile(bytes: bytes + code, path: "memory"),
      pieces: [
        .init(address: low, count: count, offset: 0),
        .init(address: Self.base + 0x1000, count: code.count, offset: count),
      ])
    var modules = ModuleMap(
      [ModuleIdentity(name: "acme.sys", base: VirtualAddress(Self.base), size: 0x8000)], memory: memory)
    if withRecords {
      let table = try SymbolTable(
        pdb: PDBFile(parsing: MappedFile(bytes: database.encoded(), path: "acme.pdb")))
      modules.setSymbols(table, match: .identity, at: 0)
    }
    let context = Context(
      architecture: .x86, instructionPointer: frames[0].0, stackPointer: low, framePointer: UInt64(ebp),
      general: [0, 0, 0, 0, low, UInt64(ebp), 0, 0], flags: 2)
    return (StackWalker(memory: memory, modules: modules), context, frames)
  }

  @Test func everyFrameByRecords() throws {
    for seed in 0..<200 as Range<UInt64> {
      let (walker, context, expected) = try make(seed: seed)
      let stack = walker.walk(context)
      #expect(stack.map(\.address.rawValue) == expected.map(\.0), "seed \(seed)")
      #expect(stack.dropFirst().allSatisfy { $0.trust == .unwind }, "seed \(seed)")
    }
  }

  /// Without records the chain and the scan remain, which call nothing unwound.
  @Test func withoutRecords() throws {
    for seed in 0..<50 as Range<UInt64> {
      let (walker, context, _) = try make(seed: seed, withRecords: false)
      #expect(walker.walk(context).dropFirst().allSatisfy { $0.trust == .framePointer || $0.trust == .scan })
    }
  }

  @Test func programs() {
    let program = FrameProgram(
      variables: ["$esp": 0x1000, "$ebp": 0x1010, "$eip": 5], constants: [".cbLocals": 8, ".raSearch": 0x100C])
    func load(_ address: UInt32) -> UInt32? { address < 0x2000 ? address &* 3 : nil }
    #expect(program.run("$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + =", load: load)?["$eip"] == UInt32(0x100C * 3))
    #expect(program.run("$T0 $ebp 16 @ = $T1 .cbLocals 3 * 5 - =", load: load)?["$T0"] == 0x1010)
    #expect(program.run("$T0 $ebp 16 @ = $T1 .cbLocals 3 * 5 - =", load: load)?["$T1"] == 19)
    #expect(program.run("$T0 17 5 % =", load: load)?["$T0"] == 2)
    // As Visual C++ writes it: registers by number, two spaces between the parts.
    let saved = "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =  $20 $T0 36 - ^ =  $23 $T0 40 - ^ = "
    #expect(program.run(saved, load: load)?["$ebx"] == UInt32((0x1010 - 36) * 3))
    #expect(program.run(saved, load: load)?["$esi"] == UInt32((0x1010 - 40) * 3))
    #expect(program.run("$T0 -4 =", load: load)?["$T0"] == 0xFFFF_FFFC)
    for bad in [
      "", "$T0", "$T0 =", "=", "1 2 =", "$T0 $nothing =", "$T0 1 0 / =", "$T0 1 0 % =", "$T0 1 0 @ =", "$T0 9000 ^ =",
      ".cbLocals 3 =", "$T0 x =", "+", "^", String(repeating: "1 ", count: 400), String(repeating: "$a ", count: 100),
    ] { #expect(program.run(bad, load: load) == nil, "\(bad)") }
  }

  /// A function in two pieces, the second of which was moved in front of the first: one record, found from both.
  @Test func movedRecords() throws {
    var database = SynthesizedDatabase()
    database.machine = 0x14C
    database.omissions = [.init(start: 0x1000, size: 0x80, localWords: 3), .init(start: 0x1100, size: 0x20)]
    database.moves = [(0x1000, 0x3000), (0x1040, 0x2000), (0x1100, 0)]
    let table = try SymbolTable(pdb: PDBFile(parsing: MappedFile(bytes: database.encoded(), path: "a.pdb")))
    let records = try #require(table.frames)
    for place in [0x3000, 0x303F, 0x2000, 0x203F] as [UInt32] {
      #expect(records.lookup(place)?.localBytes == 12 && records.lookup(place)?.start == 0x3000, "\(place)")
    }
    // Where the code was before, behind the second piece, and what was left out.
    for place in [0x1000, 0x2040, 0x1100] as [UInt32] { #expect(records.lookup(place) == nil, "\(place)") }
  }

  /// The innermost block around a place counts; damaged streams give fewer records, not a trap.
  @Test func nestedAndDamagedRecords() throws {
    var database = SynthesizedDatabase()
    database.machine = 0x14C
    database.frameData = [
      .init(start: 0x1000, size: 0x100, program: "outer"), .init(start: 0x1010, size: 0x20, program: "inner"),
      .init(start: 0x1200, size: 0x10, program: "new"),
    ]
    database.omissions = [.init(start: 0x1200, size: 0x10, localWords: 3)]
    let bytes = database.encoded()
    let records = try #require(try SymbolTable(pdb: PDBFile(parsing: MappedFile(bytes: bytes, path: "a.pdb"))).frames)
    #expect(records.lookup(0x100F)?.kind == .program("outer"))
    #expect(records.lookup(0x1010)?.kind == .program("inner"))
    #expect(records.lookup(0x1030)?.kind == .program("outer"))
    #expect(records.lookup(0x1100) == nil)
    #expect(records.lookup(0xFFF) == nil)
    #expect(records.lookup(0x1205)?.kind == .program("new"))
    for seed in 0..<500 as Range<UInt64> {
      let damaged = Mutator(changes: 1...20, headBytes: bytes.count).mutate(bytes, seed: seed)
      guard let pdb = try? PDBFile(parsing: MappedFile(bytes: damaged, path: "a.pdb")),
        let table = try? SymbolTable(pdb: pdb)
      else { continue }
      _ = table.frames?.lookup(0x1010)
    }
  }
}
