import Facts
import Testing

@testable import KnowledgeBase

/// Pages in Markdown, as the articles that are still kept up are published.
@Suite struct ArticleMarkdownTests {
  static let page = """
    ---
    title: Gizmo stops the computer
    ms.date: 09/24/2020
    ---
    # Gizmo stops the computer with BAD\\_POOL\\_HEADER

    This article describes a stop.

    _Original product version:_ &nbsp; Windows Server 2003, Windows XP
    _Original KB number:_ &nbsp; 900123

    ## Symptoms

    The driver `gizmo.sys` stops **at once**. The stack shows nt!_KiTrap0E and gizmo!Gizmo_Copy:

    STOP 0x00000019 (0x00000020, 0x8918d000, 0x8918d600, 0x0ac00001) BAD_POOL_HEADER

    ## Cause

    The driver writes past the end of its buffer and corrupts memory.

    ## Workaround

    To work around this problem, use one of the following methods:

    - Remove the gizmo.
    - Turn its cache off.

    ## References

    [How to obtain the latest service pack](https://support.microsoft.com/kb/889100)

    """

  @Test func fieldsOfAPage() {
    let article = Article.parse(Array(Self.page.utf8))
    #expect(article.layout == .markdown)
    #expect(article.layoutReason == "line 10 prints the number in Markdown")
    #expect(article.id == "KB900123")
    #expect(article.title == "Gizmo stops the computer")
    #expect(article.products == ["Windows Server 2003", "Windows XP"])
    #expect(article.stopCodes == [StopCode(0x19)])
    #expect(article.stopParameters == [["0x00000020", "0x8918d000", "0x8918d600", "0x0ac00001"]])
    #expect(article.bugcheckNames == ["BAD_POOL_HEADER"])
    #expect(article.drivers == ["gizmo.sys"])
    #expect(article.symbols == ["nt!_KiTrap0E", "gizmo!Gizmo_Copy"])
    #expect(article.mechanism == .memoryCorruption)
    #expect(article.workarounds == 2)
    #expect(article.references == ["KB889100"])
  }

  /// By its own marks, and where only its headings tell.
  @Test func pagesAreRecognized() {
    #expect(Article.looksLikeArticle(Array(Self.page.utf8)).0)
    #expect(
      Article.looksLikeArticle(Array("# Gizmo\n\n## Symptoms\n\nStops.\n\n## Cause\n\nx\n\n## Resolution\n\ny\n".utf8))
        .0)
    #expect(!Article.looksLikeArticle(Array("# Gizmo\n\n## Install\n\n## Status\n\n## Usage\n".utf8)).0)
  }

  /// A rule under the title is no front matter, and front matter that nothing ends is none.
  @Test func rulesAreNoFrontMatter() {
    let rest = Self.page.split(separator: "---\n", maxSplits: 2)[1...].last.map(String.init) ?? ""
    let ruled = Article.parse(Array(("# Gizmo stops\n---\n" + rest).utf8))
    #expect(ruled.id == "KB900123" && ruled.stopCodes == [StopCode(0x19)] && ruled.title == "Gizmo stops")
    let open = Article.parse(Array(("---\n" + rest).utf8))
    #expect(open.id == "KB900123" && open.stopCodes == [StopCode(0x19)])
  }

  @Test func titleIsTheFirstHeadingWithoutFrontMatter() {
    let page = Self.page.split(separator: "---\n", maxSplits: 2)[1...].last.map(String.init) ?? ""
    let article = Article.parse(Array(page.utf8))
    #expect(article.title == "Gizmo stops the computer with BAD_POOL_HEADER")
    #expect(article.id == "KB900123")
  }

  /// A comment sign in a listing makes no page Markdown.
  @Test func signsElsewhereAreNone() {
    let text = "Help and Support\nSYMPTOMS\n# cat /etc/hosts\nThe computer stops.\n# symptom\n"
    #expect(Article.parse(Array("SYMPTOMS\n# cat /etc/hosts\nThe computer stops.\n".utf8)).layout != .markdown)
    #expect(Article.parse(Array(text.utf8)).layoutReason.isEmpty == false)
    #expect(Article.parse(Array("#\n##\n# \n#######\n[](\n__ ** ` \\\n".utf8)).layout != .markdown)
  }

  /// Cut and changed anywhere, a page is read without a trap.
  @Test func damagedPages() {
    let bytes = Array(Self.page.utf8)
    for end in stride(from: 0, through: bytes.count, by: 3) { _ = Article.parse(Array(bytes[..<end])) }
    var state: UInt64 = 11
    for _ in 0..<2000 {
      var changed = bytes
      for _ in 0..<4 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let at = Int(state >> 33) % changed.count
        changed[at] = [0x23, 0x5F, 0x2A, 0x60, 0x5B, 0x5D, 0x28, 0x0A, 0x5C, 0x2D][Int(state >> 20 & 0xFF) % 10]
      }
      _ = Article.parse(changed)
    }
  }
}

