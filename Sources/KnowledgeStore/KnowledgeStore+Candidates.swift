import Facts
import GRDB
import KnowledgeBase

/// An imported article that something in the evidence points to.
public struct Candidate: Hashable, Sendable {
  public var issue: KnownIssue
  /// What orders articles that are equally well supported: rare names in common, and words; 0 and up.
  public var relevance: Double
  /// Words of the observations that its text holds.
  public var words: [String]
  /// Near-duplicates share a group.
  public var group: Int64?
}

extension KnowledgeStore {
  /// Most articles that are weighed for one case.
  static let maximumNamed = 30
  static let maximumByText = 25
  static let maximumWeighed = 30
  static let maximumTextWords = 16
  /// Occurrences a text query may go through: it bounds the time a search takes.
  static let textBudget = 1500

  /// Articles that share a name or telling words with the evidence, the likeliest first.
  public func candidates(_ query: CandidateQuery) throws(StoreError) -> [Candidate] {
    guard !query.isEmpty else { return [] }
    return try read { database in try Self.candidates(query, database) }
  }

  private static func candidates(_ query: CandidateQuery, _ database: Database) throws -> [Candidate] {
    let total = Double(try Int.fetchOne(database, sql: "SELECT value FROM figure WHERE name = 'articles'") ?? 1)
    var points: [Int64: Double] = [:]
    var rarity = TermRarity()
    let term = try database.makeStatement(sql: "SELECT id, documents FROM term WHERE kind = ? AND name = ?")
    let articles = try database.makeStatement(sql: "SELECT article FROM term_article WHERE term = ?")
    for named in query.named {
      guard let row = try Row.fetchOne(term, arguments: [named.kind.rawValue, named.name]) else { continue }
      let id: Int64 = row["id"]
      let documents: Int = row["documents"]
      rarity.count(named.name, documents: documents)
      let telling = logarithm(max(2, total / Double(max(1, documents))))
      for article in try Int64.fetchAll(articles, arguments: [id]) {
        points[article, default: 0] += named.weight * telling
      }
    }
    let words = try query.words.sorted { $0.key < $1.key }.map { stem, weight in
      (stem: stem, weight: weight, documents: try documents(of: stem, database))
    }
    let telling = words.map {
      TextRelevance.Word(
        stem: $0.stem, weight: $0.weight * logarithm(max(1.05, total / Double($0.documents + 1))))
    }
    var chosen = Set(
      points.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(maximumNamed).map(\.key))
    chosen.formUnion(try byText(words.map { ($0.stem, $0.documents) }, total, database))
    chosen.formUnion(try byTitle(query, database))
    for image in query.images { chosen.formUnion(try byName(image, database)) }
    if let pool = query.pool, query.failure == .leak { chosen.formUnion(try byPool(pool, database)) }
    let images = try query.images.map { name in
      let documents = try documents(of: TextWords.stem(String(name.prefix { $0 != "." })), database)
      return (name: name, telling: logarithm(max(1.05, total / Double(documents + 1))))
    }
    return try weigh(chosen, points, TextRelevance(telling), rarity, images, query, database)
  }

  /// Articles in which a word's stem occurs, roughly: exactly where it is rare.
  private static func documents(of stem: String, _ database: Database) throws -> Int {
    let counts = try Int.fetchAll(
      database,
      sql: "SELECT documents FROM common_word WHERE word IN (?, ?, ?, ?, ?, ?)",
      arguments: [stem, stem + "s", stem + "ed", stem + "ing", stem + "e", stem + "es"])
    return max(counts.reduce(0, +), 8)
  }

  /// Articles that hold the rarer words, those first whose words together are the rarest. FTS5's own ranking looks up every
  /// row's length, which took four times as long, and the chosen are weighed by their whole text afterwards.
  private static func byText(
    _ words: [(stem: String, documents: Int)], _ total: Double, _ database: Database
  ) throws -> [Int64] {
    let statement = try database.makeStatement(
      sql: "SELECT rowid FROM article_text WHERE article_text MATCH ? LIMIT ?")
    var budget = textBudget
    var points: [Int64: Double] = [:]
    for word in words.sorted(by: { ($0.documents, $0.stem) < ($1.documents, $1.stem) }).prefix(maximumTextWords) {
      guard word.documents <= budget else { break }
      budget -= word.documents
      var forms = ["", "s", "ed", "ing", "e"].map { "\"\(word.stem)\($0)\"" }
      if word.stem == "nonpag" { forms.append("\"non paged\"") }
      let telling = logarithm(max(1.05, total / Double(word.documents + 1)))
      statement.setUncheckedArguments([forms.joined(separator: " OR "), textBudget])
      for row in try Int64.fetchAll(statement) { points[row, default: 0] += telling }
    }
    return points.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(maximumByText).map(\.key)
  }

