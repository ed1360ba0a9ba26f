import EvidenceSynthesis
import Facts
import Foundation
import TestSupport
import Testing

@Suite struct InspectTests {
  @Test func oneObjectAPath() throws {
    let cases = try Cases()
    let article = try cases.folder.write("article.txt", Cases.article)
    let bad = try cases.folder.write("bad.bin", [0, 1, 2, 3])
    let missing = cases.folder.path + "/./missing"
    let paths = [article, cases.driver.dump, bad, cases.netbt.dump, article]
    let output = try Program.run(["inspect", "--format", "jsonl"] + paths + [missing])
    #expect(output.status == 0)
    let lines = try output.lines()
    #expect(lines.map { $0["path"] as? String } == paths + [missing])
    #expect(
      lines.map { $0["kind"] as? String } == ["article", "crash-dump", "unknown", "crash-dump", "article", "unknown"])
    #expect(lines.allSatisfy { $0["problems"] is [Any] && $0["schema"] as? String == "faultline.inspection/1" })
    #expect(lines.map { ($0["problems"] as? [Any])?.isEmpty } == [true, true, false, true, true, false])
    #expect((lines[0]["article"] as? [String: Any])?["id"] as? String == "Q100000")
    #expect((lines[1]["dump"] as? [String: Any])?["schema"] as? String == "faultline.dump/1")
    for line in output.text.split(separator: "\n") {
      #expect(line.hasPrefix(#"{"schema":"faultline.inspection/1","path":"#))
    }
  }

  @Test func pathsByteForByte() throws {
    let folder = try TemporaryFolder()
    let names = [
      "with space", "quote\"back\\slash", "\u{E9}t\u{E9}", "e\u{301}te", "\u{1F4A5}", "tab\tand\nline", "-dash",
      "a%20b", "$HOME",
    ]
    var paths: [String] = []
    for name in names { paths.append(try folder.write(name, "{}")) }
    paths += [folder.path + "/./" + names[0], folder.path + "//" + names[0]]
    let output = try Program.run(["inspect", "--format", "jsonl"] + paths)
    let found = try output.lines().map { ($0["path"] as? String).map { Array($0.utf8) } }
    #expect(found == paths.map { Array($0.utf8) })
  }

  /// Names that are no UTF-8 exist on every old file server.
  @Test(.enabled(if: isLinux)) func pathsThatAreNoText() throws {
    let cases = try Cases()
    let script = #"""
      cd "$1"
      name=$(printf 'caf\351\377.dmp')
      mkdir raw && cp netbt-stop-1/netbt-stop.dmp "raw/$name"
      "$FAULTLINE" inspect --format jsonl "raw/$name"
      "$FAULTLINE" inspect --format jsonl raw
      "$FAULTLINE" inspect "raw/$name" | head -n 1
      "$FAULTLINE" kb stats --output "raw/$(printf '\376')" && ls raw | wc -l
      """#
    let output = try Program.shell(script, [cases.folder.path])
    #expect(output.status == 0 && output.errorBytes.isEmpty, "\(output.error)")
    let lines = output.text.split(separator: "\n")
    #expect(lines.count == 4)
    for line in lines.prefix(2) {
      #expect(line.contains(#""path":"raw/caf\udce9\udcff.dmp","kind":"crash-dump""#))
    }
    #expect(lines.count > 2 && lines[2] == "raw/caf\u{FFFD}\u{FFFD}.dmp")
    #expect(lines.last?.contains("2") == true)
  }

  @Test func folders() throws {
    let cases = try Cases()
    let output = try Program.run(["inspect", "--format", "jsonl", cases.folder.path + "/netbt-stop-1/"])
    #expect(output.status == 0)
    let paths = try output.lines().map { $0["path"] as? String ?? "" }
    #expect(paths.first == cases.netbt.dump)
    #expect(paths.dropFirst().allSatisfy { $0.hasPrefix(cases.netbt.symbols + "/") })
    #expect(paths == paths.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
  }

  @Test func everyFormat() throws {
    let cases = try Cases()
    let json = try Program.run(["inspect", cases.netbt.dump, "--format", "json"]).json()
    #expect(json["schema"] as? String == "faultline.inspection/1")
    let evidence = try #require(json["evidence"] as? [[String: Any]])
    #expect(evidence.count == 1 && evidence[0]["path"] as? String == cases.netbt.dump)
    let text = try Program.run(["inspect", cases.netbt.dump]).text
    #expect(text.hasPrefix(cases.netbt.dump + "\ncrash-dump, SHA-256 "))
  }

  /// Cut anywhere, a dump is read as far as it goes or refused with the place; never more.
  @Test func truncatedDumps() throws {
    let cases = try Cases()
    for written in [cases.netbt, cases.driver] {
      let whole = try Data(contentsOf: URL(filePath: written.dump))
      let sizes = [
        0, 1, 7, 8, 0x20, 0xFFF, 0x1000, 0x1001, 0x1FFF, 0x2000, 0x2001, 0x2010, 0x3000, whole.count / 2,
        whole.count - 1,
      ]
      let paths = try sizes.map {
        try cases.folder.write("cut/\(written.content.machine.architecture)-\($0).dmp", whole.prefix($0))
      }
      let output = try Program.run(["inspect", "--format", "jsonl"] + paths)
      #expect(output.status == 0, "\(output.error)")
      let lines = try output.lines()
      #expect(lines.map { $0["path"] as? String } == paths)
      for (line, size) in zip(lines, sizes) {
        let problems = line["problems"] as? [[String: Any]] ?? []
        let missing = (line["dump"] as? [String: Any])?["missing"] as? [Any] ?? []
        #expect(!problems.isEmpty || !missing.isEmpty, "\(size)")
        for problem in problems {
          #expect(problem["expected"] is String && problem["found"] is String && problem["text"] is String, "\(size)")
          #expect(problem["offset"] is String || problem["address"] is String, "\(size)")
        }
      }
      for path in paths {
        let output = try Program.run(["diagnose", path])
        #expect([0, 65].contains(output.status), "\(path)")
        expectPlain(output)
        if output.status == 65 {
          #expect(output.error.contains(path) && output.error.contains("expected") && output.error.contains("found"))
          #expect(output.error.contains("file offset 0x"))
        }
      }
    }
  }

  @Test(.enabled(if: !isRoot, "root may read everything")) func noPermission() throws {
    let folder = try TemporaryFolder()
    let locked = try folder.write("locked.dmp", "PAGEDUMP")
    let closed = try folder.folder("closed")
    for path in [locked, closed] { try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path) }
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: closed) }
    for path in [locked, closed] {
      let output = try Program.run(["inspect", path])
      #expect(output.status == 74)
      #expect(output.error.contains(path) && output.error.contains("Permission denied"))
    }
  }

  @Test func loopsAndPipes() throws {
    let cases = try Cases()
    let loop = try cases.folder.link("loop", to: "loop")
    let pipe = cases.folder.path + "/pipe"
    #expect(try Program.shell(#"mkfifo "$1""#, [pipe]).status == 0)
    for (path, reason) in [(loop, "symbolic links"), (pipe, "not a regular file")] {
      for command in [["inspect"], ["diagnose"], ["dump", "summary"]] {
        let output = try Program.run(command + [path])
        #expect(output.status == 74, "\(command) \(path)")
        #expect(output.error.contains(path) && output.error.contains(reason), "\(output.error)")
      }
    }
    #expect(try Program.run(["match", "--symptoms", pipe]).status == 74)
    let mixed = try Program.run(["inspect", "--format", "jsonl", pipe, cases.netbt.dump, loop])
    #expect(mixed.status == 0)
    #expect(try mixed.lines().map { $0["kind"] as? String } == ["unknown", "crash-dump", "unknown"])
    // In a folder that links to itself.
    try cases.folder.link("netbt-stop-1/up", to: "..")
    let folder = try Program.run(["inspect", "--format", "jsonl", cases.folder.path])
    #expect(folder.status == 0)
    #expect(try folder.lines().count { $0["kind"] as? String == "crash-dump" } == 2)
  }

  @Test(.timeLimit(.minutes(1))) func largeText() throws {
    let folder = try TemporaryFolder()
    let line = Array("the quick brown fox jumps over the lazy dog and says nothing of Windows\n".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(100 << 20)
    while bytes.count < 100 << 20 { bytes += line }
    let path = try folder.write("large.txt", bytes)
    let start = ContinuousClock.now
    let output = try Program.run(["inspect", path])
    #expect(output.status == 65)
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func sameBytesEachTime() throws {
    let cases = try Cases()
    for index in 0..<60 {
      let bytes = try Data(contentsOf: URL(filePath: index % 2 == 0 ? cases.netbt.dump : cases.driver.dump))
      try cases.folder.write("many/\(index).dmp", bytes.prefix(bytes.count - index * 37))
      try cases.folder.write("many/\(index).txt", Cases.article + "\(index)\n")
    }
    let folder = cases.folder.path + "/many"
    for arguments in [
      ["inspect", folder, "--format", "jsonl"], ["inspect", folder],
      ["diagnose", folder, "--format", "json", "--symbols", cases.netbt.symbols],
      ["diagnose", folder], ["kb", "stats", "--format", "json"],
    ] {
      let first = try Program.run(arguments)
      #expect(first.status == 0, "\(arguments): \(first.error)")
      for _ in 0..<2 { #expect(try Program.run(arguments).bytes == first.bytes, "\(arguments)") }
    }
  }
}
