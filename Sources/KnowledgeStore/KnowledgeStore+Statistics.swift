import GRDB

extension KnowledgeStore {
  /// What a knowledge base holds, for `kb stats`. Lists are in descending order of their counts.
  public struct Statistics: Hashable, Sendable {
    public struct Count: Hashable, Sendable {
      public var name: String
      public var count: Int
    }

    public var articles = 0
    public var olderRevisions = 0
    public var nearDuplicates = 0
    public var layouts: [Count] = []
    public var mechanisms: [Count] = []
    public var products: [Count] = []
    public var stopCodes: [Count] = []
    public var poolTags: [Count] = []
    /// Different names of a kind that articles give: drivers, symbols, files.
    public var names: [Count] = []
    /// Articles that have something of a kind.
    public var filled: [Count] = []
    public var updates = 0
    public var replacements = 0
    public var tagOwners = 0
    public var unreadable: [ImportReport.Unreadable] = []
    public var unreadableCount = 0
  }

  private static let kinds: [(name: String, kind: TermKind)] = [
    ("stop codes", .stopCode), ("drivers", .module), ("symbols", .symbol), ("pool tags", .poolTag),
    ("products", .product), ("files", .file), ("references", .reference),
  ]

  public func statistics() throws(StoreError) -> Statistics {
    try read { database in
      func number(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }
      func counts(_ sql: String) throws -> [Statistics.Count] {
        try Row.fetchAll(database, sql: sql).map { Statistics.Count(name: $0[0], count: $0[1]) }
      }
      func terms(_ kind: TermKind, _ limit: Int) throws -> [Statistics.Count] {
        try counts(
          """
          SELECT name, documents FROM term WHERE kind = \(kind.rawValue) AND documents > 0
          ORDER BY documents DESC, name LIMIT \(limit)
          """)
      }
      var statistics = Statistics()
      statistics.articles = try number("SELECT count(*) FROM article")
      statistics.olderRevisions = try number("SELECT count(*) FROM article_revision")
      statistics.nearDuplicates = try number(
        "SELECT count(*) - count(DISTINCT group_id) FROM article WHERE group_id IS NOT NULL")
      statistics.layouts = try counts("SELECT layout, count(*) FROM article GROUP BY 1 ORDER BY 2 DESC, 1")
      statistics.mechanisms = try counts("SELECT mechanism, count(*) FROM article GROUP BY 1 ORDER BY 2 DESC, 1")
      statistics.products = try terms(.product, 50)
      statistics.stopCodes = try terms(.stopCode, 30)
      statistics.poolTags = try terms(.poolTag, 30)
      for (name, kind) in Self.kinds {
        statistics.names.append(
          Statistics.Count(
            name: name, count: try number("SELECT count(*) FROM term WHERE documents > 0 AND kind = \(kind.rawValue)")))
        statistics.filled.append(
          Statistics.Count(
            name: name,
            count: try number(
              """
              SELECT count(DISTINCT article) FROM term_article
              WHERE term IN (SELECT id FROM term WHERE kind = \(kind.rawValue))
              """)))
      }
      statistics.updates = try number("SELECT count(*) FROM security_update")
      statistics.replacements = try number("SELECT count(*) FROM supersedes")
      statistics.tagOwners = try number("SELECT count(*) FROM tag_owner")
      statistics.unreadableCount = try number("SELECT count(*) FROM unreadable")
      statistics.unreadable = try Row.fetchAll(
        database, sql: "SELECT path, reason FROM unreadable ORDER BY path LIMIT 100"
      ).map { ImportReport.Unreadable(path: $0[0], reason: $0[1]) }
      return statistics
    }
  }
}
