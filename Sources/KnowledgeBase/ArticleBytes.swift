/// Byte helpers of the article reader. Articles are scanned as bytes: on the archive's 231 MB `Substring` took forty
/// times as long, and a `Character` of "\r\n" never equals "\n".
enum ASCII {
  static let lineFeed: UInt8 = 0x0A
  static let space: UInt8 = 0x20
  static let quote: UInt8 = 0x22
  static let dollar: UInt8 = 0x24
  static let comma: UInt8 = 0x2C
  static let hyphen: UInt8 = 0x2D
  static let dot: UInt8 = 0x2E
  static let slash: UInt8 = 0x2F
  static let colon: UInt8 = 0x3A
  static let underscore: UInt8 = 0x5F
}

extension UInt8 {
  var isDigit: Bool { self &- 0x30 < 10 }
  var isUpper: Bool { self &- 0x41 < 26 }
  var isLower: Bool { self &- 0x61 < 26 }
  var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
  var isAlphanumeric: Bool { isDigit || isLetter }
  var isHexDigit: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
  /// Part of an identifier: letter, digit or underscore.
  var isWord: Bool { isAlphanumeric || self == ASCII.underscore }
  var isSpace: Bool { self == ASCII.space || self == ASCII.lineFeed }
  var folded: UInt8 { isUpper ? self | 0x20 : self }
}

/// A piece of text and its lower-case twin, byte for byte as long.
struct FoldedBytes: Hashable, Sendable {
  let bytes: [UInt8]
  let folded: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    folded = Array(unsafeUninitializedCapacity: bytes.count) { result, count in
      bytes.withUnsafeBufferPointer { bytes in
        for index in 0..<bytes.count { result[index] = bytes[index].folded }
        count = bytes.count
      }
    }
  }

  init(_ text: String) { self.init(Array(text.utf8)) }

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }
  var string: String { String(decoding: bytes, as: UTF8.self) }

  func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Offset of the first occurrence of a phrase written in lower case.
  func find(_ phrase: String, from start: Int = 0, to end: Int? = nil) -> Int? {
    // Without a copy of the phrase as an array: hundreds of phrases are looked for in every sentence.
    phrase.utf8.withContiguousStorageIfAvailable { needle in
      folded.withUnsafeBufferPointer { findBytes(needle, in: $0, from: start, to: end ?? folded.count) }
    } ?? findBytes(Array(phrase.utf8), in: folded, from: start, to: end ?? folded.count)
  }

  func contains(_ phrase: String) -> Bool { find(phrase) != nil }

  func containsAny(_ phrases: [String]) -> Bool { phrases.contains { contains($0) } }

  /// True where the phrase stands there, in lower case.
  func hasPhrase(_ phrase: String, at offset: Int) -> Bool {
    let phrase = phrase.utf8
    guard offset >= 0, offset <= folded.count - phrase.count else { return false }
    var position = offset
    for byte in phrase {
      if folded[position] != byte { return false }
      position &+= 1
    }
    return true
  }

  /// Offset of the first occurrence that is not part of a longer word.
  func findWord(_ word: String, from start: Int = 0) -> Int? {
    let needle = Array(word.utf8)
    var from = start
    while let found = findBytes(needle, in: folded, from: from, to: folded.count) {
      let end = found + needle.count
      if found == 0 || !folded[found - 1].isAlphanumeric, end == folded.count || !folded[end].isAlphanumeric {
        return found
      }
      from = found + 1
    }
    return nil
  }
}

func matchesBytes(_ needle: [UInt8], in text: [UInt8], at offset: Int) -> Bool {
  guard offset >= 0, offset <= text.count - needle.count else { return false }
  for index in 0..<needle.count where text[offset &+ index] != needle[index] { return false }
  return true
}

/// Phrases are short, so the plain search stays linear in the text.
func findBytes(_ needle: [UInt8], in text: [UInt8], from start: Int, to end: Int) -> Int? {
  guard let first = needle.first else { return nil }
  var offset = max(0, start)
  let last = min(end, text.count) - needle.count
  while offset <= last {
    if text[offset] == first, matchesBytes(needle, in: text, at: offset) { return offset }
    offset &+= 1
  }
  return nil
}

private func findBytes(
  _ needle: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int
) -> Int? {
  guard let first = needle.first else { return nil }
  var offset = max(0, start)
  let last = min(end, text.count) - needle.count
  while offset <= last {
    if text[offset] == first {
      var matched = 1
      while matched < needle.count, text[offset &+ matched] == needle[matched] { matched &+= 1 }
      if matched == needle.count { return offset }
    }
    offset &+= 1
  }
  return nil
}

/// The range without spaces at both ends.
func trimmed(_ text: [UInt8], _ range: Range<Int>) -> Range<Int> {
  var low = range.lowerBound
  var high = range.upperBound
  while low < high, text[low].isSpace { low += 1 }
  while high > low, text[high - 1].isSpace { high -= 1 }
  return low..<high
}

/// The words of a range, separated by spaces.
func words(_ text: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
  var result: [Range<Int>] = []
  var start = range.lowerBound
  while start < range.upperBound {
    while start < range.upperBound, text[start].isSpace { start += 1 }
    var end = start
    while end < range.upperBound, !text[end].isSpace { end += 1 }
    if end > start { result.append(start..<end) }
    start = end
  }
  return result
}

extension Article {
  /// Values of one field beyond this number are not read; hostile text could name a hundred thousand drivers.
  static let maximumValues = 512
}

extension Array where Element: Equatable {
  /// Appends what is not there yet, up to `Article.maximumValues`.
  mutating func appendNew(_ element: Element) {
    if count < Article.maximumValues, !contains(element) { append(element) }
  }
}
