import Facts

extension Catalogue {
  /// One issue that answers a search.
  public struct Hit: Hashable, Sendable {
    public var id: String
    public var title: String
    public var score: Double
    /// What was found, in words: `number 950162`, `pool tag IoSe`.
    public var because: [String]
    /// The sentence that holds most of the words.
    public var passage: String
    /// Where in the passage the words stand, in UTF-8 bytes; ascending, apart from each other.
    public var marks: [Range<Int>]

    public init(
      id: String, title: String, score: Double, because: [String], passage: String, marks: [Range<Int>] = []
    ) {
      self.id = id
      self.title = title
      self.score = score
      self.because = because
      self.passage = passage
      self.marks = marks
    }
  }

  /// Issues that the words point to, the best first; equal ones by id.
  ///
  /// A word is read as what it can be: an article's number in any form, a stop code (`0x41`, `41h`, `0x00000041`,
  /// `STOP:0x41`), a file name, a symbol, a pool tag (its letters' case counts), else plain text. Naming the thing itself
  /// counts for more than words that describe it.
  public func search(_ words: String) -> [Hit] {
    let terms = words.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "," || $0 == ";" })
      .map(String.init).uniqued
    return issues.compactMap { $0.hit(terms) }.sorted { ($1.score, $0.id) < ($0.score, $1.id) }
  }
}

extension KnownIssue {
  fileprivate func hit(_ terms: [String]) -> Catalogue.Hit? {
    let sentences =
      [title] + summary.sentences + conditions.map(\.text) + workarounds.map(\.text) + notes
    var score = 0.0
    var because: [String] = []
    var words: [String] = []
    for term in terms {
      if let (points, reason) = named(term) {
        score += points
        because.append(reason)
      }
      let folded = term.lowercased().trimmingPunctuation
      guard folded.utf8.count >= 3, !Self.stopWords.contains(folded) else { continue }
      let found = sentences.enumerated().filter { $0.element.words.contains { $0.hasPrefix(folded) } }
      guard let first = found.first else { continue }
      words.append(folded)
      score += first.offset == 0 ? 2 : 1
      because.append(first.offset == 0 ? "title: \(folded)" : "text: \(folded)")
    }
    guard score > 0 else { return nil }
    let passage =
      sentences.dropFirst().enumerated().max { a, b in
        let first = words.count { word in a.element.words.contains { $0.hasPrefix(word) } }
        let second = words.count { word in b.element.words.contains { $0.hasPrefix(word) } }
        return (first, b.offset) < (second, a.offset)
      }?.element ?? summary
    return Catalogue.Hit(id: id, title: title, score: score, because: because.uniqued, passage: passage)
  }

  /// What a term names in this issue, and how much that says.
  private func named(_ term: String) -> (Double, String)? {
    let plain = term.trimmingPunctuation
    let folded = plain.lowercased()
    if ArticleNumber.same(plain, id) { return (20, "number \(plain)") }
    if let other = (replaces + references).first(where: { ArticleNumber.same(plain, $0) }) {
      return (6, "refers to \(other)")
    }
    if let code = stopCode(plain), article.stopCodes.contains(code.base) { return (5, "stop code \(code.base)") }
    if let symbol = symbols.first(where: { $0.lowercased() == folded || $0.lowercased().hasSuffix("!" + folded) }) {
      return (8, "symbol \(symbol)")
    }
    if let driver = drivers.first(where: { $0 == folded || $0.split(separator: ".").first.map(String.init) == folded })
    {
      return (5, "file \(driver)")
    }
    if let tag = poolTags.first(where: { $0 == plain }) { return (5, "pool tag \(tag)") }
    return nil
  }

  /// `0x41`, `41h`, `STOP:0x00000041`; a bare number is not taken for a code unless it has all eight digits.
  private func stopCode(_ text: String) -> StopCode? {
    var digits = text.lowercased()[...]
    if let colon = digits.lastIndex(of: ":") { digits = digits[digits.index(after: colon)...] }
    guard digits.hasPrefix("0x") || digits.hasSuffix("h") || digits.utf8.count == 8 else { return nil }
    return parseHexadecimal(digits).flatMap { UInt32(exactly: $0) }.map { StopCode($0) }
  }

  private static let stopWords: Set<String> = ["the", "and", "for", "with", "from", "that", "stop", "error", "windows"]
}

extension String {
  /// Lower-case words; a full stop inside a word stays, so that file names remain whole.
  fileprivate var words: [String] {
    lowercased().split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "!" || $0 == "-") }
      .map { String($0).trimmingPunctuation }
  }

  fileprivate var trimmingPunctuation: String {
    let marks: Set<Character> = [".", ",", ":", ";", "!", "?", "(", ")", "\"", "'"]
    var text = drop { marks.contains($0) }
    while let last = text.last, marks.contains(last) { text.removeLast() }
    return String(text)
  }

  fileprivate var sentences: [String] {
    var sentences: [String] = []
    var current = ""
    for (character, next) in zip(self, dropFirst().map { Optional($0) } + [nil]) {
      current.append(character)
      if character == ".", next == " " || next == nil {
        sentences.append(current.trimmed)
        current = ""
      }
    }
    if !current.trimmed.isEmpty { sentences.append(current.trimmed) }
    return sentences
  }
}
