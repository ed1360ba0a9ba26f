import Foundation
import TestSupport
import Testing

@Suite struct MatchTests {
  private func finding(_ output: Program.Output, _ article: String) throws -> [String: Any]? {
    let findings = try #require(try output.json()["findings"] as? [[String: Any]])
    return findings.first { $0["article"] as? String == article }
  }

  /// Every option of the contract's line.
  @Test func everyOption() throws {
    let output = try Program.run([
      "match", "--stop", "0x41", "--parameter", "0x00001000", "--parameter", "0x00007924", "--module",
      "tdpipe.sys=5.2.3790.71",
      "--symbol", "netbt!NbtCopyToStartOfIndicate", "--pool-tag", "Mdl", "--pool", "nonpaged", "--product",
      "Windows Server 2003",
      "--service-pack", "6a", "--architecture", "x86", "--process", "System", "--loaded", "afd.sys", "--format", "json",
    ])
    #expect(output.status == 0)
    let json = try output.json()
    #expect(json["schema"] as? String == "faultline.diagnosis/1")
    #expect((json["evidence"] as? [Any])?.isEmpty == true)
    let machine = try #require(json["machine"] as? [String: Any])
    #expect(machine["product"] as? String == "Windows Server 2003")
    #expect(machine["servicePack"] as? String == "6a")
    #expect(machine["architecture"] as? String == "x86")
    let facts = try #require(json["facts"] as? [[String: Any]])
    #expect(facts.allSatisfy { $0["trust"] as? String == "stated" && $0["evidence"] == nil })
    let texts = facts.compactMap { $0["text"] as? String }.joined(separator: "\n")
    for word in ["0x00000041", "tdpipe.sys 5.2.3790.71", "netbt!NbtCopyToStartOfIndicate", "Mdl", "nonpaged", "System"]
    {
      #expect(texts.contains(word), "\(word)")
    }
    let stop = try #require(facts.first { $0["kind"] as? String == "stop" }?["attributes"] as? [String: Any])
    #expect(stop["code"] as? String == "0x00000041" && stop["parameter2"] != nil)
  }

  @Test func foundingCases() throws {
    let netbt = try Program.run([
      "match", "--stop", "0xd1", "--module", "netbt.sys", "--symbol", "netbt!NbtCopyToStartOfIndicate", "--product",
      "Windows Server 2003",
      "--service-pack", "2", "--architecture", "x86", "--format", "json",
    ])
    let verdict = try finding(netbt, "KB961799")?["verdict"] as? String
    #expect(verdict == "confirmed" || verdict == "probable")
    let leak = try Program.run([
      "match", "--stop", "0x41", "--module", "tdpipe.sys", "--pool-tag", "Mdl", "--pool", "nonpaged", "--product",
      "Windows NT Server 4.0, Terminal Server Edition", "--format", "json",
    ])
    let found = try #require(try finding(leak, "Q315817"))
    #expect(found["verdict"] as? String != "ruled-out")
  }

  @Test func servicePackNumbersAreNumbers() throws {
    let json = try Program.run(["match", "--stop", "0x41", "--service-pack", "2", "--format", "jsonl"]).json()
    #expect((json["machine"] as? [String: Any])?["servicePack"] as? Int == 2)
  }

  @Test func symptomsFromInputAndFile() throws {
    let folder = try TemporaryFolder()
    let symptoms = #"""
      {"schema": "faultline.symptoms/1", "stopCode": "0x0000000A", "module": "netbt.sys", "stackTop": ["netbt!NbtCopyToStartOfIndicate"],
       "osProduct": "Windows Server 2003", "servicePack": 2}
      """#
    let input = try Program.run(["match", "--symptoms", "-", "--format", "json"], input: symptoms)
    #expect(input.status == 0)
    #expect(try finding(input, "KB961799") != nil)
    let path = try folder.write("symptoms.json", symptoms)
    let file = try Program.run(["match", "--symptoms", path, "--format", "json"])
    #expect(file.bytes == input.bytes)
    let diagnosed = try Program.run(["diagnose", path, "--format", "json"])
    #expect(diagnosed.status == 0)
    #expect(
      try finding(diagnosed, "KB961799")?["verdict"] as? String == finding(input, "KB961799")?["verdict"] as? String)
  }

  @Test(
    arguments: [
      ("", "a JSON object"), ("not JSON", "a JSON object"), (#"{"stopCode": 65}"#, "stopCode"),
      (#"{"parameters": "0x1"}"#, "a list of text"),
      (#"{"stackTop": [1]}"#, "stackTop > [0]"),
    ])
  func badSymptoms(json: String, says: String) throws {
    let output = try Program.run(["match", "--symptoms", "-"], input: json)
    #expect(output.status == 65 && output.bytes.isEmpty)
    #expect(output.error.contains("standard input") && output.error.contains(says), "\(output.error)")
    expectPlain(output)
  }

  @Test func symptomsHaveALimit() throws {
    let output = try Program.run(["match", "--symptoms", "-"], input: String(repeating: " ", count: (1 << 20) + 1))
    #expect(output.status == 65)
    #expect(output.error.contains("1048576"))
  }

  @Test func hostileSymptomsDoNotReachTheTerminal() throws {
    let output = try Program.run([
      "match", "--stop", "0x41", "--process", "\u{1B}[31mred\u{7}", "--module", "a\u{202E}b.sys",
    ])
    #expect(output.status == 0)
    expectPlain(output)
    #expect(!output.text.contains("\u{202E}") && output.text.contains("\u{FFFD}"))
  }
}
