import Foundation
import TestSupport
import Testing

@Suite struct ExitCodeTests {
  @Test func done() throws {
    let cases = try Cases()
    for arguments in [
      ["diagnose", cases.netbt.dump], ["inspect", cases.netbt.dump], ["dump", "summary", cases.netbt.dump],
      ["kb", "stats"],
      ["kb", "show", "KB961799"], ["kb", "search", "netbt"], ["match", "--stop", "0x41"], ["--help"], ["--version"],
    ] {
      let output = try Program.run(arguments)
      #expect(output.status == 0, "\(arguments)")
      #expect(!output.bytes.isEmpty && output.errorBytes.isEmpty, "\(arguments)")
      expectPlain(output)
    }
  }

  @Test func failOn() throws {
    let cases = try Cases()
    let symbols = ["--symbols", cases.netbt.symbols]
    #expect(try Program.run(["diagnose", cases.netbt.dump, "--fail-on", "confirmed"] + symbols).status == 1)
    let probable = try Program.run(["diagnose", cases.netbt.dump, "--fail-on", "probable"] + symbols)
    #expect(probable.status == 1)
    // The report is printed all the same, and nothing else is said.
    #expect(probable.text.contains("KB961799") && probable.errorBytes.isEmpty)
    #expect(try Program.run(["diagnose", cases.netbt.dump, "--fail-on", "confirmed"]).status == 0)
    #expect(try Program.run(["diagnose", cases.driver.dump, "--fail-on", "probable"]).status == 0)
  }

  @Test(
    arguments: [
      ["frobnicate"], ["--frobnicate"], ["diagnose"], ["inspect"], ["dump"], ["dump", "summary"],
      ["dump", "everything", "file"],
      ["match"], ["match", "--stop", "blue"], ["match", "--stop", "0x41", "--parameter", "many"],
      ["match", "--module", "a.sys=new"], ["match", "--pool-tag", "TooLong"], ["match", "--pool-tag", ""],
      ["match", "--pool", "swimming"], ["match", "--service-pack", "two"], ["match", "--architecture", "vax"],
      ["match", "--stop", "0x41", "--symptoms", "-"], ["kb", "show"], ["kb", "search"],
      ["kb", "search", "netbt", "--limit", "0"],
      ["kb", "frobnicate"],
      ["kb", "stats", "--format", "yaml"], ["kb", "stats", "--format", "html"], ["kb", "stats", "--format", "csv"],
      ["kb", "stats", "--time-zone", "Middle/Earth"], ["kb", "stats", "--time-zone", "../../etc/passwd"],
      ["kb", "stats", "--time-zone", ""], ["diagnose", "file", "--fail-on", "possible"],
      ["diagnose", "file", "--format", "csv"],
      ["diagnose", "file", "--format", "html", "--server", "http://127.0.0.1:1"],
      ["match", "--stop", "0x41", "--format", "svg"], ["diagnose", "--kb"],
    ])
  func usage(arguments: [String]) throws {
    let output = try Program.run(arguments)
    #expect(output.status == 64)
    #expect(output.bytes.isEmpty && !output.errorBytes.isEmpty)
    expectPlain(output)
  }

  @Test func usageSaysWhatWouldDo() throws {
    #expect(try Program.run(["kb", "stats", "--format", "html"]).error.contains("text, json or jsonl"))
    #expect(try Program.run(["kb", "stats", "--time-zone", "Mars"]).error.contains("Europe/Berlin"))
    #expect(try Program.run(["match"]).error.contains("--stop 0x41"))
    #expect(try Program.run(["match"]).error.contains("faultline match --help"))
  }

