import Facts
import Testing

@testable import KnowledgeBase

@Suite struct ArticleHTMLTests {
  private func text(_ page: String) -> String { String(decoding: ArticleHTML.text(Array(page.utf8)), as: UTF8.self) }

  @Test(arguments: [
    ("<!DOCTYPE html><p>x", "<!DOCTYPE html>"), ("\n <HTML>", "<html>"), ("<!-- saved --><!x><body>", "<body>"),
    ("<?xml version='1.0'?>\n<html>", "<html>"), ("<h1>Title</h1>", "<h1>"), ("\u{FEFF}<pre>x", "<pre>"),
  ])
  func pagesAreTold(page: String, sign: String) {
    #expect(ArticleHTML.sign(Array(page.utf8)) == sign)
  }

  @Test(arguments: [
    "", "text <html>", "<unknown>", "< html>", "<", "<!--", "<!", "DOCUMENT:Q1\n<html><body>",
    "<root>\\system\\pier.exe",
  ])
  func textsAreNoPages(text: String) {
    #expect(ArticleHTML.sign(Array(text.utf8)) == nil)
  }

  @Test(arguments: [
    ("<p>a<p>b</p>c", "a\n\nb\n\nc"), ("a <b> b</b>  c<br>d", "a b c\nd"), ("<div>a</div>b", "a\nb"),
    ("x<script>if (a</b) {}</SCRIPT >y<style>p", "xy"), ("a<!-- <p>b</p> -->c", "ac"), ("a<!-- b", "a"),
    ("1 < 2 &lt; 3 &amp;amp; &#65;&#x42;&nbsp;c &unknown; &", "1 < 2 < 3 &amp; AB c &unknown; &"),
    ("&#150;&copy&#0;x", "\u{2013}\u{A9} x"), ("<a href=\"x>y\">z</a>", "z"), ("<a href=\"x <b>y", "<a href=\"x y"),
    ("<ul><li>a<li><p>b</p></ul>", "  • a\n  • b\n"), ("<pre>\n a\n  b  c\n</pre>d", " a\n  b  c\n\nd"),
    ("<table><tr><td>a<td><p>b</p></td><td></td></tr><tr><th>c</table>d", "a | b |\nc\n\nd"),
    ("<title>a &amp; b</title><body>c", "a & b\n\nc"), ("<title>a</title><h1>b</h1>c", "b\n\nc"),
  ])
  func tagsBecomeLines(page: String, expected: String) {
    #expect(trimmedEnd(text(page)) == trimmedEnd(expected))
  }

  private func trimmedEnd(_ text: String) -> String {
    var text = text[...]
    while text.last == "\n" || text.last == " " { text.removeLast() }
    return String(text)
  }

  @Test func aTableThatLaysOutThePageIsNoTable() {
    let long = String(repeating: "word ", count: 100)
    let page = "<table><tr><td>menu</td><td><h2>CAUSE</h2><p>\(long)</p><table><tr><td>a<td>b</table></td></tr></table>"
    #expect(text(page).contains("menu\nCAUSE\n"))
    #expect(text(page).contains("\na | b\n"))
  }

  /// What a page may nest, open and leave open without end costs no more than its length.
  @Test(arguments: [
    "<table><tr><td>", "<pre>", "<p>", "<!-- ", "<a href=\"", "<a '", "<a \"<b '", "&#", "&a", "<li>", "<td>",
    "</table>",
    "<script>", "<title>", "<", "<tr><td>x<table>", "<div><ul>",
  ])
  func nestedTagsAreBounded(piece: String) {
    let page = Array(("<html>" + String(repeating: piece, count: 1_000_000 / piece.utf8.count)).utf8)
    let clock = ContinuousClock()
    var result: [UInt8] = []
    let time = clock.measure { result = ArticleHTML.text(page) }
    #expect(result.count <= 8 * page.count)
    #expect(time < .seconds(20), "\(piece): \(time)")
  }

  @Test func damagedPagesAreReadToTheirEnd() {
    let page = Array(Self.page.utf8)
    for seed in 0..<300 {
      var random = SplitMix64(seed: UInt64(seed))
      var copy = page
      for _ in 0..<8 {
        copy[Int.random(in: 0..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      copy.removeLast(Int.random(in: 0..<copy.count, using: &random))
      _ = Article.parse(copy)
    }
  }

  /// Without the reason, which says that it was a page.
  private func fields(_ article: Article) -> Article {
    var article = article
    article.layoutReason = ""
    return article
  }

  private func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      default: String(character)
      }
    }.joined()
  }

