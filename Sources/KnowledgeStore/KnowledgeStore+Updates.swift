import Facts
import GRDB

extension KnowledgeStore {
  /// An update of an imported catalogue.
  public struct StoredUpdate: Hashable, Sendable {
    /// The number without prefix, or the bulletin's name.
    public var name: String
    public var title: String?
    /// `YYYY-MM-DD`, the earliest that the catalogue gives.
    public var published: String?
    public var severity: String?
    public var products: [String]
    /// What it replaces, and what replaces it, directly: several that replace one update are alternatives.
    public var supersedes: [Supersedence]
    public var supersededBy: [Supersedence]
    /// Through any number of steps, the direct ones included; without itself.
    public var supersedesAll: [Supersedence]
    public var supersededByAll: [Supersedence]
    /// Of all that replace it those that nothing replaces: any one of them will do.
    public var newest: [String]
    /// The others of a ring of updates that replace each other: no order can be told among them.
    public var ring: [String]

    /// As people write it: `KB4012212`, `MS08-067`.
    public var id: String { Self.id(name) }

    public static func id(_ name: String) -> String { name.utf8.allSatisfy { $0 < 0x3A } ? "KB" + name : name }
  }

  /// One end of a replacement.
  public struct Supersedence: Hashable, Sendable {
    public var name: String
    /// Nobody states it, or a step on the way to it: it follows from both being cumulative.
    public var isInferred: Bool

    public init(name: String, isInferred: Bool) {
      self.name = name
      self.isInferred = isInferred
    }
  }

  /// By number in any form, or by a bulletin's name.
  public func update(_ id: String) throws(StoreError) -> StoredUpdate? {
    let name = ArticleNumber(id).map { String($0.rawValue) } ?? id
    return try read { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT * FROM security_update WHERE name IN (?, ?)", arguments: [name, id.uppercased()])
      else { return nil }
      return try Self.update(row, database)
    }
  }

  private static func update(_ row: Row, _ database: Database) throws -> StoredUpdate {
    let number: Int64 = row["id"]
    func direct(_ from: String, _ to: String) throws -> [Supersedence] {
      try Row.fetchAll(
        database,
        sql: """
          SELECT u.name, s.inferred FROM supersedes s JOIN security_update u ON u.id = s.\(to) WHERE s.\(from) = ?
          ORDER BY u.name
          """, arguments: [number]
      ).map { Supersedence(name: $0[0], isInferred: $0[1]) }
    }
    func reached(_ from: String, _ to: String, inferredToo: Bool) throws -> [String] {
      // UNION, not UNION ALL: a ring ends.
      try String.fetchAll(
        database,
        sql: """
          WITH RECURSIVE chain(id) AS (
            SELECT \(to) FROM supersedes WHERE \(from) = ?1 AND inferred <= ?2
            UNION SELECT s.\(to) FROM supersedes s JOIN chain c ON s.\(from) = c.id WHERE s.inferred <= ?2)
          SELECT u.name FROM chain JOIN security_update u ON u.id = chain.id WHERE chain.id <> ?1 ORDER BY u.name
          """, arguments: [number, inferredToo ? 1 : 0])
    }
    func all(_ from: String, _ to: String) throws -> [Supersedence] {
      let stated = Set(try reached(from, to, inferredToo: false))
      return try reached(from, to, inferredToo: true).map {
        Supersedence(name: $0, isInferred: !stated.contains($0))
      }
    }
    let (older, newer) = (try all("newer", "older"), try all("older", "newer"))
    let ring = Set(older.map(\.name)).intersection(newer.map(\.name))
    var newest: [String] = []
    let isReplaced = try database.makeStatement(
      sql: """
        SELECT 1 FROM supersedes s JOIN security_update u ON u.id = s.older WHERE u.name = ? LIMIT 1
        """)
    for update in newer where try Int.fetchOne(isReplaced, arguments: [update.name]) == nil {
      newest.append(update.name)
    }
    return StoredUpdate(
      name: row["name"], title: row["title"], published: row["published"], severity: row["severity"],
      products: try String.fetchAll(
        database,
        sql: """
          SELECT p.name FROM update_product x JOIN product_name p ON p.id = x.product WHERE x.update_id = ?
          ORDER BY p.name
          """, arguments: [number]),
      supersedes: try direct("newer", "older"), supersededBy: try direct("older", "newer"), supersedesAll: older,
      supersededByAll: newer, newest: newest, ring: ring.sorted())
  }

  /// An owner of a pool tag that an imported list states.
  public struct TagOwner: Hashable, Sendable {
    public var tag: String
    /// As the list prints it; nil where it says that it does not know.
    public var binary: String?
    public var description: String
  }

  /// What imported lists say of a tag; its case counts.
  public func owners(ofTag tag: String) throws(StoreError) -> [TagOwner] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM tag_owner WHERE tag = ? ORDER BY binary, description", arguments: [tag]
      ).map { row in
        let binary: String = row["binary"]
        return TagOwner(
          tag: row["tag"], binary: binary.isEmpty || binary.hasPrefix("<") ? nil : binary,
          description: row["description"])
      }
    }
  }
}
