import Facts
import Testing

@testable import KnowledgeBase

/// Articles of the five founding layouts, in texts of our own.
@Suite struct ArticleLayoutTests {
  @Test(arguments: [
    ("archive.txt", ArticleLayout.archive), ("glued-table.txt", .gluedTable), ("hard-wrapped.txt", .hardWrapped),
    ("one-line.txt", .oneLine), ("prose.txt", .prose),
  ])
  func layoutIsToldWithAReason(name: String, layout: ArticleLayout) throws {
    let text = ArticleText(decoding: try ArticleFixtures.bytes(name))
    let (found, reason) = ArticleLayout.detect(text)
    #expect(found == layout)
    #expect(!reason.isEmpty)
  }

  @Test func unknownTextIsNamedSoAndStillRead() throws {
    let (layout, reason) = ArticleLayout.detect("CAUSE\nThe Ferry.sys driver leaks.\n")
    #expect(layout == .unknown)
    #expect(reason == "1 section headings, no known opening")
    let article = Article.parse(Array("CAUSE\nThe Ferry.sys driver leaks.\n".utf8))
    #expect(article.drivers == ["ferry.sys"])
    #expect(article.mechanism == .leak)
    #expect(ArticleLayout.detect("").layout == .unknown)
  }

  @Test func archive() throws {
    let article = Article.parse(try ArticleFixtures.bytes("archive.txt"))
    #expect(article.id == "Q900123")
    #expect(article.title == "Stop 0x000000C2 in Ferry.sys When Two Piers Close")
    #expect(article.documentDate == "2001-02-14")
    #expect(
      article.products == [
        "Harbor Server versions 4.0, 4.0 SP1",
        "Harbor Workstation version 4.0, Island Edition, for computers that have no bridge",
      ])
    // Not 0x50 of the other article's title, nor 0x7b of the footer.
    #expect(article.stopCodes == [StopCode(0xC2), StopCode(0x0A)])
    #expect(
      article.stopParameters == [
        ["0x00000007", "0x<nnnnnnnn>", "0x00000000", "0x81a2b3c4"], ["00000018", "00000002", "00000001", "f1a2b3c4"],
      ])
    #expect(article.bugcheckNames == ["BAD_POOL_CALLER"])
    #expect(article.poolTags == ["FryM"])
    #expect(article.drivers == ["ferry.sys"])
    #expect(article.symbols == ["ferry!FerryClosePier"])
    #expect(article.mechanism == .memoryCorruption)
    #expect(article.fixKind == [.servicePack, .hotfix, .workaround])
    #expect(article.hotfixAvailable == true)
    #expect(article.workarounds == 2)
    #expect(article.requires == ["Harbor 4.0 Service Pack 2"])
    #expect(article.references == ["Q900001"])
    #expect(article.restartRequired == true)
    #expect(article.registryChange == nil)
    let group = "Harbor 4.0, Island Edition"
    #expect(
      article.files == [
        ArticleFile(
          name: "Ferry.sys", version: "4.0.1381.700", size: 41008, date: "2001-02-12", time: "15:07", platform: "Alpha",
          group: group),
        ArticleFile(
          name: "Gangway.exe", size: 1_250_896, date: "2001-02-12", time: "15:09", platform: "Intel", group: group),
        ArticleFile(name: "Buoy.dll", date: "1999-02-12", time: "16:41", platform: "Intel", group: group),
      ])
    #expect(article.keywords == ["kbharbor", "kbfix"])
    #expect(article.technology == ["kbHarborSearch", "kbHarbor400"])
    #expect(article.hardware == ["ALPHA", "x86"])
    #expect(article.issueType == "kbbug")
    #expect(article.solutionType == "kbfix")
    #expect(article.languages == ["English"])
  }

  @Test func gluedTable() throws {
    let article = Article.parse(try ArticleFixtures.bytes("glued-table.txt"))
    #expect(article.id == "KB900201")
    #expect(article.title == "A harbor computer runs short of nonpaged pool after many ferries sail")
    #expect(article.lastReviewed == "2009-03-04")
    #expect(article.revision == "1.3")
    #expect(article.products == ["Harbor Server 5", "Harbor Server 6 for small islands"])
    #expect(article.stopCodes.isEmpty)
    #expect(article.poolTags == ["FryA", "Fr"])
    #expect(article.mechanism == .leak)
    #expect(article.requires == ["Harbor Server 5 Service Pack 1"])
    #expect(article.restartRequired == false)
    #expect(article.registryChange == false)
    #expect(article.replaces.isEmpty)
    #expect(article.references == ["KB900202"])
    #expect(article.keywords == ["kbharbor", "kbfix", "KB900201"])
    let first = "Harbor Server 5 Service Pack 1, x86-based versions"
    #expect(article.files.count == 7)
    #expect(
      article.files.prefix(4) == [
        ArticleFile(
          name: "Ferry.sys", version: "5.2.3790.71", size: 106_496, date: "2007-07-22", time: "19:10", platform: "x86",
          servicePack: "SP1", serviceBranch: "SP1QFE", group: first),
        ArticleFile(
          name: "Gangway.exe", version: "5.2.3790.71", size: 2_142_720, date: "2007-07-22", time: "08:58",
          platform: "x86", servicePack: "SP1", serviceBranch: "SP1QFE", group: first),
        ArticleFile(name: "Pier.ini", size: 672, date: "2007-07-22", time: "19:11", group: first),
        ArticleFile(
          name: "Buoy.dll", version: "5.2.3790.71", size: 888, date: "2007-07-22", time: "19:12", platform: "x86",
          servicePack: "SP1", serviceBranch: "SP1QFE", group: first),
      ])
    #expect(
      article.files.last
        == ArticleFile(
          name: "Ferry.sys", version: "6.0.6002.22001", size: 9_501_240, date: "2007-07-22", time: "03:59",
          platform: "IA-64", group: "Harbor Server 6, IA64-based versions"))
  }

  @Test func hardWrapped() throws {
    let article = Article.parse(try ArticleFixtures.bytes("hard-wrapped.txt"))
    #expect(article.id == nil)
    #expect(article.title == nil)
    #expect(article.drivers == ["ferry.sys"])
    #expect(article.mechanism == .deadlock)
    #expect(article.fixKind == [.servicePack, .hotfix])
    #expect(article.requires == ["Harbor Server 5"])
    #expect(article.references == ["KB900301"])
    #expect(article.restartRequired == true)
    #expect(article.registryChange == nil)
    #expect(article.files.map(\.platform) == [nil, "IA-64"])
    #expect(article.files.allSatisfy { $0.group == nil && $0.version == "5.2.3790.71" })
  }

  @Test func oneLine() throws {
    let article = Article.parse(try ArticleFixtures.bytes("one-line.txt"))
    #expect(article.id == "KB900401")
    #expect(article.title == "A Stop error occurs on a harbor computer when a guest opens a pier")
    #expect(article.lastReviewed == "2011-10-07")
    #expect(article.stopCodes.isEmpty)
    #expect(article.drivers == ["ferry.sys"])
    #expect(article.symbols == ["ferry!FerryOpenPier"])
    #expect(article.mechanism == .badInput)
    #expect(article.fixKind == [.hotfix, .workaround])
    #expect(article.workarounds == 2)
    #expect(article.requires == ["Harbor Server 5 Service Pack 2"])
    #expect(article.replaces == ["KB900402", "KB900403"])
    #expect(article.references == ["KB900402", "KB900403", "KB900404", "KB900405"])
    #expect(article.restartRequired == true)
    #expect(article.registryChange == false)
    #expect(article.files.isEmpty)
  }

  @Test func prose() throws {
    let article = Article.parse(try ArticleFixtures.bytes("prose.txt"))
    #expect(article.mechanism == .race)
    #expect(article.fixKind == [.hotfix])
    #expect(article.hotfixAvailable == true)
    #expect(article.requires == ["Harbor Server 6", "Harbor Desktop Service Pack 1 (SP1)"])
    #expect(article.restartRequired == true)
    #expect(article.registryChange == false)
    #expect(article.workarounds == 0)
  }

  @Test func encodingsAndLineEndsDoNotMatter() throws {
    let bytes = try ArticleFixtures.bytes("glued-table.txt")
    let text = String(decoding: bytes, as: UTF8.self)
    let expected = Article.parse(bytes)
    var utf16: [UInt8] = [0xFF, 0xFE]
    for unit in text.utf16 { utf16 += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
    #expect(Article.parse(utf16) == expected)
    #expect(Article.parse([0xEF, 0xBB, 0xBF] + bytes) == expected)
    let carriage = bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
    #expect(Article.parse(carriage) == expected)
  }

  /// A store that keeps the first bytes of a page cuts inside a character; the rest is still UTF-8.
  @Test func aCutCharacterDoesNotChangeTheEncoding() {
    let text = ArticleText(decoding: Array("APPLIES TO\n \u{2022} Harbor".utf8) + [0xE2, 0x80])
    #expect(String(decoding: text.bytes, as: UTF8.self) == "APPLIES TO\n \u{2022} Harbor")
  }

  @Test func headingsAreFreedFromTheirNeighbours() {
    func unglue(_ text: String) -> String { String(decoding: ArticleUngluing.unglue(Array(text.utf8)), as: UTF8.self) }
    #expect(
      unglue("On This PageSYMPTOMSWhen it sails. CAUSEThe wind")
        == "On This Page\nSYMPTOMS\nWhen it sails. \nCAUSE\nThe wind")
    #expect(unglue("0x19 BAD_POOL_HEADERCAUSEA ferry") == "0x19 BAD_POOL_HEADER\nCAUSE\nA ferry")
    #expect(
      unglue("Hotfix information for Harbor 5A supported hotfix is")
        == "Hotfix information for Harbor 5\nA supported hotfix is")
    #expect(unglue("mend it.Workaround 2If it") == "mend it.\nWorkaround 2\nIf it")
    for text in [
      "see the CAUSE section", "BECAUSEThe", "MEMORY LEAK CAUSES A HANG", "a.sys and U.S. ports", "STATUS_REPARSE",
    ] {
      #expect(unglue(text) == text)
    }
  }

  /// Cut before it says how to resolve the problem, a page states neither that there is a fix nor that there is none.
  @Test func cutPages() {
    let cut = Article.parse(Array("SYMPTOMS\nThe harbor stops.\nCAUSE\nThis problem o".utf8))
    #expect(cut.fixKind.isEmpty)
    #expect(cut.hotfixAvailable == nil)
    let whole = Article.parse(Array("SYMPTOMS\nThe harbor stops.\nCAUSE\nThe wind.\nSTATUS\nThis is by design.".utf8))
    #expect(whole.fixKind == [.none])
    #expect(whole.hotfixAvailable == false)
  }
}