  /// Articles on leaks into the pool that stands out, where the evidence names nothing rarer.
  private static func byPool(_ pool: String, _ database: Database) throws -> [Int64] {
    let phrase = pool == "nonpaged" ? "(\"nonpaged pool\" OR \"non paged pool\")" : "\"paged pool\""
    return try Int64.fetchAll(
      database, sql: "SELECT rowid FROM article_text WHERE article_text MATCH ? ORDER BY rank LIMIT ?",
      arguments: [phrase + " AND (leak OR leaks OR leaked OR leaking)", maximumByText])
  }

  /// Articles whose texts hold a file's name.
  private static func byName(_ file: String, _ database: Database) throws -> [Int64] {
    let words = TextWords.words(of: file)
    guard words.count > 1 else { return [] }
    return try Int64.fetchAll(
      database, sql: "SELECT rowid FROM article_text WHERE article_text MATCH ? LIMIT ?",
      arguments: ["\"\(words.joined(separator: " "))\"", maximumByText])
  }

  /// Articles whose titles name the component and the kind of failure: `NTFS Deadlock`, without the driver's file name.
  private static func byTitle(_ query: CandidateQuery, _ database: Database) throws -> [Int64] {
    guard !query.components.isEmpty else { return [] }
    let names = query.components.keys.sorted().map { "\"\($0)\"" }.joined(separator: " OR ")
    let failure =
      switch query.failure {
      case .stop: "stop OR error OR blue OR violation"
      case .leak: "leak OR leaks OR memory OR pool OR exhausted"
      case .hang: "deadlock OR hang OR hangs OR responding"
      }
    return try Int64.fetchAll(
      database, sql: "SELECT rowid FROM article_text WHERE article_text MATCH ? LIMIT ?",
      arguments: ["title : ((\(names)) AND (\(failure)))", maximumByText])
  }

  private static func weigh(
    _ chosen: Set<Int64>, _ points: [Int64: Double], _ relevance: TextRelevance, _ rarity: TermRarity,
    _ images: [(name: String, telling: Double)], _ query: CandidateQuery, _ database: Database
  ) throws -> [Candidate] {
    let statement = try database.makeStatement(
      sql: """
        SELECT a.id, a.name, a.group_id, a.fields, t.title, t.body FROM article a JOIN article_text t ON t.rowid = a.id
        WHERE a.id = ?
        """)
    let tags = query.tags.filter { $0.utf8.count >= 3 }
    var stored: [Stored] = []
    for id in chosen.sorted() {
      guard let row = try Row.fetchOne(statement, arguments: [id]) else { continue }
      stored.append(
        Stored(
          named: points[id] ?? 0, name: row["name"], group: row["group_id"], title: row["title"] ?? "",
          fields: row.withBytes("fields"), body: row.withBytes("body")))
    }
    let weighed = inParallel(stored) { one in
      let agreement = relevance.agreement(title: one.title, body: one.body)
      let parsed = article(one.fields, name: one.name)
      let article = complete(parsed, query, tags, one.body)
      // A name that only the text has counts like one among the terms.
      let added = images.filter { article.drivers.contains($0.name) && !parsed.drivers.contains($0.name) }
      let named = added.reduce(one.named) { $0 + $1.telling }
      let total = named * nameFactor + agreement.points * textFactor + query.fit(article)
      return Weighed(article: article, relevance: total, words: agreement.words, group: one.group)
    }
    let order = weighed.indices.sorted {
      (weighed[$1].relevance, weighed[$0].article.id ?? "") < (weighed[$0].relevance, weighed[$1].article.id ?? "")
    }
    // Conditions are made for those alone that are kept.
    var kept = inParallel(order.prefix(maximumWeighed).map { weighed[$0] }) { one in
      KnownIssue(extractedFrom: one.article, rarity: rarity).map {
        Candidate(issue: $0, relevance: one.relevance, words: one.words, group: one.group)
      }
    }.compactMap(\.self)
    if let pool = query.pool, query.failure == .leak {
      for index in kept.indices where kept[index].words.contains(TextWords.stem(pool)) {
        kept[index].issue.conditions.append(
          Condition(
            "the article's text speaks of \(pool) pool", effect: .weak, weight: 0.3,
            clauses: [Clause(.poolUse, ["pool": .matches(Operand(pool))])]))
      }
    }
    return kept
  }

  private struct Stored: Sendable {
    /// Points for the names it shares with the evidence.
    var named: Double
    var name: String
    var group: Int64?
    var title: String
    var fields: [UInt8]
    var body: [UInt8]
  }

  private struct Weighed: Sendable {
    var article: Article
    var relevance: Double
    var words: [String]
    var group: Int64?
  }

