extension ArticleDocument {
  /// Pool tags as spelled: in `the IoSe and Pp memory tags`, `the pool tag … is Mdl`, `the NtfV tag`,
  /// `allocations (FSrt)`. Only in articles that speak of the pool: a tag is also a mark of HTML.
  func poolTags(title: String?, _ paragraphs: [ArticleParagraph]) -> [String] {
    guard paragraphs.contains(where: { $0.phrases.holdsAny(PassagePhrases.pool) }) else { return [] }
    var result: [String] = []
    let speaking = paragraphs.filter { $0.section != .appliesTo && $0.phrases.holdsAny(PassagePhrases.tags) }
    let passages = (title.map { [FoldedBytes($0)] } ?? []) + speaking.map(\.text)
    for text in passages {
      guard text.contains("tag") || text.contains("allocation") else { continue }
      let tokens = words(text.bytes, 0..<text.count).map { PoolTagToken(text, $0) }
      for index in tokens.indices {
        for tag in Self.tags(around: index, in: tokens) { result.appendNew(tag) }
      }
    }
    return result
  }

  private static func tags(around index: Int, in tokens: [PoolTagToken]) -> [String] {
    let token = tokens[index]
    // `NetBT (tag=Nbt8)`
    if token.word.hasPrefix("tag="), (5...8).contains(token.tag.utf8.count) { return [String(token.tag.dropFirst(4))] }
    if token.isBracketed, index > 0, ["allocations", "allocation", "tag", "pool"].contains(tokens[index - 1].word),
      token.tag.utf8.count == 4, token.isTagLike(isNamed: false)
    {
      return [token.tag]
    }
    guard ["tag", "tags", "pooltag", "pooltags"].contains(token.word) else { return [] }
    var result = before(index, in: tokens)
    if result.isEmpty { result = behind(index, in: tokens) }
    return result
  }

  /// `the IoSe and Pp memory tags`: backwards over `memory` or `pool`, then names joined by `and`, `or` and commas.
  private static func before(_ index: Int, in tokens: [PoolTagToken]) -> [String] {
    var result: [String] = []
    var position = index - 1
    var isNamed = tokens[index].word.hasPrefix("pooltag")
    while position >= 0, ["memory", "pool"].contains(tokens[position].word), !tokens[position].isQuoted {
      isNamed = true
      position -= 1
    }
    while position >= 0, result.count < namesTogether {
      let token = tokens[position]
      if token.isTagLike(isNamed: isNamed || token.isQuoted || !result.isEmpty) {
        result.insert(token.tag, at: 0)
      } else if !["and", "or"].contains(token.word) || result.isEmpty {
        break
      }
      position -= 1
    }
    return result
  }

  /// A sentence names no more tags together.
  private static let namesTogether = 16

  private static let verbs: Set<String> = ["is", "are", "named", "called", "type", "shows", "show"]

  /// `tag Thre`, `tag is Mdl`, `pool tag for the pool that is being allocated is Mdl`.
  private static func behind(_ index: Int, in tokens: [PoolTagToken]) -> [String] {
    var result: [String] = []
    var position = index + 1
    var isNamed = false
    if position < tokens.count, tokens[position].isTagLike(isNamed: tokens[position].isQuoted) {
      isNamed = true
    } else {
      guard
        let verb = tokens[position..<min(tokens.count, position + 12)].lastIndex(where: { Self.verbs.contains($0.word) }
        )
      else { return [] }
      if tokens[index..<verb].contains(where: \.endsSentence) { return [] }
      position = verb + 1
      isNamed = ["is", "are", "named", "called"].contains(tokens[verb].word)
    }
    while position < tokens.count, result.count < namesTogether {
      let token = tokens[position]
      if token.isTagLike(isNamed: isNamed) {
        result.append(token.tag)
      } else if !["and", "or"].contains(token.word) {
        break
      }
      if token.endsSentence { break }
      position += 1
    }
    return result
  }
}

/// A word that may be a pool tag.
struct PoolTagToken {
  let tag: String
  /// In lower case, without quotation marks and stops.
  let word: String
  let isQuoted: Bool
  let isBracketed: Bool
  let endsSentence: Bool

  init(_ text: FoldedBytes, _ range: Range<Int>) {
    var low = range.lowerBound
    var high = range.upperBound
    var quoted = false
    var bracketed = false
    var stop = false
    while low < high, [ASCII.quote, 0x27, 0x28, 0x60].contains(text.bytes[low]) {
      if text.bytes[low] == 0x28 { bracketed = true } else { quoted = true }
      low += 1
    }
    while high > low,
      [ASCII.quote, 0x27, 0x29, ASCII.comma, ASCII.dot, ASCII.colon, 0x3B].contains(text.bytes[high - 1])
    {
      if text.bytes[high - 1] == ASCII.dot { stop = true }
      high -= 1
    }
    tag = text.string(low..<high)
    word = String(decoding: text.folded[low..<high], as: UTF8.self)
    isQuoted = quoted
    isBracketed = bracketed
    endsSentence = stop
  }

  /// One to four letters, digits and marks, not all small. A word with one capital at its beginning is a tag only where
  /// the sentence names one: `This tag` names none, `the tag is This` would.
  func isTagLike(isNamed: Bool) -> Bool {
    let bytes = Array(tag.utf8)
    guard (1...4).contains(bytes.count),
      bytes.allSatisfy({ $0.isWord || $0 == 0x2A || $0 == ASCII.dollar || $0 == 0x3F })
    else { return false }
    guard bytes.contains(where: \.isLetter), !Self.ordinary.contains(word) else { return false }
    let capitals = bytes.filter(\.isUpper).count
    if capitals >= 2 || capitals >= 1 && bytes.dropFirst().contains(where: { $0.isUpper || $0.isDigit }) { return true }
    return isNamed && capitals == 1
  }

  private static let ordinary: Set<String> = [
    "a", "an", "the", "this", "that", "each", "some", "any", "all", "pool", "one", "two", "new", "use", "find", "look",
    "note", "when", "with", "and", "or", "of", "if", "in", "is", "it", "nt", "html", "meta", "img", "body", "font",
    "asp",
    "no", "to", "by", "for", "your", "its", "these", "type", "name", "see", "same", "nt", "os", "sp", "xml", "cd",
  ]
}
