import EvidenceSynthesis
import Facts
import Testing

@Suite struct ScenarioTests {
  @Test func idsAreUnique() {
    #expect(Set(Scenario.all.map(\.id)).count == Scenario.all.count)
    #expect(Scenario.named("netbt-stop")?.article == "KB961799")
    #expect(Scenario.named("nothing") == nil)
  }

  @Test(arguments: Scenario.all.map(\.id)) func sameSeedSameBytes(id: String) throws {
    let scenario = try #require(Scenario.named(id))
    for seed in 0..<6 as Range<UInt64> {
      let (one, two) = (scenario(seed: seed), scenario(seed: seed))
      #expect(one.dump() == two.dump())
      #expect(one.description(of: scenario, seed: seed) == two.description(of: scenario, seed: seed))
      #expect(one.symbols == two.symbols)
    }
    #expect(scenario(seed: 1).dump() != scenario(seed: 2).dump())
  }

  /// No two modules overlap, every frame lies in one, every symbol lies in its module, and what the facts name is there.
  @Test(arguments: Scenario.all.map(\.id)) func machinesAreConsistent(id: String) throws {
    let scenario = try #require(Scenario.named(id))
    for seed in 0..<40 as Range<UInt64> {
      let result = scenario(seed: seed)
      let machine = result.machine
      let modules = machine.modules.sorted { $0.base < $1.base }
      for (lower, upper) in zip(modules, modules.dropFirst()) {
        #expect(lower.base + UInt64(lower.size) <= upper.base, "\(lower.name) and \(upper.name), seed \(seed)")
      }
      for frame in machine.stack.frames {
        #expect(machine.module(at: frame.address) != nil, "\(frame.name), seed \(seed)")
      }
      for table in result.symbols {
        let module = try #require(modules.first { $0.name == table.module })
        for (name, place) in table.symbols { #expect(place < module.size, "\(table.module)!\(name), seed \(seed)") }
      }
      #expect(machine.stack.top >= machine.stack.limit, "seed \(seed)")
      #expect(result.facts.contains { $0.kind == .stop })
      for fact in result.facts where fact.kind == .module {
        #expect(modules.contains { .text($0.name) == fact["module"] })
      }
    }
  }

  /// All four stop codes of the article's family occur.
  @Test func netbtVarieties() throws {
    let scenario = try #require(Scenario.named("netbt-stop"))
    let codes = Set((0..<40 as Range<UInt64>).map { scenario(seed: $0).machine.stop.code.base.rawValue })
    #expect(codes == [0xD1, 0x50, 0x19, 0x8E])
  }

  /// STOP 0x7E: the third and fourth parameters point to the exception's record and registers, which lie on the stack.
  @Test func systemThreadException() throws {
    let scenario = try #require(Scenario.named("unknown-driver-19041"))
    let result = scenario(seed: 4)
    let dump = result.dump()
    let (record, context) = (dump.u64(0x50), dump.u64(0x58))
    let (stack, top) = (Int(dump.u32(0x2028)), dump.u64(0x2048))
    #expect(dump.u64(0x40) == 0xFFFF_FFFF_C000_0005)
    #expect(dump.u32(stack + Int(record - top)) == 0xC000_0005)
    #expect(dump.u64(stack + Int(record - top) + 0x10) == dump.u64(0x48))
    #expect(dump.u64(stack + Int(record - top) + 0x28) == 0x28)
    #expect(dump.u64(stack + Int(context - top) + 0xF8) == dump.u64(0x48))
    #expect(dump.u64(0x348 + 0xF8) == dump.u64(0x48))
    // Relative to the kernel's base the pointers are those of 10.0.19041.804.
    let base = dump.u64(Int(dump.u32(0x2070)) + 0x18)
    #expect(dump.u64(0x20) - base == 0xC2_A390)
    #expect(dump.u64(0x80) - base == 0xC0_0B20)
  }

  /// The name of the routine that the article speaks of can be looked up in the table beside the dump.
  @Test func symbolTable() throws {
    let scenario = try #require(Scenario.named("netbt-stop"))
    let result = scenario(seed: 2)
    let table = try #require(result.symbols.first { $0.module == "netbt.sys" })
    #expect(table.relativePath.hasPrefix("netbt.pdb/"))
    #expect(table.relativePath.hasSuffix("-1.json"))
    let frame = try #require(result.machine.stack.frames.first { $0.name.hasPrefix("netbt!NbtCopyToStartOfIndicate") })
    let place = try #require(table.symbols["NbtCopyToStartOfIndicate"])
    let module = try #require(result.machine.modules.first { $0.name == "netbt.sys" })
    #expect(frame.address > module.base + UInt64(place))
    #expect(frame.address < module.base + UInt64(place) + 0x400)
    #expect(table.json().contains("\"NbtCopyToStartOfIndicate\": {\"address\": \(place)}"))
  }
}