  /// What the text names in another way than its parsed fields: a title's component is its driver (`Memory Leak in Ntfs`), a
  /// tag printed without the word "tag" is one all the same, and so is an image of a session, which parsing does not take for a
  /// driver where it is a library.
  private static func complete(
    _ article: Article, _ query: CandidateQuery, _ tags: [String], _ body: [UInt8]
  ) -> Article {
    var article = article
    for word in TextWords.words(of: article.title ?? "") {
      if let module = query.components[word], !article.drivers.contains(module) { article.drivers.append(module) }
    }
    for image in query.images where !article.drivers.contains(image) && TextWords.holdsInAnyCase(image, body) {
      article.drivers.append(image)
    }
    for tag in tags where !article.poolTags.contains(tag) {
      if TextWords.holds(tag, body) || TextWords.holdsCutTag(tag, body) { article.poolTags.append(tag) }
    }
    return article
  }

  /// In the matcher's log-odds: a driver that one article in a thousand names counts for about one, and so do
  /// three telling words in a text.
  static let nameFactor = 0.12
  static let textFactor = 0.3

  /// The natural logarithm by its series, so that every platform gives the same order.
  static func logarithm(_ value: Double) -> Double {
    let exponent = Double(value.exponent)
    let ratio = (value.significand - 1) / (value.significand + 1)
    var term = ratio
    var sum = 0.0
    for n in 0..<14 {
      sum += term / Double(2 * n + 1)
      term *= ratio * ratio
    }
    return exponent * 0.693_147_180_559_945_3 + 2 * sum
  }
}

extension CandidateQuery {
  private static let leak = [Array("leak".utf8)]
  private static let hang = ["hang", "deadlock", "stops responding", "not responding"].map { Array($0.utf8) }

  /// How well an article tells of the kind of failure that the evidence tells of.
  func fit(_ article: Article) -> Double {
    let title = (article.title ?? "").utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    func names(_ words: [[UInt8]]) -> Bool {
      title.indices.contains { place in words.contains { title[place...].starts(with: $0) } }
    }
    switch failure {
    case .stop:
      // An article that names stop codes, and not this one, tells of another stop more often than of the same.
      let names = article.stopCodes.contains { stopCodes.contains($0.base) }
      // A mechanism that the evidence shows says more than the code of the stop that followed.
      return (article.stopCodes.isEmpty ? 0 : names ? 0.3 : -0.7) + (mechanisms.contains(article.mechanism) ? 1.5 : 0)
    case .leak:
      let tells = article.mechanism == .leak || article.mechanism == .exhaustion || names(Self.leak)
      let isOtherTag = !tags.isEmpty && !article.poolTags.isEmpty && Set(tags).isDisjoint(with: article.poolTags)
      return (tells ? 1 : 0) - (article.stopCodes.isEmpty ? 0 : 0.5) - (isOtherTag ? 0.7 : 0)
    case .hang:
      // The mechanism says more than the symptom in a title.
      if article.mechanism == .deadlock { return article.stopCodes.isEmpty ? 1.5 : 1 }
      return (names(Self.hang) ? 1 : 0) - (article.stopCodes.isEmpty ? 0 : 0.5)
    }
  }
}

extension TextWords {
  /// Whether a text holds a file's name, in capitals or not, as no part of a longer one. The name is in lower case.
  static func holdsInAnyCase(_ name: String, _ text: [UInt8]) -> Bool {
    func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
    return holds(name, text.map(folded))
  }

  /// Whether a text speaks of a tag by a longer name, of which the pool keeps four letters: `Look for FSrtl tag`.
  static func holdsCutTag(_ tag: String, _ text: [UInt8]) -> Bool {
    guard tag.utf8.count == 4 else { return false }
    let needle = Array(tag.utf8)
    let mark = Array(" tag".utf8)
    func isWord(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 }
    var offset = 0
    while let found = text[offset...].firstIndex(of: needle[0]) {
      offset = found + 1
      guard text[found...].starts(with: needle), found == 0 || !isWord(text[found - 1]) else { continue }
      var end = found + 4
      while end < text.count, end < found + 12, isWord(text[end]) { end += 1 }
      if end > found + 4, text[end...].starts(with: mark) { return true }
    }
    return false
  }

  /// Whether a text holds a word, letter case counting, as no part of a longer one.
  static func holds(_ word: String, _ text: [UInt8]) -> Bool {
    let needle = Array(word.utf8)
    guard let first = needle.first, text.count >= needle.count else { return false }
    func isWord(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 }
    return text.withUnsafeBufferPointer { text in
      var offset = 0
      while offset <= text.count - needle.count {
        if text[offset] == first, text[offset..<(offset + needle.count)].elementsEqual(needle),
          offset == 0 || !isWord(text[offset - 1]),
          offset + needle.count == text.count || !isWord(text[offset + needle.count])
        {
          return true
        }
        offset &+= 1
      }
      return false
    }
  }
}
