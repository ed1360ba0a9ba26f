import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// A dump that was forced on a hung machine says why it hangs, and does not say more than it can know.
@Suite struct HangAnalysisTests {
  private func facts(_ name: String, _ scenario: HangScenario, seed: UInt64) throws -> [Fact] {
    let kernel = try #require(SynthesizedKernel.find(name))
    let built = scenario.machine(kernel, seed: seed, memoryBytes: 8 << 20)
    let bytes = MemoryDump(built.machine, .dump(.init(rawValue: 1))).encoded()
    return AllAnalyses.facts(KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "hang.dmp"))))
  }

  @Test(arguments: ["2600", "3790-sp0", "3790", "7601", "9600", "17763", "19041"]) func starvation(name: String) throws
  {
    let facts = try facts(name, .starvation, seed: 21)
    let fact = try #require(facts.first { $0.kind == .queueStarved })
    #expect(fact["queue"] == .text("critical"))
    #expect(fact["client"] == .text("mup.sys"))
    #expect(fact["needs"] == .text("rdbss.sys"))
    #expect(fact.trust == .observed)
    #expect(facts.contains { $0.kind == .forcedDump })
    #expect(facts.contains { $0.kind == .hang && $0.trust == .observed })
    #expect(!facts.contains { $0.kind == .lockCycle })
    #expect(!facts.contains { $0.kind == .culprit })
    #expect(
      facts.contains { $0.kind == .frame && $0["thread"] == .text("other") && $0["module"] == .text("mup.sys") })
  }

  /// Workers that nobody is known to wake are told from those of which one goes on by time, or works.
  @Test(arguments: ["3790", "7601", "19041"]) func endlessWaits(name: String) throws {
    for (scenario, isEndless) in [
      (HangScenario.otherRoutine, true), (.oneWorkerReturns, false), (.busyQueue, false),
    ] {
      let facts = try facts(name, scenario, seed: 23)
      let busy = try #require(facts.first { $0.kind == .contention && $0["how"] == .text("busy-queue") })
      #expect((busy["wait"] == .text("endless")) == isEndless, "\(scenario)")
    }
  }

  @Test(arguments: ["2600", "3790", "7601", "9600", "17763", "19041"]) func lockCycle(name: String) throws {
    let facts = try facts(name, .lockCycle, seed: 22)
    let fact = try #require(facts.first { $0.kind == .lockCycle })
    #expect(fact["count"] == .integer(1))
    #expect(fact.trust == (["17763", "19041"].contains(name) ? .inferred : .observed))
    #expect(!facts.contains { $0.kind == .queueStarved })
    #expect(facts.contains { $0.kind == .contention && $0["how"] == .text("blocked-by-deadlock") })
    #expect(facts.contains { $0.kind == .hang })
  }

  @Test(
    arguments: ["2600", "3790", "7601", "9600", "17763", "19041"],
    [HangScenario.oneHolder, .slowServer, .busyQueue, .oneWorkerReturns])
  func lookAlikes(name: String, scenario: HangScenario) throws {
    let facts = try facts(name, scenario, seed: 23)
    #expect(!facts.contains { $0.kind == .queueStarved || $0.kind == .lockCycle || $0.kind == .hang })
    #expect(facts.contains { $0.kind == .contention })
  }

  /// What threads do on a machine that stopped of itself is no hang.
  @Test func ordinaryStop() throws {
    let kernel = try #require(SynthesizedKernel.find("7601"))
    var built = HangScenario.slowServer.machine(kernel, seed: 24, memoryBytes: 8 << 20)
    built.machine.machine.stop = SynthesizedStop(StopCode(0xD1), [0x28, 2, 0, 0x1000])
    let bytes = MemoryDump(built.machine, .dump(.init(rawValue: 1))).encoded()
    let facts = AllAnalyses.facts(KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "stop.dmp"))))
    #expect(!facts.contains { [.contention, .hang, .queueStarved, .lockCycle].contains($0.kind) })
  }

  @Test func views() throws {
    let kernel = try #require(SynthesizedKernel.find("3790"))
    let built = HangScenario.starvation.machine(kernel, seed: 25, memoryBytes: 8 << 20)
    let bytes = MemoryDump(built.machine, .dump(.init(rawValue: 1))).encoded()
    let dump = KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "hang.dmp")))
    let threads = dump.threadListView()
    #expect(threads.rows.count == built.waits.threads.count)
    let system = threads.selecting(processes: ["sys*"], waitingOnly: true)
    #expect(system.rows.count == built.waits.threads.filter { $0.processID == 4 }.count)
    #expect(threads.selecting(processes: ["4"], waitingOnly: false).rows == system.rows)
    #expect(threads.selecting(processes: ["no such"], waitingOnly: false).rows.isEmpty)
    let worker = try #require(threads.rows.first { $0.address.rawValue == built.workers[0] })
    #expect(worker.waits.count == 1)
    #expect(worker.stack.contains { $0.module == "mup.sys" })
    let idle = try #require(threads.rows.first { $0.waitReason == "WrQueue" })
    #expect(["delayed queue", "hypercritical queue"].contains(idle.waits.first?.name))
    let queues = dump.queueListView()
    let critical = try #require(queues.queues.first { $0.name == "critical" })
    #expect(critical.workers.allSatisfy { $0.runs?.hasPrefix("mup.sys") ?? false })
    #expect(critical.items.contains { $0.routineName?.hasPrefix("rdbss.sys") ?? false })
    #expect(critical.dynamicWorkers == 16)
    let locks = dump.lockListView()
    #expect(locks.graph == queues.graph)
  }
}