  @Test(arguments: ArticleFixtures.names) func anArticleInAPageHasTheFieldsOfItsText(name: String) throws {
    let text = String(decoding: try ArticleFixtures.bytes(name), as: UTF8.self)
    let expected = Article.parse(Array(text.utf8))
    let lines = escaped(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let whole = "<html><head><title>x</title><style>p {}</style></head><body>\n"
    let pre = whole + "<h1></h1><pre>\n" + lines.joined(separator: "\r\n") + "</pre></body></html>"
    #expect(fields(Article.parse(Array(pre.utf8))) == fields(expected))
    #expect(Article.looksLikeArticle(Array(pre.utf8)).0 == Article.looksLikeArticle(Array(text.utf8)).0)
    // Line by line, as editors export text.
    let broken = whole + "<h1></h1>" + lines.map { $0.replacingSpaces + "<br>\n" }.joined() + "</body>"
    let article = Article.parse(Array(broken.utf8))
    #expect(fields(article) == fields(expected))
    #expect(article.layoutReason.contains("a web page"))
  }

  private static let page = """
    <!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.0//EN">
    <html><head><meta charset="windows-1252"><title>Ferry stops (900123)</title>
    <script>document.write("<h2>SYMPTOMS</h2> STOP 0x00000099")</script></head><body bgcolor=white>
    <table width="100%"><tr><td>
    <h1>The Ferry.sys driver stops the harbor with &quot;Stop 0x000000D1&quot; (900123)</h1>
    <p>The information in this article applies to:</p>
    <ul><li>Microsoft Windows Server 2003, Enterprise Edition</li><li><p>Microsoft Windows XP Professional</p></ul>
    <h2>SYMPTOMS</h2><p>The computer stops with this message:<br>
    <b>STOP 0x000000D1</b> (0x00000040, 0x00000002, 0x00000000, 0xf69389ed)</p>
    <h2>CAUSE</h2><p>This problem occurs because of a race condition between two threads in Ferry.sys.</p>
    <h2>RESOLUTION</h2><h3>Hotfix information</h3>
    <p>A supported hotfix is now available from Microsoft, but it is only intended to correct the problem that is
    described in this article.</p>
    <h4>Prerequisites</h4><p>No prerequisites are required.</p>
    <h4>Restart requirement</h4><p>You must restart the computer after you apply this hotfix.</p>
    <h4>Hotfix replacement information</h4><p>This hotfix replaces hotfix 900100.</p>
    <h4>File information</h4><p>Windows Server 2003, Itanium-based versions</p>
    <table border=1><tr><th>File name</th><th>File version</th><th>File size</th><th>Date</th><th>Time</th>
    <th>Platform</th></tr>
    <tr><td><p>Ferry.sys</p></td><td>5.2.3790.312</td><td>150,016</td><td>22-Apr-2005</td><td>01:40</td><td>IA-64</td></tr>
    <tr><td>Pier.dll</td><td>&nbsp;</td><td>12,032</td><td>22-Apr-2005</td><td>01:41</td><td>x86</td></tr>
    </table>
    <h2>STATUS</h2><p>Microsoft has confirmed that this is a problem.</p>
    </td></tr></table></body></html>
    """

  private static let plain = """
    The Ferry.sys driver stops the harbor with "Stop 0x000000D1" (900123)

    The information in this article applies to:

      • Microsoft Windows Server 2003, Enterprise Edition
      • Microsoft Windows XP Professional

    SYMPTOMS

    The computer stops with this message:
    STOP 0x000000D1 (0x00000040, 0x00000002, 0x00000000, 0xf69389ed)

    CAUSE

    This problem occurs because of a race condition between two threads in Ferry.sys.

    RESOLUTION

    Hotfix information

    A supported hotfix is now available from Microsoft, but it is only intended to correct the problem that is described in this article.

    Prerequisites

    No prerequisites are required.

    Restart requirement

    You must restart the computer after you apply this hotfix.

    Hotfix replacement information

    This hotfix replaces hotfix 900100.

    File information

    Windows Server 2003, Itanium-based versions
    File name  File version  File size  Date  Time  Platform
    Ferry.sys  5.2.3790.312  150,016  22-Apr-2005  01:40  IA-64
    Pier.dll  12,032  22-Apr-2005  01:41  x86

    STATUS

    Microsoft has confirmed that this is a problem.
    """

  @Test func aPageOfThePublishersHasTheFieldsOfItsCopyAsText() {
    let article = Article.parse(Array(Self.page.utf8))
    #expect(fields(article) == fields(Article.parse(Array(Self.plain.utf8))))
    #expect(article.layout == .titleWithNumber)
    #expect(article.stopCodes == [StopCode(0xD1)])
    #expect(article.files.map(\.name) == ["Ferry.sys", "Pier.dll"])
    #expect(article.files.first?.group == "Windows Server 2003, Itanium-based versions")
    #expect(article.products.count == 2)
  }

  @Test func encodingsOfPages() {
    var utf16: [UInt8] = [0xFF, 0xFE]
    for unit in Self.page.utf16 { utf16 += [UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8)] }
    #expect(Article.parse(utf16) == Article.parse(Array(Self.page.utf8)))
    let cp1252 = Array(Self.page.utf8) + [0x93, 0x94]
    #expect(Article.parse(cp1252).stopCodes == [StopCode(0xD1)])
  }
}

extension Substring {
  /// Runs of spaces as pages keep them.
  fileprivate var replacingSpaces: String {
    var result = ""
    for character in self { result += character == " " ? "&nbsp;" : String(character) }
    return result
  }
}
