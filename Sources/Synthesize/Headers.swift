import ArgumentParser
import EvidenceSynthesis
import Facts
import Foundation

extension Synthesize {
  struct Headers: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write small dumps of every other type, with three physical pages each.",
      discussion:
        "For trying readers, ours and others, on the containers: the pages hold their frame number throughout.")

    @Option(help: "The folder to write into.")
    var output: String

    @Flag(help: "Overwrite files that exist.")
    var force = false

    func run() throws {
      let folder = URL(filePath: output, directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for id in ["netbt-stop", "unknown-driver-19041"] {
        guard let machine = Scenario.named(id)?(seed: 1).machine else { continue }
        for type in [1, 2, 3, 5, 6, 7, 8, 9, 10] as [UInt32] {
          var pages: [UInt64: [UInt8]] = [:]
          for frame in [0x10, 0x11, 0x1AD] as [UInt64] {
            pages[frame] = [UInt8](repeating: UInt8(frame & 0xFF), count: 4096)
          }
          let dump = PageDump(machine, type: DumpType(rawValue: type), pages: pages).encoded()
          let url = folder.appending(path: "\(machine.architecture)-type-\(type).dmp")
          if !force, FileManager.default.fileExists(atPath: url.path) {
            throw ValidationError("'\(url.path)' exists; use --force to overwrite it.")
          }
          try Data(dump).write(to: url)
          print("\(url.path), \(dump.count) bytes")
        }
      }
    }
  }
}
