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

  /// Moments spread over an import by a seeded choice; where they fall depends on the computer, what must be true does not.
  @Test(arguments: [1, 2]) func theOldStateOrTheNewNeverHalf(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let first = try write(0..<60, "Aa.", to: "first")
    let second = try write(0..<300, "Bbbb changed.", to: "second")
    let updates = try writeUpdates(4000)
    let fresh = folder.path + "/fresh.sqlite"
    let kept = folder.path + "/kept.sqlite"
    _ = try await KnowledgeImporter(path: kept, now: "2020-01-01T00:00:00Z").run([first])
    let old = try Data(contentsOf: URL(fileURLWithPath: kept))
    let whole = try ContinuousClock().measure {
      try start(["kb", "import", second, updates, "--kb", fresh, "--quiet"]).waitUntilExit()
    }
    #expect(try count(fresh) == [300, 4000])
    try FileManager.default.removeItem(atPath: fresh)
    for round in 0..<16 {
      for database in [fresh, kept] {
        let process = try start(["kb", "import", second, updates, "--kb", database, "--quiet"])
        try await Task.sleep(for: whole * Double.random(in: 0..<1.2, using: &random))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        for ending in ["-journal", "-wal", "-shm"] {
          #expect(!FileManager.default.fileExists(atPath: database + ending), "seed \(seed), round \(round)")
        }
      }
      if FileManager.default.fileExists(atPath: fresh) {
        #expect(try count(fresh) == [300, 4000], "seed \(seed), round \(round)")
        try FileManager.default.removeItem(atPath: fresh)
      }
      let found = try count(kept)
      #expect(found == [60, 0] || found == [300, 4000], "seed \(seed), round \(round)")
      if found == [60, 0] {
        #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == old)
      } else {
        try old.write(to: URL(fileURLWithPath: kept))
      }
    }
    let report = try await KnowledgeImporter(path: kept, now: "2020-01-01T00:00:00Z").run([second, updates])
    #expect(report.total == 300)
    #expect(!FileManager.default.fileExists(atPath: kept + ".importing"))
  }

  private func writeUpdates(_ count: Int) throws -> String {
    var text = "DatePosted,BulletinKB,Title,AffectedProduct,Supersedes\n"
    for number in 0..<count { text += "20200101,\(100_000 + number),A fix,Windows,\(99_999 + number)\n" }
    // The first one replaces an update without a row, which counts as well.
    text = text.replacing(",99999\n", with: ",\n")
    let path = folder.appendingPathComponent("updates.csv")
    try Data(text.utf8).write(to: path)
    return path.path
  }

  /// Articles and updates of a knowledge base that SQLite finds nothing wrong with.
  private func count(_ path: String) throws -> [Int] {
    let store = try KnowledgeStore(readingAt: path)
    let check = try store.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
    #expect(check == "ok")
    let statistics = try store.statistics()
    return [statistics.articles, statistics.updates]
  }
}
