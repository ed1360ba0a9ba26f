import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// What a session's list of images shows of a NULL in the kernel, without a name of any function.
@Suite struct SessionImageAnalysisTests {
  private func dump(_ bytes: [UInt8]) throws -> KernelDump {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "sessions.dmp")))
  }

  private func bytes(
    _ scenario: SessionRaceScenario, _ architecture: Architecture, _ seed: UInt64, type: UInt32 = 1
  ) throws -> [UInt8] {
    let whole = try #require(scenario.machine(architecture, seed: seed))
    return MemoryDump(whole, .dump(.init(rawValue: type))).encoded()
  }

  @Test(arguments: [Architecture.x86, .x64], 1...6 as ClosedRange<UInt64>)
  func race(architecture: Architecture, seed: UInt64) throws {
    let whole = try #require(SessionRaceScenario.race.machine(architecture, seed: seed))
    let taken = try #require(
      whole.sessionImages.flatMap { session, images in images.filter(\.isTakenOut).map { (session, $0) } }.first)
    let dump = try dump(MemoryDump(whole, .dump(.init(rawValue: 1))).encoded())
    let race = try #require(dump.sessionImageRace())
    #expect(race.otherSession == taken.0 && race.session == whole.machine.process?.session)
    #expect(race.entry.rawValue == taken.1.address && race.image == "viphook.dll" && !race.isGuess)
    #expect(race.processor != nil)
    let fact = try #require(AllAnalyses.facts(dump).first { $0.kind == .otherSessionRemoves })
    #expect(fact.trust == .observed && fact["component"] == .text("session-image"))
    #expect(fact["session"] == .integer(Int64(taken.0)) && fact["module"] == .text("viphook.dll"))
  }

  @Test(arguments: SessionRaceScenario.allCases.filter { $0 != .race }, [Architecture.x86, .x64])
  func lookAlikes(scenario: SessionRaceScenario, architecture: Architecture) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let facts = AllAnalyses.facts(try dump(bytes(scenario, architecture, seed)))
      #expect(!facts.contains { $0.kind == .otherSessionRemoves }, "\(scenario) \(seed)")
      #expect(facts.contains { $0.kind == .exception }, "\(scenario) \(seed)")
    }
  }

  /// The seed stands in the message; `Mutator(changes:headBytes:).mutate(bytes, seed:)` makes the same bytes again.
  @Test(.timeLimit(.minutes(5)), arguments: [Architecture.x86, .x64]) func mutations(architecture: Architecture) throws
  {
    let sound = try bytes(.race, architecture, 9, type: 5)
    var found = 0
    for seed in 0..<40 as Range<UInt64> {
      let damaged = Mutator(changes: 1...400, headBytes: sound.count).mutate(sound, seed: seed)
      guard let dump = try? dump(damaged) else { continue }
      if let race = dump.sessionImageRace() {
        #expect(race.session != race.otherSession, "seed \(seed)")
        found += 1
      }
    }
    #expect(found > 0)
  }
}
