import ByteReading
import Facts

/// The text of a log as people paste it, made plain: one kind of line end, no quotation marks of mail before a line, no markup of
/// a page around it, no characters that look like others.
///
/// Everything is done in one pass over the bytes; positions are those of the plain text.
struct LogText {
  /// Longer texts are read up to here. A debugger prints a megabyte for the longest dump of a pool.
  static let limit = 16 << 20

  private(set) var bytes: [UInt8] = []
  /// Without its line feed.
  private(set) var lines: [Range<Int>] = []
  /// True where the text went on behind `limit`.
  let isCut: Bool

  init(_ raw: [UInt8]) {
    isCut = raw.count > Self.limit
    let text = Array(decodeText(isCut ? Array(raw[..<Self.limit]) : raw).text.utf8)
    bytes.reserveCapacity(text.count)
    var place = 0
    while place < text.count { place = copy(text, at: place) }
    dropQuotes()
  }

  // MARK: Characters

  /// Copies one character in its plain form and returns the place behind it.
  private mutating func copy(_ text: [UInt8], at place: Int) -> Int {
    let byte = text[place]
    switch byte {
    case 0x0D:
      bytes.append(0x0A)
      return place + (place + 1 < text.count && text[place + 1] == 0x0A ? 2 : 1)
    case 0x00:
      return place + 1
    case UInt8(ascii: "&"):
      return entity(text, at: place)
    case UInt8(ascii: "<"):
      return markup(text, at: place)
    case UInt8(ascii: "\\"):
      // Markdown marks an underscore that is no emphasis.
      if place + 1 < text.count, text[place + 1] == UInt8(ascii: "_") { return place + 1 }
    case 0xC2, 0xE2, 0xEF, 0xE3:
      if let (plain, count) = Self.lookalike(text, at: place) {
        bytes += plain
        return place + count
      }
    default: break
    }
    bytes.append(byte)
    return place + 1
  }

  /// Spaces and marks that pages put where the debugger prints ASCII.
  private static func lookalike(_ text: [UInt8], at place: Int) -> ([UInt8], Int)? {
    func next(_ distance: Int) -> UInt8 { place + distance < text.count ? text[place + distance] : 0 }
    switch (text[place], next(1), next(2)) {
    case (0xC2, 0xA0, _): return ([0x20], 2)  // no-break space
    case (0xC2, 0xAD, _): return ([], 2)  // soft hyphen
    case (0xC2, 0xB4, _): return ([UInt8(ascii: "`")], 2)  // acute accent
    case (0xE2, 0x80, 0x8B...0x8F), (0xEF, 0xBB, 0xBF): return ([], 3)  // zero width
    case (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xAF), (0xE3, 0x80, 0x80): return ([0x20], 3)  // other spaces
    case (0xE2, 0x80, 0x98), (0xE2, 0x80, 0x99): return ([UInt8(ascii: "`")], 3)  // single quotation marks
    case (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9): return ([0x0A], 3)  // line and paragraph separators
    case (0xE2, 0x80, 0x90...0x95): return ([UInt8(ascii: "-")], 3)  // dashes
    case (0xE2, 0x80, 0xA6): return (Array("...".utf8), 3)
    case (0xEF, 0xBC, 0x9A): return ([UInt8(ascii: ":")], 3)  // full-width marks of translated pages
    case (0xEF, 0xBC, 0x88): return ([UInt8(ascii: "(")], 3)
    case (0xEF, 0xBC, 0x89): return ([UInt8(ascii: ")")], 3)
    case (0xEF, 0xBC, 0x8C): return ([UInt8(ascii: ",")], 3)
    default: return nil
    }
  }

