import ByteReading

/// An article's text as normalised bytes: UTF-8, line feeds only, no tabs, no non-breaking spaces.
struct ArticleText: Sendable {
  let bytes: [UInt8]
  let lines: [ArticleLine]
  /// What was not read, in sentences.
  private(set) var limitsReached: [String] = []

  /// Text beyond this many bytes is not read. The longest article of the archive, a list of fixed bugs, has 0.4 MB.
  static let maximumBytes = 1 << 24
  /// Lines beyond this number are not read.
  static let maximumLines = 1 << 19

  /// The sign by which the text was told to be a web page; nil where it was none.
  private(set) var markup: String?

  init(decoding raw: [UInt8], limit: Int = maximumBytes) {
    let head = raw.count > limit ? Array(raw[..<limit]) : raw
    let text = Self.normalise(Self.decode(head))
    let sign = ArticleHTML.sign(text)
    self.init(normalised: sign == nil ? text : ArticleHTML.text(text))
    markup = sign
    if raw.count > limit {
      limitsReached.insert("text: the first \(limit) of \(raw.count) bytes are read", at: 0)
    }
  }

  init(normalised bytes: [UInt8]) {
    self.bytes = bytes
    let (lines, isComplete) = Self.split(bytes)
    self.lines = Self.isDoubleSpaced(lines, bytes) ? Self.singleSpaced(lines) : lines
    if !isComplete { limitsReached.append("text: the first \(Self.maximumLines) lines are read") }
  }

  /// The lines up to `maximumLines`, and whether these are all.
  private static func split(_ bytes: [UInt8]) -> (lines: [ArticleLine], isComplete: Bool) {
    var lines: [ArticleLine] = []
    lines.reserveCapacity(bytes.count / 32)
    return bytes.withUnsafeBufferPointer { text in
      var start = 0
      while lines.count < maximumLines {
        var low = start
        while low < text.count, text[low] == ASCII.space { low &+= 1 }
        var marks = ArticleLine.Marks()
        var offset = low
        // The content ends behind its last byte that is no space.
        var high = low
        while offset < text.count, text[offset] != ASCII.lineFeed {
          let byte = text[offset]
          offset &+= 1
          if byte != ASCII.space { high = offset }
          marks.add(byte)
        }
        let content = low == high ? offset..<offset : low..<high
        lines.append(ArticleLine(content: content, indent: content.isEmpty ? 0 : low &- start, marks: marks))
        start = offset &+ 1
        if offset == text.count { return (lines, true) }
      }
      return (lines, false)
    }
  }

  /// Whether a copy has a blank line behind every line, as texts have whose line ends were converted twice: then an odd
  /// number of blank lines stands everywhere, and sentences break across them or an archive's header does.
  private static func isDoubleSpaced(_ lines: [ArticleLine], _ bytes: [UInt8]) -> Bool {
    var gaps = 0
    var even = 0
    var broken = 0
    var blank = 0
    var previous: ArticleLine?
    var isArchive = false
    for line in lines {
      guard !line.isBlank else {
        blank += 1
        continue
      }
      if let previous {
        gaps += 1
        if blank % 2 == 0 { even += 1 }
        if previous.content.count <= 100, previous.indent == line.indent, bytes[line.content.lowerBound].isLower,
          bytes[previous.content.upperBound - 1].isAlphanumeric || bytes[previous.content.upperBound - 1] == ASCII.comma
        {
          broken += 1
        }
      } else {
        isArchive = FoldedBytes(Array(bytes[line.content].prefix(16))).hasPhrase("document:q", at: 0)
      }
      previous = line
      blank = 0
    }
    guard gaps >= 3, even * 50 <= gaps else { return false }
    return isArchive || broken >= 3 && broken * 8 >= gaps
  }

  /// Without the blank lines that the doubling added.
  private static func singleSpaced(_ lines: [ArticleLine]) -> [ArticleLine] {
    var result: [ArticleLine] = []
    var blank: [ArticleLine] = []
    for line in lines {
      if line.isBlank {
        blank.append(line)
      } else {
        result += blank.prefix(blank.count / 2)
        blank = []
        result.append(line)
      }
    }
    return result + blank.prefix(blank.count / 2)
  }

