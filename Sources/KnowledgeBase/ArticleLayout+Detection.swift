extension ArticleLayout {
  /// `Microsoft KB Archive/872797` and the page in paragraphs.
  public static let wikiCopy = ArticleLayout(rawValue: "betaarchive")
  /// `Notice: This website is an unofficial …` and headings in small letters.
  public static let unofficialCopy = ArticleLayout(rawValue: "pkisolutions")
  /// A title that ends in the number in brackets, and the product list before the symptoms.
  public static let titleWithNumber = ArticleLayout(rawValue: "ftp-htm-text")
  /// Headings behind `#`.
  public static let markdown = ArticleLayout(rawValue: "markdown")
  /// None of these; read as far as its headings go.
  public static let unknown = ArticleLayout(rawValue: "unknown")

  /// Lines that lay-out is judged by; a page shows its layout at once.
  static let linesExamined = 4096

  /// How a text is laid out, and the sign by which it was told.
  public static func detect(_ text: String) -> (layout: ArticleLayout, reason: String) {
    detect(ArticleText(decoding: Array(text.utf8)))
  }

  static func detect(_ text: ArticleText) -> (layout: ArticleLayout, reason: String) {
    let (layout, reason) = detectLines(text)
    guard let markup = text.markup else { return (layout, reason) }
    return (layout, "\(reason); a web page, it begins with \(markup)")
  }

  private static func detectLines(_ text: ArticleText) -> (layout: ArticleLayout, reason: String) {
    guard let first = text.printed(after: -1) else { return (.unknown, "no text") }
    let opening = text.folded(first)
    if opening.hasPhrase("document:q", at: 0) { return (.archive, "begins with a DOCUMENT line") }
    if opening.hasPhrase("microsoft kb archive/", at: 0) { return (.wikiCopy, "begins with 'Microsoft KB Archive/'") }
    if opening.hasPhrase("notice: this website is an unofficial", at: 0) {
      return (.unofficialCopy, "begins with the notice of an unofficial copy")
    }
    if let sign = ArticleMarkdown.sign(text) { return (.markdown, sign) }
    let signs = Signs(text)
    if let line = signs.gluedTable { return (.gluedTable, "line \(line + 1) is a table heading whose cells touch") }
    if opening.folded == Array("help and support".utf8) { return (.gluedTable, "begins with 'Help and Support'") }
    if let heading = signs.gluedHeading { return (.oneLine, "the heading \(heading) touches the text around it") }
    if endsInNumber(opening) { return (.titleWithNumber, "the title ends in the article's number") }
    if signs.wrapped >= 3, signs.wrapped * 8 >= signs.text {
      return (.hardWrapped, "\(signs.wrapped) of \(signs.text) lines break inside a sentence")
    }
    if signs.headings == 0, signs.long > 0 { return (.prose, "paragraphs without section headings") }
    return (.unknown, "\(signs.headings) section headings, no known opening")
  }

  /// `… computer (894070)`.
  static func endsInNumber(_ line: FoldedBytes) -> Bool {
    guard line.bytes.last == 0x29, let open = line.bytes.lastIndex(of: 0x28) else { return false }
    let digits = line.bytes[(open + 1)..<(line.count - 1)]
    return (5...7).contains(digits.count) && digits.allSatisfy(\.isDigit)
  }

  private struct Signs {
    var gluedTable: Int?
    var gluedHeading: String?
    var headings = 0
    var wrapped = 0
    var text = 0
    var long = 0

    init(_ text: ArticleText) {
      var previous: ArticleLine?
      for (index, line) in text.lines.prefix(linesExamined).enumerated() {
        defer { previous = line }
        guard !line.isBlank else { continue }
        let folded = text.folded(index)
        if gluedTable == nil, GluedTable.header(folded) != nil { gluedTable = index }
        if ArticleHeadings.section(folded) != nil { headings += 1 }
        self.text += 1
        if line.content.count > 200 { long += 1 }
        if gluedHeading == nil, line.content.count > 80 { gluedHeading = Self.gluedHeading(folded.bytes) }
        if let previous, (30...100).contains(previous.content.count), previous.indent == line.indent,
          text.bytes[line.content.lowerBound].isLower, Self.breaksInside(text.bytes[previous.content.upperBound - 1])
        {
          wrapped += 1
        }
      }
    }

    private static func breaksInside(_ last: UInt8) -> Bool { last.isAlphanumeric || last == ASCII.comma }

    /// `PageSYMPTOMSWhen`, `STATUSMicrosoft`: capitals of a section's name, then a capital that begins a word.
    private static func gluedHeading(_ bytes: [UInt8]) -> String? {
      for name in gluable {
        let words = Array(name.utf8)
        var from = 0
        while let found = findBytes(words, in: bytes, from: from, to: bytes.count) {
          let end = found + words.count
          if ArticleUngluing.beginsWord(bytes, at: end), found == 0 || !bytes[found - 1].isUpper {
            return name
          }
          from = found + 1
        }
      }
      return nil
    }

    private static let gluable = [
      "SYMPTOMS", "CAUSE", "RESOLUTION", "WORKAROUND", "STATUS", "MORE INFORMATION", "SUMMARY",
    ]
  }
}
