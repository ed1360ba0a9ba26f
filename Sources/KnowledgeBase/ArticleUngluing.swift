/// Gives one-line copies of a page their line breaks back: before and after a heading that touches its neighbours.
///
/// A heading counts only where something is glued: `PageSYMPTOMSWhen a user` has one, `see the SYMPTOMS section` has none.
enum ArticleUngluing {
  static func unglue(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count + text.count / 16)
    var offset = 0
    while offset < text.count {
      let previous = offset > 0 ? text[offset - 1] : ASCII.lineFeed
      if text[offset].isUpper, !previous.isUpper || followsName(text, at: offset),
        let length = heading(text, at: offset, previous: previous)
      {
        breakLine(&result)
        result.append(contentsOf: text[offset..<(offset + length)])
        breakLine(&result)
        offset += length
        continue
      }
      if text[offset].isUpper, !previous.isSpace, opensPassage(text, at: offset) { breakLine(&result) }
      result.append(text[offset])
      if endsSentence(text, at: offset) { breakLine(&result) }
      offset += 1
    }
    return result
  }

  /// `BAD_POOL_HEADERCAUSEA router`: behind a bugcheck's name a heading touches capitals; `BECAUSE` holds none.
  private static func followsName(_ text: [UInt8], at offset: Int) -> Bool {
    var start = offset
    while start > 0, offset - start < longestName, text[start - 1].isUpper || text[start - 1].isDigit { start -= 1 }
    return start > 0 && text[start - 1] == ASCII.underscore
  }

  private static let longestName = 64

  /// `hotfix.If`: a full stop between a small letter and a capital that begins a word.
  private static func endsSentence(_ text: [UInt8], at offset: Int) -> Bool {
    guard text[offset] == ASCII.dot, offset > 0, offset + 2 < text.count else { return false }
    let before = text[offset - 1]
    return (before.isLower || before == 0x29) && beginsWord(text, at: offset + 1)
  }

  /// A capital and a small letter, or `A` and `I` as words of their own: `CAUSES a` is no heading and a word after it.
  static func beginsWord(_ text: [UInt8], at offset: Int) -> Bool {
    guard offset + 1 < text.count, text[offset].isUpper else { return false }
    if text[offset + 1].isLower { return true }
    return text[offset + 1] == ASCII.space && (text[offset] == 0x41 || text[offset] == 0x49)
  }

  private static func opensPassage(_ text: [UInt8], at offset: Int) -> Bool {
    openings.contains { matchesBytes($0, in: text, at: offset) }
  }

  /// Length of the heading that begins here, where it is glued to what follows or stands at a line's end.
  private static func heading(_ text: [UInt8], at offset: Int, previous: UInt8) -> Int? {
    for (words, naming) in headings where matchesBytes(words, in: text, at: offset) {
      var end = offset + words.count
      if naming, matchesBytes(forProduct, in: text, at: end), let opening = openingOffset(text, from: end) {
        end = opening
      }
      let next = end < text.count ? text[end] : ASCII.lineFeed
      let gluedAfter = beginsWord(text, at: end) || next == ASCII.lineFeed
      let gluedBefore = !previous.isSpace
      if gluedAfter, gluedBefore || previous.isSpace && next != ASCII.lineFeed || previous == ASCII.lineFeed {
        return end - offset
      }
      if gluedBefore, next.isUpper || next == ASCII.lineFeed { return end - offset }
      if naming, gluedBefore, end > offset + words.count { return end - offset }
    }
    return numbered(text, at: offset)
  }

  /// `Workaround 2If`, `Method 1Change`: the number touches the sentence.
  private static func numbered(_ text: [UInt8], at offset: Int) -> Int? {
    for words in ways where matchesBytes(words, in: text, at: offset) {
      let digit = offset + words.count
      guard digit + 1 < text.count, text[digit].isDigit, text[digit + 1].isUpper else { continue }
      return words.count + 1
    }
    return nil
  }

  /// Where the passage after `Hotfix information for …` opens, on the same line and not far away.
  private static func openingOffset(_ text: [UInt8], from start: Int) -> Int? {
    let limit = min(text.count, start + 160)
    var offset = start
    while offset < limit, text[offset] != ASCII.lineFeed {
      if text[offset].isUpper, !text[offset - 1].isSpace, opensPassage(text, at: offset) { return offset }
      offset += 1
    }
    return nil
  }

  private static func breakLine(_ result: inout [UInt8]) {
    if let last = result.last, last != ASCII.lineFeed { result.append(ASCII.lineFeed) }
  }

  private static let openings = ArticleHeadings.openings.map { Array($0.utf8) }
  private static let forProduct = Array(" for ".utf8)
  private static let ways = ["Workaround ", "Method ", "Resolution "].map { Array($0.utf8) }

  /// Section headings in capitals, parts with their first letter capital; `true` where a product may follow.
  private static let headings: [(words: [UInt8], naming: Bool)] =
    ArticleHeadings.sections.filter { $0.section != .properties }.map { (Array($0.words.uppercased().utf8), false) }
    + ArticleHeadings.parts.map {
      (
        Array(($0.words.prefix(1).uppercased() + $0.words.dropFirst()).utf8),
        ArticleHeadings.partsNamingProduct.contains($0.words)
      )
    } + [(Array("Properties".utf8), false)]
}
