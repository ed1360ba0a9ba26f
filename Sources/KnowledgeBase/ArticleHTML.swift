/// An article kept as a web page: told by its first tag, and set as the text that a browser would show, line by line, so that
/// the same reader serves pages and texts.
///
/// Blocks begin lines of their own, line breaks inside `<pre>` stay, the cells of a short table row stand on one line with bars
/// between them. Everything is read in one pass; no tag is followed into a depth that a page could choose.
enum ArticleHTML {
  /// Tables inside tables beyond this depth are read as the text of the cell they stand in. Old pages set their whole layout in
  /// four or five.
  static let maximumTableDepth = 16
  /// A cell with more bytes than this is a part of the page's layout and no cell of a table.
  static let maximumCellBytes = 300
  /// A tag whose end is further away than this is no tag.
  static let maximumTagBytes = 1 << 14

  private static let openings: Set<String> = [
    "html", "head", "body", "title", "meta", "link", "base", "h1", "h2", "h3", "h4", "table", "div", "p", "pre",
    "center",
    "font", "a", "b", "hr", "img", "ul", "dl", "script", "style", "main", "article", "section", "span", "basefont",
  ]

  /// The sign by which bytes are a page: the text begins with a tag, a document type or a comment before one. nil for text,
  /// also for an article that speaks of HTML.
  static func sign(_ bytes: [UInt8]) -> String? {
    var offset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    for _ in 0..<8 {
      while offset < bytes.count, bytes[offset] <= 0x20 { offset += 1 }
      guard offset < bytes.count, bytes[offset] == 0x3C else { return nil }
      if matches("<!doctype html", bytes, offset) { return "<!DOCTYPE html>" }
      guard matches("<!--", bytes, offset) || matches("<?xml", bytes, offset) || matches("<!", bytes, offset) else {
        let name = tagName(bytes, offset + 1)
        return openings.contains(name) ? "<\(name)>" : nil
      }
      guard let end = end(ofDeclaration: offset, bytes) else { return nil }
      offset = end
    }
    return nil
  }

  /// The page's text: UTF-8 with line feeds.
  static func text(_ bytes: [UInt8]) -> [UInt8] {
    var page = PageText()
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == 0x3C {
        if matches("<!", bytes, offset) || matches("<?", bytes, offset) {
          offset = end(ofDeclaration: offset, bytes) ?? bytes.count
          continue
        }
        let isEnd = offset + 1 < bytes.count && bytes[offset + 1] == ASCII.slash
        let name = tagName(bytes, offset + (isEnd ? 2 : 1))
        if !name.isEmpty, let end = end(ofTag: offset, bytes) {
          offset = end
          if !isEnd, PageText.silent.contains(name) {
            offset = self.end(ofElement: name, from: offset, bytes)
          } else if !isEnd, name == "title" {
            let close = self.end(ofElement: name, from: offset, bytes)
            page.title = Array(bytes[offset..<max(offset, self.start(ofClosing: close, bytes))])
            offset = close
          } else {
            page.tag(name, isEnd: isEnd)
          }
          continue
        }
      } else if byte == 0x26, let (scalar, end) = HTMLEntities.read(bytes, offset) {
        page.append(scalar)
        offset = end
        continue
      }
      page.append(byte)
      offset += 1
    }
    return page.finished()
  }

  private static func matches(_ phrase: StaticString, _ bytes: [UInt8], _ offset: Int) -> Bool {
    let count = phrase.utf8CodeUnitCount
    guard offset + count <= bytes.count else { return false }
    return phrase.withUTF8Buffer { needle in
      (0..<count).allSatisfy { bytes[offset + $0].folded == needle[$0] }
    }
  }

  /// Lower case; empty where no letter follows.
  private static func tagName(_ bytes: [UInt8], _ start: Int) -> String {
    guard start < bytes.count, bytes[start].isLetter else { return "" }
    let name = bytes[start..<min(start + 16, bytes.count)].prefix { $0.isAlphanumeric }
    return String(decoding: name.map(\.folded), as: UTF8.self)
  }

  private static func end(ofDeclaration start: Int, _ bytes: [UInt8]) -> Int? {
    if matches("<!--", bytes, start) {
      return findBytes(Array("-->".utf8), in: bytes, from: start + 4, to: bytes.count).map { $0 + 3 }
    }
    return bytes[start...].firstIndex(of: 0x3E).map { $0 + 1 }
  }

  /// Behind the `>`; a `<` outside quotation marks ends a tag that lacks it. nil where there is no end near.
  private static func end(ofTag start: Int, _ bytes: [UInt8]) -> Int? {
    var quote: UInt8 = 0
    var offset = start + 1
    let limit = min(bytes.count, start + maximumTagBytes)
    while offset < limit {
      let byte = bytes[offset]
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == 0x3E {
        return offset + 1
      } else if byte == 0x3C {
        return offset
      } else if (byte == 0x22 || byte == 0x27) && bytes[offset - 1] == 0x3D {
        quote = byte
      }
      offset += 1
    }
    return nil
  }

  /// Behind the closing tag of an element whose content is not text; the page's end where it lacks one.
  private static func end(ofElement name: String, from start: Int, _ bytes: [UInt8]) -> Int {
    let closing = Array(("</" + name).utf8)
    var offset = start
    while offset + closing.count <= bytes.count {
      if bytes[offset] == 0x3C, (0..<closing.count).allSatisfy({ bytes[offset + $0].folded == closing[$0] }) {
        return bytes[offset...].firstIndex(of: 0x3E).map { $0 + 1 } ?? bytes.count
      }
      offset += 1
    }
    return bytes.count
  }

  /// Where the closing tag begins that ends before an offset.
  private static func start(ofClosing end: Int, _ bytes: [UInt8]) -> Int {
    bytes[..<end].lastIndex(of: 0x3C) ?? end
  }
}

