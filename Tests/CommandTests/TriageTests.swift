import EvidenceSynthesis
import Foundation
import TestSupport
import Testing

/// Evidence of every outcome that needs no limit.
private struct Corpus {
  let cases: Cases
  let folder: String
  /// In the order in which they are given.
  var paths: [String] = []

  init() throws {
    cases = try Cases()
    folder = cases.folder.path
    let cut = try Data(contentsOf: URL(filePath: cases.netbt.dump)).prefix(40)
    let junk = try cases.folder.write("junk.bin", Array("neither evidence nor empty".utf8) + [1, 0, 2])
    let short = try cases.folder.write("cut.dmp", Array(cut))
    let empty = try cases.folder.write("empty.dmp", "")
    let article = try cases.folder.write("article.txt", Cases.article)
    mkfifo(folder + "/pipe", 0o644)
    for round in 0..<12 {
      paths += [cases.netbt.dump, junk, cases.driver.dump, folder + "/absent \(round)", short, empty]
      paths += [folder + "/pipe", article]
    }
  }

  func list() throws -> String { try cases.folder.write("list", paths.joined(separator: "\n") + "\n") }
}

@Suite struct TriageTests {
  @Test func linesComeInTheOrderOfThePaths() throws {
    let corpus = try Corpus()
    let list = try corpus.list()
    let one = try Program.shell(#""$FAULTLINE" triage --jobs 1 < "$1""#, [list])
    let four = try Program.shell(#""$FAULTLINE" triage --jobs 4 < "$1""#, [list])
    #expect(one.status == 0 && one.errorBytes.isEmpty && one.bytes == four.bytes)
    expectPlain(four)
    let lines = try four.lines()
    #expect(lines.map { $0["path"] as? String } == corpus.paths)
    #expect(lines.allSatisfy { $0["schema"] as? String == "faultline.triage/1" })
    let outcomes = lines.prefix(8).map { $0["outcome"] as? String ?? "" }
    #expect(
      outcomes == [
        "read", "unreadable", "read", "no-such-file", "unreadable", "unreadable", "unreadable", "read",
      ])
    // As arguments the same.
    #expect(try Program.run(["triage"] + corpus.paths).bytes == one.bytes)
  }

  @Test func aLineHoldsWhatTheDumpSays() throws {
    let cases = try Cases()
    let line = try Program.run(["triage", cases.netbt.dump, "--symbols", cases.netbt.symbols]).json()
    #expect(line["kind"] as? String == "crash-dump" && (line["sha256"] as? String)?.count == 64)
    #expect(line["bytes"] as? Int == Int(try Data(contentsOf: URL(filePath: cases.netbt.dump)).count))
    let finding = try #require((line["findings"] as? [[String: Any]])?.first)
    #expect(finding["article"] as? String == "KB961799" && finding["verdict"] as? String == "confirmed")
    #expect(finding["applicability"] as? String == "applies")
    #expect((finding["fix"] as? [String])?.first == "install-hotfix")
    let signature = try #require(line["signature"] as? [String: String])
    #expect(signature["id"]?.count == 16 && signature["text"]?.contains("netbt") == true)
    #expect((line["modules"] as? [[String: Any]])?.isEmpty == false)
    #expect(line["time"] is String && line["bugcheck"] is [String: Any] && line["facts"] == nil)
    let facts = try Program.run(["triage", cases.netbt.dump, "--facts"]).json()["facts"] as? [[String: Any]]
    #expect(facts?.isEmpty == false)
  }

  @Test func aFolderGivesItsEvidenceInTheOrderOfBytes() throws {
    let cases = try Cases()
    let folder = cases.folder.path + "/walked"
    let dump = Array(try Data(contentsOf: URL(filePath: cases.netbt.dump)))
    for name in ["b.dmp", "a/1.dmp", "a.dmp", "a-b/2.dmp", "Z.dmp"] {
      try cases.folder.write("walked/" + name, dump)
    }
    try cases.folder.write("walked/truth.json", "{}")
    let lines = try Program.run(["triage", folder]).lines()
    let names = lines.compactMap { ($0["path"] as? String)?.dropFirst(folder.count + 1) }
    #expect(names == ["Z.dmp", "a-b/2.dmp", "a.dmp", "a/1.dmp", "b.dmp"])
    // As one case.
    let one = try Program.run(["triage", "--by-folder", folder]).json()
    #expect(one["path"] as? String == folder && (one["evidence"] as? [[String: Any]])?.count == 6)
    #expect(one["kind"] == nil && one["signature"] is [String: Any])
  }

  @Test func exitCodes() throws {
    let corpus = try Corpus()
    #expect(try Program.run(["triage", corpus.paths[1], corpus.paths[0]]).status == 0)
    #expect(try Program.run(["triage", corpus.paths[1]]).status == 65)
    #expect(try Program.run(["triage", corpus.folder + "/absent"]).status == 66)
    let nothing = try Program.run(["triage"], input: "")
    #expect(nothing.status == 0 && nothing.bytes.isEmpty && nothing.errorBytes.isEmpty)
    #expect(try Program.run(["triage"], input: "\n\nabsent\n").status == 66)
    for options in [
      ["--jobs", "0"], ["--time-limit", "0"], ["--memory-limit", "1"], ["-", "a"], ["--kb", "/nowhere/kb.sqlite"],
    ] {
      let output = try Program.run(["triage"] + options, input: corpus.paths[0] + "\n")
      #expect([64, 66, 74].contains(output.status) && output.bytes.isEmpty, "\(options)")
    }
    // What is no output of triage is not overwritten.
    let refused = try Program.run(["triage", corpus.paths[0], "--output", corpus.cases.driver.dump])
    #expect(refused.status == 64 && refused.error.contains("overwrite"))
    #expect(try Program.run(["triage", corpus.cases.driver.dump]).status == 0)
  }

  @Test(.enabled(if: isLinux)) func pathsThatAreNoUTF8() throws {
    let cases = try Cases()
    let script = #"""
      name=$(printf 'caf\351.dmp'); cp "$2" "$1/$name"; printf '%s\n' "$1/$name" | "$FAULTLINE" triage
      printf 'a\000b\n' | "$FAULTLINE" triage
      """#
    let output = try Program.shell(script, [cases.folder.path, cases.netbt.dump])
    let lines = output.text.split(separator: "\n")
    #expect(lines.count == 2 && lines.first?.contains(#"caf\udce9.dmp","outcome":"read""#) == true)
    #expect(lines.last?.contains(#""path":"a\u0000b","outcome":"no-such-file""#) == true)
  }

  // MARK: Limits

  /// A file that takes long to read: nothing but zeros, in which a kernel is looked for.
  private func slowFile(_ folder: TemporaryFolder, _ name: String) throws -> String {
    let path = try folder.write(name, "")
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.truncate(atOffset: 1 << 30)
    try file.close()
    return path
  }

  @Test func aFileThatTakesTooLongCostsItselfAlone() throws {
    let cases = try Cases()
    let slow = try slowFile(cases.folder, "slow.img")
    let lines = try Program.run([
      "triage", cases.netbt.dump, slow, cases.driver.dump, "--time-limit", "0.05", "--jobs", "1",
    ]).lines()
    #expect(lines.map { $0["path"] as? String } == [cases.netbt.dump, slow, cases.driver.dump])
    #expect(lines[1]["outcome"] as? String == "time-limit")
    let problem = try #require((lines[1]["problems"] as? [[String: Any]])?.first)
    #expect(problem["expected"] as? String == "an answer within 0.05 seconds")
  }

  @Test(.enabled(if: isLinux)) func aFileThatTakesTooMuchMemoryCostsItselfAlone() throws {
    let cases = try Cases()
    // Rows of pool tags, all different: each is kept.
    let row = { (n: Int) in
      let tag = String(n, radix: 36)
      return " " + String(repeating: "a", count: 4 - tag.count) + tag
        + " Nonp       \(n)       1    \(n)    4096   512\n"
    }
    let text = " Tag  Type     Allocs     Frees      Diff   Bytes  Per Alloc\n" + (0..<60_000).map(row).joined()
    let log = try cases.folder.write("pool.log", text)
    let paths = [cases.netbt.dump, log, cases.driver.dump]
    let lines = try Program.run(["triage", "--memory-limit", "16", "--jobs", "1"] + paths).lines()
    #expect(lines.map { $0["outcome"] as? String } == ["read", "memory-limit", "read"])
  }

  /// Somebody ends a worker: its file is read again by another, and nothing is lost.
  @Test(.enabled(if: isLinux)) func aWorkerThatIsKilledIsReplaced() throws {
    let cases = try Cases()
    let slow = try slowFile(cases.folder, "slow.img")
    let list = try cases.folder.write(
      "list", ([slow] + Array(repeating: cases.netbt.dump, count: 20)).joined(separator: "\n"))
    let script = #"""
      "$FAULTLINE" triage --jobs 2 < "$1" > "$2/whole"
      "$FAULTLINE" triage --jobs 2 < "$1" > "$2/out" & all=$!
      killed=0
      while [ $killed -lt 1 ] && kill -0 $all 2>/dev/null; do
        for child in $(cat /proc/$all/task/*/children 2>/dev/null); do kill -9 $child && killed=$((killed + 1)) && break; done
        sleep 0.2
      done
      wait $all; echo "status $? killed $killed"; cmp "$2/whole" "$2/out" && echo same
      """#
    let output = try Program.shell(script, [list, cases.folder.path])
    #expect(output.text.contains("status 0") && output.text.hasSuffix("same\n"), "\(output.text) \(output.error)")
    #expect(!output.text.contains("killed 0"))
  }

  // MARK: Going on

  @Test func goesOnWhereItsOutputEnds() throws {
    let corpus = try Corpus()
    let list = try corpus.list()
    let whole = try Program.shell(#""$FAULTLINE" triage < "$1""#, [list]).bytes
    // Cut in the middle of lines, at their ends, and before the first.
    var cuts = [0, 1, whole.count - 1, whole.count]
    var random = SplitMix64(seed: 9)
    for _ in 0..<6 { cuts.append(random.index(below: whole.count)) }
    if let end = whole.firstIndex(of: 0x0A) { cuts += [end, end + 1] }
    for cut in cuts {
      let output = try corpus.cases.folder.write("lines", Array(whole.prefix(cut)))
      let run = try Program.shell(#""$FAULTLINE" triage --resume "$2" --output "$2" < "$1""#, [list, output])
      #expect(run.status == 0 && run.bytes.isEmpty && run.errorBytes.isEmpty, "\(cut) \(run.error)")
      #expect(Array(try Data(contentsOf: URL(filePath: output))) == whole, "\(cut)")
      // To another place go only the lines that are not there.
      let earlier = try corpus.cases.folder.write("earlier", Array(whole.prefix(cut)))
      let rest = try Program.shell(#""$FAULTLINE" triage --resume "$2" < "$1""#, [list, earlier]).bytes
      let kept = whole.prefix(cut).lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      #expect(rest == Array(whole[kept...]), "\(cut)")
    }
    let other = try corpus.cases.folder.write("other", "not a line of triage\n")
    #expect(try Program.run(["triage", corpus.paths[0], "--resume", other]).status == 65)
  }

  /// Killed at some moment, and run again.
  @Test func goesOnAfterBeingKilled() throws {
    let corpus = try Corpus()
    let script = #"""
      "$FAULTLINE" triage < "$1" > "$2/whole"
      : > "$2/lines"
      for after in 1 7 40; do
        "$FAULTLINE" triage --jobs 2 --resume "$2/lines" --output "$2/lines" < "$1" & all=$!
        while [ $(wc -l < "$2/lines") -lt $after ] && kill -0 $all 2>/dev/null; do sleep 0.01; done
        kill -9 $all 2>/dev/null; wait $all 2>/dev/null
      done
      "$FAULTLINE" triage --resume "$2/lines" --output "$2/lines" < "$1"
      echo "status $?"; cmp "$2/whole" "$2/lines" && echo same
      """#
    let output = try Program.shell(script, [try corpus.list(), corpus.folder])
    #expect(output.text == "status 0\nsame\n", "\(output.text) \(output.error)")
  }

  @Test func aReaderThatHasSeenEnoughEndsItQuietly() throws {
    let corpus = try Corpus()
    let script = #"{ "$FAULTLINE" triage < "$1"; echo $? >&2; } | head -n 1"#
    let output = try Program.shell(script, [try corpus.list()])
    #expect(output.text.split(separator: "\n").count == 1 && output.error == "0\n")
  }

  /// A list that does not end takes no more memory than a short one.
  @Test(.enabled(if: isLinux)) func memoryDoesNotGrowWithTheList() throws {
    let folder = try TemporaryFolder()
    let script = #"""
      mkfifo "$1/in"
      "$FAULTLINE" triage --jobs 2 < "$1/in" > "$1/out" & all=$!
      exec 3> "$1/in"
      peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$all/status; }
      upTo() { while [ $(wc -l < "$1/out") -lt $2 ]; do sleep 0.02; done; }
      seq -f "$1/absent/%.0f" 1 1000 >&3; upTo "$1" 1000; first=$(peak)
      seq -f "$1/absent/%.0f" 1001 10000 >&3; upTo "$1" 10000; last=$(peak)
      exec 3>&-; wait $all
      echo "$(wc -l < "$1/out") $first $last"
      """#
    let output = try Program.shell(script, [folder.path])
    let numbers = output.text.split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
    try #require(numbers.count == 3, "\(output.text) \(output.error)")
    #expect(numbers[0] == 10_000 && numbers[2] - numbers[1] < 16 << 10, "\(numbers)")
  }
}
