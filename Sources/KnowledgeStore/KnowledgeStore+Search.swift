import Facts
import GRDB
import KernelLayouts
import KnowledgeBase

extension KnowledgeStore {
  /// More hits than anybody asks for; a larger limit is this one.
  static let maximumHits = 1 << 20

  /// Articles that answer a search, the best first, each with what was found and where.
  public func search(_ query: SearchQuery, limit: Int = 20) throws(StoreError) -> [Catalogue.Hit] {
    guard !query.isEmpty, limit > 0 else { return [] }
    return try read { database in
      var search = try StoreSearch(query, database)
      return try search.hits(limit: min(limit, Self.maximumHits))
    }
  }

  static func articles(_ kind: TermKind, _ name: String, _ database: Database) throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: "SELECT article FROM term_article WHERE term = (SELECT id FROM term WHERE kind = ? AND name = ?)",
      arguments: [kind.rawValue, name])
  }
}

/// One search: names and words give articles, their titles the order, and only the first of that order are read.
///
/// FTS5's own rank looks up every article's length, and a text takes longer to read than a title: both are kept for few articles.
private struct StoreSearch {
  /// Articles whose titles are looked at.
  static let maximumTitled = 400
  /// Articles that are ordered by FTS5's rank where all hold the same words.
  static let maximumRanked = 150
  /// Articles whose heads are looked up for names and single words.
  static let maximumChosen = 200
  /// Texts read beside those that are shown: told often, a word lifts an article a little.
  static let spareTexts = 20
  /// Articles that a filter is asked about.
  static let maximumFiltered = 10_000
  /// Occurrences of words that are gone through where no article holds all of them.
  static let textBudget = 3000
  /// A word in more articles than this only narrows down where there is nothing else.
  static let commonWord = 20_000

  private struct Found: Sendable {
    var points = 0.0
    var because: [String] = []
    /// Words and phrases that its text is known to hold.
    var held = 0
    /// How rare they are.
    var rarity = 0.0
  }

  private struct Head: Sendable {
    var name: String
    var title: String
  }

  private struct Chosen: Sendable {
    var id: Int64
    var head: Head
    var heading: [Int]
    var points: Double
  }

  private let query: SearchQuery
  private let database: Database
  private let filter: SearchFilter
  private let sought: SoughtWords
  private var found: [Int64: Found] = [:]
  private var heads: [Int64: Head] = [:]
  /// Where FTS5's rank puts an article.
  private var place: [Int64: Int] = [:]

  init(_ query: SearchQuery, _ database: Database) throws {
    self.query = query
    self.database = database
    filter = try SearchFilter(query, database)
    sought = SoughtWords(words: query.words, phrases: query.phrases)
  }

  mutating func hits(limit: Int) throws -> [Catalogue.Hit] {
    try findNames()
    try findWords()
    if query.numbers.isEmpty, query.named.isEmpty, query.words.isEmpty, query.phrases.isEmpty {
      for (index, row) in try byFilter(limit).enumerated() {
        found[row] = Found()
        place[row] = index
      }
    }
    let chosen = try choose(limit + min(limit, Self.spareTexts))
    let statement = try database.makeStatement(sql: "SELECT body FROM article_text WHERE rowid = ?")
    var texts: [(chosen: Chosen, found: Found, body: [UInt8])] = []
    for one in chosen {
      guard let row = try Row.fetchOne(statement, arguments: [one.id]) else { continue }
      texts.append((one, found[one.id] ?? Found(), row.withBytes("body")))
    }
    let (sought, admitsAnything) = (sought, query.hasFilter)
    var hits = inParallel(texts) { chosen, found, text in
      let body = PassageFinder(text, sought)
      return Self.hit(chosen, found, body, admitsAnything: admitsAnything).map { (hit: $0, body: body) }
    }.compactMap(\.self)
    hits.sort { ($1.hit.score, $0.hit.id) < ($0.hit.score, $1.hit.id) }
    return inParallel(Array(hits.prefix(limit))) { hit, body in
      var hit = hit
      (hit.passage, hit.marks) = body.passage()
      return hit
    }
  }

  private mutating func add(_ row: Int64, _ points: Double, _ reason: String) {
    found[row, default: Found()].points += points
    found[row, default: Found()].because.append(reason)
  }

  private mutating func findNames() throws {
    for number in query.numbers {
      for row in try Int64.fetchAll(database, sql: "SELECT id FROM article WHERE key = ?", arguments: [number]) {
        add(row, 20, "number \(number)")
      }
      for row in try KnowledgeStore.articles(.reference, number, database) { add(row, 6, "refers to \(number)") }
    }
    for named in query.named {
      for row in try KnowledgeStore.articles(named.kind, named.name, database) { add(row, named.points, named.reason) }
    }
  }

