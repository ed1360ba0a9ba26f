import Foundation
import GRDB
import KnowledgeBase
import Testing

@testable import KnowledgeStore

private let builtProgram: String? = {
  // Beside the test bundle, which the runner names in its arguments or is itself.
  let places = CommandLine.arguments + Bundle.allBundles.map { $0.bundlePath }
  for place in places {
    var url = URL(fileURLWithPath: place)
    for _ in 0..<3 {
      url.deleteLastPathComponent()
      let program = url.appendingPathComponent("faultline").path
      if FileManager.default.isExecutableFile(atPath: program), !FileManager.default.fileExists(atPath: program + "/.")
      {
        return program
      }
    }
  }
  return nil
}()

/// Imports killed at moments spread over their whole run, by starting the built program as people do.
@Suite(.enabled(if: builtProgram != nil, "the program is not built"))
struct InterruptedImportTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")

  private func write(_ range: Range<Int>, _ cause: String, to name: String) throws -> String {
    let place = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for number in range {
      let text = SmallArticles.text(
        900_000 + number, title: "Gizmo \(number)", date: "09-AUG-\(2001 + cause.count % 9)", cause: cause)
      try Data(text.utf8).write(to: place.appendingPathComponent("\(number).txt"))
    }
    return place.path
  }

  private func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(builtProgram))
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  @Test func theOldStateOrTheNewNeverHalf() async throws {
    let first = try write(0..<60, "Aa.", to: "first")
    let second = try write(0..<300, "Bbbb changed.", to: "second")
    let fresh = folder.path + "/fresh.sqlite"
    let kept = folder.path + "/kept.sqlite"
    _ = try await KnowledgeImporter(path: kept, now: "2020-01-01T00:00:00Z").run([first])
    for round in 0..<20 {
      for database in [fresh, kept] {
        let process = try start(["kb", "import", second, "--kb", database, "--quiet"])
        try await Task.sleep(for: .milliseconds(3 + round * 9))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      if FileManager.default.fileExists(atPath: fresh) {
        #expect(try count(fresh) == 300)
        try FileManager.default.removeItem(atPath: fresh)
      }
      let articles = try count(kept)
      #expect(articles == 60 || articles == 300)
    }
    let report = try await KnowledgeImporter(path: kept, now: "2020-01-01T00:00:00Z").run([second])
    #expect(report.total == 300)
  }

  private func count(_ path: String) throws -> Int {
    let store = try KnowledgeStore(readingAt: path)
    let check = try store.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
    #expect(check == "ok")
    return try store.statistics().articles
  }
}
