extension Article {
  /// Bytes that recognition looks at.
  static let recognitionBytes = 1 << 16

  /// Whether a text file is an article and no other report, and why. Cheap: `recognitionBytes` are read.
  public static func looksLikeArticle(_ bytes: [UInt8]) -> (Bool, reason: String) {
    // A page of the web may have scripts and styles before its text.
    let isPage = ArticleHTML.sign(bytes.count > 1024 ? Array(bytes[..<1024]) : bytes) != nil
    let head = ArticleText(decoding: bytes, limit: isPage ? 8 * recognitionBytes : recognitionBytes)
    guard let first = head.printed(after: -1) else { return (false, "no text") }
    let opening = head.folded(first)
    if opening.hasPhrase("document:q", at: 0) { return (true, "begins with a DOCUMENT line") }
    if opening.hasPhrase("microsoft kb archive/", at: 0) { return (true, "begins with 'Microsoft KB Archive/'") }
    let text = FoldedBytes(head.bytes)
    // An article may quote a debugger's output, so that alone decides nothing.
    let other = RecognitionSigns.otherReports.first { text.contains($0) }
    var score = other == nil ? 0 : -RecognitionSigns.penalty
    var found: [String] = []
    for (phrase, weight) in RecognitionSigns.article where text.contains(phrase) {
      score += weight
      found.append(phrase)
    }
    var headings: Set<ArticleSection> = []
    for line in head.lines.prefix(ArticleLayout.linesExamined) where line.content.count <= 32 {
      let content = head.bytes[line.content]
      let words = ArticleMarkdown.heading(content).map { head.bytes[$0] } ?? content
      if let section = ArticleHeadings.section(FoldedBytes(Array(words))) { headings.insert(section) }
    }
    score += min(3, headings.count)
    guard score >= RecognitionSigns.enough else {
      if let other { return (false, "holds '\(other)', as other reports do") }
      return (false, found.isEmpty ? "none of an article's phrases" : "only '\(found[0])'")
    }
    return (true, found.isEmpty ? "section headings of an article" : "holds '\(found[0])'")
  }
}

extension Article {
  /// A web page as the text that a browser would show, UTF-8 with line feeds; nil where the bytes are no page.
  public static func pageText(_ bytes: [UInt8]) -> [UInt8]? {
    // UTF-16 has zeros between the letters; everything else shows its first tag as it is.
    guard bytes.prefix(64).contains(where: { $0 == 0x3C || $0 == 0 || $0 >= 0x80 }) else { return nil }
    let text = ArticleText(decoding: bytes)
    return text.markup == nil ? nil : text.bytes
  }
}

/// Phrases by which a text is told to be an article. Lower case.
enum RecognitionSigns {
  static let enough = 3
  /// What a phrase of another kind of report takes away.
  static let penalty = 4

  static let article: [(phrase: String, weight: Int)] = [
    ("the information in this article applies to", 3), ("supported hotfix is", 3), ("supported fix is", 3),
    ("this article was previously published under", 3), ("hotfix replacement information", 3), ("article id:", 2),
    ("original kb number:", 3),
    ("microsoft has confirmed", 2), ("microsoft knowledge base", 2), ("microsoft kb archive", 2),
    ("this hotfix is intended to correct only", 3), ("restart requirement", 1), ("additional query words", 2),
    ("the english version of this", 2), ("view products that this article applies to", 3), ("applies to", 1),
    ("this problem occurs because", 2), ("this issue occurs because", 2), ("this problem may occur if", 2),
    ("to work around this problem", 1), ("to resolve this problem", 1), ("stop error", 1),
  ]

  /// Debugger logs, system inventories and pool monitors quote or name articles.
  static let otherReports = [
    "microsoft (r) windows debugger", "loading dump file", "bugcheck analysis", "windows debugger version",
    "loading kernel symbols",
    "default_bucket_id:", "failure_bucket_id:", "host name:  ", "original install date:", "system boot time:",
    "hotfixid", "tag  type     allocs",
  ]
}
