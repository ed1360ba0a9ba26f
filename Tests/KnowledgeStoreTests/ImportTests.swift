import Facts
import Foundation
import GRDB
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

  private func bytes() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: database)) }

  @Test func aSecondImportDoesNotTouchTheFile() async throws {
    let path = try threeArticles()
    // One article twice with different texts of one date, and one file that is none: they must not change places.
    _ = try write("again.txt", SmallArticles.leak.replacing("gizmo", with: "gadget"))
    _ = try write("shopping.txt", "milk, bread")
    try await load([path])
    // What the import told of a file that cannot be read is kept by the first import that has articles.
    try await load([path])
    let before = try bytes()
    let status = try FileManager.default.attributesOfItem(atPath: database)
    for _ in 0..<3 {
      let report = try await load([path])
      #expect((report.added, report.changed, report.olderKept, report.unchanged) == (0, 0, 0, 4))
    }
    #expect(try bytes() == before)
    let after = try FileManager.default.attributesOfItem(atPath: database)
    #expect(after[.systemFileNumber] as? Int == status[.systemFileNumber] as? Int)
    #expect(after[.modificationDate] as? Date == status[.modificationDate] as? Date)
  }

  @Test func aReadOnlyFileTakesNothingNew() async throws {
    let path = try threeArticles()
    try await load([path])
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: database)
    let before = try bytes()
    #expect(try await load([path]).unchanged == 3)
    let new = try write("new.txt", SmallArticles.text(900_007, title: "New", cause: "None."))
    await #expect { try await load([new]) } throws: { "\($0)".contains("is read-only") }
    #expect(try bytes() == before)
    #expect(!FileManager.default.fileExists(atPath: database + ".importing"))
  }

  @Test func whoMayReadTheFileStaysAsItWas() async throws {
    try await load([try threeArticles()])
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: database)
    let link = folder.path + "/link.sqlite"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: database)
    let new = try write("new.txt", SmallArticles.text(900_007, title: "New", cause: "None."))
    let report = try await KnowledgeImporter(path: link, now: "2020-01-01T00:00:00Z").run([new])
    #expect(report.total == 4)
    let status = try FileManager.default.attributesOfItem(atPath: database)
    #expect((status[.posixPermissions] as? Int).map { $0 & 0o777 } == 0o640)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == database)
    #expect(try KnowledgeStore(readingAt: database).article("900007") != nil)
  }

  /// What another program left in a log beside the file is not lost.
  @Test func aLogBesideTheFileIsSettledFirst() async throws {
    try await load([try threeArticles()])
    do {
      let other = try DatabaseQueue(path: database)
      try await other.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
        try database.execute(sql: "UPDATE article SET title = 'Settled' WHERE key = '900001'")
      }
      // As after a kill: the log stays.
      for ending in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: database + ending, toPath: folder.path + "/copy" + ending)
      }
      try other.close()
    }
    let copy = folder.path + "/copy"
    let new = try write("new.txt", SmallArticles.text(900_007, title: "New", cause: "None."))
    let report = try await KnowledgeImporter(path: copy, now: "2020-01-01T00:00:00Z").run([new])
    #expect(report.total == 4)
    #expect(!FileManager.default.fileExists(atPath: copy + "-wal"))
    let title = try KnowledgeStore(readingAt: copy).read {
      try String.fetchOne($0, sql: "SELECT title FROM article WHERE key = '900001'")
    }
    #expect(title == "Settled")
  }

  /// The terms of a text that a later one in the same import replaces are not the later one's.
  @Test func aTextReplacedInTheSameImportLeavesNoTerms() async throws {
    let old = try write("a.txt", SmallArticles.stop)
    let new = try write(
      "b.txt", SmallArticles.text(900_002, title: "Other", date: "09-AUG-2003", cause: "Gizmo.sys leaks memory."))
    let report = try await load([old, new])
    #expect((report.added, report.changed, report.total) == (1, 1, 1))
    let store = try KnowledgeStore(readingAt: database)
    #expect(try store.search(SearchQuery("0x0A")).isEmpty)
    #expect(try store.search(SearchQuery("gizmo.sys")).map(\.id) == ["Q900002"])
    #expect(try store.search(SearchQuery("gizmo.sys"), limit: .max).map(\.id) == ["Q900002"])
    #expect(try store.search(SearchQuery("gizmo.sys"), limit: 0).isEmpty)
  }

  @Test func pagesAreKeptAsTheirText() async throws {
    let page =
      "<html><head><title>x</title><style>p {}</style></head><body><pre>\n"
      + SmallArticles.leak.replacing("<", with: "&lt;") + "</pre></body></html>"
    let path = try write("page.htm", page)
    try await load([path])
    let stored = try #require(try KnowledgeStore(readingAt: database).article("900001"))
    #expect(!stored.text.contains("<"))
    #expect(stored.article.drivers == ["madeup.sys"])
    #expect(stored.article.layoutReason.contains("a web page"))
  }

  @Test func theDefaultPlace() {
    func place(_ environment: [String: String]) -> String? {
      KnowledgeStore.defaultPath { environment[$0] }
    }
    #expect(place(["XDG_DATA_HOME": "/data", "HOME": "/home/a"]) == "/data/faultline/knowledge.sqlite")
    #expect(place([:]) == nil)
    #expect(place(["HOME": ""]) == nil)
    #if !canImport(Darwin)
    #expect(place(["HOME": "/home/a"]) == "/home/a/.local/share/faultline/knowledge.sqlite")
    // The convention: a path that is not absolute is ignored.
    #expect(place(["XDG_DATA_HOME": "data", "HOME": "/home/a"]) == "/home/a/.local/share/faultline/knowledge.sqlite")
    #endif
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

  /// A library is no driver to the parser; where the evidence shows it among a session's images, the text's name for it counts.
  @Test(arguments: ["gizmo.dll", "gizm.dll", "igizmo.dll"]) func anImageOfASessionIsNamed(image: String) async throws {
    let path = try write(
      "Q900004.TXT",
      SmallArticles.text(
        900_004, title: "Stop Error on a Server",
        cause:
          "This is a race condition: a session looks up Gizmo.dll while a session deletes it, and NULL is returned."))
    try await load([path])
    let facts = [
      Fact(.nullDereference, "NULL", attributes: ["module": .text("ntoskrnl.exe")], id: "f1"),
      Fact(
        .otherSessionRemoves, "removed",
        attributes: ["component": .text("session-image"), "module": .text(image), "session": .integer(3)], id: "f2"),
    ]
    let candidates = try KnowledgeStore(readingAt: database).candidates(
      CandidateQuery(facts: facts, observations: ["a session looks up an image and deletes it"]))
    let issue = try #require(candidates.first).issue
    let asksForImage = issue.conditions.contains { condition in
      condition.effect == .supports
        && condition.clauses.contains { $0.kind == .otherSessionRemoves && $0.constraints["module"] != nil }
    }
    #expect(asksForImage == (image == "gizmo.dll"))
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
    #expect(update.supersededBy.map(\.name) == ["100002", "100003"])
    #expect(update.supersedes.isEmpty)
    #expect(update.newest == ["100003"])
    let ring = try #require(try KnowledgeStore(readingAt: database).update("100004"))
    #expect(ring.supersedesAll.map(\.name) == ["100005"])
    #expect(ring.ring == ["100005"])
    #expect(ring.newest.isEmpty)
  }

  @Test func cellsAreReadHoweverTheyPartTheirNumbers() {
    #expect(UpdateCatalogue.updateNames("3118389<br><br>4022173") == ["3118389", "4022173"])
    #expect(UpdateCatalogue.updateNames("KB4471987; 3142037\n") == ["4471987", "3142037"])
    #expect(UpdateCatalogue.updateNames("None") == [])
    #expect(UpdateCatalogue.updateNames("2.41.0") == [])
    #expect(UpdateCatalogue.updateNames("MS08-067,ms3-1") == ["MS08-067"])
    #expect(UpdateCatalogue.updateName("Release Notes") == nil)
    #expect(UpdateCatalogue.updateName("Notes for 4471987") == nil)
    #expect(UpdateCatalogue.updateName("KB4471987") == "4471987")
  }

  /// Cumulative updates of one product hold each other; that is inferred, and says so on every way that leads through it.
  @Test func whatFollowsIsMarkedAsInferred() async throws {
    let title = "Cumulative Security Update for Gizmos"
    var rows = "DatePosted,BulletinKB,Title,AffectedProduct,AffectedComponent,Supersedes\n"
    for (date, number, product, older) in [
      ("20100101", 200001, "A", ""), ("20100201", 200002, "A", ""), ("20100301", 200003, "A", "200002"),
      ("20100301", 200009, "B", ""), ("20100401", 200004, "A", ""),
    ] {
      rows += "\(date),\(number),\(title),\(product),Gizmo 6,\(older)\n"
    }
    let catalogue = UpdateCatalogue(Array(rows.utf8))
    #expect(catalogue.inferred().map { $0.newer + ">" + $0.older } == ["200002>200001", "200004>200003"])
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let csv = folder.path + "/updates.csv"
    try Data(rows.utf8).write(to: URL(fileURLWithPath: csv))
    let database = folder.path + "/kb.sqlite"
    let report = try await KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z").run([csv])
    #expect((report.edgesAdded, report.edgesInferred) == (3, 2))
    let store = try KnowledgeStore(readingAt: database)
    let update = try #require(try store.update("200003"))
    #expect(update.supersedes == [KnowledgeStore.Supersedence(name: "200002", isInferred: false)])
    #expect(
      update.supersedesAll == [
        KnowledgeStore.Supersedence(name: "200001", isInferred: true),
        KnowledgeStore.Supersedence(name: "200002", isInferred: false),
      ])
    #expect(update.supersededByAll == [KnowledgeStore.Supersedence(name: "200004", isInferred: true)])
    #expect(try store.update("200009")?.supersedesAll.isEmpty == true)
  }

  @Test func aKnownTableIsKnownByItsContents() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let tags = folder.path + "/pooltag.txt"
    try Data("rem Pooltag.txt\nMdup - madeup.sys - Gizmos\nGiz - <unknown> - Others\n".utf8).write(
      to: URL(fileURLWithPath: tags))
    let database = folder.path + "/kb.sqlite"
    let importer = KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z")
    #expect(try await importer.run([tags]).tagOwnersAdded == 2)
    let before = try Data(contentsOf: URL(fileURLWithPath: database))
    #expect(try await importer.run([tags]).tables == 1)
    #expect(try Data(contentsOf: URL(fileURLWithPath: database)) == before)
    let store = try KnowledgeStore(readingAt: database)
    #expect(
      try store.owners(ofTag: "Mdup")
        == [KnowledgeStore.TagOwner(tag: "Mdup", binary: "madeup.sys", description: "Gizmos")])
    #expect(try store.owners(ofTag: "Giz").first?.binary == nil)
    #expect(try store.owners(ofTag: "mdup").isEmpty)
  }

  @Test func tagOwnersAreRead() {
    let table = TagOwnerTable(Array("rem Pooltag.txt\n\nMdup - madeup.sys - Gizmos - and more\nX - <unknown>\n".utf8))
    #expect(table.rows.first == TagOwnerTable.Row(tag: "Mdup", binary: "madeup.sys", description: "Gizmos - and more"))
    #expect(table.rows.count == 2)
  }
}