/// The text that tags and characters add up to.
private struct PageText {
  /// Elements whose content nobody reads.
  static let silent: Set<String> = [
    "script", "style", "noscript", "template", "svg", "select", "textarea", "iframe", "object", "button", "nav",
  ]
  private static let blocks: Set<String> = [
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "dt", "dd", "blockquote", "section", "article",
    "header", "footer", "main", "aside", "address", "center", "form", "fieldset", "hr", "body", "html", "caption",
    "figure",
    "dir", "menu",
  ]
  /// Blocks with a blank line around them.
  private static let spaced: Set<String> = [
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "blockquote", "ul", "ol",
  ]

  var title: [UInt8] = []
  private var hasHeading = false
  private var preformatted = 0
  private var tables: [Table] = []
  /// Tables inside tables that are read as text.
  private var deeper = 0
  private var main = Lines()

  /// A row that is being read, and the rows before it.
  private struct Table {
    var done = Lines()
    var cells: [Lines] = []
    var isInCell = false
  }

  /// Lines, with white space as a browser sets it.
  private struct Lines {
    var bytes: [UInt8] = []
    /// White space stands between the last byte and the next one.
    var isSpaced = false

    var isAtLineStart: Bool { bytes.isEmpty || bytes.last == ASCII.lineFeed }

    mutating func append(_ byte: UInt8) {
      if byte <= 0x20 {
        isSpaced = true
        return
      }
      if isSpaced, !isAtLineStart { bytes.append(ASCII.space) }
      isSpaced = false
      bytes.append(byte)
    }

    static let bullet: [UInt8] = [0xE2, 0x80, 0xA2]

    mutating func breakLine() {
      // The paragraph of a list's item begins beside its mark.
      if bytes.suffix(3).elementsEqual(Self.bullet) { return }
      isSpaced = false
      if !isAtLineStart { bytes.append(ASCII.lineFeed) }
    }

    mutating func blankLine() {
      breakLine()
      if isAtLineStart, !bytes.isEmpty, !bytes.suffix(2).elementsEqual([ASCII.lineFeed, ASCII.lineFeed]) {
        bytes.append(ASCII.lineFeed)
      }
    }

    mutating func append(_ other: Lines) {
      breakLine()
      bytes += other.bytes
      breakLine()
    }
  }

  private mutating func edit(_ change: (inout Lines) -> Void) {
    guard let last = tables.indices.last else { return change(&main) }
    guard tables[last].isInCell, let cell = tables[last].cells.indices.last else { return change(&tables[last].done) }
    change(&tables[last].cells[cell])
  }

