import Foundation
import TestSupport
import Testing

/// Help texts are read by people and cited by scripts: a change shows in review. `FAULTLINE_RECORD=1` writes them anew, and such
/// a run fails, so that none goes unseen.
@Suite struct HelpTests {
  private static let folder = SharedEvidence.packageRoot + "/Tests/CommandTests/Snapshots"
  private static let isRecording = ProcessInfo.processInfo.environment["FAULTLINE_RECORD"] == "1"

  private static let commands: [[String]] = [
    [], ["diagnose"], ["match"], ["inspect"], ["dump"], ["pool"], ["capture"], ["audit"], ["verify"], ["triage"],
    ["signature"],
    ["serve"], ["kb"],
    ["kb", "show"], ["kb", "search"], ["kb", "stats"], ["kb", "import"], ["kb", "export"],
    ["lab"], ["lab", "list"], ["lab", "explore"], ["lab", "run"],
  ]

  private func subcommands(of command: [String]) throws -> [[String]] {
    let help = try Program.run(command + ["--help"]).text
    guard let list = help.range(of: "SUBCOMMANDS:\n") else { return [] }
    return help[list.upperBound...].split(separator: "\n").compactMap { line in
      guard line.hasPrefix("  "), let name = line.dropFirst(2).split(separator: " ").first,
        !line.dropFirst(2).hasPrefix(" "),
        name != "See"
      else { return nil }
      return command + [name.trimmingCharacters(in: .whitespaces)]
    }
  }

  @Test func everyCommandHasASnapshot() throws {
    var found: [[String]] = [[]]
    var next = 0
    while next < found.count {
      found += try subcommands(of: found[next])
      next += 1
    }
    #expect(Set(found) == Set(Self.commands))
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".txt") }
    #expect(Set(files) == Set(Self.commands.map(Self.name)))
  }

  private static func name(_ command: [String]) -> String { (["faultline"] + command).joined(separator: "-") + ".txt" }

  @Test(arguments: commands) func helpIsAsRecorded(command: [String]) throws {
    let output = try Program.run(command + ["--help"])
    #expect(output.status == 0 && output.errorBytes.isEmpty)
    let path = Self.folder + "/" + Self.name(command)
    if Self.isRecording {
      try Data(output.bytes).write(to: URL(filePath: path))
      Issue.record("recorded \(Self.name(command))")
      return
    }
    let recorded = try String(contentsOfFile: path, encoding: .utf8)
    #expect(output.text == recorded, "record anew with FAULTLINE_RECORD=1 where the change is meant")
  }

  @Test(arguments: commands) func helpShowsAnExample(command: [String]) throws {
    let help = try Program.run(command + ["--help"]).text
    let words = (["faultline"] + command).joined(separator: " ") + " "
    let example = help.prefix { _ in true }.split(separator: "USAGE:").first ?? ""
    #expect(example.contains(words), "\(words)")
    #expect(try Program.run(["help"] + command).text == help)
    expectPlain(try Program.run(command + ["--help"]))
  }

  /// What is shown can be pasted: no example is broken by the width of a terminal.
  @Test(arguments: commands) func examplesFitTheLine(command: [String]) throws {
    let help = try Program.run(command + ["--help"]).text
    for line in help.split(separator: "USAGE:").first?.split(separator: "\n") ?? [] { #expect(line.count <= 80) }
    // Forms that a command cannot print are not offered.
    let hasForms = [["diagnose"], ["match"], ["pool"], ["capture"], ["audit"], ["verify"]].contains(command)
    for format in ["html", "csv"] where !hasForms { #expect(!help.contains(format)) }
  }

  @Test func versionIsANumber() throws {
    let text = try Program.run(["--version"]).text
    #expect(text.split(separator: ".").count == 3 && text.hasSuffix("\n"))
  }
}
