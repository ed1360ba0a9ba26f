import Facts
import GRDB
import KernelLayouts
import KnowledgeBase

extension KnowledgeStore {
  /// Articles looked at for one search; more than anybody reads, few enough to be quick.
  static let maximumSearched = 150
  /// A word in more articles than this is not gone through in order of rank.
  static let maximumRanked = 3000

  /// Articles that answer a search, the best first, each with what was found and where.
  public func search(_ query: SearchQuery, limit: Int = 20) throws(StoreError) -> [Catalogue.Hit] {
    guard !query.isEmpty else { return [] }
    return try read { database in try Self.search(query, limit, database) }
  }

  private static func search(_ query: SearchQuery, _ limit: Int, _ database: Database) throws -> [Catalogue.Hit] {
    var found: [Int64: (points: Double, because: [String])] = [:]
    func add(_ row: Int64, _ points: Double, _ reason: String) {
      found[row, default: (0, [])].points += points
      found[row, default: (0, [])].because.append(reason)
    }
    for number in query.numbers {
      for row in try Int64.fetchAll(database, sql: "SELECT id FROM article WHERE key = ?", arguments: [number]) {
        add(row, 20, "number \(number)")
      }
      for row in try articles(.reference, number, database) { add(row, 6, "refers to \(number)") }
    }
    for named in query.named {
      for row in try articles(named.kind, named.name, database) { add(row, named.points, named.reason) }
    }
    var rows = Set(
      found.sorted { ($1.value.points, $0.key) < ($0.value.points, $1.key) }.prefix(2 * maximumSearched).map(\.key))
    rows.formUnion(try byWords(query, database))
    if query.numbers.isEmpty, query.named.isEmpty, query.words.isEmpty, query.phrases.isEmpty {
      rows = Set(try byFilter(query, database))
    }
    let allowed = try Filter(query, database)
    var hits: [Catalogue.Hit] = []
    for row in rows.sorted() {
      guard let article = try allowed.row(row, database) else { continue }
      if let hit = hit(article, query, found[row] ?? (0, [])) { hits.append(hit) }
    }
    return Array(hits.sorted { ($1.score, $0.id) < ($0.score, $1.id) }.prefix(limit))
  }

  static func articles(_ kind: TermKind, _ name: String, _ database: Database) throws -> [Int64] {
    try Int64.fetchAll(
      database,
      sql: "SELECT article FROM term_article WHERE term = (SELECT id FROM term WHERE kind = ? AND name = ?)",
      arguments: [kind.rawValue, name])
  }

  /// All the words and phrases; where no article has them all, any of the rarer ones.
  private static func byWords(_ query: SearchQuery, _ database: Database) throws -> [Int64] {
    var parts: [(text: String, documents: Int)] = []
    for word in Set(query.words).sorted() {
      parts.append(("\"\(word)\"", try frequency(word, database)))
    }
    for phrase in query.phrases {
      let rarest = try phrase.map { try frequency($0, database) }.min() ?? 0
      parts.append(("\"" + phrase.joined(separator: " ") + "\"", rarest))
    }
    guard !parts.isEmpty else { return [] }
    parts.sort { ($0.documents, $0.text) < ($1.documents, $1.text) }
    // Very common words only narrow down where there is nothing else.
    let telling = parts.filter { $0.documents < 20_000 }
    let used = telling.isEmpty ? Array(parts.prefix(2)) : telling
    let all = try match(used.map(\.text).joined(separator: " AND "), used.first?.documents ?? 0, database)
    if all.count >= 5 || used.count == 1 { return all }
    var budget = maximumRanked
    let rare = used.prefix { part in
      budget -= part.documents
      return budget >= 0
    }
    guard !rare.isEmpty else { return all }
    return all + (try match(rare.map(\.text).joined(separator: " OR "), 0, database))
  }

  private static func frequency(_ word: String, _ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT documents FROM common_word WHERE word = ?", arguments: [word]) ?? 8
  }

  private static func match(_ expression: String, _ documents: Int, _ database: Database) throws -> [Int64] {
    let order = documents <= maximumRanked ? " ORDER BY rank" : ""
    return try Int64.fetchAll(
      database, sql: "SELECT rowid FROM article_text WHERE article_text MATCH ?\(order) LIMIT ?",
      arguments: [expression, maximumSearched])
  }

  private static func byFilter(_ query: SearchQuery, _ database: Database) throws -> [Int64] {
    if let product = query.product.flatMap({ Product.canonical($0)?.product }) {
      return try Array(articles(.product, product, database).suffix(5 * maximumSearched))
    }
    return try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM article WHERE (? IS NULL OR mechanism = ?) AND (? IS NULL OR document_date < ?)
          AND (? IS NULL OR document_date > ?) ORDER BY document_date DESC LIMIT ?
        """,
      arguments: [
        query.mechanism?.rawValue, query.mechanism?.rawValue, query.before, query.before, query.after, query.after,
        maximumSearched,
      ])
  }

  private static func hit(
    _ row: Row, _ query: SearchQuery, _ found: (points: Double, because: [String])
  ) -> Catalogue.Hit? {
    let title: String = row["title"] ?? ""
    let name: String = row["name"]
    let body = PassageFinder(row.withBytes("body"), words: query.words, phrases: query.phrases)
    let heading = PassageFinder(Array(title.utf8), words: query.words, phrases: query.phrases)
    var points = found.points
    var because = found.because
    for (index, needle) in body.needles.enumerated() {
      let shown = String(decoding: needle, as: UTF8.self)
      if heading.counts[index] > 0 {
        points += 2
        because.append("title: \(shown)")
      } else if body.counts[index] > 0 {
        points += 1
        because.append("text: \(shown)")
      }
      // Told often counts a little more, so that equals are in a sensible order.
      points += 0.5 * Double(body.counts[index]) / Double(body.counts[index] + 4)
    }
    guard points > 0 || query.hasFilter else { return nil }
    let (passage, marks) = body.passage()
    return Catalogue.Hit(
      id: name, title: title, score: (points * 100).rounded() / 100, because: because, passage: passage, marks: marks)
  }

  /// The filters, ready for use.
  private struct Filter {
    let query: SearchQuery
    let products: Set<Int64>?
    let statement: Statement

    init(_ query: SearchQuery, _ database: Database) throws {
      self.query = query
      products = try query.product.flatMap { Product.canonical($0)?.product }.map {
        Set(try KnowledgeStore.articles(.product, $0, database))
      }
      statement = try database.makeStatement(
        sql: """
          SELECT a.name, t.title, t.body, a.mechanism, a.document_date, a.fields FROM article a
          JOIN article_text t ON t.rowid = a.id WHERE a.id = ?
          """)
    }

    func row(_ id: Int64, _ database: Database) throws -> Row? {
      if let products, !products.contains(id) { return nil }
      guard let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
      if let mechanism = query.mechanism, row["mechanism"] != mechanism.rawValue { return nil }
      if query.before != nil || query.after != nil {
        guard let date: String = row["document_date"] else { return nil }
        if let before = query.before, date >= before { return nil }
        // Everything of the year or month named is not after it.
        if let after = query.after, date <= after || date.hasPrefix(after) { return nil }
      }
      if let product = query.product, products == nil {
        // A product that is no Windows: by its words as printed.
        let wanted = product.lowercased()
        guard KnowledgeStore.article(row).products.contains(where: { $0.lowercased().contains(wanted) }) else {
          return nil
        }
      }
      return row
    }
  }
}
