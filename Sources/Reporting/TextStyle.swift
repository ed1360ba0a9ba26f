import Facts

/// How text is set for a terminal: width, colour, and the reader's time zone.
public struct TextStyle: Sendable {
  public enum Ink: String, Sendable {
    case strong = "1"
    case good = "32"
    case warning = "33"
    case bad = "31"
    case dim = "2"
  }

  public var width: Int
  public var color: Bool
  /// Seconds since 1970 UTC as the reader's local time, with the zone's name.
  public var localTime: @Sendable (Int64) -> String

  public init(
    width: Int = 100, color: Bool = false,
    localTime: @escaping @Sendable (Int64) -> String
  ) {
    self.width = max(40, width)
    self.color = color
    self.localTime = localTime
  }

  /// Text in a colour; evidence never reaches the terminal unclean.
  public func ink(_ text: String, _ ink: Ink) -> String {
    let text = Self.cleanLine(text)
    return color ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Control characters become a visible mark: names in a dump could otherwise drive the reader's terminal. So do the
  /// marks that turn the direction of writing.
  public static func clean(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHostile) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(isHostile(scalar) ? "\u{FFFD}" : scalar) }
    return String(result)
  }

  /// The same where a line break would begin a line that pretends to be ours: names, titles, cells of tables.
  public static func cleanLine(_ text: String) -> String {
    let text = clean(text)
    guard text.unicodeScalars.contains("\n") else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\n" ? "\u{FFFD}" : $0 }))
  }

  private static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A: false
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    // A byte of a path that is no text.
    default: PathText.byte(scalar) != nil
    }
  }

  /// Words broken into lines of at most the width; lines after the first are indented. A word longer than a line stands alone.
  public func wrap(_ text: String, indent: Int = 0, hanging: Int? = nil, first: String = "") -> String {
    let hanging = hanging ?? indent
    var lines: [String] = []
    var line = String(repeating: " ", count: indent) + first
    var length = line.count
    var isFresh = true
    for word in Self.clean(text).split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      let wide = word.count
      if !isFresh, length + 1 + wide > width {
        lines.append(line)
        line = String(repeating: " ", count: hanging)
        length = hanging
        isFresh = true
      }
      line += (isFresh ? "" : " ") + word
      length += wide + (isFresh ? 0 : 1)
      isFresh = false
    }
    lines.append(line)
    return lines.joined(separator: "\n")
  }

  /// Wrapped text in a colour.
  public func paragraph(_ text: String, _ ink: Ink, indent: Int = 0, hanging: Int? = nil) -> String {
    let lines = wrap(text, indent: indent, hanging: hanging).split(separator: "\n", omittingEmptySubsequences: false)
    return lines.map { self.ink(String($0), ink) }.joined(separator: "\n")
  }

  func heading(_ text: String) -> String { "\n" + paragraph(text, .strong) }

  /// Keys with what they mean beside them; what does not fit goes on below.
  func definitions(_ rows: [(key: String, value: String)]) -> String {
    let column = (rows.map(\.key.count).max() ?? 0) + 2
    return rows.map { key, value in
      wrap(value, hanging: column, first: Self.cleanLine(key) + String(repeating: " ", count: column - key.count))
    }.joined(separator: "\n")
  }
}

/// Columns set to their widest cell; the last one is not padded.
func table(_ rows: [[String]], indent: Int = 2) -> String {
  let cleaned = rows.map { $0.map(TextStyle.cleanLine) }
  var widths: [Int] = []
  for row in cleaned {
    for (column, cell) in row.enumerated() {
      if column == widths.count { widths.append(0) }
      widths[column] = max(widths[column], cell.count)
    }
  }
  return cleaned.map { row in
    var line = String(repeating: " ", count: indent)
    for (column, cell) in row.enumerated() {
      line += cell
      if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
    }
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }.joined(separator: "\n")
}
