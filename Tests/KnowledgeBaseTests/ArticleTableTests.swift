import Testing

@testable import KnowledgeBase

@Suite struct ArticleTableTests {
  private func files(_ text: String, layout: ArticleLayout = .unknown) -> [ArticleFile] {
    var document = ArticleDocument(ArticleText(decoding: Array(text.utf8)), layout: layout)
    return document.readFileTables()
  }

  @Test(arguments: [
    ("07-Jan-2002", "2002-01-07"), ("07-Mar-02", "2002-03-07"), ("11/05/98", "1998-11-05"), ("7/5/69", "2069-07-05"),
    ("7/5/70", "1970-07-05"), ("05-15-2000", "2000-05-15"),
  ])
  func dates(printed: String, expected: String) {
    #expect(ArticleDate.parse(Array(printed.utf8)[...]) == expected)
  }

  @Test(arguments: ["", "13/13/2000", "32-Jan-2000", "1-2", "01-Foo-2000", "1/2/345", "a-b-c", "//", "12:30"])
  func noDates(printed: String) {
    #expect(ArticleDate.parse(Array(printed.utf8)[...]) == nil)
  }

  @Test(arguments: [
    ("10:47", "10:47"), ("05:46p", "17:46"), ("12:05a", "00:05"), ("12:05pm", "12:05"), ("4:06:25PM", "16:06"),
    ("8:45p", "20:45"),
  ])
  func times(printed: String, expected: String) {
    #expect(ArticleDate.parseTime(Array(printed.utf8)[...]) == expected)
  }

  @Test func rowsInAnyOrderAndWithBars() {
    let rows = files(
      """
      | 12/09/97 | 07:47p | 52,272 | Ferry.sys | (Intel) |
      Gangway.exe   5.2.3790.71   106,496   22-Jul-2007   19:10   x86   SP2   SP2GDR
      11/21/97  10:58a       437,440  <root>\\system\\pier.exe
      """)
    #expect(
      rows == [
        ArticleFile(name: "Ferry.sys", size: 52272, date: "1997-12-09", time: "19:47", platform: "Intel"),
        ArticleFile(
          name: "Gangway.exe", version: "5.2.3790.71", size: 106_496, date: "2007-07-22", time: "19:10",
          platform: "x86", servicePack: "SP2", serviceBranch: "SP2GDR"),
        ArticleFile(name: "pier.exe", size: 437_440, date: "1997-11-21", time: "10:58"),
      ])
  }

  @Test(arguments: [
    "The Ferry.sys file is dated 7/12/97 and has 12,000 bytes.", "On 7/12/97 at 10:00 the Ferry.sys file was new",
    "7/12/97", "Ferry.sys", "Pier 7/12/97 10:00 Ferry.sys",
  ])
  func sentencesAreNoRows(line: String) {
    #expect(files(line).isEmpty)
  }

  @Test func headings() {
    #expect(
      FileTableHeading(FoldedBytes("File nameFile versionFile sizeDateTimePlatformSP requirement"))?.isGlued == true)
    let spaced = FileTableHeading(FoldedBytes("Date         Time   Version        Size     File name"))
    #expect(spaced?.columns == [.date, .time, .version, .size, .name])
    #expect(spaced?.isGlued == false)
    #expect(FileTableHeading(FoldedBytes("File name and date of the size")) == nil)
    #expect(FileTableHeading(FoldedBytes("Date Time")) == nil)
  }

  private func glued(_ rows: [String], columns: [FileColumn] = [.name, .version, .size, .date, .time, .platform])
    -> [ArticleFile]
  {
    GluedTable.resolve(rows.compactMap { GluedTable.Row(FoldedBytes($0), columns: columns) })
  }

  /// One row can be cut in three places; a row whose size has another number of digits decides.
  @Test func otherRowsDecideTheBorder() {
    let alone = glued(["A.dll5.1.2600.33571,424,00023-Apr-200810:03x86"])
    #expect(alone.first?.version == "5.1.2600.3357")
    let rows = glued(["A.dll5.1.2600.3357171,42423-Apr-200810:03x86", "B.dll5.1.2600.33578,42423-Apr-200810:03x86"])
    #expect(rows.map(\.version) == ["5.1.2600.3357", "5.1.2600.3357"])
    #expect(rows.map(\.size) == [171_424, 8424])
  }

  @Test func manifestsDecideTheBorder() {
    let rows = glued([
      "X86_a_31bf3856ad364e35_6.0.6001.221_none_00.manifestNot Applicable69717-Mar-200817:50Not Applicable",
      "A.exe6.0.6001.221374,69617-Mar-200817:50x64",
    ])
    #expect(rows[0].version == nil)
    #expect(rows[0].size == 697)
    #expect(rows[1].version == "6.0.6001.221")
    #expect(rows[1].size == 374_696)
    #expect(rows[1].platform == "x64")
  }

  @Test func revisionsHaveSixteenBitsAndSizesNoLeadingNought() {
    let row = GluedTable.Row(FoldedBytes("A.exe6.0.6001.655361,02417-Mar-200817:50x64"), columns: [.name, .date])
    #expect(row.map(GluedTable.cuts)?.map(\.version) == ["6.0.6001.6553", "6.0.6001.655"])
    let nought = GluedTable.Row(FoldedBytes("A.exe6.0.6001.71106,49617-Mar-200817:50x64"), columns: [.name, .date])
    #expect(nought.map(GluedTable.cuts)?.map(\.version) == ["6.0.6001.7110", "6.0.6001.71"])
  }

  @Test(arguments: [
    "17-Mar-2008", "A.exe17-Mar-2008", "A.exe6.0.1.2", "1,02417-Mar-200817:50", "A.exe1.2.3.4,,17-Mar-200817:50",
  ])
  func noGluedRows(line: String) {
    let row = GluedTable.Row(FoldedBytes(line), columns: [.name, .version, .size, .date, .time])
    #expect(row == nil || row?.run.isEmpty == false)
  }
}
