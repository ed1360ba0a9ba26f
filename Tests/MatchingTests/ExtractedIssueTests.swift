import Facts
import KnowledgeBase
import Matching
import Testing

/// With a founding issue's file taken away and only what its article's text names, the evidence must still lead to it.
@Suite struct ExtractedIssueTests {
  static func article(_ id: String?, _ change: (inout Article) -> Void) -> Article {
    var article = Article(layout: .oneLine)
    article.id = id
    article.title = "An imported article"
    change(&article)
    return article
  }

  static let articles: [(id: String, article: Article)] = [
    (
      "Q315817",
      article("Q315817") {
        $0.products = ["Microsoft Windows NT Server versions 4.0, 4.0 SP4, 4.0 SP5, 4.0 SP6, Terminal Server Edition"]
        $0.stopCodes = [StopCode(0x41)]
        $0.poolTags = ["Mdl"]
        $0.drivers = ["tdpipe.sys"]
        $0.mechanism = .leak
        $0.fixKind = [.hotfix]
        $0.files = [ArticleFile(name: "Tdpipe.sys", size: 10_360, date: "2002-01-07", time: "10:47")]
      }
    ),
    (
      "KB950162",
      article("KB950162") {
        $0.products = ["Windows Vista Business", "Microsoft Windows XP Professional"]
        $0.poolTags = ["IoSe", "Pp"]
        $0.mechanism = .leak
        $0.fixKind = [.hotfix]
        $0.requires = ["Windows XP Service Pack 2 or a later service pack"]
        $0.files = [
          ArticleFile(
            name: "Ntoskrnl.exe", version: "5.1.2600.3357", platform: "x86", servicePack: "SP2",
            group: "Windows XP with Service Pack 2 (SP2), x86-based versions"),
          ArticleFile(
            name: "Ntoskrnl.exe", version: "5.1.2600.5586", platform: "x86", servicePack: "SP3",
            group: "Windows XP with Service Pack 3 (SP3), x86-based versions"),
        ]
      }
    ),
    (
      "KB961799",
      article("KB961799") {
        $0.products = ["Windows Server 2003"]
        $0.drivers = ["netbt.sys"]
        $0.symbols = ["netbt!NbtCopyToStartOfIndicate"]
        $0.mechanism = .badInput
      }
    ),
    (
      "FL-0004",
      article(nil) {
        $0.products = ["Windows Server 2003"]
        $0.drivers = ["mup.sys"]
        $0.mechanism = .deadlock
      }
    ),
    (
      "FL-0001",
      article(nil) {
        $0.products = ["Windows Server 2008", "Windows Vista Service Pack 1 (SP1)"]
        $0.drivers = ["viphook.dll"]
        $0.mechanism = .race
      }
    ),
  ]

  static func issues() throws -> [KnownIssue] {
    try articles.map { try #require(KnownIssue(extractedFrom: $0.article, id: $0.id)) }
  }

  @Test(arguments: FoundingCase.all)
  func evidenceStillLeadsToTheArticle(_ sample: FoundingCase) throws {
    // A capture of referrals, and malformed frames alone, are known to the bundled files only.
    guard sample.verdict != "possible", !sample.name.hasPrefix("capture") else { return }
    let findings = Matcher(try Self.issues()).findings(facts: sample.facts, machine: sample.machine)
    let first = try #require(findings.first)
    #expect(first.issue.id == sample.id)
    #expect(first.verdict >= .probable, "\(first.confidence) \(first.because)")
  }

  @Test(arguments: LookAlike.all)
  func lookAlikeIsNotConfirmed(_ sample: LookAlike) throws {
    for finding in Matcher(try Self.issues()).findings(facts: sample.facts, machine: sample.machine) {
      #expect(finding.verdict != .confirmed, "\(finding.issue.id)")
    }
  }

  @Test func fixedKernelRulesAnImportedArticleOut() throws {
    var machine = Sample.xp
    let facts = [Sample.inStep, Sample.growth("IoSe", "paged", "leak")]
    let before = Matcher(try Self.issues()).findings(facts: facts, machine: machine)
    #expect(before.first?.verdict == .probable)
    machine.files = [ModuleIdentity(name: "ntoskrnl.exe", version: FileVersion(5, 1, 2600, 5586))]
    let after = Matcher(try Self.issues()).findings(facts: facts, machine: machine)
    #expect(after.first?.verdict == .ruledOut)
  }

  @Test func anAddressInAParameterSaysMoreThanTheCode() throws {
    let article = Self.article("Q291781") {
      $0.products = ["Windows NT 4.0"]
      $0.stopCodes = [StopCode(0x50)]
      $0.stopParameters = [["0xe1400004", "0x00000000", "0x00000000", "0x00000002"]]
    }
    let issue = try #require(KnownIssue(extractedFrom: article))
    let same = Fact(
      .stop, "stop",
      attributes: [
        "code": .stopCode(StopCode(0x50)), "parameter1": .address(VirtualAddress(0xE140_0004)),
        "parameter2": .address(VirtualAddress(0)),
      ])
    let found = Matcher([issue]).findings(facts: [same], machine: Machine())
    #expect(found.first?.verdict == .possible)
    #expect(found.first?.because.contains { $0.effect == .supports } == true)
  }

  @Test func anArticleWithoutANumberNeedsAnId() {
    #expect(KnownIssue(extractedFrom: Article(layout: .prose)) == nil)
  }
}
