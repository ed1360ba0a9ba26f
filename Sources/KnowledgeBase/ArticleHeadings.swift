/// What a passage of an article is about.
enum ArticleSection: Hashable, Sendable {
  /// Before any heading, in texts that have none.
  case body
  case summary, symptoms, cause, resolution, workaround, status, moreInformation, references
  case appliesTo, properties, header, footer
}

/// A heading inside a section, as the articles of 2003 and later print them.
enum ArticlePart: Hashable, Sendable {
  case fix, prerequisites, restart, replacement, registry, files, installation
}

/// The headings' words. Archive texts print section headings in capitals and underline them; web pages and their copies
/// print the same words on a line of their own, and one-line copies glue them to the sentences around them.
enum ArticleHeadings {
  /// In the order in which they are tried: a longer heading before its own beginning.
  static let sections: [(words: String, section: ArticleSection)] = [
    ("symptoms", .symptoms), ("symptom", .symptoms), ("causes", .cause), ("cause", .cause),
    ("resolution", .resolution), ("workarounds", .workaround), ("workaround", .workaround), ("status", .status),
    ("more information", .moreInformation), ("references", .references), ("reference", .references),
    ("summary", .summary), ("introduction", .summary), ("applies to", .appliesTo), ("properties", .properties),
  ]

  static let parts: [(words: String, part: ArticlePart)] = [
    ("hotfix replacement information", .replacement), ("update replacement information", .replacement),
    ("hotfix information", .fix), ("update information", .fix), ("service pack information", .fix),
    ("hotfix file information", .files), ("file information", .files), ("registry information", .registry),
    ("prerequisites", .prerequisites), ("prerequisite", .prerequisites),
    ("restart requirements", .restart), ("restart requirement", .restart),
    ("restart information", .restart),
    ("installation information", .installation), ("removal information", .installation),
  ]

  /// Headings that some copies put before the product's name: `Hotfix information for Windows Vista`.
  static let partsNamingProduct: Set<String> = ["hotfix information", "update information", "service pack information"]

  /// Sentences that open a passage; where a copy lost its line breaks they touch the heading before them.
  static let openings: [String] = [
    "A supported hotfix is", "A supported fix is", "A supported feature", "Collapse this table", "Expand this table",
    "On This Page", "Article ID:", "Last Review:", "Back to the top",
  ]

  // Bytes of the above: every line of every text is held against them.
  private static let sectionBytes = sections.map { (words: Array($0.words.utf8), section: $0.section) }
  private static let partBytes = parts.map {
    (words: Array($0.words.utf8), isNaming: partsNamingProduct.contains($0.words), part: $0.part)
  }
  private static let shortestSection = sectionBytes.map(\.words.count).min() ?? 0
  private static let shortestPart = partBytes.map(\.words.count).min() ?? 0
  /// No heading is shorter, so that shorter lines need not be looked at.
  static let shortest = min(shortestSection, shortestPart)
  private static let longestSection = 24
  private static let longestPart = 120

  /// A line that is nothing but a section's heading.
  static func section(_ line: FoldedBytes) -> ArticleSection? {
    guard line.count >= shortestSection, line.count <= longestSection else { return nil }
    let text = plain(line)
    return sectionBytes.first { $0.words.elementsEqual(text) }?.section
  }

  /// A line that is nothing but a part's heading, and the product it names.
  static func part(_ line: FoldedBytes) -> (part: ArticlePart, product: String?)? {
    guard line.count >= shortestPart, line.count <= longestPart else { return nil }
    let text = plain(line)
    for (words, isNaming, part) in partBytes where text.starts(with: words) {
      if text.count == words.count { return (part, nil) }
      let start = words.count + 5
      guard isNaming, line.folded[words.count...].starts(with: [0x20, 0x66, 0x6F, 0x72, 0x20]), text.last != ASCII.dot
      else { continue }
      return (part, line.string(start..<line.count))
    }
    return nil
  }

  private static func plain(_ line: FoldedBytes) -> ArraySlice<UInt8> {
    var text = line.folded[...]
    while let last = text.last, last == ASCII.colon || last == ASCII.space { text.removeLast() }
    return text
  }
}
