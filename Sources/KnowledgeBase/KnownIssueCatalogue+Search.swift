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
      .map(String.init).uniqued.map(SearchTerm.init)
    return issues.compactMap { $0.hit(terms) }.sorted { ($1.score, $0.id) < ($0.score, $1.id) }
  }
}

/// A word that is looked for, in the forms that issues are asked with.
private struct SearchTerm {
  /// Without punctuation around it.
  var plain: String
  var folded: String
  var code: StopCode?
  /// Its bytes where it is looked for in texts; nil for short and common words.
  var word: [UInt8]?

  init(_ text: String) {
    plain = text.trimmingPunctuation
    folded = plain.lowercased()
    code = Self.stopCode(folded)
    word = folded.utf8.count >= 3 && !Self.stopWords.contains(folded) ? Array(folded.utf8) : nil
  }

  /// `0x41`, `41h`, `STOP:0x00000041`; a bare number is not taken for a code unless it has all eight digits.
  private static func stopCode(_ text: String) -> StopCode? {
    var digits = text[...]
    if let colon = digits.lastIndex(of: ":") { digits = digits[digits.index(after: colon)...] }
    guard digits.hasPrefix("0x") || digits.hasSuffix("h") || digits.utf8.count == 8 else { return nil }
    return parseHexadecimal(digits).flatMap { UInt32(exactly: $0) }.map { StopCode($0) }
  }

  private static let stopWords: Set<String> = ["the", "and", "for", "with", "from", "that", "stop", "error", "windows"]
}

/// What an issue's conditions name.
private struct IssueNames {
  var symbols: [(name: String, folded: String)]
  var drivers: [String]
  var poolTags: [String]

  init(_ issue: KnownIssue) {
    symbols = issue.symbols.map { ($0, $0.lowercased()) }
    drivers = issue.drivers
    poolTags = issue.poolTags
  }
}

extension KnownIssue {
  fileprivate func hit(_ terms: [SearchTerm]) -> Catalogue.Hit? {
    let names = IssueNames(self)
    let sentences = ([title] + summary.sentences + conditions.map(\.text) + workarounds.map(\.text) + notes).map {
      Array($0.utf8)
    }
    var score = 0.0
    var because: [String] = []
    var words: [[UInt8]] = []
    for term in terms {
      if let (points, reason) = named(term, names) {
        score += points
        because.append(reason)
      }
      guard let word = term.word, let first = sentences.firstIndex(where: { $0.hasWord(beginning: word) }) else {
        continue
      }
      words.append(word)
      score += first == 0 ? 2 : 1
      because.append(first == 0 ? "title: \(term.folded)" : "text: \(term.folded)")
    }
    guard score > 0 else { return nil }
    // Of sentences that hold equally many words, the first.
    var best: (held: Int, sentence: [UInt8])?
    for sentence in sentences.dropFirst() {
      let held = words.count { sentence.hasWord(beginning: $0) }
      if held > best?.held ?? -1 { best = (held, sentence) }
    }
    let passage = best.map { String(decoding: $0.sentence, as: UTF8.self) } ?? summary
    return Catalogue.Hit(id: id, title: title, score: score, because: because.uniqued, passage: passage)
  }

  /// What a term names in this issue, and how much that says.
  private func named(_ term: SearchTerm, _ names: IssueNames) -> (Double, String)? {
    let (plain, folded) = (term.plain, term.folded)
    if ArticleNumber.same(plain, id) { return (20, "number \(plain)") }
    if let other = (replaces + references).first(where: { ArticleNumber.same(plain, $0) }) {
      return (6, "refers to \(other)")
    }
    if let code = term.code, article.stopCodes.contains(code.base) { return (5, "stop code \(code.base)") }
    if let symbol = names.symbols.first(where: { $0.folded == folded || $0.folded.hasSuffix("!" + folded) }) {
      return (8, "symbol \(symbol.name)")
    }
    if let driver = names.drivers.first(where: {
      $0 == folded || $0.split(separator: ".").first.map(String.init) == folded
    }) {
      return (5, "file \(driver)")
    }
    if let tag = names.poolTags.first(where: { $0 == plain }) { return (5, "pool tag \(tag)") }
    return nil
  }
}

// Characters are slow to tell apart: bytes made a search of the bundled issues twenty times faster.
extension [UInt8] {
  /// Whether one of the text's words begins with a lower-case word. A full stop, `!` or hyphen inside a word stays, so that file
  /// names and symbols remain whole; bytes of other scripts are letters.
  fileprivate func hasWord(beginning word: [UInt8]) -> Bool {
    func isWord(_ byte: UInt8) -> Bool {
      (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte >= 0x80 || isMark(byte)
    }
    func isMark(_ byte: UInt8) -> Bool { byte == 0x2E || byte == 0x21 || byte == 0x2D }
    func fold(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
    return withUnsafeBufferPointer { text in
      var isBeginning = true
      var offset = 0
      while offset + word.count <= text.count {
        let byte = text[offset]
        if isBeginning, fold(byte) == word[0],
          word.indices.allSatisfy({ fold(text[offset + $0]) == word[$0] })
        {
          return true
        }
        // Punctuation before a word is no part of it.
        isBeginning = !isWord(byte) || isBeginning && isMark(byte) && byte != 0x2D
        offset += 1
      }
      return false
    }
  }
}

extension String {
  fileprivate var trimmingPunctuation: String {
    func isMark(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x21, 0x22, 0x27...0x29, 0x2C, 0x2E, 0x3A, 0x3B, 0x3F: true
      default: false
      }
    }
    guard let first = utf8.firstIndex(where: { !isMark($0) }), let last = utf8.lastIndex(where: { !isMark($0) }) else {
      return ""
    }
    return String(self[first..<utf8.index(after: last)])
  }

  fileprivate var sentences: [String] {
    var sentences: [String] = []
    var start = utf8.startIndex
    var isStop = false
    func take(to end: String.Index) {
      let sentence = String(self[start..<end]).trimmed
      if !sentence.isEmpty { sentences.append(sentence) }
      start = end
    }
    for index in utf8.indices {
      if isStop, utf8[index] == 0x20 { take(to: index) }
      isStop = utf8[index] == 0x2E
    }
    take(to: utf8.endIndex)
    return sentences
  }
}
