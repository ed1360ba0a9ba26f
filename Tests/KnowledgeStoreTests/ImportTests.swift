import Facts
import Foundation
import KnowledgeBase
import Testing

@testable import KnowledgeStore

@Suite struct ImportTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")

  private func write(_ name: String, _ text: String) throws -> String {
    let url = folder.appendingPathComponent("articles/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  private var database: String { folder.path + "/data/kb.sqlite" }

  @discardableResult private func load(_ paths: [String]) async throws -> ImportReport {
    try await KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z").run(paths)
  }

  private func threeArticles() throws -> String {
    _ = try write("Q900001.TXT", SmallArticles.leak)
    _ = try write("deep/Q900002.TXT", SmallArticles.stop)
    _ = try write("deep/er/Q900003.TXT", SmallArticles.deadlock)
    return folder.path + "/articles"
  }

  @Test func aFolderIsReadOnceAndASecondTimeChangesNothing() async throws {
    let path = try threeArticles()
    let first = try await load([path])
    #expect((first.added, first.total) == (3, 3))
    let second = try await load([path])
    #expect((second.added, second.changed, second.unchanged, second.total) == (0, 0, 3, 3))
    let stored = try KnowledgeStore(readingAt: database).article("kb900001")
    #expect(stored?.article == Article.parse(Array(SmallArticles.leak.utf8)))
    #expect(stored?.text.contains("each time the gizmo is unplugged.") == true)
    #expect(!FileManager.default.fileExists(atPath: database + ".importing"))
  }

  @Test func aLaterTextReplacesAnEarlierOneWhicheverComesFirst() async throws {
    let old = try write("old.txt", SmallArticles.leak)
    let new = try write(
      "new.txt",
      SmallArticles.text(900001, title: "Memory Leak in Madeup.sys", date: "09-AUG-2002", cause: "It leaks gadgets."))
    try await load([old])
    let report = try await load([new])
    #expect(report.changed == 1)
    for paths in [[old], [new], [new, old]] {
      let again = try await load(paths)
      #expect((again.added, again.changed, again.total) == (0, 0, 1))
    }
    let stored = try KnowledgeStore(readingAt: database).article("900001")
    #expect(stored?.article.documentDate == "2002-08-09")
    #expect(stored?.olderRevisions == ["2001-08-09"])
    let hits = try KnowledgeStore(readingAt: database).search(SearchQuery("gizmo"))
    #expect(hits.isEmpty)
  }

  @Test func whatCannotBeReadIsListedAndTheRestGoesOn() async throws {
    let path = try threeArticles()
    _ = try write("broken.zip", "PK\u{3}\u{4} and no more")
    _ = try write("shopping.txt", "milk, bread")
    let report = try await load([path, folder.path + "/nowhere"])
    #expect(report.total == 3)
    #expect(report.unreadable.count == 3)
    #expect(report.unreadable.contains { $0.path.hasSuffix("nowhere") && $0.reason.contains("no such") })
  }

  @Test func nothingReadableLeavesNoFile() async throws {
    let path = try write("shopping.txt", "milk, bread")
    let report = try await load([path])
    #expect(report.total == 0)
    #expect(!FileManager.default.fileExists(atPath: database))
  }

  @Test func anotherDatabaseIsRefused() async throws {
    let path = try write("other.sqlite", "SQLite is something else")
    #expect(throws: StoreError.self) { try KnowledgeStore(readingAt: path) }
    #expect(throws: StoreError.self) { try KnowledgeStore(readingAt: folder.path + "/none") }
  }

  @Test func aReadOnlyFileCanBeUsed() async throws {
    try await load([try threeArticles()])
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: database)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o555], ofItemAtPath: (database as NSString).deletingLastPathComponent)
    defer {
      try? FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: (database as NSString).deletingLastPathComponent)
    }
    #expect(try KnowledgeStore(readingAt: database).article("Q900002") != nil)
  }

  @Test(arguments: [
    ("0x0A", "Q900002"), ("STOP:0000000a", "Q900002"), ("IRQL_NOT_LESS_OR_EQUAL", "Q900002"), ("Madeup.sys", "Q900001"),
    ("Mdup", "Q900001"), ("\"wait for each other\"", "Q900003"), ("900003", "Q900003"),
    ("mechanism:deadlock", "Q900003"),
    ("frobnicator product:\"Windows NT 4.0\" after:2000 before:2002-01", "Q900003"),
  ]) func searchFinds(_ query: String, _ id: String) async throws {
    try await load([try threeArticles()])
    let hits = try KnowledgeStore(readingAt: database).search(SearchQuery(query))
    #expect(hits.first?.id == id)
  }

  @Test func theWordsFoundAreMarked() async throws {
    try await load([try threeArticles()])
    let hit = try #require(try KnowledgeStore(readingAt: database).search(SearchQuery("frobnicator")).first)
    let mark = try #require(hit.marks.first)
    #expect(String(decoding: Array(hit.passage.utf8)[mark], as: UTF8.self) == "frobnicator")
    #expect(try KnowledgeStore(readingAt: database).search(SearchQuery("frobnicator after:2001")).isEmpty)
  }

  @Test func evidenceFindsItsArticle() async throws {
    try await load([try threeArticles()])
    let facts = [
      Fact(.culprit, "madeup.sys", attributes: ["module": .text("madeup.sys")]),
      Fact(
        .poolUse, "Mdup", attributes: ["tag": .poolTag(try #require(PoolTag("Mdup"))), "rank": .integer(1)]),
    ]
    let candidates = try KnowledgeStore(readingAt: database).candidates(
      CandidateQuery(facts: facts, observations: ["the gizmo was unplugged"]))
    #expect(candidates.first?.issue.id == "Q900001")
  }
}

@Suite struct CutTagTests {
  @Test(arguments: [
    ("Look for FSrtl tag taking up memory.", true), ("Look for the FSrt tag.", false), ("The FSrtl driver", false),
    ("XFSrtl tag", false), ("FSrtlongername tag", false), ("", false),
  ])
  func aLongerNameIsTheTag(text: String, expected: Bool) {
    #expect(TextWords.holdsCutTag("FSrt", Array(text.utf8)) == expected)
  }
}

@Suite struct TableImportTests {
  private static let csv = """
    "DatePosted","CVE","BulletinKB","Title","AffectedProduct","AffectedComponent","Severity","Impact","Supersedes","Exploits"
    "20200102","","100003","A ""quoted"" fix, with commas","Windows 10","","Critical","","100002;100001",
    "20200101","","100003","","Windows 8","","Critical","","100002",
    "20190101","","100002","Older","Windows 10","","Low","","100001",
    "20180101","","100004","One","Windows 10","","Low","","100005",
    "20180101","","100005","Two","Windows 10","","Low","","100004",
    """

  @Test func catalogueKeepsWhatTheRowsState() throws {
    let catalogue = UpdateCatalogue(Array(Self.csv.utf8))
    #expect(catalogue.rows == 5)
    let update = try #require(catalogue.updates["100003"])
    #expect(update.title == "A \"quoted\" fix, with commas")
    #expect(update.published == "2020-01-01")
    #expect(update.supersedes == ["100001", "100002"])
    #expect(update.products.count == 2)
  }

  @Test func chainsAreFollowedAndCyclesReported() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let csv = folder.path + "/updates.csv"
    try Data(Self.csv.utf8).write(to: URL(fileURLWithPath: csv))
    let database = folder.path + "/kb.sqlite"
    let importer = KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z")
    let report = try await importer.run([csv])
    #expect((report.updatesAdded, report.edgesAdded) == (5, 5))
    #expect(report.cycles == [["100004", "100005"]])
    #expect(try await importer.run([csv]).updatesAdded == 0)
    let update = try #require(try KnowledgeStore(readingAt: database).update("KB100001"))
    #expect(update.supersededBy == ["100002", "100003"])
    #expect(update.supersedes.isEmpty)
    #expect(try KnowledgeStore(readingAt: database).update("100004")?.supersedesAll == ["100005"])
  }

  @Test func tagOwnersAreRead() {
    let table = TagOwnerTable(Array("rem Pooltag.txt\n\nMdup - madeup.sys - Gizmos - and more\nX - <unknown>\n".utf8))
    #expect(table.rows.first == TagOwnerTable.Row(tag: "Mdup", binary: "madeup.sys", description: "Gizmos - and more"))
    #expect(table.rows.count == 2)
  }
}

@Suite struct TextSketchTests {
  @Test func aFewChangedWordsLeaveTextsAlike() throws {
    let words = (0..<400).map { "word\($0 * 7 % 311)" }
    var changed = words
    changed[200] = "other"
    let first = try #require(TextSketch(Array(words.joined(separator: " ").utf8)[...]))
    let second = try #require(TextSketch(Array(changed.joined(separator: " ").utf8)[...]))
    let third = try #require(TextSketch(Array(words.reversed().joined(separator: " ").utf8)[...]))
    #expect(first.shared(second) >= TextSketch.alike - 1)
    #expect(first.shared(third) < TextSketch.alike)
    #expect(TextSketch(bytes: first.bytes) == first)
    #expect(TextSketch(Array("too short".utf8)[...]) == nil)
    #expect(NearDuplicates.groups([(3, first), (5, first), (9, third)]) == [3: 3, 5: 3])
  }
}
