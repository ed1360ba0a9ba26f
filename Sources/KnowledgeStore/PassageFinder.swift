/// Words and phrases that are looked for in many texts.
struct SoughtWords: Sendable {
  /// Lower case; a phrase's words with one space between.
  let needles: [[UInt8]]
  /// Needles by their first byte.
  fileprivate let byFirst: [[Int]]

  init(words: [String], phrases: [[String]]) {
    needles = words.map { Array($0.utf8) } + phrases.map { Array($0.joined(separator: " ").utf8) }
    var byFirst = [[Int]](repeating: [], count: 256)
    for (index, needle) in needles.enumerated() {
      if let first = needle.first { byFirst[Int(first)].append(index) }
    }
    self.byFirst = byFirst
  }
}

/// Finds words and phrases in a text and the passage that holds most of them.
struct PassageFinder: Sendable {
  private let text: [UInt8]
  let needles: [[UInt8]]
  private(set) var counts: [Int]
  private var places: [(range: Range<Int>, needle: Int)] = []

  static let passageBytes = 240
  static let maximumPlaces = 2000

  init(_ text: [UInt8], _ sought: SoughtWords) {
    self.text = text
    needles = sought.needles
    var counts = [Int](repeating: 0, count: needles.count)
    var places: [(range: Range<Int>, needle: Int)] = []
    text.withUnsafeBufferPointer { bytes in
      var follows = false
      for offset in 0..<bytes.count {
        let isWord = Self.isWord(bytes[offset])
        defer { follows = isWord }
        guard isWord, !follows, places.count < Self.maximumPlaces else { continue }
        for needle in sought.byFirst[Int(Self.fold(bytes[offset]))] {
          if let end = Self.end(of: sought.needles[needle], from: offset, bytes) {
            counts[needle] += 1
            places.append((offset..<end, needle))
          }
        }
      }
    }
    self.counts = counts
    self.places = places
  }

  private static func fold(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
  private static func isWord(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F }

  /// A space stands for whatever separates words.
  private static func end(of needle: [UInt8], from start: Int, _ text: UnsafeBufferPointer<UInt8>) -> Int? {
    var offset = start
    for byte in needle {
      if byte == 0x20 {
        guard offset < text.count, !isWord(text[offset]) else { return nil }
        while offset < text.count, !isWord(text[offset]) { offset += 1 }
      } else {
        guard offset < text.count, fold(text[offset]) == byte else { return nil }
        offset += 1
      }
    }
    return offset < text.count && isWord(text[offset]) ? nil : offset
  }

  /// About two lines around the place where most different words stand together, white space evened out, and where in it the
  /// words are.
  func passage() -> (text: String, marks: [Range<Int>]) {
    var best = bestPlace(from: 0) ?? (start: 0, kinds: 0)
    // The head repeats the title; the passage that says more is behind it, where there is one.
    if let behind = bestPlace(from: bodyStart), best.start < bodyStart { best = behind }
    if best.kinds == 0 { best.start = bodyStart }
    var start = max(0, best.start - 50)
    // From a word's beginning on.
    while start > 0, start < best.start, !(text[start - 1] == 0x20 || text[start - 1] == 0x0A) { start += 1 }
    let end = min(text.count, start + Self.passageBytes)
    var bytes: [UInt8] = []
    var marks: [Range<Int>] = []
    var next = places.firstIndex { $0.range.lowerBound >= start } ?? places.count
    var open: (from: Int, to: Int)?
    for offset in start..<max(start, end) {
      if let mark = open, offset == mark.to {
        marks.append(mark.from..<bytes.count)
        open = nil
      }
      let isSpace = text[offset] == 0x20 || text[offset] == 0x0A
      if isSpace, bytes.last == 0x20 || bytes.isEmpty { continue }
      while open == nil, next < places.count, places[next].range.lowerBound <= offset {
        if places[next].range.lowerBound == offset, places[next].range.upperBound <= end {
          open = (bytes.count, places[next].range.upperBound)
        }
        next += 1
      }
      bytes.append(isSpace ? 0x20 : text[offset])
    }
    if let mark = open { marks.append(mark.from..<bytes.count) }
    // A character cut in two at the end goes.
    while let last = bytes.last, last >= 0x80, String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
    return (String(decoding: bytes, as: UTF8.self), marks.filter { $0.upperBound <= bytes.count })
  }

  /// Where most different words stand together.
  private func bestPlace(from start: Int) -> (start: Int, kinds: Int)? {
    var best = (start: 0, kinds: 0)
    for (index, place) in places.enumerated() where place.range.lowerBound >= start {
      // The first sixty-four words and phrases are told apart; nobody types more.
      var kinds: UInt64 = 0
      for other in places[index...] {
        guard other.range.upperBound - place.range.lowerBound <= Self.passageBytes - 60 else { break }
        kinds |= 1 << UInt64(min(other.needle, 63))
      }
      if kinds.nonzeroBitCount > best.kinds { best = (place.range.lowerBound, kinds.nonzeroBitCount) }
    }
    return best.kinds > 0 ? best : nil
  }

  /// Behind an archive article's head: its first heading is underlined.
  private var bodyStart: Int {
    let rule = Array("\n\nSYMPTOMS\n".utf8)
    let other = Array("\n\nSUMMARY\n".utf8)
    for offset in 0..<max(0, min(text.count, 4000) - rule.count)
    where text[offset] == 0x0A
      && (text[offset...].starts(with: rule) || text[offset...].starts(with: other))
    {
      return offset + 2
    }
    return text.count > 900 ? min(600, text.count / 4) : 0
  }
}