extension ArticleFormTests {
  /// A file's name may begin with `0x`; a stop line that names a driver is no row.
  @Test func namesThatBeginLikeNumbers() {
    let table =
      "   Date         Time   Version  Size     File name\n   ------------------------\n   15-Jan-2002  10:47  5.1.1.1  12,728  0x0409.ini\n"
    #expect(article("x", resolution: table).files.map(\.name) == ["0x0409.ini"])
  }
}

/// Forms that other archive articles print.
@Suite struct ArticleFormTests {
  fileprivate func article(_ symptoms: String, resolution: String = "", heading: String = "RESOLUTION") -> Article {
    Article.parse(
      Array(
        ("DOCUMENT:Q900001  01-JAN-2000  [winnt]\nTITLE   :Gizmo Stops\nPRODUCT :Microsoft Windows NT\n\n======\n\n"
          + "SYMPTOMS\n========\n\n\(symptoms)\n\n\(heading)\n\(String(repeating: "=", count: heading.count))\n\n\(resolution)\n")
          .utf8))
  }

  @Test(arguments: [
    ("   STOP 0x0000000a 00000008 00000002 00000000 fe39de62", ["00000008", "00000002", "00000000", "fe39de62"]),
    ("   STOP 0000000a : 00000024 00000004 00000000 80668c70", ["00000024", "00000004", "00000000", "80668c70"]),
    ("   STOP 0x0A (Ox14,0x2,0x0,0xf1583318)", ["Ox14", "0x2", "0x0", "0xf1583318"]),
    (
      "   STOP: 0x0000000A (0x00000015, 0x00000002, 0x00000000, 0xf94f332c) - NDIS.SYS",
      ["0x00000015", "0x00000002", "0x00000000", "0xf94f332c"]
    ),
  ])
  func parameters(line: String, parameters: [String]) {
    let found = article("The computer stops with this message:\n\n\(line)")
    #expect(found.stopCodes == [StopCode(0x0A)])
    #expect(found.stopParameters == [parameters])
    #expect(found.files.isEmpty)
  }

  @Test func moduleOfASymbolKeepsItsEnding() {
    #expect(article("The stack shows Gizmo.exe!Start and acme!Copy.").symbols == ["Gizmo.exe!Start", "acme!Copy"])
  }

  @Test func gluedReferences() {
    let found = article(
      "The computer stops.",
      resolution:
        "See these articles in the Microsoft Knowledge Base:\n\n   Q162837Replacing the Gizmo causes STOP 0x50\n")
    #expect(found.references == ["Q162837"])
    #expect(found.stopCodes.isEmpty)
  }

  @Test func waysAroundAreCounted() {
    let list = "To work around this problem, use one of the following methods:\n\n"
    #expect(
      article("x", resolution: list + " - Remove it.\n\n - Turn it off.\n\n - Wait.\n", heading: "WORKAROUND")
        .workarounds == 3)
    #expect(
      article("x", resolution: list + "1. Remove it.\n\n2. Turn it off.\n", heading: "WORKAROUND").workarounds == 2)
    // Steps of one way.
    #expect(
      article("x", resolution: "To work around this problem:\n\n1. Remove it.\n\n2. Restart.\n", heading: "WORKAROUND")
        .workarounds == 1)
    // A fix is no way around.
    let fixed = article(
      "x", resolution: "This problem has been fixed in Windows NT 4.0 Service Pack 2.", heading: "WORKAROUND")
    #expect(fixed.workarounds == 0 && fixed.fixKind == [.servicePack])
  }

  @Test func prerequisitesAndRestarts() {
    let found = article(
      "The computer stops.",
      resolution:
        "Service Pack 3 for Windows NT 4.0 must also be installed before applying this update. Restart the server.\n")
    #expect(found.requires == ["Service Pack 3 for Windows NT 4.0"])
    #expect(found.restartRequired == true)
  }
}
