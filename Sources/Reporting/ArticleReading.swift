import KnowledgeBase

/// An article's text, set for the reader's terminal.
struct ArticleReading {
  private let passages: [ArticlePassage]

  init(_ text: String, in article: Article) { passages = ArticlePassage.passages(of: text, in: article) }

  func text(_ style: TextStyle) -> String {
    var out: [String] = []
    var previous: ArticlePassage.Kind?
    for passage in passages {
      // Items of a list stand together; everything else is set apart.
      let isApart = !(passage.kind == .item && previous == .item) && previous != .section
      switch passage.kind {
      case .section:
        out.append(style.heading(passage.text))
      case .heading:
        if isApart { out.append("") }
        out.append(style.paragraph(passage.text, .strong, indent: 1, hanging: 3))
      case .prose:
        if isApart, previous != .heading { out.append("") }
        out.append(style.wrap(passage.text, indent: 2))
      case .item:
        if isApart, previous != .heading { out.append("") }
        out.append(style.wrap(passage.text, indent: 2, hanging: 4))
      case .verbatim:
        if isApart, previous != .heading { out.append("") }
        for line in passage.text.split(separator: "\n", omittingEmptySubsequences: false) {
          out.append(verbatim(String(line), style))
        }
      case .fileTable:
        if isApart { out.append("") }
        out.append(style.ink("  (The table of files stands above.)", .dim))
      }
      previous = passage.kind
    }
    return out.joined(separator: "\n")
  }

  /// Columns stay where the line fits.
  private func verbatim(_ line: String, _ style: TextStyle) -> String {
    let clean = "    " + TextStyle.clean(line)
    return clean.count <= style.width ? clean : style.wrap(line, indent: 4, hanging: 6)
  }
}
