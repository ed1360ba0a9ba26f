import EvidenceSynthesis
import Foundation
import TestSupport
import Testing

/// `--symbol-server`, asked by the built program for the databases of a dump's modules.
@Suite struct SymbolServerTests {
  /// A table's symbols as the program database that a server has.
  private static func database(_ table: SynthesizedSymbolTable) -> [UInt8] {
    var database = SynthesizedDatabase()
    let digits = Array(table.guid)
    let bytes = stride(from: 0, to: 32, by: 2).map { UInt8(String(digits[$0..<($0 + 2)]), radix: 16) ?? 0 }
    database.guid = bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...]
    database.age = table.age
    database.machine = table.machineType
    database.sections = [.init(offset: 0x1000, size: 0x100_0000, isExecutable: true)]
    database.publics = table.symbols.sorted { $0.key < $1.key }.filter { $0.value >= 0x1000 }.map {
      .init($0.key, section: 1, offset: $0.value - 0x1000)
    }
    return database.encoded()
  }

  private static func symbols(_ output: Program.Output) throws -> [String] {
    let frames = try #require(try output.json()["stack"] as? [[String: Any]])
    return frames.map { $0["symbol"] as? String ?? "" }
  }

  @Test func stackIsNamedByTheServer() throws {
    let folder = try TemporaryFolder()
    let written = try WrittenCase(try #require(Scenario.named("netbt-stop")), seed: 3, in: folder)
    var replies: [String: LoopbackServer.Reply] = [:]
    for table in written.content.symbols {
      replies["/store/\(table.database)/\(table.guid)\(table.age)/\(table.database)"] = .file(Self.database(table))
    }
    let server = try LoopbackServer(replies)
    defer { server.stop() }
    let view = ["dump", "stack", written.dump, "--format", "json"]
    let asking = ["--symbol-server", server.url, "--symbol-cache", folder.path + "/cache"]
    let wanted = try Self.symbols(try Program.run(view + ["--symbols", written.symbols]))
    let bare = try Self.symbols(try Program.run(view))
    #expect(wanted.contains { $0.hasPrefix("netbt!") } && wanted != bare)
    #expect(try Self.symbols(try Program.run(view + asking)) == wanted)
    // What was fetched is kept: the second run asks for nothing that the first one got.
    let asked = server.asked
    #expect(!asked.isEmpty)
    #expect(try Self.symbols(try Program.run(view + asking)) == wanted)
    let fetched = Set(replies.keys)
    #expect(server.asked.dropFirst(asked.count).allSatisfy { !fetched.contains($0) })
  }

  /// What the folders have is not asked for.
  @Test func foldersComeFirst() throws {
    let folder = try TemporaryFolder()
    let written = try WrittenCase(try #require(Scenario.named("netbt-stop")), seed: 3, in: folder)
    let server = try LoopbackServer([:])
    defer { server.stop() }
    let output = try Program.run([
      "dump", "stack", written.dump, "--format", "json", "--symbols", written.symbols, "--symbol-server", server.url,
      "--symbol-cache", folder.path + "/cache",
    ])
    #expect(try Self.symbols(output).contains { $0.hasPrefix("netbt!") })
    let named = Set(written.content.symbols.map(\.database))
    #expect(!server.asked.contains { path in named.contains { path.contains("/\($0)/") } })
  }

  /// A server that has nothing leaves the answer as it is, and says what it was asked for.
  @Test func nothingThere() throws {
    let folder = try TemporaryFolder()
    let written = try WrittenCase(try #require(Scenario.named("netbt-stop")), seed: 3, in: folder)
    let server = try LoopbackServer([:])
    defer { server.stop() }
    let view = ["dump", "stack", written.dump, "--format", "json"]
    let output = try Program.run(
      view + ["--symbol-server", server.url, "--symbol-cache", folder.path + "/cache"])
    #expect(output.status == 0)
    #expect(try Self.symbols(output) == Self.symbols(try Program.run(view)))
    #expect(server.asked.contains { $0.hasSuffix("/netbt.pdb") })
    #expect(output.text.contains("has no netbt.pdb/"))
  }
}
