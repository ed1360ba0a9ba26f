import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// A copy by the length that a malformed packet states, and what only looks like it.
@Suite struct PacketOverrunAnalysisTests {
  private func dump(_ bytes: [UInt8]) throws -> KernelDump {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "packet.dmp")))
  }

  private func bytes(
    _ scenario: PacketOverrunScenario, _ architecture: Architecture, _ seed: UInt64, type: UInt32 = 1
  ) throws -> [UInt8] {
    let whole = try #require(scenario.machine(architecture, seed: seed))
    return MemoryDump(whole, .dump(.init(rawValue: type))).encoded()
  }

  @Test(arguments: [Architecture.x86, .x64], 1...8 as ClosedRange<UInt64>)
  func overrun(architecture: Architecture, seed: UInt64) throws {
    let dump = try dump(bytes(.overrun, architecture, seed))
    let overrun = try #require(dump.packetOverrun())
    #expect(overrun.module == "netbt.sys" && overrun.isIntact)
    #expect(overrun.fields == ["type"] || overrun.fields == ["flags"])
    #expect(overrun.source.description.hasPrefix("192.168."))
    #expect(overrun.statedBytes > 0x8000 && overrun.carriedBytes < 0x200)
    let fact = try #require(AllAnalyses.facts(dump).first { $0.kind == .packetOverrun })
    #expect(fact.trust == .observed && fact["module"] == .text("netbt.sys") && fact["protocol"] == .text("nbss"))
    #expect(fact["beyond"] == .integer(Int64(overrun.statedBytes - overrun.carriedBytes)))
  }

  /// The block behind the target is damaged, and its neighbour before it is the target's.
  @Test(arguments: [Architecture.x86, .x64], [PacketOverrunScenario.overrun, .compiledCopy])
  func poolBehindTheTarget(architecture: Architecture, scenario: PacketOverrunScenario) throws {
    var found = 0
    for seed in 1...8 as ClosedRange<UInt64> {
      let dump = try dump(bytes(scenario, architecture, seed))
      let overrun = try #require(dump.packetOverrun(), "\(seed)")
      // A load alone does not say where the copy writes.
      guard overrun.destination != nil else { continue }
      let damage = try #require(overrun.damage, "\(seed)")
      #expect(
        damage.tag.description == "NbtR" && damage.broken.rawValue == damage.block.rawValue + UInt64(damage.bytes))
      #expect(UInt64(damage.bytes) >= overrun.carriedBytes && damage.bytes < 0x200)
      let fact = try #require(AllAnalyses.facts(dump).first { $0.kind == .poolDamaged })
      #expect(fact["tag"]?.description == "NbtR" && fact["module"] == .text("netbt.sys"))
      found += 1
    }
    #expect(found > 0)
  }

  /// Registers that agree with the packet are an inference.
  @Test(arguments: [Architecture.x86, .x64], 1...8 as ClosedRange<UInt64>)
  func compiledCopy(architecture: Architecture, seed: UInt64) throws {
    let dump = try dump(bytes(.compiledCopy, architecture, seed))
    let overrun = try #require(dump.packetOverrun())
    #expect(overrun.module == "netbt.sys" && !overrun.isStated)
    let fact = try #require(AllAnalyses.facts(dump).first { $0.kind == .packetOverrun })
    #expect(fact.trust == .inferred)
  }

  @Test(arguments: [Architecture.x86, .x64]) func otherDriver(architecture: Architecture) throws {
    let overrun = try #require(try dump(bytes(.otherDriver, architecture, 3)).packetOverrun())
    #expect(overrun.module == "badnic.sys")
  }

  @Test(
    arguments: [PacketOverrunScenario.soundPacket, .otherCopy, .otherFunction, .otherFailure, .noCode],
    [Architecture.x86, .x64])
  func lookAlikes(scenario: PacketOverrunScenario, architecture: Architecture) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let facts = AllAnalyses.facts(try dump(bytes(scenario, architecture, seed)))
      #expect(!facts.contains { $0.kind == .packetOverrun }, "\(scenario) \(seed)")
      #expect(facts.contains { $0.kind == .exception }, "\(scenario) \(seed)")
    }
  }

  /// The seed stands in the message; `Mutator(changes:headBytes:).mutate(bytes, seed:)` makes the same bytes again.
  @Test(
    .timeLimit(.minutes(5)), arguments: [Architecture.x86, .x64],
    [PacketOverrunScenario.overrun, .compiledCopy]
  )
  func mutations(architecture: Architecture, scenario: PacketOverrunScenario) throws {
    let sound = try bytes(scenario, architecture, 9, type: 5)
    var found = 0
    for seed in 0..<40 as Range<UInt64> {
      let damaged = Mutator(changes: 1...400, headBytes: sound.count).mutate(sound, seed: seed)
      guard let dump = try? dump(damaged) else { continue }
      if let overrun = dump.packetOverrun() {
        #expect(overrun.statedBytes > overrun.carriedBytes, "seed \(seed)")
        found += 1
      }
    }
    #expect(found > 0)
  }
}
