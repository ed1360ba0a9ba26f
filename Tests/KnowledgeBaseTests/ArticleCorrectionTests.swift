import Facts
import Testing

@testable import KnowledgeBase

/// Service packs that contain a fix, and event ids: what extraction adds to the labelled fields.
@Suite struct ArticleCorrectionTests {
  static func archive(_ status: String, keywords: String = "", symptoms: String = "The computer stops.") -> Article {
    Article(
      parsing: Array(
        """
        DOCUMENT:Q100001  10-AUG-2001  [winnt]
        TITLE   :A Made-up Driver Stops
        PRODUCT :Microsoft Windows NT
        PROD/VER:winnt:4.0
        OPER/SYS:
        KEYWORDS:\(keywords)

        ======================================================================
        -------------------------------------------------------------------------------
        The information in this article applies to:

         - Microsoft Windows NT Server version 4.0
        -------------------------------------------------------------------------------

        SYMPTOMS
        ========

        \(symptoms)

        STATUS
        ======

        \(status)

        """.utf8))
  }

  @Test(arguments: [
    (
      "This problem was first corrected in Windows NT 4.0 Service Pack 4.0 and Windows NT\nServer 4.0, Terminal Server Edition\nService Pack 4.",
      [("Windows NT 4.0", "4"), ("Windows NT Server 4.0, Terminal Server Edition", "4")]
    ),
    ("This problem was corrected in Microsoft Windows 2000 Service Pack 3.", [("Windows 2000", "3")]),
    ("This was fixed in Windows NT 4.0 Service Pack 6a.", [("Windows NT 4.0", "6a")]),
    ("This has been corrected in the latest Windows NT 4.0 U.S. Service Pack 5.", [("Windows NT 4.0", "5")]),
    ("Obtain the latest service pack for Windows 2000.", []),
    ("This problem was corrected in Microsoft Exchange Server Service Pack 2.", []),
    ("This problem was corrected in Windows 2000.", []),
  ])
  func statusNamesTheServicePack(status: String, expected: [(String, String)]) {
    let found = Self.archive(status).correctedIn.filter { $0.product.hasPrefix("Windows") }
    let wanted = expected.filter { $0.0.hasPrefix("Windows") }
    #expect(found == wanted.map { CorrectedIn(product: $0.0, servicePack: $0.1) })
  }

  @Test func keywordsNameTheServicePack() {
    let article = Self.archive(
      "", keywords: "kbWinNT400sp4fix kbWin2000preSP3fix kbExchange550sp4fix kbenv kbWinNT400fix")
    #expect(
      article.correctedIn == [
        CorrectedIn(product: "Windows NT 4.0", servicePack: "4"),
        CorrectedIn(product: "Windows 2000", servicePack: "3"),
      ])
  }

  @Test(arguments: [
    ("The following event is logged: Event ID: 2019 Source: Srv", ["2019"]),
    ("Event IDs 2019, 2020 and 2022 are logged.", ["2019", "2020", "2022"]),
    ("The event identifier is not known. Event 9 is none.", []),
    ("Event ID = 11", ["11"]),
    ("event id 123456", []),
  ])
  func eventNumbers(symptoms: String, expected: [String]) {
    #expect(Self.archive("", symptoms: symptoms).eventIDs == expected)
  }
}

@Suite struct ExtractionRulesTests {
  @Test func everyLineIsARule() {
    #expect(ExtractionRules.bundled.complaint == nil)
    #expect(ExtractionRules.bundled.rules.count > 25)
    #expect(
      ExtractionRules(Array("drivers\tsupports\t9\t-\ttoo heavy\tculprit(module=$drivers)".utf8)).complaint != nil)
    #expect(
      ExtractionRules(Array("drivers\tweak\t0.3\t-\tno such list\tculprit(module=$divers)".utf8)).complaint != nil)
    #expect(ExtractionRules(Array("drivers\tweak\t0.3\t-\tno such key\tculprit(modul=$drivers)".utf8)).complaint != nil)
  }

  /// Nothing that is general by its kind may be stated as more than weak, and only a leak led to its driver is decisive.
  @Test func decisiveIsRare() {
    let decisive = ExtractionRules.bundled.rules.filter { $0.effect == .decisive }
    #expect(decisive.count == 1)
    #expect(decisive.first?.lists.contains("tags") == true)
  }

  @Test func aRareNameWeighsMore() throws {
    var article = Article(layout: .archive)
    article.id = "Q1"
    article.drivers = ["rare.sys"]
    var rarity = TermRarity()
    rarity.count("rare.sys", documents: 3)
    let rare = try #require(KnownIssue(extractedFrom: article, rarity: rarity)?.conditions.first)
    rarity.count("rare.sys", documents: 5000)
    let common = try #require(KnownIssue(extractedFrom: article, rarity: rarity)?.conditions.first)
    #expect(rare.weight > common.weight)
    #expect(rare.weight == 1.5)
  }

  @Test(arguments: [
    ("Microsoft Windows NT Server versions 4.0, 4.0 SP4, 4.0 SP6a, Terminal Server Edition", ["0", "4", "6a"]),
    ("Microsoft Windows 2000 Server SP2", ["2"]), ("Windows Server 2003 Service Pack 1", ["1"]),
    ("Microsoft Windows NT Server version 4.0", []), ("Microsoft SPX Tools", []),
  ])
  func servicePacksOfAProductLine(product: String, expected: [String]) throws {
    var article = Article(layout: .archive)
    article.id = "Q1"
    article.products = [product]
    let issue = try #require(KnownIssue(extractedFrom: article))
    #expect(issue.affected.first?.servicePacks.map(\.description) == expected)
  }

  @Test func aServicePackThatContainsTheFixIsKnown() throws {
    var article = ArticleCorrectionTests.archive("This was first corrected in Windows NT 4.0 Service Pack 4.")
    article.drivers = ["made.sys"]
    let issue = try #require(KnownIssue(extractedFrom: article))
    #expect(issue.affected.contains { $0.product == "Windows NT 4.0" && $0.fixedIn == .init(4) })
  }
}
