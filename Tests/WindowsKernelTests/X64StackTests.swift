import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import PortableExecutable
import Symbols
import TestSupport
import Testing

@testable import WindowsKernel

/// Stacks of code that was really run, walked by its unwind data: in memory, from files, and where parts of either are gone.
@Suite struct X64StackTests {
  enum Place: CaseIterable { case memory, file }

  /// A machine that stopped somewhere in a chain of generated functions of two drivers.
  private struct Case {
    var whole: WholeMachine
    var run: X64Program.Run
    var images: [(name: String, image: SynthesizedImage)]
    var memoryCode: [[UInt8]]
  }

  private static let stackTop: UInt64 = 0xFFFF_F880_07A1_0000

  private func make(seed: UInt64, kernel: String = "7601") throws -> Case {
    var random = SplitMix64(seed: seed)
    var whole = WholeMachine.sample(try #require(SynthesizedKernel.find(kernel)), memoryBytes: 4 << 20, seed: seed)
    var chain: [X64Program.Call] = []
    var images: [(String, SynthesizedImage)] = []
    var programs: [(X64Program, UInt64)] = []
    for index in [2, 3] {
      whole.machine.modules[index].size = 0x7000
      let program = X64Program(functions: 12, seed: random.next())
      var image = SynthesizedImage()
      image.timestamp = whole.machine.modules[index].timestamp
      image.code = program.code
      image.functions = program.functions
      image.version = ([6, 1, 7601, 17514], [6, 1, 7601, 17514])
      image.strings = [("FileVersion", "6.1.7601.17514 (win7sp1_rtm.101119-1850)")]
      image.debug = ((0..<16).map { _ in UInt8(random.below(256)) }, 1, "driver\(index).pdb")
      images.append((whole.machine.modules[index].name, image))
      programs.append((program, whole.machine.modules[index].base))
    }
    let depth = 4 + random.index(below: 8)
    for step in 0..<depth {
      let (program, base) = programs[random.index(below: 2)]
      // Twice at most the code above is interrupted.
      let isTrap = step > 1 && step % 4 == 0
      chain.append(
        X64Program.Call(
          program, base: base, function: isTrap ? program.count - 1 : random.index(below: program.count - 1)))
    }
    let run = X64Program.run(chain, stackTop: Self.stackTop, seed: random.next())
    var registers = X64Registers(rsp: run.registers[4], rip: run.instructionPointer)
    registers.rbx = run.registers[3]
    registers.rbp = run.registers[5]
    registers.rsi = run.registers[6]
    registers.rdi = run.registers[7]
    (registers.r12, registers.r13) = (run.registers[12], run.registers[13])
    (registers.r14, registers.r15) = (run.registers[14], run.registers[15])
    whole.machine.registers = .x64(registers)
    whole.contents = [run.memory]
    return Case(whole: whole, run: run, images: images, memoryCode: programs.map(\.0.memoryCode))
  }

  private func dump(_ whole: WholeMachine, images: ImageFolder? = nil) throws -> KernelDump {
    let bytes = MemoryDump(whole, .dump(.full)).encoded()
    return KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "stack.dmp")), images: images)
  }

  private func inMemory(_ item: Case) -> WholeMachine {
    var whole = item.whole
    for (index, (_, file)) in item.images.enumerated() {
      var image = file
      image.code = item.memoryCode[index]
      whole.contents.append(
        SynthesizedMemory(address: whole.machine.modules[index + 2].base, bytes: image.memory()))
    }
    return whole
  }

  private func expectExact(_ stack: [StackFrame], _ run: X64Program.Run, _ note: String) {
    #expect(stack.map(\.address.rawValue) == run.frames.map(\.address), "\(note)")
    #expect(stack.map { $0.stackPointer?.rawValue } == run.frames.map(\.stackPointer), "\(note)")
    #expect(stack.map(\.trust) == run.frames.map { $0.isStopped ? .context : .unwind }, "\(note)")
  }

  /// Many chains, in memory alone: no dump is written.
  @Test func manyChains() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var programs: [(program: X64Program, base: UInt64)] = []
      for index in 0..<2 as Range<UInt64> {
        let program = X64Program(functions: 12, seed: random.next())
        programs.append((program, 0xFFFF_F880_0100_0000 + index * 0x10_0000))
      }
      var chain: [X64Program.Call] = []
      let depth = 4 + random.index(below: 12)
      for step in 0..<depth {
        let (program, base) = programs[random.index(below: 2)]
        let isTrap = step > 1 && step % 4 == 0
        let function = isTrap ? program.count - 1 : random.index(below: program.count - 1)
        chain.append(X64Program.Call(program, base: base, function: function))
      }
      let run = X64Program.run(chain, stackTop: Self.stackTop, seed: random.next())
      let stack = run.memory
      var bytes = stack.bytes
      var pieces = [DumpMemory.Piece(address: stack.address, count: bytes.count, offset: 0)]
      for (program, base) in programs {
        var image = SynthesizedImage()
        image.code = program.memoryCode
        image.functions = program.functions
        let part = image.memory()
        pieces.append(DumpMemory.Piece(address: base, count: part.count, offset: bytes.count))
        bytes += part
      }
      let memory = DumpMemory(file: MappedFile(bytes: bytes, path: "memory"), pieces: pieces)
      let modules = ModuleMap(
        programs.map { ModuleIdentity(name: "acme.sys", base: VirtualAddress($0.base), size: 0x7000) }, memory: memory)
      let context = CrashDumpFormat.RegisterContext(
        architecture: .x64, instructionPointer: run.instructionPointer, stackPointer: run.registers[4],
        framePointer: run.registers[5], general: run.registers, flags: 2)
      expectExact(StackWalker(memory: memory, modules: modules).walk(context), run, "seed \(seed)")
    }
  }

  @Test(arguments: Place.allCases) func everyFrame(place: Place) throws {
    for seed in 0..<3 as Range<UInt64> {
      let item = try make(seed: seed)
      switch place {
      case .memory: expectExact(try dump(inMemory(item)).stack, item.run, "seed \(seed)")
      case .file:
        let folder = try TemporaryFolder()
        for (name, image) in item.images {
          let key = ImageKey(timestamp: image.timestamp, size: 0x7000)
          try folder.write(seed % 2 == 0 ? key.storePath(name) : "flat/\(name)", image.file())
        }
        let dump = try dump(item.whole, images: ImageFolder(paths: [folder.path]))
        expectExact(dump.stack, item.run, "seed \(seed)")
        let module = try #require(dump.modules.entries.first { $0.identity.name == item.images[0].name })
        #expect(module.identity.version == FileVersion(6, 1, 7601, 17514))
        #expect(module.identity.branchSuffix == "win7sp1_rtm.101119-1850")
      }
    }
  }

  /// Without images, and with those of another build, nothing is called unwound that is not the truth.
  @Test func noneWrongWithoutImages() throws {
    for seed in 0..<2 as Range<UInt64> {
      let item = try make(seed: seed)
      let folder = try TemporaryFolder()
      for (name, image) in item.images {
        var other = image
        other.timestamp &+= 1
        try folder.write(name, other.file())
      }
      let truth = Set(item.run.frames.map(\.address))
      for images in [nil, ImageFolder(paths: [folder.path])] {
        let stack = try dump(item.whole, images: images).stack
        #expect(stack.first?.address.rawValue == item.run.instructionPointer)
        for frame in stack where frame.trust == .unwind {
          #expect(truth.contains(frame.address.rawValue), "seed \(seed)")
        }
      }
    }
  }

  /// Pages of unwind data that are not in the dump: what can be walked is, and nothing wrong is called unwound.
  @Test func absentPages() throws {
    for seed in 0..<2 as Range<UInt64> {
      let item = try make(seed: seed)
      var whole = inMemory(item)
      let gone = whole.contents.count - 1 - Int(seed % 2)
      let block = whole.contents[gone]
      for (start, end) in [(0x3000, 0x4000), (0x4000, 0x5000)] {
        // Only what stands before and behind the page is written.
        whole.contents[gone] = SynthesizedMemory(address: block.address, bytes: Array(block.bytes[..<start]))
        whole.contents.append(
          SynthesizedMemory(address: block.address + UInt64(end), bytes: Array(block.bytes[end...])))
        let truth = Set(item.run.frames.map(\.address))
        for frame in try dump(whole).stack where frame.trust == .unwind {
          #expect(truth.contains(frame.address.rawValue), "seed \(seed)")
        }
        whole.contents.removeLast()
      }
    }
  }

  /// Damaged images and stacks: no trap, no walk beyond the limit.
  @Test(.timeLimit(.minutes(5))) func mutations() throws {
    let item = try make(seed: 3)
    let whole = inMemory(item)
    for seed in 0..<8 as Range<UInt64> {
      var damaged = whole
      for index in damaged.contents.indices {
        damaged.contents[index].bytes = Mutator(changes: 1...60).mutate(whole.contents[index].bytes, seed: seed)
      }
      #expect(try dump(damaged).stack.count <= StackWalker.maximumFrames, "seed \(seed)")
    }
  }

  /// Every processor's registers are in its control block; the stop's own stack is the dump's.
  @Test func allProcessors() throws {
    let item = try make(seed: 11)
    let dump = try dump(inMemory(item))
    let (stacks, missing) = dump.processorStacks()
    #expect(stacks.count == Int(item.whole.machine.processors))
    let stopped = try #require(stacks.first { $0.isStopped })
    #expect(stopped.frames == dump.stack)
    #expect(stopped.process?.id == dump.process?.id)
    #expect(missing.count == stacks.count - 1)
    let others = stacks.filter { !$0.isStopped }
    #expect(others.allSatisfy { $0.frames.isEmpty })
  }

  @Test func filesThatWouldHelp() throws {
    let item = try make(seed: 5)
    let rows = try dump(inMemory(item)).modules.symbolFiles(nil)
    #expect(rows.count == item.whole.machine.modules.count)
    let (name, image) = item.images[0]
    let row = try #require(rows.first { $0.name == name })
    #expect(row.image?.storePath == ImageKey(timestamp: image.timestamp, size: 0x7000).storePath(name))
    let guid = DebugIdentity(try #require(try loadedRecord(image)))
    #expect(row.symbols?.storePath == guid?.storePath)
    #expect(row.source == .memory)
    #expect(rows[0].symbols?.storePath == "ntkrnlmp.pdb/\(item.whole.kernel.pdbGUID)1/ntkrnlmp.pdb")
  }

  private func loadedRecord(_ image: SynthesizedImage) throws -> CodeViewRecord? {
    try PEImage(parsing: MappedFile(bytes: image.file(), path: "image")).codeView()
  }
}