  mutating func append(_ byte: UInt8) {
    guard preformatted > 0 else { return edit { $0.append(byte) } }
    edit { lines in
      if byte == 0x0D { return }
      // The line end behind `<pre>` is not shown.
      if byte == ASCII.lineFeed, lines.isSpaced, lines.isAtLineStart {
        lines.isSpaced = false
        return
      }
      lines.isSpaced = false
      lines.bytes.append(byte)
    }
  }

  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.value == 0xA0 {
      // A non-breaking space keeps its place in `<pre>`; elsewhere it is one space.
      append(ASCII.space)
    } else {
      for byte in Array(String(Character(scalar)).utf8) { append(byte) }
    }
  }

  mutating func tag(_ name: String, isEnd: Bool) {
    switch name {
    case "br": edit { $0.bytes.append(ASCII.lineFeed) }
    case "pre", "xmp", "listing":
      preformatted = max(0, preformatted + (isEnd ? -1 : 1))
      edit { lines in
        lines.blankLine()
        lines.isSpaced = !isEnd
      }
    case "li":
      edit { $0.breakLine() }
      if !isEnd {
        edit { lines in
          lines.bytes += Array("  ".utf8) + Lines.bullet
          lines.isSpaced = true
        }
      }
    case "table": isEnd ? closeTable() : openTable()
    case "tr":
      guard !tables.isEmpty, deeper == 0 else { return edit { $0.breakLine() } }
      closeRow()
    case "td", "th":
      guard let last = tables.indices.last, deeper == 0 else { return edit { $0.append(ASCII.space) } }
      tables[last].isInCell = !isEnd
      if !isEnd { tables[last].cells.append(Lines()) }
    default:
      if name.utf8.count == 2, name.hasPrefix("h"), ["h1", "h2"].contains(name) { hasHeading = true }
      if Self.spaced.contains(name) {
        edit { $0.blankLine() }
      } else if Self.blocks.contains(name) {
        edit { $0.breakLine() }
      }
    }
  }

  private mutating func openTable() {
    guard tables.count < ArticleHTML.maximumTableDepth else {
      deeper += 1
      return edit { $0.breakLine() }
    }
    edit { $0.blankLine() }
    tables.append(Table())
  }

  private mutating func closeTable() {
    guard deeper == 0 else {
      deeper -= 1
      return edit { $0.breakLine() }
    }
    guard !tables.isEmpty else { return }
    closeRow()
    let lines = tables.removeLast().done
    edit { $0.append(lines) }
    edit { $0.blankLine() }
  }

  /// Cells side by side where they are short; one below the other where they hold parts of the page.
  private mutating func closeRow() {
    guard let last = tables.indices.last else { return }
    let cells = tables[last].cells
    tables[last].cells = []
    tables[last].isInCell = false
    guard !cells.isEmpty else { return tables[last].done.breakLine() }
    if cells.count > 1, cells.allSatisfy({ $0.bytes.count <= ArticleHTML.maximumCellBytes }) {
      var row: [UInt8] = []
      for cell in cells {
        let words = Array(cell.bytes.split { $0 <= 0x20 }.joined(separator: [ASCII.space]))
        if !row.isEmpty { row += Array(words.isEmpty ? " |".utf8 : " | ".utf8) }
        row += words
      }
      tables[last].done.breakLine()
      tables[last].done.bytes += row
      tables[last].done.breakLine()
    } else {
      for cell in cells { tables[last].done.append(cell) }
    }
  }

  mutating func finished() -> [UInt8] {
    deeper = 0
    while !tables.isEmpty { closeTable() }
    guard !hasHeading, !title.isEmpty else { return main.bytes }
    // A page that prints its title nowhere else has it in its head.
    var head = PageText()
    var offset = 0
    while offset < title.count {
      if title[offset] == 0x26, let (scalar, end) = HTMLEntities.read(title, offset) {
        head.append(scalar)
        offset = end
      } else {
        head.append(title[offset])
        offset += 1
      }
    }
    let first = main.bytes.prefix { $0 != ASCII.lineFeed }
    let opening = FoldedBytes(Array(first.prefix(64)))
    guard !first.elementsEqual(head.main.bytes), !opening.hasPhrase("document:q", at: 0) else { return main.bytes }
    return head.main.bytes + [ASCII.lineFeed, ASCII.lineFeed] + main.bytes
  }
}
