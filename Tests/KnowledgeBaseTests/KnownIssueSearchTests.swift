import Facts
import Testing

@testable import KnowledgeBase

@Suite struct KnownIssueSearchTests {
  @Test(arguments: [
    ("950162", "KB950162"), ("Q950162", "KB950162"), ("KB950162", "KB950162"), ("fl-0004", "FL-0004"),
    ("tdpipe.sys", "Q315817"), ("Tdpipe", "Q315817"), ("0x41", "Q315817"), ("STOP:0x00000041", "Q315817"),
    ("00000041", "Q315817"), ("41h", "Q315817"), ("IoSe", "KB950162"), ("Mdl", "Q315817"),
    ("netbt!NbtCopyToStartOfIndicate", "KB961799"), ("nbtcopytostartofindicate", "KB961799"),
    ("mup.sys critical queue", "FL-0004"), ("terminal-server sessions race", "FL-0001"), ("viphook.dll", "FL-0001"),
    ("shadowing leak", "Q315817"), ("955860", "KB961799"), ("malformed NetBIOS", "KB961799"),
  ])
  func wordsLeadToTheIssue(words: String, id: String) throws {
    let hits = try Catalogue.bundled().search(words)
    let first = try #require(hits.first)
    #expect(first.id == id)
    #expect(!first.because.isEmpty)
    #expect(!first.passage.isEmpty)
  }

  @Test func tagsKeepTheirCaseAndNonsenseFindsNothing() throws {
    let catalogue = try Catalogue.bundled()
    #expect(!catalogue.search("IOSE").contains { $0.because.contains { $0.hasPrefix("pool tag") } })
    #expect(catalogue.search("zzz qqq").isEmpty)
    #expect(catalogue.search("").isEmpty)
    #expect(catalogue.search("0x12345678").isEmpty)
  }

  @Test func passageHoldsTheWords() throws {
    let hit = try #require(try Catalogue.bundled().search("referrals unanswered").first)
    #expect(hit.id == "FL-0004")
    #expect(hit.passage.contains("referrals stay unanswered"))
  }

  @Test func issueIsShownAsAnArticle() throws {
    let article = try #require(try Catalogue.bundled()["KB961799"]).article
    #expect(article.id == "KB961799")
    #expect(article.symbols == ["netbt!NbtCopyToStartOfIndicate"])
    #expect(article.drivers == ["netbt.sys"])
    #expect(article.replaces == ["KB955860", "KB948354"])
    #expect(article.workarounds == 3)
    #expect(article.fixKind == [.hotfix, .workaround])
    let pool = try #require(try Catalogue.bundled()["KB950162"]).article
    #expect(pool.poolTags == ["IoSe", "Pp"])
    #expect(pool.files.count == 15)
  }
}
