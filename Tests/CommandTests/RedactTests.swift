import Foundation
import TestSupport
import Testing

@Suite struct RedactCommandTests {
  /// A machine's dump and capture, under names that tell whose they are.
  @Test func namesLeaveNoReport() throws {
    let folder = try TemporaryFolder()
    let output = folder.path + "/acme"
    #expect(try Program.run(["lab", "run", "netbios-receive", "--seed", "3", "--out", output]).status == 0)
    let evidence = output + "/evidence"
    let whole = try Program.run(["diagnose", evidence, "--format", "json"]).json()
    let redacted = try Program.run(["diagnose", evidence, "--redact", "--format", "json"])
    #expect(redacted.status == 0)
    let facts = try #require(whole["facts"] as? [[String: Any]])
    let sources = Set(
      facts.compactMap { ($0["attributes"] as? [String: Any])?["source"] as? String }.filter { $0.contains(".") })
    #expect(!sources.isEmpty)
    let text = try Program.run(["diagnose", evidence, "--redact"])
    let page = try Program.run(["diagnose", evidence, "--redact", "--format", "html"])
    #expect(page.status == 0)
    let unredacted = try Program.run(["diagnose", evidence, "--format", "html"]).text
    for name in sources + ["acme", "netbios.pcap"] {
      #expect(!redacted.text.contains(name) && !text.text.contains(name), "\(name)")
      #expect(unredacted.contains(name) && !page.text.contains(name), "\(name)")
    }
    // The same finding for the same reasons, and as many senders as before.
    func findings(_ report: [String: Any]) throws -> [[String]] {
      try #require(report["findings"] as? [[String: Any]]).map { finding in
        ["\(finding["article"] ?? "")", "\(finding["verdict"] ?? "")", "\(finding["confidence"] ?? "")"]
      }
    }
    let free = try redacted.json()
    #expect(try findings(free) == findings(whole))
    let placeholders = Set(
      try #require(free["facts"] as? [[String: Any]]).compactMap {
        ($0["attributes"] as? [String: Any])?["source"] as? String
      }.filter { $0.hasPrefix("address-") })
    #expect(placeholders.count == sources.count)
    #expect(placeholders.contains { text.text.contains($0) })
    // One name, one placeholder, in every form of report.
    for placeholder in placeholders { #expect(page.text.contains(placeholder), "\(placeholder)") }
    let paths = try #require(free["evidence"] as? [[String: Any]]).compactMap { $0["path"] as? String }
    #expect(!paths.isEmpty && paths.allSatisfy { $0.hasPrefix("evidence-") })
  }
}
