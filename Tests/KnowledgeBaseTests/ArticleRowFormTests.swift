import Testing

@testable import KnowledgeBase

/// One line for each form of row that the archive's tables were seen to have, in invented names.
@Suite struct ArticleRowFormTests {
  private func files(_ text: String) -> [ArticleFile] {
    // An archive text's body begins behind its header's rule.
    let rule = String(repeating: "=", count: 70) + "\n\n"
    var document = ArticleDocument(ArticleText(decoding: Array((rule + text).utf8)), layout: .archive)
    return document.readFileTables()
  }

  private static let forms: [(row: String, file: ArticleFile)] = [
    (
      "03/05/99  4:06:25PM  74,960  pier.dll",
      ArticleFile(name: "pier.dll", size: 74960, date: "1999-03-05", time: "16:06")
    ),
    (
      "07-Jan-2002 10:47 5.0.2195.4797 12,728 Ferry.sys x86",
      ArticleFile(
        name: "Ferry.sys", version: "5.0.2195.4797", size: 12728, date: "2002-01-07", time: "10:47", platform: "x86")
    ),
    (
      "May 28, 2001  08:00 p.m.  41,008 bytes  ferry.sys",
      ArticleFile(name: "ferry.sys", size: 41008, date: "2001-05-28", time: "20:00")
    ),
    (
      "7 Jan 2002  10:47  41,008  ferry.sys",
      ArticleFile(name: "ferry.sys", size: 41008, date: "2002-01-07", time: "10:47")
    ),
    ("ferry.sys  73 KB  11/05/98  10:58a", ArticleFile(name: "ferry.sys", date: "1998-11-05", time: "10:58")),
    (
      "ferry.sys  73.2KB (74,960 bytes)  11/05/98  10:58a",
      ArticleFile(name: "ferry.sys", size: 74960, date: "1998-11-05", time: "10:58")
    ),
    (
      "15.05.2000  17:05  2.142.720  ferry.sys",
      ArticleFile(name: "ferry.sys", size: 2_142_720, date: "2000-05-15", time: "17:05")
    ),
    (
      "2000-05-15  17:05  4.00  41,008  ferry.sys  (Alpha)",
      ArticleFile(
        name: "ferry.sys", version: "4.00", size: 41008, date: "2000-05-15", time: "17:05", platform: "Alpha")
    ),
    (
      "15-May-2000  17:05  --  41,008  C:\\Harbor\\ferry.sys",
      ArticleFile(name: "ferry.sys", size: 41008, date: "2000-05-15", time: "17:05")
    ),
    (
      "| ferry.sys | Not Applicable | 41,008 | 15-May-2000 | 17:05 | IA-64 |",
      ArticleFile(name: "ferry.sys", size: 41008, date: "2000-05-15", time: "17:05", platform: "IA-64")
    ),
  ]

  @Test func everyFormIsRead() {
    for (row, file) in Self.forms { #expect(files(row) == [file], "\(row)") }
  }

  /// Numbers that can be a day or a month are what another row of the article shows them to be.
  @Test func oneRowSettlesTheOrderOfAllDates() {
    let rows = files("07/05/2000  17:05  41,008  ferry.sys\n15/05/2000  17:05  41,009  pier.dll\n")
    #expect(rows.map(\.date) == ["2000-05-07", "2000-05-15"])
    let alone = files("07/05/2000  17:05  41,008  ferry.sys\n")
    #expect(alone.map(\.date) == ["2000-07-05"])
  }

  @Test func aFramedTable() {
    let rows = files(
      """
      +-----------+--------------+--------+-------------+-------+
      | File name | Version      | Size   | Date        | Time  |
      +-----------+--------------+--------+-------------+-------+
      | ferry.sys | 5.0.2195.620 | 41,008 | 15-May-2000 | 17:05 |
      | pier.dll  |              | 12,032 | 15-May-2000 | 17:06 |
      +-----------+--------------+--------+-------------+-------+
      """)
    #expect(rows.map(\.name) == ["ferry.sys", "pier.dll"])
    #expect(rows.map(\.version) == ["5.0.2195.620", nil])
    #expect(rows.map(\.size) == [41008, 12032])
  }

  @Test(arguments: [
    "15-May-2000 was the day on which ferry.sys came.", "In 1999 the 41,008 ferries ran by pier.dll alone",
    "4.0.1381.7 is the version of Windows that ferry.sys needs",
  ])
  func proseThatBeginsWithValuesIsNoRow(line: String) {
    #expect(files(line).isEmpty)
  }
}

@Suite struct ArticlePassageTests {
  private func passages(_ text: String) -> [ArticlePassage] {
    ArticlePassage.passages(of: text, in: Article.parse(Array(text.utf8)))
  }

  @Test func brokenLinesAreJoinedAndColumnsStay() throws {
    let text = String(decoding: try ArticleFixtures.bytes("archive.txt"), as: UTF8.self)
    let found = passages(text)
    #expect(found.contains { $0.kind == .section })
    #expect(!found.contains { $0.text.contains("DOCUMENT:") })
    #expect(found.allSatisfy { $0.kind == .verbatim || !$0.text.contains("\n") })
    // Nothing of the prose is lost.
    let words = Set(found.flatMap { $0.text.split(whereSeparator: \.isWhitespace) })
    for paragraph in ["SYMPTOMS", "CAUSE"] where text.contains(paragraph) { #expect(words.contains(paragraph[...])) }
  }

  @Test func everyLayoutHasPassages() throws {
    for name in ArticleFixtures.names {
      let found = passages(String(decoding: try ArticleFixtures.bytes(name), as: UTF8.self))
      #expect(found.count { $0.kind == .prose || $0.kind == .item } >= 2, "\(name)")
    }
  }

  @Test func longListsStayLinear() {
    let item = "   - word\n     more words\n"
    let text = "DOCUMENT:Q1  09-AUG-2001\n\nCAUSE\n=====\n\n" + String(repeating: item, count: 20_000)
    let clock = ContinuousClock()
    let time = clock.measure { _ = passages(text) }
    #expect(time < .seconds(30))
  }
}
