import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// The same machine as a small and as a complete memory dump: what both hold is read alike.
@Suite struct ScenarioMemoryTests {
  @Test(
    arguments: [
      ("netbt-stop", "3790"), ("session-race-x64", "6001-x64"), ("unknown-driver-7601", "7601"),
      ("unknown-driver-19041", "19041"),
    ])
  func agreesWithTriage(id: String, kernel: String) throws {
    let scenario = try #require(Scenario.named(id))
    let build = try #require(SynthesizedKernel.find(kernel))
    for seed in 1...3 as ClosedRange<UInt64> {
      let machine = scenario(seed: seed).machine
      let whole = WholeMachine(
        machine, kernel: build, memoryBytes: 32 << 20, seed: seed)
      let small = KernelDump(
        try CrashDump(
          parsing: MappedFile(bytes: EvidenceSynthesis.TriageDump(whole.machine).encoded(), path: "small.dmp")))
      let full = KernelDump(
        try CrashDump(parsing: MappedFile(bytes: MemoryDump(whole, .dump(.bitmapFull)).encoded(), path: "full.dmp")))
      #expect(full.dump.problems.isEmpty)
      #expect(full.modules.modules.map(\.name) == small.modules.modules.map(\.name), "seed \(seed)")
      #expect(full.modules.modules.map(\.base) == small.modules.modules.map(\.base), "seed \(seed)")
      #expect(full.exception?.code == small.exception?.code, "seed \(seed)")
      #expect(full.exception?.address == small.exception?.address, "seed \(seed)")
      #expect(full.exception?.referenced == small.exception?.referenced, "seed \(seed)")
      #expect(full.process?.name == small.process?.name, "seed \(seed)")
      #expect(full.process?.id == small.process?.id, "seed \(seed)")
      // Only a complete dump holds the session's own page.
      let session = machine.process?.session
      #expect(full.process?.session == session, "seed \(seed)")
      #expect(full.stack.map(\.address) == small.stack.map(\.address), "seed \(seed)")
      #expect(full.topFrame == small.topFrame, "seed \(seed)")
    }
  }
}
