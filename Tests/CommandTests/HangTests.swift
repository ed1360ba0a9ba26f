import EvidenceSynthesis
import Foundation
import TestSupport
import Testing

/// Threads, queues, locks and the diagnosis of machines that hang, by the program.
@Suite struct HangTests {
  private func dump(_ scenario: HangScenario, _ kernel: String, in folder: TemporaryFolder) throws -> String {
    let kernel = try #require(SynthesizedKernel.find(kernel))
    let built = scenario.machine(kernel, seed: 31, memoryBytes: 8 << 20)
    let path = folder.path + "/\(scenario.rawValue).dmp"
    try Data(MemoryDump(built.machine, .dump(.full)).encoded()).write(to: URL(filePath: path))
    return path
  }

  @Test func views() throws {
    let folder = try TemporaryFolder()
    let path = try dump(.starvation, "3790-sp0", in: folder)
    let threads = try Program.run(["dump", "threads", path, "--format", "json"]).json()
    #expect(threads["schema"] as? String == "faultline.dump-threads/1")
    let rows = try #require(threads["threads"] as? [[String: Any]])
    #expect(rows.contains { $0["waitReason"] as? String == "WrQueue" })
    let waiting = try Program.run(["dump", "threads", path, "--process", "System", "--waiting", "--limit", "2"])
    #expect(waiting.status == 0)
    #expect(waiting.text.contains("of System (4)") && waiting.text.contains("more threads: --limit shows them"))
    let queues = try Program.run(["dump", "queues", path, "--format", "json"]).json()
    #expect(queues["schema"] as? String == "faultline.dump-queues/1")
    #expect(
      (queues["queues"] as? [[String: Any]])?.map { $0["name"] as? String } == ["critical", "delayed", "hypercritical"])
    let graph = try #require(queues["graph"] as? [String: Any])
    let verdicts = try #require(graph["verdicts"] as? [[String: Any]])
    #expect(verdicts.map { $0["kind"] as? String } == ["starvation"])
    #expect(verdicts[0]["trust"] as? String == "observed")
    let text = try Program.run(["dump", "queues", path])
    #expect(text.text.contains("Starved work queue (observed)") && text.text.contains("calls KeSetEvent for it"))
    expectPlain(text)
    let bare = try Program.run(["dump", "queues", dump(.noCode, "3790-sp0", in: folder)])
    #expect(bare.text.contains("Starved work queue (inferred)") && bare.text.contains("[inferred: parameter"))
    let locks = try Program.run(["dump", "locks", path, "--format", "json"]).json()
    #expect(locks["schema"] as? String == "faultline.dump-locks/1")
    for arguments in [["dump", "queues", path, "--waiting"], ["dump", "modules", path, "--limit", "3"]] {
      #expect(try Program.run(arguments).status == 64)
    }
  }

  /// The DFS client's starvation is its known issue; without the items' code it goes as far as an inference; what looks like it is not.
  @Test func diagnosis() throws {
    let folder = try TemporaryFolder()
    let starved = try Program.run(["diagnose", dump(.starvation, "3790-sp0", in: folder), "--format", "json"]).json()
    let findings = try #require(starved["findings"] as? [[String: Any]])
    #expect(findings.first?["article"] as? String == "FL-0004")
    #expect(findings.first?["verdict"] as? String == "confirmed")
    let bare = try Program.run(["diagnose", dump(.noCode, "3790-sp0", in: folder), "--format", "json"]).json()
    let first = (bare["findings"] as? [[String: Any]])?.first
    #expect(first?["article"] as? String == "FL-0004" && first?["verdict"] as? String == "probable")
    for scenario in HangScenario.allCases where scenario != .starvation && scenario != .noCode {
      let path = try dump(scenario, "3790-sp0", in: folder)
      let other = try Program.run(["diagnose", path, "--format", "json"]).json()
      let verdicts = (other["findings"] as? [[String: Any]] ?? []).filter {
        ["probable", "confirmed"].contains($0["verdict"] as? String)
      }
      #expect(verdicts.isEmpty, "\(scenario): \(verdicts.compactMap { $0["article"] })")
    }
    let cycle = try Program.run(["diagnose", dump(.lockCycle, "3790", in: folder)])
    #expect(cycle.text.contains("threads wait for each other in a circle"))
    expectPlain(cycle)
  }
}