@Suite struct NearDuplicateTests {
  private static let words = (0..<400).map { "word\($0 * 7 % 311)" }

  private func sketch(_ words: [String]) throws -> TextSketch {
    try #require(TextSketch(Array(words.joined(separator: " ").utf8)[...]))
  }

  @Test func aFewChangedWordsLeaveTextsAlike() throws {
    var changed = Self.words
    changed[200] = "other"
    let first = try sketch(Self.words)
    let second = try sketch(changed)
    let third = try sketch(Self.words.reversed())
    #expect(first.shared(second) >= NearDuplicates.sketchesAlike)
    #expect(first.shared(third) < NearDuplicates.sketchesAlike)
    #expect(TextSketch(bytes: first.bytes) == first)
    #expect(TextSketch(Array("too short".utf8)[...]) == nil)
    let all = [(id: Int64(3), sketch: first), (5, second), (9, third)]
    #expect(NearDuplicates.groups(all, NearDuplicates.candidates(all)) { _, _ in true } == [3: 3, 5: 3])
  }

  /// Texts that share only what every article says are no near-duplicates, however much of it there is.
  @Test func aMemberIsAlikeToTheFirstOfItsGroup() throws {
    let same = try sketch(Self.words)
    let all = (1...4).map { (id: Int64($0), sketch: same) }
    #expect(NearDuplicates.groups(all, NearDuplicates.candidates(all)) { _, _ in false }.isEmpty)
    // 1 is like 2, 2 like 3, but 1 not like 3.
    #expect(
      NearDuplicates.groups(all, NearDuplicates.candidates(all)) { abs($0 - $1) == 1 } == [1: 1, 2: 1, 3: 3, 4: 3])
  }

  @Test func sharedWordsAreWeighed() {
    func words(_ text: String) -> TellingWords { TellingWords(Array(text.utf8)[...], WordWeights()) }
    #expect(words("The gizmo stops").shared(words("the GIZMO, stops!")) == 1)
    #expect(abs(words("a b c d").shared(words("c d e f")) - 1.0 / 3) < 1e-6)
    #expect(words("").shared(words("")) == 0)
  }
}
