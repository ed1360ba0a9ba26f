import ArgumentParser
import EvidenceSynthesis
import Foundation

extension Synthesize {
  struct Write: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a scenario's dump, a description of what is in it, and its symbol tables.")

    @Argument(help: "The scenario's id, as `list` prints it, or `all`.")
    var scenario: String

    @Option(help: "Decides everything that may vary; the same seed gives the same bytes.")
    var seed: UInt64 = 1

    @Option(help: "The folder to write into; `all` makes one folder per scenario in it.")
    var output: String

    @Flag(help: "Overwrite files that exist.")
    var force = false

    func run() throws {
      let folder = URL(filePath: output, directoryHint: .isDirectory)
      if scenario == "all" {
        for one in Scenario.all { try write(one, into: folder.appending(path: one.id, directoryHint: .isDirectory)) }
      } else if let one = Scenario.named(scenario) {
        try write(one, into: folder)
      } else {
        throw ValidationError("No scenario is named '\(scenario)'; see 'list'.")
      }
    }

    private func write(_ scenario: Scenario, into folder: URL) throws {
      let result = scenario(seed: seed)
      var files: [(path: String, content: Data)] = [
        ("\(scenario.id).dmp", Data(result.dump())),
        ("machine.txt", Data(result.description(of: scenario, seed: seed).utf8)),
      ]
      for table in result.symbols { files.append(("symbols/" + table.relativePath, Data(table.json().utf8))) }
      let urls = files.map { folder.appending(path: $0.path) }
      if !force, let existing = urls.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
        throw ValidationError("'\(existing.path)' exists; use --force to overwrite it.")
      }
      for (url, file) in zip(urls, files) {
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try file.content.write(to: url)
      }
      print("\(scenario.id) seed \(seed): \(urls[0].path), \(files[0].content.count) bytes")
    }
  }
}
