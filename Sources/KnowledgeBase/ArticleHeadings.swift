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

  /// A line that is nothing but a section's heading.
  static func section(_ line: FoldedBytes) -> ArticleSection? {
    guard line.count <= 24 else { return nil }
    let text = plain(line)
    return sections.first { $0.words == text }?.section
  }

  /// A line that is nothing but a part's heading, and the product it names.
  static func part(_ line: FoldedBytes) -> (part: ArticlePart, product: String?)? {
    guard line.count <= 120 else { return nil }
    let text = plain(line)
    for (words, part) in parts {
      if text == words { return (part, nil) }
      guard partsNamingProduct.contains(words), line.hasPhrase(words + " for ", at: 0), !text.hasSuffix(".") else {
        continue
      }
      let start = words.utf8.count + 5
      return (part, line.string(start..<line.count))
    }
    return nil
  }

  private static func plain(_ line: FoldedBytes) -> String {
    var text = line.folded[...]
    while let last = text.last, last == ASCII.colon || last == ASCII.space { text = text.dropLast() }
    return String(decoding: text, as: UTF8.self)
  }
}