  /// UTF-8 that is cut inside its last character is still UTF-8: stores keep the first 2,000 bytes of a page.
  private static func decode(_ raw: [UInt8]) -> [UInt8] {
    // Without a branch, so that the compiler looks at many bytes at once.
    var all: UInt8 = 0
    var zero: UInt8 = 0
    for byte in raw {
      all |= byte
      zero |= byte == 0 ? 1 : 0
    }
    // Plain ASCII, as most articles are.
    if all < 0x80, zero == 0 { return raw }
    if all >= 0x80, let last = raw.lastIndex(where: { $0 & 0xC0 != 0x80 }),
      raw[last] >= 0xC0, raw.count - last < 4, raw[..<last].contains(where: { $0 >= 0x80 }),
      String(validating: raw[..<last], as: UTF8.self) != nil, String(validating: raw[last...], as: UTF8.self) == nil
    {
      return Array(raw[..<last])
    }
    return Array(decodeText(raw).text.utf8)
  }

  private static func normalise(_ text: [UInt8]) -> [UInt8] {
    // Never longer than the text.
    Array(unsafeUninitializedCapacity: text.count) { result, count in
      text.withUnsafeBufferPointer { text in
        var offset = 0
        while offset < text.count {
          let byte = text[offset]
          offset &+= 1
          var written = byte
          switch byte {
          case 0x20...0x7F, ASCII.lineFeed: break
          case 0x0D:
            written = ASCII.lineFeed
            if offset < text.count, text[offset] == ASCII.lineFeed { offset &+= 1 }
          case 0x09, 0x0B, 0x0C, 0x00: written = ASCII.space
          case 0xC2 where offset < text.count && text[offset] == 0xA0:
            written = ASCII.space
            offset &+= 1
          case 0xEF where offset + 1 < text.count && text[offset] == 0xBB && text[offset &+ 1] == 0xBF:
            offset &+= 2
            continue
          default: break
          }
          result[count] = written
          count &+= 1
        }
      }
    }
  }

  func string(_ line: Int) -> String { String(decoding: bytes[lines[line].content], as: UTF8.self) }

  func folded(_ line: Int) -> FoldedBytes { FoldedBytes(Array(bytes[lines[line].content])) }

  /// True where a line begins with a phrase written in lower case.
  func hasPhrase(_ phrase: String, line: Int) -> Bool {
    let content = lines[line].content
    let phrase = phrase.utf8
    guard phrase.count <= content.count else { return false }
    var position = content.lowerBound
    for byte in phrase {
      if bytes[position].folded != byte { return false }
      position &+= 1
    }
    return true
  }

  /// Appends a range's bytes, runs of spaces as one space.
  func appendSingleSpaced(_ content: Range<Int>, to result: inout [UInt8]) {
    var start = content.lowerBound
    var follows = result.last == ASCII.space
    for offset in content {
      let isSpace = bytes[offset] == ASCII.space
      if isSpace, follows {
        result.append(contentsOf: bytes[start..<offset])
        start = offset + 1
      }
      follows = isSpace
    }
    result.append(contentsOf: bytes[start..<content.upperBound])
  }

  /// The nearest line before or after that is not blank.
  func printed(before line: Int) -> Int? {
    var index = line - 1
    while index >= 0 {
      if !lines[index].isBlank { return index }
      index -= 1
    }
    return nil
  }

  func printed(after line: Int) -> Int? {
    var index = line + 1
    while index < lines.count {
      if !lines[index].isBlank { return index }
      index += 1
    }
    return nil
  }

  /// A line made of one repeated rule character, as underlines and separators are; nil for anything else.
  func rule(_ line: Int) -> UInt8? {
    guard line >= 0, line < lines.count else { return nil }
    let content = lines[line].content
    guard content.count >= 3 else { return nil }
    let first = bytes[content.lowerBound]
    guard first == ASCII.hyphen || first == 0x3D || first == 0x2B else { return nil }
    if first == 0x2B { return bytes[content].allSatisfy { $0 == 0x2B || $0 == ASCII.hyphen } ? ASCII.hyphen : nil }
    return bytes[content].allSatisfy { $0 == first || $0 == ASCII.space } ? first : nil
  }
}

/// One printed line: where its content stands, without the spaces around it, and how far it is indented.
struct ArticleLine: Hashable, Sendable {
  /// Bytes that a line has somewhere: tells without a search what it cannot hold.
  struct Marks: OptionSet, Hashable, Sendable {
    var rawValue: UInt8
    static let digit = Marks(rawValue: 1)
    static let dot = Marks(rawValue: 2)
    static let capitalQ = Marks(rawValue: 4)

    mutating func add(_ byte: UInt8) {
      rawValue |= (byte.isDigit ? 1 : 0) | (byte == ASCII.dot ? 2 : 0) | (byte == 0x51 ? 4 : 0)
    }
  }

  let content: Range<Int>
  let indent: Int
  let marks: Marks
  var isBlank: Bool { content.isEmpty }
}
