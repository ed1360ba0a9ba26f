import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import KernelLayouts
import Symbols
import Testing
import WindowsKernel

/// The kernel's view of described machines: modules, stack, process, exception.
@Suite struct SynthesizedDumpTests {
  static let cases: [(String, UInt64)] = Scenario.all.flatMap { scenario in
    ([1, 2, 3, 17, 961_799] as [UInt64]).map { (scenario.id, $0) }
  }

  private func read(_ id: String, _ seed: UInt64) throws -> (SynthesizedCase, KernelDump) {
    let made = try #require(Scenario.named(id)).callAsFunction(seed: seed)
    let dump = KernelDump(try CrashDump(parsing: MappedFile(bytes: made.dump(), path: "\(id)-\(seed).dmp")))
    return (made, dump)
  }

  @Test(arguments: cases) func modules(id: String, seed: UInt64) throws {
    let (made, dump) = try read(id, seed)
    let expected = made.headerOnly == nil ? made.machine.modules : []
    #expect(dump.modulesAreComplete == (made.headerOnly == nil))
    #expect(dump.modules.modules.map(\.name) == expected.map(\.name))
    #expect(dump.modules.modules.map { $0.base?.rawValue } == expected.map(\.base))
    #expect(dump.modules.modules.map(\.size) == expected.map { UInt64($0.size) })
    #expect(dump.modules.modules.map(\.timestamp) == expected.map(\.timestamp))
    #expect(dump.modules.modules.map(\.checksum) == expected.map(\.checksum))
    for module in expected {
      #expect(dump.modules.entry(at: module.base)?.identity.name == module.name)
      #expect(dump.modules.entry(at: module.base + UInt64(module.size) - 1)?.identity.name == module.name)
    }
  }

  /// Where the described machine has the code's own order: 32-bit stacks by their EBP chain, frame for frame.
  @Test(arguments: cases) func stack(id: String, seed: UInt64) throws {
    let (made, dump) = try read(id, seed)
    guard made.headerOnly == nil else {
      #expect(dump.stack.count <= 1)
      return
    }
    let machine = made.machine
    let start = try #require(
      machine.stack.frames.firstIndex { $0.address == machine.registers.instructionPointer })
    let expected = machine.stack.frames[start...].map(\.address)
    let found = dump.stack.map(\.address.rawValue)
    #expect(dump.stack.first?.trust == .context)
    if machine.architecture == .x86 {
      #expect(found == expected)
      #expect(dump.stack.dropFirst().allSatisfy { $0.trust == .framePointer })
    } else {
      // Without the code in the dump a 64-bit walk can only scan; it must not pass over a frame.
      var rest = found[...]
      for address in expected {
        let index = try #require(rest.firstIndex(of: address), "\(hexadecimal(address)) in order")
        rest = rest[(index + 1)...]
      }
      // Only what is sure may be called so: the stop's own entry, and interrupted code in a trap frame.
      for frame in dump.stack where frame.trust != .scan {
        #expect(expected.contains(frame.address.rawValue), "\(frame.address) is trusted and wrong")
      }
    }
    for frame in dump.stack {
      let module = machine.module(at: frame.address.rawValue)
      #expect(frame.module == module?.name)
      #expect(frame.offset == module.map { frame.address.rawValue - $0.base })
    }
  }

  @Test(arguments: cases) func process(id: String, seed: UInt64) throws {
    let (made, dump) = try read(id, seed)
    guard made.headerOnly == nil, let layout = made.machine.layout, let process = made.machine.process else {
      #expect(dump.process == nil)
      return
    }
    #expect(dump.process?.name == String(process.name.prefix(layout.process.imageFileNameSize - 1)))
    #expect(dump.process?.id == process.id)
  }

  @Test(arguments: cases) func buildIsFoundWhereItIsPublic(id: String, seed: UInt64) throws {
    let (made, dump) = try read(id, seed)
    switch made.machine.version.build {
    case 7601: #expect(dump.buildMatch?.build.version.description == "6.1.7601.24540")
    case 19041: #expect(dump.buildMatch?.build.version.description == "10.0.19041.804")
    default: #expect(dump.buildMatch == nil)
    }
  }

  /// ARM64: the chain of X29 pairs.
  @Test func arm64Stack() throws {
    let (kernel, driver) = (0xFFFF_F803_F300_0000 as UInt64, 0xFFFF_F803_8000_0000 as UInt64)
    let stack = SynthesizedStack(
      frames: [
        SynthesizedFrame("nt!KeBugCheck2", at: kernel + 0x2D_E014, locals: [UInt8](repeating: 7, count: 0x40)),
        SynthesizedFrame("acme!Work", at: driver + 0x2104, locals: [UInt8](repeating: 8, count: 0x20)),
        SynthesizedFrame("nt!ExpWorkerThread", at: kernel + 0x9_FF1C),
      ], architecture: .arm64, base: 0xFFFF_E00E_0E4B_D000)
    let machine = SynthesizedMachine(
      architecture: .arm64, version: SystemVersion(10, 0, 22000),
      modules: [
        SynthesizedModule(name: "ntoskrnl.exe", base: kernel, size: 0xC0_0000),
        SynthesizedModule(name: "acme.sys", base: driver, size: 0x9000),
      ], stop: SynthesizedStop(StopCode(0x1C8)),
      registers: .arm64(ARM64Registers(fp: stack.framePointers[0], sp: stack.stackPointers[0], pc: kernel + 0x2D_E014)),
      stack: stack)
    let bytes = EvidenceSynthesis.TriageDump(machine).encoded()
    let dump = KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "arm64.dmp")))
    #expect(dump.stack.map(\.address.rawValue) == stack.frames.map(\.address))
    #expect(dump.stack.dropFirst().allSatisfy { $0.trust == .framePointer })
  }

  /// 2,000 damaged copies of each: through the container and the whole kernel layer. The seed makes the bytes again.
  @Test(
    .timeLimit(.minutes(10)),
    arguments: ["netbt-stop", "session-race-x64", "unknown-driver-7601", "unknown-driver-19041"])
  func mutations(id: String) throws {
    let whole = try #require(Scenario.named(id)).callAsFunction(seed: 1).dump()
    let limit = Duration.seconds(20)
    for seed in 0..<2_000 as Range<UInt64> {
      let bytes = Mutator().mutate(whole, seed: seed)
      let time = ContinuousClock().measure {
        guard let dump = try? CrashDump(parsing: MappedFile(bytes: bytes, path: "mutated")) else { return }
        let kernel = KernelDump(dump)
        #expect(kernel.stack.count <= StackWalker.maximumFrames, "seed \(seed)")
      }
      // One dump of 64 KiB takes milliseconds; a loop that damage can lengthen takes minutes.
      #expect(time < limit, "seed \(seed)")
    }
  }
}
