extension ArticleDocument {
  /// `DOCUMENT:Q315817`, `Article ID: 950162`, or the number in brackets behind the title.
  func id() -> String? {
    if layout == .archive {
      guard let line = key("document") else { return nil }
      return articleNumber(line.bytes, at: 0, prefix: true).map { "Q" + line.string($0.digits) }
    }
    if let (index, offset) = articleIDLine() {
      let line = text.folded(index)
      if let number = articleNumber(line.bytes, at: offset, prefix: false) { return "KB" + line.string(number.digits) }
    }
    if layout == .titleWithNumber, let first = text.printed(after: -1) {
      let line = text.folded(first)
      if let open = line.bytes.lastIndex(of: 0x28) { return "KB" + line.string((open + 1)..<(line.count - 1)) }
    }
    return nil
  }

  /// Line and offset of the number behind `Article ID:`.
  private func articleIDLine() -> (line: Int, offset: Int)? {
    for index in text.lines.indices where text.lines[index].content.count >= 17 {
      let line = text.folded(index)
      guard let found = line.find("article id:") else { continue }
      var offset = found + 11
      while offset < line.count, line.bytes[offset] == ASCII.space { offset += 1 }
      return (index, offset)
    }
    return nil
  }

  func title() -> String? {
    switch layout {
    case .archive: return key("title")?.string
    case .prose, .hardWrapped, .wikiCopy: return nil
    case .markdown:
      return text.printed(after: -1).flatMap { text.hasPhrase("article id:", line: $0) ? nil : text.string($0) }
    case .titleWithNumber:
      guard let first = text.printed(after: -1) else { return nil }
      let line = text.folded(first)
      guard let open = line.bytes.lastIndex(of: 0x28) else { return nil }
      return line.string(trimmed(line.bytes, 0..<open))
    case .unofficialCopy:
      guard let notice = text.printed(after: -1), let next = text.printed(after: notice) else { return nil }
      return text.string(next)
    default: return titleByID()
    }
  }

  /// A page prints its title before or after the line with its number; what is neither the site's name nor a menu is it.
  private func titleByID() -> String? {
    guard let (index, _) = articleIDLine(), index < 200 else { return openingTitle() }
    if let before = text.printed(before: index), !isBanner(before) { return text.string(before) }
    if let after = text.printed(after: index), !isBanner(after), roles[after] == .text { return text.string(after) }
    return nil
  }

  /// Without a number, a page with headings opens with its title: one line that ends no sentence.
  private func openingTitle() -> String? {
    guard places.contains(where: { $0.section == .symptoms || $0.section == .cause }) else { return nil }
    var index = text.printed(after: -1)
    while let line = index, roles[line] == .text, isBanner(line) { index = text.printed(after: line) }
    guard let line = index, roles[line] == .text, (20...250).contains(text.lines[line].content.count) else {
      return nil
    }
    guard text.bytes[text.lines[line].content.upperBound - 1] != ASCII.dot else { return nil }
    return text.string(line)
  }

  private func isBanner(_ index: Int) -> Bool {
    let line = text.folded(index)
    return Self.banners.contains(line.string) || line.count < 12 || line.hasPhrase("article last modified", at: 0)
      || line.hasPhrase("from ", at: 0)
  }

  private static let banners: Set<String> = [
    "Help and Support", "Microsoft Support", "Select the product you need help with", "Microsoft Help and Support",
    "Knowledge Base", "View products that this article applies to.", "On This Page", "Support",
  ]

  /// `08-MAY-2002` of the DOCUMENT line.
  func documentDate() -> String? {
    guard layout == .archive, let line = key("document") else { return nil }
    for word in words(line.bytes, 0..<line.count) {
      if let date = ArticleDate.parse(line.bytes[word]) { return date }
    }
    return nil
  }

  /// `Last Review: May 28, 2008`, `Article Last Modified on 11/4/2007`; and `Revision: 2.2`.
  func review() -> (date: String?, revision: String?) {
    var result: (date: String?, revision: String?) = (nil, nil)
    guard layout != .archive else { return result }
    for index in text.lines.indices where text.lines[index].content.count >= 12 {
      let line = text.folded(index)
      for phrase in ["last review: ", "last review : ", "article last modified on "] where result.date == nil {
        guard let found = line.find(phrase) else { continue }
        result.date = ArticleDate.parseLong(Array(line.bytes[(found + phrase.utf8.count)...]))
      }
      if result.revision == nil, let found = line.find("revision: ") {
        var end = found + 10
        while end < line.count, line.bytes[end].isDigit || line.bytes[end] == ASCII.dot { end += 1 }
        if end > found + 10 { result.revision = line.string((found + 10)..<end) }
      }
    }
    return result
  }

