import Facts
import GRDB
import KnowledgeBase

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
    /// Articles that state a field, by the field's name in `faultline.article/1`.
    public var fields: [Count] = []
    public var updates = 0
    public var replacements = 0
    public var inferredReplacements = 0
    public var tagOwners = 0
    /// Every file that could not be read.
    public var unreadable: [ImportReport.Unreadable] = []
    public var unreadableReasons: [Count] = []
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
      func terms(_ kind: TermKind) throws -> [Statistics.Count] {
        try counts(
          """
          SELECT name, documents FROM term WHERE kind = \(kind.rawValue) AND documents > 0
          ORDER BY documents DESC, name
          """)
      }
      var statistics = Statistics()
      statistics.articles = try number("SELECT count(*) FROM article")
      statistics.olderRevisions = try number("SELECT count(*) FROM article_revision")
      statistics.nearDuplicates = try number(
        "SELECT count(*) - count(DISTINCT group_id) FROM article WHERE group_id IS NOT NULL")
      statistics.layouts = try counts("SELECT layout, count(*) FROM article GROUP BY 1 ORDER BY 2 DESC, 1")
      statistics.mechanisms = try counts("SELECT mechanism, count(*) FROM article GROUP BY 1 ORDER BY 2 DESC, 1")
      statistics.products = try terms(.product)
      statistics.stopCodes = try terms(.stopCode)
      statistics.poolTags = try terms(.poolTag)
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
      statistics.inferredReplacements = try number("SELECT count(*) FROM supersedes WHERE inferred <> 0")
      statistics.unreadableReasons = try counts("SELECT reason, count(*) FROM unreadable GROUP BY 1 ORDER BY 2 DESC, 1")
      statistics.fields = try Self.fields(database)
      statistics.unreadable = try Row.fetchAll(
        database, sql: "SELECT path, reason FROM unreadable ORDER BY path"
      ).map { ImportReport.Unreadable(path: $0[0], reason: $0[1]) }
      return statistics
    }
  }

  /// From the articles themselves, in the order in which `faultline.article/1` names the fields.
  private static func fields(_ database: Database) throws -> [Statistics.Count] {
    let known: [(String, (Article) -> Bool)] = [
      ("title", { $0.title != nil }), ("products", { !$0.products.isEmpty }), ("stopCodes", { !$0.stopCodes.isEmpty }),
      ("stopParameters", { !$0.stopParameters.isEmpty }), ("bugcheckNames", { !$0.bugcheckNames.isEmpty }),
      ("poolTags", { !$0.poolTags.isEmpty }), ("drivers", { !$0.drivers.isEmpty }),
      ("symbols", { !$0.symbols.isEmpty }), ("mechanism", { $0.mechanism != .none }),
      ("fixKind", { !$0.fixKind.isEmpty }), ("hotfixAvailable", { $0.hotfixAvailable != nil }),
      ("requires", { !$0.requires.isEmpty }), ("replaces", { !$0.replaces.isEmpty }),
      ("supersededBy", { !$0.supersededBy.isEmpty }), ("restartRequired", { $0.restartRequired != nil }),
      ("registryChange", { $0.registryChange != nil }), ("workarounds", { $0.workarounds > 0 }),
      ("files", { !$0.files.isEmpty }), ("references", { !$0.references.isEmpty }),
      ("lastReviewed", { $0.lastReviewed != nil }), ("revision", { $0.revision != nil }),
      ("documentDate", { $0.documentDate != nil }), ("keywords", { !$0.keywords.isEmpty }),
    ]
    var counts = [Int](repeating: 0, count: known.count)
    let rows = try Row.fetchCursor(database, sql: "SELECT name, fields FROM article")
    while let row = try rows.next() {
      let article = article(row)
      for index in known.indices where known[index].1(article) { counts[index] += 1 }
    }
    return zip(known, counts).map { Statistics.Count(name: $0.0.0, count: $0.1) }
  }
}
