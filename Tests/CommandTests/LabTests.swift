import Foundation
import TestSupport
import Testing

@Suite struct LabCommandTests {
  @Test func list() throws {
    let list = try Program.run(["lab", "list", "--format", "json"]).json()
    #expect(list["schema"] as? String == "faultline.lab/1")
    let cases = try #require(list["cases"] as? [[String: Any]])
    #expect(cases.compactMap { $0["article"] as? String } == ["FL-0001", "Q315817", "KB950162", "FL-0004", "KB961799"])
    let text = try Program.run(["lab", "list"])
    for one in cases { #expect(text.text.contains(try #require(one["id"] as? String))) }
    expectPlain(text)
  }

  @Test func explore() throws {
    let broken = try Program.run(["lab", "explore", "session-images", "--format", "json"]).json()
    #expect(broken["schema"] as? String == "faultline.exploration/1")
    #expect(broken["outcome"] as? String == "fails" && broken["variant"] as? String == "broken")
    let schedule = try #require(broken["schedule"] as? [[String: Any]])
    #expect(schedule.map { $0["step"] as? Int } == (1...10).map { $0 })
    #expect(Set(schedule.compactMap { $0["thread"] as? String }).count == 2)
    let text = try Program.run(["lab", "explore", "session-images"])
    // Steps of the second thread stand in its column.
    let heading = try #require(text.text.split(separator: "\n").first { $0.contains("unload") && $0.hasPrefix(" ") })
    let column = try #require(heading.range(of: "session 3")).lowerBound.utf16Offset(in: heading)
    let deletion = try #require(text.text.split(separator: "\n").first { $0.contains("deletes") })
    #expect(try #require(deletion.range(of: "deletes")).lowerBound.utf16Offset(in: deletion) == column)
    #expect(text.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    expectPlain(text)
    let fixed = try Program.run(["lab", "explore", "session-images", "--fixed", "--format", "json"]).json()
    #expect(fixed["outcome"] as? String == "holds" && (fixed["schedule"] as? [Any])?.isEmpty == true)
    let cut = try Program.run(["lab", "explore", "session-images", "--fixed", "--states", "20", "--format", "json"])
    let bound = try #require(try cut.json()["bound"] as? [String: Any])
    #expect(try cut.json()["outcome"] as? String == "undecided" && bound["reached"] as? String == "states")
    let undecided = try Program.run(["lab", "explore", "session-images", "--fixed", "--depth", "4"]).text
    #expect(undecided.contains("Undecided") && !undecided.contains("Holds over"))
  }

  @Test func run() throws {
    let folder = try TemporaryFolder()
    let output = folder.path + "/deep/case"
    let written = try Program.run(["lab", "run", "netbios-receive", "--seed", "9", "--out", output])
    #expect(written.status == 0)
    #expect(written.text.contains("faultline diagnose \(output)/evidence"))
    let truth = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: output + "/truth.json"))) as? [String: Any])
    #expect(truth["atLeast"] as? String == "confirmed" && truth["seed"] as? String == "9")
    let diagnosis = try Program.run(["diagnose", output + "/evidence", "--format", "json"]).json()
    let first = try #require((diagnosis["findings"] as? [[String: Any]])?.first)
    #expect(first["article"] as? String == "KB961799" && first["verdict"] as? String == "confirmed")
    // What is there is kept.
    let again = ["lab", "run", "netbios-receive", "--fixed", "--output", output]
    #expect(try Program.run(again).status == 64)
    #expect(try Program.run(again + ["--force"]).status == 0)
  }

  /// A look-alike is written under its own name, and the plan of the case is not given for it.
  @Test func variant() throws {
    let folder = try TemporaryFolder()
    let output = folder.path + "/case"
    let arguments = ["--architecture", "x64", "--variant", "other-driver", "--out", output]
    #expect(try Program.run(["lab", "run", "netbios-receive"] + arguments).status == 0)
    let truth = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: output + "/truth.json"))) as? [String: Any])
    #expect(truth["variant"] as? String == "other-driver" && truth["system"] as? String == "server-2003-sp2-x64")
    let diagnosis = try Program.run(["diagnose", output + "/evidence", "--format", "json"]).json()
    let findings = try #require(diagnosis["findings"] as? [[String: Any]])
    #expect(!findings.contains { $0["verdict"] as? String == "confirmed" })
    let facts = try #require(diagnosis["facts"] as? [[String: Any]])
    #expect(facts.contains { $0["kind"] as? String == "packet-overrun" })
  }

  @Test func usage() throws {
    for arguments in [
      ["explore", "none"], ["explore", "dfs-queue", "--size", "99"], ["explore", "dfs-queue", "--states", "0"],
      ["run", "dfs-queue"], ["run", "dfs-queue", "--system", "xp-sp3-x86", "--output", "/nowhere"],
      ["run", "dfs-queue", "--scale", "0", "--output", "/nowhere"],
      ["run", "dfs-queue", "--architecture", "arm64", "--out", "/nowhere"],
      ["run", "dfs-queue", "--variant", "none", "--out", "/nowhere"],
      ["run", "dfs-queue", "--variant", "lock-cycle", "--fixed", "--out", "/nowhere"],
    ] {
      let output = try Program.run(["lab"] + arguments)
      #expect(output.status == 64 && output.bytes.isEmpty, "\(arguments)")
    }
    let folder = try TemporaryFolder()
    let file = try folder.write("file", "x")
    #expect(try Program.run(["lab", "run", "driver-loads", "--output", file + "/below"]).status == 74)
  }
}