  /// The value of a header line such as `TITLE   :…`; only the lines before the first rule are header lines.
  func key(_ name: String) -> FoldedBytes? {
    for index in text.lines.indices.prefix(40) where roles[index] != .rule && text.hasPhrase(name, line: index) {
      let line = text.folded(index)
      guard let colon = line.bytes.firstIndex(of: ASCII.colon) else { continue }
      guard line.bytes[name.utf8.count..<colon].allSatisfy({ $0 == ASCII.space }) else { continue }
      return FoldedBytes(Array(line.bytes[trimmed(line.bytes, (colon + 1)..<line.count)]))
    }
    return nil
  }

  /// The value of a footer line such as `Issue type        : kbbug`.
  func footerKey(_ name: String) -> String? {
    for index in text.lines.indices.dropFirst(footer).prefix(60) where text.hasPhrase(name, line: index) {
      let line = text.folded(index)
      guard let colon = line.bytes.firstIndex(of: ASCII.colon) else { continue }
      guard line.bytes[name.utf8.count..<colon].allSatisfy({ $0 == ASCII.space }) else { continue }
      var value = Array(line.bytes[trimmed(line.bytes, (colon + 1)..<line.count)])
      // A long value goes on in an indented line.
      var next = index + 1
      while next < text.lines.count, text.lines[next].indent >= 3, text.rule(next) == nil {
        value.append(ASCII.space)
        value.append(contentsOf: text.bytes[text.lines[next].content])
        next += 1
      }
      return String(decoding: value, as: UTF8.self)
    }
    return nil
  }

  /// The words of the archive's footer, or of the web page's `Keywords:` lines.
  func fillPrinted(_ article: inout Article, _ paragraphs: [ArticleParagraph]) {
    func list(_ value: String?) -> [String] {
      value?.utf8.split(separator: ASCII.space).map { String(decoding: $0, as: UTF8.self) } ?? []
    }
    if layout == .archive {
      article.keywords = list(footerKey("keywords"))
      if article.keywords.isEmpty { article.keywords = list(key("keywords")?.string) }
      article.technology = list(footerKey("technology"))
      article.hardware = list(footerKey("hardware"))
      article.issueType = footerKey("issue type").flatMap { $0.isEmpty ? nil : $0 }
      article.solutionType = footerKey("solution type").flatMap { $0.isEmpty ? nil : $0 }
    } else {
      article.keywords = list(pageKeywords())
    }
    article.languages = languages(paragraphs)
  }

  private func pageKeywords() -> String? {
    for index in text.lines.indices where (9..<2048).contains(text.lines[index].content.count) {
      let line = text.folded(index)
      guard line.hasPhrase("keywords:", at: 0) else { continue }
      let value = trimmed(line.bytes, 9..<line.count)
      if !value.isEmpty { return line.string(value) }
      guard let next = text.printed(after: index), text.lines[next].content.count < 2048 else { return nil }
      let candidate = text.folded(next)
      return candidate.hasPhrase("kb", at: 0) ? candidate.string : nil
    }
    return nil
  }

  /// `The English version of this fix`, `The Japanese-language version …`: the languages whose files are listed.
  private func languages(_ paragraphs: [ArticleParagraph]) -> [String] {
    var result: [String] = []
    for paragraph in paragraphs where paragraph.phrases.holdsAny(PassagePhrases.versions) {
      let line = paragraph.text
      var from = 0
      while let found = line.find("the ", from: from) {
        from = found + 4
        var end = from
        while end < line.count, line.bytes[end].isLetter { end += 1 }
        guard end > from, line.bytes[from].isUpper else { continue }
        let behind = line.hasPhrase("-language", at: end) ? end + 9 : end
        guard FixPhrases.versions.contains(where: { line.hasPhrase($0, at: behind) }) else { continue }
        let language = line.string(from..<end)
        result.appendNew(language)
      }
    }
    return result
  }
}
