import EvidenceSynthesis
import Foundation
import TestSupport
import Testing

@Suite struct SignatureCommandTests {
  @Test func eachPathIsACase() throws {
    let cases = try Cases()
    let output = try Program.run(["signature", cases.netbt.dump, cases.driver.dump, "--format", "jsonl"])
    #expect(output.status == 0 && output.errorBytes.isEmpty)
    let lines = try output.lines()
    #expect(lines.map { $0["path"] as? String } == [cases.netbt.dump, cases.driver.dump])
    let texts = lines.compactMap { ($0["signature"] as? [String: String])?["text"] }
    #expect(texts.count == 2 && texts[0].contains("netbt.sys") && texts[1].contains("acmeusb.sys"))
    // No address and no offset.
    for text in texts { #expect(!text.contains("+0x") && text.firstMatch(of: /[0-9a-f]{8}/) == nil, "\(text)") }
    // The same as triage says.
    let triage = try Program.run(["triage", cases.netbt.dump]).json()["signature"] as? [String: String]
    #expect(triage == lines[0]["signature"] as? [String: String])
  }

  @Test func explained() throws {
    let cases = try Cases()
    for version in ["1", "2"] {
      let arguments = ["signature", cases.netbt.dump, "--explain", "--rules", version]
      let document = try Program.run(arguments + ["--format", "json"]).json()
      let notes = try #require(document["notes"] as? [[String: String]])
      #expect(document["rules"] as? String == version && notes.count >= 2)
      let text = try Program.run(arguments).text
      for note in notes { #expect(text.contains("\(note["rule"] ?? "?"):")) }
    }
  }

  @Test func versionsAreCompared() throws {
    let cases = try Cases()
    let other = try WrittenCase(#require(Scenario.named("netbt-stop")), seed: 2, in: cases.folder)
    let paths = [cases.netbt.dump, other.dump, cases.driver.dump]
    let document = try Program.run(["signature"] + paths + ["--compare", "1,2", "--format", "json"]).json()
    #expect(document["schema"] as? String == "faultline.signature-comparison/1" && document["cases"] as? Int == 3)
    #expect(document["splits"] is [Any] && document["merges"] is [Any])
    #expect(try Program.run(["signature"] + paths + ["--compare", "1,2"]).text.hasPrefix("3 cases: "))
  }

  @Test func exitCodes() throws {
    let cases = try Cases()
    let junk = try cases.folder.write("junk", "neither evidence nor empty")
    #expect(try Program.run(["signature", junk, cases.netbt.dump]).status == 0)
    #expect(try Program.run(["signature", junk]).status == 65)
    #expect(try Program.run(["signature", cases.folder.path + "/absent"]).status == 66)
    for options in [
      ["--rules", "9"], ["--compare", "1"], ["--compare", "1,1"], ["--compare", "1,2", "--explain"], ["--rules", "x"],
    ] { #expect(try Program.run(["signature", cases.netbt.dump] + options).status == 64, "\(options)") }
  }
}
