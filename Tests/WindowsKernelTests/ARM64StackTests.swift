import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import PortableExecutable
import TestSupport
import Testing

@testable import WindowsKernel

/// Stacks of ARM64 code that was really run, walked by its unwind data.
@Suite struct ARM64StackTests {
  private static let stackTop: UInt64 = 0xFFFF_A000_07A1_0000
  private static let base: UInt64 = 0xFFFF_F803_0100_0000

  private struct Case {
    var programs: [(program: ARM64Program, base: UInt64)]
    var run: ARM64Program.Run
    var context: CrashDumpFormat.RegisterContext

    func image(_ index: Int) -> SynthesizedImage {
      var image = SynthesizedImage()
      image.machine = 0xAA64
      image.timestamp &+= UInt32(index)
      image.code = programs[index].program.code
      image.functions = programs[index].program.functions
      return image
    }

    var modules: [ModuleIdentity] {
      programs.indices.map {
        ModuleIdentity(
          name: "acme\($0).sys", base: VirtualAddress(programs[$0].base), size: 0x7000, timestamp: image($0).timestamp)
      }
    }
  }

  private func make(seed: UInt64) -> Case {
    var random = SplitMix64(seed: seed)
    let programs = (0..<2 as Range<UInt64>).map {
      (program: ARM64Program(functions: 14, seed: random.next()), base: Self.base + $0 * 0x10_0000)
    }
    var chain: [ARM64Program.Call] = []
    let depth = 4 + random.index(below: 12)
    for step in 0..<depth {
      let (program, base) = programs[random.index(below: 2)]
      let isTrap = step > 1 && step % 4 == 0
      // A leaf calls nobody: only what is stopped in it follows, or nothing.
      let mayBeLeaf = step + 1 == depth || (step > 1 && (step + 1) % 4 == 0 && !isTrap)
      let function =
        isTrap ? program.count - 1 : random.index(below: mayBeLeaf ? program.count - 1 : program.count - 2)
      chain.append(ARM64Program.Call(program, base: base, function: function))
    }
    let run = ARM64Program.run(chain, stackTop: Self.stackTop, seed: random.next())
    return Case(
      programs: programs, run: run,
      context: CrashDumpFormat.RegisterContext(
        architecture: .arm64, instructionPointer: run.instructionPointer, stackPointer: run.stackPointer,
        framePointer: run.registers[29], linkRegister: run.registers[30], general: Array(run.registers.prefix(29)),
        flags: 7))
  }

  /// The stack, and where the images are in memory those.
  private func memory(_ item: Case, images: Bool, change: (inout [UInt8]) -> Void = { _ in }) -> DumpMemory {
    let stack = item.run.memory
    var bytes = stack.bytes
    var pieces = [DumpMemory.Piece(address: stack.address, count: bytes.count, offset: 0)]
    if images {
      for (index, program) in item.programs.enumerated() {
        let part = item.image(index).memory()
        pieces.append(DumpMemory.Piece(address: program.base, count: part.count, offset: bytes.count))
        bytes += part
      }
    }
    change(&bytes)
    return DumpMemory(file: MappedFile(bytes: bytes, path: "memory"), pieces: pieces)
  }

  private func expectExact(_ stack: [StackFrame], _ run: ARM64Program.Run, _ seed: UInt64) {
    #expect(stack.map(\.address.rawValue) == run.frames.map(\.address), "seed \(seed)")
    #expect(stack.map { $0.stackPointer?.rawValue } == run.frames.map(\.stackPointer), "seed \(seed)")
    #expect(stack.map(\.trust) == run.frames.map { $0.isStopped ? .context : .unwind }, "seed \(seed)")
  }

  @Test func manyChains() {
    for seed in 0..<400 as Range<UInt64> {
      let item = make(seed: seed)
      let memory = memory(item, images: true)
      let walker = StackWalker(memory: memory, modules: ModuleMap(item.modules, memory: memory))
      expectExact(walker.walk(item.context), item.run, seed)
    }
  }

  /// From the drivers' files where the dump holds the stack alone.
  @Test func imagesFromFiles() throws {
    for seed in 0..<6 as Range<UInt64> {
      let item = make(seed: seed)
      let folder = try TemporaryFolder()
      for index in item.programs.indices {
        try folder.write("acme\(index).sys", item.image(index).file())
      }
      let memory = memory(item, images: false)
      var modules = ModuleMap(item.modules, memory: memory)
      modules.attach(ImageFolder(paths: [folder.path]))
      expectExact(StackWalker(memory: memory, modules: modules).walk(item.context), item.run, seed)
    }
  }

  /// Without images the chain of frame pointers is followed: frames that keep none are passed over, and none is invented.
  @Test func chainWithoutImages() {
    for seed in 0..<200 as Range<UInt64> {
      let item = make(seed: seed)
      let memory = memory(item, images: false)
      let stack = StackWalker(memory: memory, modules: ModuleMap(item.modules, memory: memory)).walk(item.context)
      let truth = Set(item.run.frames.map(\.address))
      #expect(stack.first?.address.rawValue == item.run.instructionPointer)
      #expect(stack.allSatisfy { truth.contains($0.address.rawValue) }, "seed \(seed)")
      #expect(stack.dropFirst().allSatisfy { $0.trust == .framePointer }, "seed \(seed)")
    }
  }

  /// Damaged images and stacks: no trap, no walk beyond the limit.
  @Test func mutations() {
    for seed in 0..<300 as Range<UInt64> {
      let item = make(seed: seed % 10)
      let memory = memory(item, images: true) { $0 = Mutator(changes: 1...60).mutate($0, seed: seed) }
      let stack = StackWalker(memory: memory, modules: ModuleMap(item.modules, memory: memory)).walk(item.context)
      #expect(stack.count <= StackWalker.maximumFrames, "seed \(seed)")
    }
  }
}
