import ByteReading

/// The lines of a text in which encodings may change: a command window writes bytes, PowerShell UTF-16, and both are appended
/// to one file; `wmic` puts UTF-16 behind a message in bytes.
///
/// Bytes that are no UTF-8 are read as code page 1252: which code page a window used is not stated, and what is looked for in
/// such lines is ASCII.
struct MixedText {
  private(set) var lines: [String] = []
  private let bytes: [UInt8]
  private var place = 0

  /// In time that grows with the number of bytes.
  static func lines(_ bytes: [UInt8]) -> [String] {
    if bytes.starts(with: [0xFE, 0xFF]) {
      return decodeUTF16(bytes[2...], bigEndian: true).split(whereSeparator: \.isNewline).map(String.init)
    }
    var text = MixedText(bytes)
    text.read()
    return text.lines
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  private mutating func read() {
    var start = 0
    while place < bytes.count {
      if let skipped = wideStart() {
        addNarrow(start..<place)
        place += skipped
        readWide()
        start = place
      } else if bytes[place] == 0x0A || bytes[place] == 0x0D {
        addNarrow(start..<place)
        place += 1
        start = place
      } else {
        place += 1
      }
    }
    addNarrow(start..<bytes.count)
  }

  /// Bytes to skip where UTF-16 begins here: a byte-order mark, or two ASCII characters in a row with zeros behind them.
  private func wideStart() -> Int? {
    guard place + 1 < bytes.count else { return nil }
    if bytes[place] == 0xFF, bytes[place + 1] == 0xFE { return 2 }
    guard place + 3 < bytes.count else { return nil }
    let isWide =
      bytes[place] != 0 && bytes[place] < 0x80 && bytes[place + 1] == 0 && bytes[place + 2] != 0
      && bytes[place + 2] < 0x80 && bytes[place + 3] == 0
    return isWide ? 0 : nil
  }

  private mutating func readWide() {
    var units: [UInt16] = []
    while place + 1 < bytes.count {
      let unit = UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
      place += 2
      guard unit == 0x0A || unit == 0x0D else {
        if unit != 0xFEFF { units.append(unit) }
        continue
      }
      add(String(decoding: units, as: UTF16.self))
      units = []
      if unit == 0x0A, isNarrowLine() { return }
    }
    if place < bytes.count { place = bytes.count }
    add(String(decoding: units, as: UTF16.self))
  }

  /// Whether the line that begins here is one of bytes: UTF-16 has a zero in every line, if only in its end.
  private func isNarrowLine() -> Bool {
    // Empty lines of bytes come first in some; a letter such as U+4E0A begins with the same byte, and zeros follow it.
    var start = place
    while start < bytes.count, bytes[start] == 0x0A || bytes[start] == 0x0D { start += 1 }
    var end = start
    while end < bytes.count, bytes[end] != 0x0A {
      if bytes[end] == 0 { return false }
      end += 1
    }
    return end > start && (end + 1 >= bytes.count || bytes[end + 1] != 0)
      && !bytes[place...].starts(with: [0xFF, 0xFE])
  }

  private mutating func addNarrow(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    var line = bytes[range]
    if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    add(String(validating: line, as: UTF8.self) ?? decodeWindows1252(line))
  }

  private mutating func add(_ line: String) { if !line.isEmpty { lines.append(line) } }
}