  /// All the words and phrases; where hardly any article has them all, any of the rarer ones.
  private mutating func findWords() throws {
    var parts: [(text: String, documents: Int)] = []
    for word in Set(query.words).sorted() {
      parts.append(("\"\(word)\"", try frequency(word)))
    }
    for phrase in query.phrases {
      let rarest = try phrase.map { try frequency($0) }.min() ?? 0
      parts.append(("\"" + phrase.joined(separator: " ") + "\"", rarest))
    }
    guard !parts.isEmpty else { return }
    parts.sort { ($0.documents, $0.text) < ($1.documents, $1.text) }
    let telling = parts.filter { $0.documents < Self.commonWord }
    let used = telling.isEmpty ? Array(parts.prefix(2)) : telling
    let all = used.map(\.text).joined(separator: " AND ")
    var rows = try match(all, limit: Self.maximumTitled + 1)
    if rows.count > Self.maximumTitled {
      // Too many to look at every title: those first that hold one of the words there.
      let titled = "title : (\(used.map(\.text).joined(separator: " OR "))) AND \(all)"
      rows = Array((try match(titled, limit: Self.maximumTitled) + rows).prefix(2 * Self.maximumTitled))
    } else if rows.count <= Self.maximumRanked, rows.count > 1 {
      for (index, row) in try match(all, limit: Self.maximumRanked, isRanked: true).enumerated() { place[row] = index }
    }
    for row in rows { found[row, default: Found()].held = used.count }
    guard rows.count < 5, used.count > 1 else { return }
    var budget = Self.textBudget
    for part in used {
      budget -= part.documents
      guard budget >= 0 else { break }
      let rarity = 1 / Double(part.documents + 1)
      let rows = try Int64.fetchCursor(
        database, sql: "SELECT rowid FROM article_text WHERE article_text MATCH ? LIMIT ?",
        arguments: [part.text, Self.textBudget])
      while let row = try rows.next() {
        found[row, default: Found()].held = min(used.count, (found[row]?.held ?? 0) + 1)
        found[row, default: Found()].rarity += rarity
      }
    }
  }

  private func frequency(_ word: String) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT documents FROM common_word WHERE word = ?", arguments: [word]) ?? 8
  }

  /// Rows in which an expression matches, with the heads of their articles.
  private mutating func match(_ expression: String, limit: Int, isRanked: Bool = false) throws -> [Int64] {
    let order = isRanked ? " ORDER BY t.rank" : ""
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT a.id, a.name, a.title FROM article_text t CROSS JOIN article a ON a.id = t.rowid
        WHERE t.article_text MATCH ?\(order) LIMIT ?
        """, arguments: [expression, query.hasFilter ? Self.maximumFiltered : limit])
    var admitted: [Int64] = []
    while admitted.count < limit, let row = try rows.next() {
      let id: Int64 = row[0]
      guard try filter.admits(id) else { continue }
      admitted.append(id)
      if heads[id] == nil { heads[id] = Head(name: row[1], title: row[2] ?? "") }
    }
    return admitted
  }

  /// The newest that a filter alone admits.
  private func byFilter(_ limit: Int) throws -> [Int64] {
    let rows = try Int64.fetchCursor(
      database,
      sql: """
        SELECT id FROM article WHERE (? IS NULL OR mechanism = ?) AND (? IS NULL OR document_date < ?)
          AND (? IS NULL OR document_date > ?) ORDER BY document_date DESC, id
        """,
      arguments: [
        query.mechanism?.rawValue, query.mechanism?.rawValue, query.before, query.before, query.after, query.after,
      ])
    var admitted: [Int64] = []
    while admitted.count < limit, let row = try rows.next() {
      if try filter.admits(row) { admitted.append(row) }
    }
    return admitted
  }

  /// The likeliest, by names, titles and the words that the index knows their texts to hold.
  private func choose(_ count: Int) throws -> [Chosen] {
    let likely = found.sorted { first, second in
      let (one, other) = (first.value, second.value)
      return (other.points + Double(other.held), other.rarity, first.key)
        < (one.points + Double(one.held), one.rarity, second.key)
    }
    let statement = try database.makeStatement(sql: "SELECT name, title FROM article WHERE id = ?")
    var chosen: [Chosen] = []
    for (id, found) in likely {
      // Heads that are at hand cost nothing.
      guard chosen.count < max(count, Self.maximumChosen) || heads[id] != nil else { continue }
      guard let head = try heads[id] ?? head(id, statement) else { continue }
      let heading = PassageFinder(Array(head.title.utf8), sought).counts
      let points = found.points + Double(found.held + heading.count { $0 > 0 })
      chosen.append(Chosen(id: id, head: head, heading: heading, points: points))
    }
    chosen.sort {
      ($1.points, place[$0.id] ?? .max, $0.id) < ($0.points, place[$1.id] ?? .max, $1.id)
    }
    return Array(chosen.prefix(count))
  }

  private func head(_ id: Int64, _ statement: Statement) throws -> Head? {
    guard try filter.admits(id), let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
    return Head(name: row[0], title: row[1] ?? "")
  }

  private static func hit(
    _ chosen: Chosen, _ found: Found, _ body: PassageFinder, admitsAnything: Bool
  ) -> Catalogue.Hit? {
    var points = found.points
    var because = found.because
    for (index, needle) in body.needles.enumerated() {
      let shown = String(decoding: needle, as: UTF8.self)
      if chosen.heading[index] > 0 {
        points += 2
        because.append("title: \(shown)")
      } else if body.counts[index] > 0 {
        points += 1
        because.append("text: \(shown)")
      }
      // Told often counts a little more, so that equals are in a sensible order.
      points += 0.5 * Double(body.counts[index]) / Double(body.counts[index] + 4)
    }
    guard points > 0 || admitsAnything else { return nil }
    return Catalogue.Hit(
      id: chosen.head.name, title: chosen.head.title, score: (points * 100).rounded() / 100, because: because,
      passage: "")
  }
}
