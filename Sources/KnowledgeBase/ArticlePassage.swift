/// A piece of an article's text as people read it: lines that a copy broke are joined again, what stands in columns stays.
public struct ArticlePassage: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// SYMPTOMS, CAUSE, …
    case section
    /// A heading inside a section.
    case heading
    case prose
    /// An item of a list; the text begins with its mark.
    case item
    /// Lines of a listing, a message or a table, each as it stands.
    case verbatim
    /// Where the article's table of files stands; its rows are among the article's fields.
    case fileTable
  }

  public var kind: Kind
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// The passages of an article's text, without what its fields say already: title, list of products, the header and footer
  /// of an archive's file.
  public static func passages(of text: String, in article: Article) -> [ArticlePassage] {
    var source = ArticleText(decoding: Array(text.utf8))
    if article.layout == .oneLine { source = ArticleText(normalised: ArticleUngluing.unglue(source.bytes)) }
    if article.layout == .markdown { source = ArticleText(normalised: ArticleMarkdown.plain(source)) }
    var document = ArticleDocument(source, layout: article.layout)
    let hasFiles = !document.readFileTables().isEmpty
    var passages = document.passages(hasFiles: hasFiles, hasProducts: !article.products.isEmpty)
    if let title = article.title, let first = passages.first, first.kind == .prose, first.text.hasPrefix(title) {
      passages.removeFirst()
    }
    return passages
  }
}

extension ArticleDocument {
  fileprivate func passages(hasFiles: Bool, hasProducts: Bool) -> [ArticlePassage] {
    var result: [ArticlePassage] = []
    var paragraph: [UInt8] = []
    var first = 0
    var listing: [String] = []
    func flush() {
      if !paragraph.isEmpty {
        result.append(ArticlePassage(isListItem(first) ? .item : .prose, String(decoding: paragraph, as: UTF8.self)))
        paragraph = []
      }
      if !listing.isEmpty {
        result.append(ArticlePassage(.verbatim, listing.joined(separator: "\n")))
        listing = []
      }
    }
    for index in 0..<min(footer, text.lines.count) where places[index].section != .header {
      if hasProducts, places[index].section == .appliesTo {
        flush()
        continue
      }
      switch roles[index] {
      case .blank, .rule: flush()
      case .heading:
        flush()
        let line = text.folded(index)
        let isSection = ArticleHeadings.section(line) != nil || places[index].section == .appliesTo
        result.append(ArticlePassage(isSection ? .section : .heading, text.string(index)))
      case .table:
        if hasFiles {
          flush()
          if result.last?.kind != .fileTable { result.append(ArticlePassage(.fileTable, "")) }
        } else {
          appendVerbatim(index, &listing, flush: flush)
        }
      case .text, .reference:
        if isColumnar(index) {
          if !paragraph.isEmpty { flush() }
          appendVerbatim(index, &listing, flush: {})
          continue
        }
        if !listing.isEmpty { flush() }
        if !paragraph.isEmpty, !joins(index, first: first) { flush() }
        if paragraph.isEmpty { first = index } else { paragraph.append(ASCII.space) }
        paragraph += words(text.bytes, text.lines[index].content).map { text.bytes[$0] }.joined(separator: [ASCII.space]
        )
      }
    }
    flush()
    return result
  }

  private func appendVerbatim(_ index: Int, _ listing: inout [String], flush: () -> Void) {
    if listing.isEmpty { flush() }
    let indent = layout == .archive ? max(0, text.lines[index].indent - 3) : 0
    listing.append(String(repeating: " ", count: min(indent, 40)) + text.string(index))
  }

  /// Only copies that wrap their lines continue a paragraph on the next one.
  private func joins(_ index: Int, first: Int) -> Bool {
    guard layout == .archive || layout == .hardWrapped, !isListItem(index) else { return false }
    return roles[index] == roles[first] && places[index] == places[first]
  }

  /// Set in columns or as a listing: more than two spaces between words, bars, or an archive's deep indent that is no list's.
  private func isColumnar(_ index: Int) -> Bool {
    let line = text.lines[index]
    guard let marker = listMarker(line.content) else {
      if layout == .archive, line.indent >= 3, !continuesItem(index) { return true }
      return hasWideGap(line.content)
    }
    return hasWideGap((line.content.lowerBound + marker)..<line.content.upperBound)
  }

  /// The second line of a list's item is indented as its first words are.
  private func continuesItem(_ index: Int) -> Bool {
    guard index > 0, !text.lines[index - 1].isBlank else { return false }
    let previous = text.lines[index - 1]
    if let marker = listMarker(previous.content) { return text.lines[index].indent == previous.indent + marker }
    return text.lines[index].indent == previous.indent && index > 1 && continuesOnce(index - 1)
  }

  private func continuesOnce(_ index: Int) -> Bool {
    var above = index
    // Items are short; a listing of thousands of lines is not gone through for each of them.
    while above > 0, index - above < 12 {
      above -= 1
      if text.lines[above].isBlank { return false }
      if let marker = listMarker(text.lines[above].content) {
        return text.lines[index].indent == text.lines[above].indent + marker
      }
    }
    return false
  }

  private func hasWideGap(_ content: Range<Int>) -> Bool {
    var spaces = 0
    for offset in content {
      let byte = text.bytes[offset]
      if byte == 0x7C { return true }
      spaces = byte == ASCII.space ? spaces + 1 : 0
      // Two spaces part sentences.
      if spaces == 3 { return true }
    }
    return false
  }
}