  private static let entities: [(name: [UInt8], text: [UInt8])] = [
    ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("nbsp", " "), ("grave", "`"), ("lowbar", "_"),
    ("colon", ":"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

  /// `&lt;`, `&#96;`, `&#x60;`, and the same once more escaped (`&amp;lt;`).
  private mutating func entity(_ text: [UInt8], at place: Int) -> Int {
    var start = place + 1
    let ampersand = Array("amp;".utf8)
    var isEscaped = false
    while start + 4 <= text.count, text[start..<start + 4].elementsEqual(ampersand) {
      start += 4
      isEscaped = true
    }
    let end = text[start..<min(start + 9, text.count)].firstIndex(of: UInt8(ascii: ";"))
    if let end {
      let name = text[start..<end]
      if name.first == UInt8(ascii: "#") {
        let isHexadecimal = name.dropFirst().first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        let digits = String(decoding: name.dropFirst(isHexadecimal ? 2 : 1), as: UTF8.self)
        if let value = UInt32(digits, radix: isHexadecimal ? 16 : 10), let scalar = Unicode.Scalar(value), value != 0 {
          bytes += value == 0xA0 ? [0x20] : value == 0x0D ? [0x0A] : Array(String(Character(scalar)).utf8)
          return end + 1
        }
      } else if let known = Self.entities.first(where: { name.elementsEqual($0.name) }) {
        bytes += known.text
        return end + 1
      }
    }
    bytes.append(UInt8(ascii: "&"))
    return isEscaped ? start : place + 1
  }

  private static let breaking: Set<String> = ["br", "p", "div", "tr", "li", "pre", "h1", "h2", "h3", "blockquote"]
  private static let silent: Set<String> = [
    "span", "b", "i", "u", "em", "strong", "code", "font", "a", "table", "tbody", "ul", "ol", "html", "body", "tt",
    "small",
  ]

  /// Tags of pages go; angle brackets of C++ names and of the debugger (`<*>`) stay.
  private mutating func markup(_ text: [UInt8], at place: Int) -> Int {
    var end = place + 1
    let isClosing = end < text.count && text[end] == UInt8(ascii: "/")
    if isClosing { end += 1 }
    let start = end
    while end < text.count, end - start < 11, text[end].isLetter || text[end].isDigit { end += 1 }
    let name = String(decoding: text[start..<end], as: UTF8.self).lowercased()
    let isBreaking = Self.breaking.contains(name)
    guard isBreaking || Self.silent.contains(name) || name == "td" || name == "th" else {
      bytes.append(text[place])
      return place + 1
    }
    let behind = text[end..<min(end + 400, text.count)]
    guard let close = behind.firstIndex(of: UInt8(ascii: ">")), close == end || !text[end].isNamePart else {
      bytes.append(text[place])
      return place + 1
    }
    if isBreaking { bytes.append(0x0A) } else if name == "td" || name == "th" { bytes.append(0x20) }
    return close + 1
  }

  // MARK: Lines

  /// Takes the marks of a quotation (`> `, `| `) from the beginning of lines and notes where lines are.
  private mutating func dropQuotes() {
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var start = 0
    while start <= bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      var first = start
      var mark = start
      while mark < end, bytes[mark].isSpace || bytes[mark] == UInt8(ascii: ">") || bytes[mark] == UInt8(ascii: "|") {
        if !bytes[mark].isSpace { first = mark + 1 }
        mark += 1
      }
      if first > start, first < end, bytes[first] == 0x20 { first += 1 }
      let from = plain.count
      plain += bytes[first..<end]
      lines.append(from..<plain.count)
      plain.append(0x0A)
      start = end + 1
    }
    bytes = plain
  }

  func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// The line that holds a position, by halving.
  func line(at position: Int) -> Int {
    var low = 0
    var high = lines.count
    while low < high {
      let middle = (low + high) / 2
      if lines[middle].upperBound < position { low = middle + 1 } else { high = middle }
    }
    return min(low, max(0, lines.count - 1))
  }

  /// Whether the bytes at a position are these.
  func has(_ text: StaticString, at position: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position >= 0, position + count <= bytes.count else { return false }
    return text.withUTF8Buffer { buffer in
      for index in 0..<count where bytes[position + index] != buffer[index] { return false }
      return true
    }
  }
}

extension UInt8 {
  @inline(__always) var isSpace: Bool { self == 0x20 || self == 0x09 }
  @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0A }
  @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
  @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
  @inline(__always) var isUpper: Bool { self &- 0x41 < 26 }
  @inline(__always) var isHex: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
  @inline(__always) var isNamePart: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
  /// What labels and names of stop codes are made of.
  @inline(__always) var isLabelPart: Bool { isUpper || isDigit || self == UInt8(ascii: "_") }
}
