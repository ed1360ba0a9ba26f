import EvidenceSynthesis
import Facts
import Foundation
import TestSupport
import Testing

@Suite struct KnowledgeTests {
  @Test(arguments: ["KB961799", "Q961799", "961799", "kb961799"]) func showTakesEveryForm(id: String) throws {
    let json = try Program.run(["kb", "show", id, "--format", "json"]).json()
    #expect(json["schema"] as? String == "faultline.article/1")
    #expect(json["id"] as? String == "KB961799")
  }

  @Test func show() throws {
    let output = try Program.run(["kb", "show", "FL-0001"])
    #expect(output.status == 0)
    #expect(output.text.hasPrefix("FL-0001: ") && output.text.contains("What is looked for"))
    let unknown = try Program.run(["kb", "show", "KB1"])
    #expect(unknown.status == 66 && unknown.error.contains("KB1") && unknown.error.contains("faultline kb stats"))
  }

  @Test func search() throws {
    let json = try Program.run(["kb", "search", "0x41", "Mdl", "shadowing", "--format", "json"]).json()
    #expect(json["schema"] as? String == "faultline.search/1")
    let hits = try #require(json["hits"] as? [[String: Any]])
    #expect(hits.first?["id"] as? String == "Q315817")
    for hit in hits {
      #expect(hit["title"] is String && hit["score"] is NSNumber && hit["because"] is [Any] && hit["passage"] is String)
    }
    let none = try Program.run(["kb", "search", "zyxwvut"])
    #expect(none.status == 0 && none.text == "Nothing found.\n")
    #expect(
      try Program.run(["kb", "search", "zyxwvut", "--format", "json"]).json()["hits"] as? [[String: String]] == [])
  }

  @Test func statistics() throws {
    let json = try Program.run(["kb", "stats", "--format", "json"]).json()
    #expect(json["schema"] as? String == "faultline.statistics/1")
    let ids = try #require(json["ids"] as? [String])
    #expect(json["articles"] as? Int == ids.count)
    let text = try Program.run(["kb", "stats"]).text
    for id in ids {
      #expect(text.contains(id))
      #expect(try Program.run(["kb", "show", id]).status == 0)
    }
  }

  @Test func jsonLinesAreOneLine() throws {
    for arguments in [
      ["kb", "show", "KB950162"], ["kb", "search", "pool"], ["kb", "stats"], ["match", "--stop", "0x41"],
    ] {
      let pretty = try Program.run(arguments + ["--format", "json"])
      let line = try Program.run(arguments + ["--format", "jsonl"])
      #expect(line.text.filter { $0 == "\n" }.count == 1 && line.text.hasSuffix("\n"))
      #expect(NSDictionary(dictionary: try line.json()) == NSDictionary(dictionary: try pretty.json()))
    }
  }
}

@Suite struct DumpCommandTests {
  @Test func views() throws {
    let cases = try Cases()
    let summary = try Program.run(["dump", "summary", cases.driver.dump])
    #expect(summary.status == 0)
    for word in [
      "PAGEDU64", "Windows 10", "10.0.19041.804", "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", "acmeusb.sys", "System (id 4)",
    ] {
      #expect(summary.text.contains(word), "\(word)")
    }
    let modules = try Program.run(["dump", "modules", cases.driver.dump]).text
    for module in cases.driver.content.machine.modules { #expect(modules.contains(module.name)) }
    #expect(modules.contains("Unloaded"))
    let stack = try Program.run(["dump", "stack", cases.driver.dump, "--symbols", cases.driver.symbols]).text
    #expect(stack.contains("acmeusb!AcmePoll") && stack.contains("* the failing frame"))
    #expect(try !Program.run(["dump", "stack", cases.driver.dump]).text.contains("acmeusb!AcmePoll"))
  }

  @Test(arguments: ["summary", "modules", "stack"]) func json(view: String) throws {
    let cases = try Cases()
    let json = try Program.run(["dump", view, cases.netbt.dump, "--format", "json"]).json()
    #expect(json["schema"] as? String == "faultline.dump/1")
    let bugcheck = try #require(json["bugcheck"] as? [String: Any])
    #expect(bugcheck["code"] as? String == cases.netbt.content.machine.stop.code.description)
    #expect((bugcheck["parameters"] as? [String])?.count == 4)
    #expect((json["modules"] as? [[String: Any]])?.count == cases.netbt.content.machine.modules.count)
    #expect((json["format"] as? [String: Any])?["architecture"] as? String == "x86")
    #expect(
      (json["stack"] as? [[String: Any]])?.allSatisfy { $0["trust"] is String && $0["address"] is String } == true)
  }

  @Test func damageIsNotedUnlessQuiet() throws {
    let cases = try Cases()
    let bytes = try Data(contentsOf: URL(filePath: cases.driver.dump))
    let cut = try cases.folder.write("cut.dmp", bytes.prefix(bytes.count * 3 / 4))
    let output = try Program.run(["dump", "summary", cut])
    let quiet = try Program.run(["dump", "summary", cut, "--quiet"])
    #expect(output.status == quiet.status)
    if output.status == 0 { #expect(quiet.errorBytes.isEmpty && output.bytes == quiet.bytes) }
  }
}
