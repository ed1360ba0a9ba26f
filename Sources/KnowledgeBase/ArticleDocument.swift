/// A text cut into its passages: which line belongs to which section, which lines are headings, rows or titles of other
/// articles, and the prose that is left.
struct ArticleDocument: Sendable {
  enum Role: Hashable, Sendable {
    case blank, text, heading, rule
    /// A line of a file table.
    case table
    /// Number and title of another article: what it says is not said of this one.
    case reference
  }

  /// What stands where a line stands.
  struct Place: Hashable, Sendable {
    var section: ArticleSection = .body
    var part: ArticlePart?
    /// The underlined heading below the section's: a product, where RESOLUTION is split by product.
    var product: String?
  }

  let text: ArticleText
  let layout: ArticleLayout
  var roles: [Role]
  var places: [Place]
  /// First line of the footer; archive texts end in key lines and the disclaimer.
  var footer: Int
  /// What was not read, in sentences.
  var limitsReached: [String] = []

  init(_ text: ArticleText, layout: ArticleLayout) {
    self.text = text
    self.layout = layout
    roles = text.lines.map { $0.isBlank ? .blank : .text }
    places = Array(repeating: Place(), count: text.lines.count)
    footer = text.lines.count
    if layout == .archive { placeArchive() } else { placePage() }
    markReferences()
  }

  private mutating func placeArchive() {
    var place = Place(section: .header)
    for index in text.lines.indices {
      if index >= footer { place = Place(section: .footer) }
      places[index] = place
      guard index < footer, roles[index] != .blank else { continue }
      if text.rule(index) != nil {
        roles[index] = .rule
        // Articles without headings begin behind the header's rule, or behind the product list's.
        if place.section == .header || place.section == .appliesTo && listed(above: index) { place = Place() }
        continue
      }
      if text.hasPhrase("additional query words", line: index)
        || text.hasPhrase("keywords  ", line: index) && place.section != .header
      {
        footer = index
        place = Place(section: .footer)
        places[index] = place
        continue
      }
      guard let underline = underline(below: index) else {
        if text.hasPhrase("the information in this article applies to", line: index) {
          place = Place(section: .appliesTo)
          places[index] = place
          roles[index] = .heading
        }
        continue
      }
      if let section = ArticleHeadings.section(text.folded(index)) {
        place = Place(section: section)
      } else if underline == 0x3D {
        place = Place(section: .moreInformation)
      } else {
        place.product = text.string(index)
      }
      places[index] = place
      roles[index] = .heading
    }
  }

  /// A rule ends the product list, not the line that announces it.
  private func listed(above index: Int) -> Bool {
    text.printed(before: index).map { roles[$0] == .text } ?? false
  }

  /// The rule under a heading is as long as the heading; the rules around tables and parts of the text are not.
  private func underline(below index: Int) -> UInt8? {
    let next = index + 1
    guard text.lines[index].indent == 0, let rule = text.rule(next), text.lines[next].indent == 0 else { return nil }
    // `+-----+` frames a row of a table.
    guard text.bytes[text.lines[next].content.lowerBound] != 0x2B else { return nil }
    let length = text.lines[index].content.count
    let drawn = text.lines[next].content.count
    guard rule == 0x3D || rule == ASCII.hyphen, drawn <= length + 1, drawn + 1 >= min(length, 70) else { return nil }
    if rule == 0x3D, drawn >= 60 { return nil }
    return rule
  }

  private mutating func placePage() {
    var place = Place()
    for index in text.lines.indices {
      defer { places[index] = place }
      guard roles[index] != .blank else { continue }
      if text.rule(index) != nil {
        roles[index] = .rule
        continue
      }
      guard (ArticleHeadings.shortest...160).contains(text.lines[index].content.count) else { continue }
      let line = text.folded(index)
      if let section = ArticleHeadings.section(line) {
        place = Place(section: section)
        roles[index] = .heading
      } else if line.hasPhrase("the information in this article applies to", at: 0) {
        place = Place(section: .appliesTo)
        roles[index] = .heading
      } else if let (part, product) = ArticleHeadings.part(line) {
        place.part = part
        if let product { place.product = product }
        roles[index] = .heading
      } else if line.folded == Array("collapse this tableexpand this table".utf8) {
        roles[index] = .rule
      }
    }
  }
}

/// A passage of prose: consecutive lines of one place, joined, with single spaces.
///
/// A class: a text has up to half a million passages, a dozen readers go through them, and a copy retains four things.
final class ArticleParagraph: Sendable {
  let place: ArticleDocument.Place
  let bytes: [UInt8]
  /// The first of its lines.
  let line: Int
  /// Indented in an archive text: an error message, a stack, a command.
  let isListing: Bool
  let phrases: PhraseSet