  @Test func nothingCouldBeRead() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write("empty.dmp", "")
    // Deterministic noise without a signature.
    var state: UInt32 = 12345
    let noise = (0..<4096).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
    let random = try folder.write("random.bin", [0x00, 0x01] + noise)
    let text = try folder.write("letter.txt", "Dear Sir or Madam,\n")
    let symptoms = try folder.write("bad.json", #"{"schema": "faultline.symptoms/1", "stopCode": 10}"#)
    let bare = try folder.folder("bare")
    for (path, found) in [
      (empty, "an empty file"), (random, "binary data"), (text, "text of no known kind"), (symptoms, "expected text"),
      (bare, "no file in it"),
    ] {
      for command in [["diagnose"], ["inspect"]] {
        let output = try Program.run(command + [path])
        #expect(output.status == 65, "\(command) \(path)")
        #expect(output.error.contains(path) && output.error.contains(found), "\(output.error)")
        expectPlain(output)
      }
    }
    let output = try Program.run(["diagnose", empty])
    #expect(
      output.error.contains("file offset 0x0: expected a crash dump") && output.error.contains("found an empty file"))
    // Several at once are all named.
    let both = try Program.run(["diagnose", empty, text])
    #expect(both.status == 65 && both.error.contains(empty) && both.error.contains(text))
  }

  @Test func wrongType() throws {
    let folder = try TemporaryFolder()
    let article = try folder.write("article.txt", Cases.article)
    #expect(try Program.run(["inspect", article]).status == 0)
    let output = try Program.run(["dump", "summary", article])
    #expect(output.status == 65)
    #expect(output.error.contains(article) && output.error.contains("article, not a crash dump"))
    // One that has a problem of its own is no dump either: a capture whose only frame is cut.
    let header: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]
    let record: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 60, 0, 0, 0, 1, 2, 3]
    let cut = try folder.write("cut.pcap", header + record)
    let refused = try Program.run(["dump", "summary", cut])
    #expect(refused.status == 65 && refused.bytes.isEmpty && refused.error.contains(cut))
  }

  @Test func noSuchFile() throws {
    let cases = try Cases()
    let missing = cases.folder.path + "/missing.dmp"
    for arguments in [
      ["diagnose", missing], ["inspect", missing], ["dump", "summary", missing], ["match", "--symptoms", missing],
      ["diagnose", cases.netbt.dump, "--symbols", cases.folder.path + "/no-symbols"], ["kb", "show", "KB999999"],
      ["inspect", cases.netbt.dump + "/below"],
    ] {
      let output = try Program.run(arguments)
      #expect(output.status == 66, "\(arguments)")
      #expect(output.bytes.isEmpty && !output.errorBytes.isEmpty)
      expectPlain(output)
    }
    #expect(try Program.run(["diagnose", missing]).error.contains(missing))
    // Beside evidence that can be read, a missing one is a problem.
    let mixed = try Program.run(["diagnose", missing, cases.netbt.dump, "--format", "json"])
    #expect(mixed.status == 0)
    let evidence = try #require(try mixed.json()["evidence"] as? [[String: Any]])
    #expect(evidence.contains { $0["path"] as? String == missing && ($0["problems"] as? [Any])?.isEmpty == false })
  }

  @Test func outputThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    for target in [folder.path, folder.path + "/no/such/folder/answer.txt"] {
      let output = try Program.run(["kb", "stats", "--output", target])
      #expect(output.status == 74)
      #expect(output.error.contains(target))
      expectPlain(output)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    #expect(try Program.shell(#""$FAULTLINE" kb stats >&-"#).status == 74)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func fullDisk() throws {
    let output = try Program.shell(#""$FAULTLINE" kb stats > /dev/full"#)
    #expect(output.status == 74 && output.error.contains("No space left"))
    #expect(try Program.run(["kb", "stats", "--output", "/dev/full"]).status == 74)
  }

  @Test func outputToAFile() throws {
    let cases = try Cases()
    let target = cases.folder.path + "/answer.json"
    let printed = try Program.run(["diagnose", cases.netbt.dump, "--format", "json"])
    let written = try Program.run(["diagnose", cases.netbt.dump, "--format", "json", "--output", target])
    #expect(written.status == 0 && written.bytes.isEmpty)
    #expect(Array(try Data(contentsOf: URL(filePath: target))) == printed.bytes)
    // Through a link, which stays one; over what was there before.
    let link = try cases.folder.link("link.json", to: target)
    #expect(try Program.run(["kb", "stats", "--output", link]).status == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    #expect(Array(try Data(contentsOf: URL(filePath: target))) == (try Program.run(["kb", "stats"]).bytes))
    #expect(try Program.run(["kb", "stats", "--output", "/dev/null"]).status == 0)
  }

  @Test func evidenceIsNeverOverwritten() throws {
    let cases = try Cases()
    let before = try Data(contentsOf: URL(filePath: cases.netbt.dump))
    let link = try cases.folder.link("link.dmp", to: cases.netbt.dump)
    for target in [cases.netbt.dump, link] {
      for arguments in [
        ["diagnose", cases.netbt.dump], ["inspect", cases.folder.path], ["dump", "summary", cases.netbt.dump],
      ] {
        #expect(try Program.run(arguments + ["--output", target]).status == 64, "\(arguments)")
      }
    }
    #expect(try Data(contentsOf: URL(filePath: cases.netbt.dump)) == before)
  }
}