  init(place: ArticleDocument.Place, bytes: [UInt8], line: Int, isListing: Bool) {
    self.place = place
    self.bytes = bytes
    self.line = line
    self.isListing = isListing
    phrases = PassagePhrases.index.phrases(in: bytes)
  }

  /// With its lower-case twin, made anew each time: `phrases` tells of most passages that nobody asks for it.
  var text: FoldedBytes { FoldedBytes(bytes) }

  var section: ArticleSection { place.section }
}

extension ArticleDocument {
  /// The passages that speak of this article's own subject: no tables, no titles of other articles, no footer.
  func paragraphs() -> [ArticleParagraph] {
    var result: [ArticleParagraph] = []
    var current: [UInt8] = []
    var first = 0
    func flush() {
      guard !current.isEmpty else { return }
      let isListing = layout == .archive && text.lines[first].indent >= 3
      // Copied, so that passages take no more than they need and `current` keeps its room.
      let bytes = current.withUnsafeBufferPointer { Array($0) }
      result.append(ArticleParagraph(place: places[first], bytes: bytes, line: first, isListing: isListing))
      current.removeAll(keepingCapacity: true)
    }
    for index in 0..<min(footer, text.lines.count) {
      guard roles[index] == .text, places[index].section != .header else {
        flush()
        continue
      }
      if !current.isEmpty, !continues(index, after: index - 1, from: first) { flush() }
      if current.isEmpty { first = index } else { current.append(ASCII.space) }
      text.appendSingleSpaced(text.lines[index].content, to: &current)
    }
    flush()
    return result
  }

  /// Only wrapped layouts continue a paragraph on the next line, and a list item begins its own.
  private func continues(_ index: Int, after previous: Int, from first: Int) -> Bool {
    guard layout == .archive || layout == .hardWrapped, places[index] == places[previous] else { return false }
    let line = text.lines[index]
    if isListItem(index) { return false }
    if layout == .archive {
      let isListing = text.lines[first].indent >= 3
      return isListing == (line.indent >= 3) || isListItem(first) || line.indent < 3 && !isListing
    }
    return true
  }

  /// ` - item`, `1. item`, `• item`.
  func isListItem(_ index: Int) -> Bool {
    let content = text.lines[index].content
    guard let marker = listMarker(content) else { return false }
    return marker < content.count
  }

  /// Length of a list item's mark and the spaces after it; nil without one.
  func listMarker(_ content: Range<Int>) -> Int? {
    var offset = content.lowerBound
    guard offset < content.upperBound, !text.bytes[offset].isLetter || text.bytes[offset] == 0x6F else { return nil }
    let bytes = text.bytes
    if bytes[offset] == ASCII.hyphen || bytes[offset] == 0x2A || bytes[offset] == 0x6F && layout != .archive {
      offset += 1
    } else if matchesBytes([0xE2, 0x80, 0xA2], in: bytes, at: offset) {
      offset += 3
    } else {
      while offset < content.upperBound, bytes[offset].isDigit { offset += 1 }
      guard (1...2).contains(offset - content.lowerBound), offset < content.upperBound,
        bytes[offset] == ASCII.dot || bytes[offset] == 0x29
      else { return nil }
      offset += 1
    }
    guard offset < content.upperBound, bytes[offset] == ASCII.space else { return nil }
    while offset < content.upperBound, bytes[offset] == ASCII.space { offset += 1 }
    return offset - content.lowerBound
  }
}

extension FoldedBytes {
  /// The sentences: a full stop, question or exclamation mark before a space and a capital, a digit or a quotation mark.
  func sentences() -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start = 0
    for offset in bytes.indices {
      guard bytes[offset] == ASCII.dot || bytes[offset] == 0x3F || bytes[offset] == 0x21 else { continue }
      let next = offset + 1
      guard next >= bytes.count || bytes[next] == ASCII.space else { continue }
      guard next + 1 >= bytes.count || !bytes[next + 1].isLower, !isAbbreviation(endingAt: offset) else { continue }
      let sentence = trimmed(bytes, start..<next)
      if !sentence.isEmpty { result.append(sentence) }
      start = next
    }
    let rest = trimmed(bytes, start..<bytes.count)
    if !rest.isEmpty { result.append(rest) }
    return result
  }

  /// `U.S. Service Pack` does not end a sentence.
  private func isAbbreviation(endingAt offset: Int) -> Bool {
    offset >= 3 && bytes[offset - 1].isUpper && bytes[offset - 2] == ASCII.dot && bytes[offset - 3].isUpper
  }
}
