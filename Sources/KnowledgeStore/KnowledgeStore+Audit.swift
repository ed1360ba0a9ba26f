import Facts
import GRDB
import KernelLayouts
import KnowledgeBase

extension KnowledgeStore {
  /// What imported catalogues say about one kind of machine.
  public struct AuditKnowledge: Hashable, Sendable {
    /// For this product, service pack and architecture exactly, in the order of their ids.
    public var updates: [CatalogueUpdate] = []
    /// Between any updates, as stated for systems of the same build and service pack, or inferred.
    public var replacements: [Replacement] = []
    /// Service packs of the product and architecture that the machine does not have, the first ones first.
    public var later: [LaterServicePack] = []

    public init() {}
  }

  /// The updates of a machine's product; nothing where product, version or architecture are not known.
  public func auditKnowledge(of machine: Machine) throws(StoreError) -> AuditKnowledge {
    guard let selection = TargetSelection(machine) else { return AuditKnowledge() }
    return try read { database in
      var targets: [Int64: UpdateTarget] = [:]
      var family: [Int64] = []
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT t.*, p.name FROM product_target t JOIN product_name p ON p.id = t.product WHERE t.build = ?
          ORDER BY t.product
          """, arguments: [selection.build])
      while let row = try rows.next() {
        let target = UpdateTarget(row)
        guard selection.isSameSystem(target) else { continue }
        let id: Int64 = row["product"]
        family.append(id)
        if selection.holds(target) { targets[id] = target }
      }
      var knowledge = AuditKnowledge()
      guard !targets.isEmpty else { return knowledge }
      knowledge.updates = try Self.updates(targets, database)
      knowledge.replacements = try Self.replacements(family, database)
      knowledge.later = try Self.later(selection, database)
      return knowledge
    }
  }

  private static func list(_ ids: some Sequence<Int64>) -> String {
    ids.sorted().map(String.init).joined(separator: ",")
  }

  private static func updates(_ targets: [Int64: UpdateTarget], _ database: Database) throws -> [CatalogueUpdate] {
    var updates: [CatalogueUpdate] = []
    var last: Int64?
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT u.id, u.name, u.published, u.severity, u.title, x.product FROM update_product x
        JOIN security_update u ON u.id = x.update_id WHERE x.product IN (\(list(targets.keys)))
        ORDER BY u.name, u.id, x.product
        """)
    while let row = try rows.next() {
      let id: Int64 = row["id"]
      if last != id {
        let title: String? = row["title"]
        updates.append(
          CatalogueUpdate(
            id: StoredUpdate.id(row["name"]), title: title?.isEmpty == true ? nil : title,
            published: row["published"], severity: row["severity"]))
        last = id
      }
      let product: Int64 = row["product"]
      if let target = targets[product] { updates[updates.count - 1].targets.append(target) }
    }
    return updates
  }

  private static func later(_ selection: TargetSelection, _ database: Database) throws -> [LaterServicePack] {
    guard let own = selection.servicePack else { return [] }
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT DISTINCT t.service_pack, u.name, u.published FROM product_target t
        JOIN update_product x ON x.product = t.product JOIN security_update u ON u.id = x.update_id
        WHERE t.windows = ? AND t.architecture = ? AND t.component IS NULL AND t.core = 0 AND t.service_pack IS NOT NULL
        ORDER BY u.name
        """, arguments: [selection.product, selection.architecture.rawValue])
    var packs: [ServicePack: LaterServicePack] = [:]
    while let row = try rows.next() {
      let text: String = row["service_pack"]
      guard let pack = ServicePack(text), pack.number > own.number else { continue }
      var known = packs[pack] ?? LaterServicePack(pack, listed: [], lastPublished: "")
      known.listed.append(StoredUpdate.id(row["name"]))
      let published: String? = row["published"]
      known.lastPublished = max(known.lastPublished, published ?? "")
      packs[pack] = known
    }
    return packs.values.sorted { $0.servicePack < $1.servicePack }
  }

  private static func replacements(_ family: [Int64], _ database: Database) throws -> [Replacement] {
    let products = list(family)
    let rows = try Row.fetchCursor(
      database,
      sql: """
        WITH edge AS (
          SELECT DISTINCT older, newer, 0 AS inferred FROM supersedes_on WHERE product IN (\(products))
          UNION ALL
          SELECT older, newer, 1 FROM supersedes WHERE inferred <> 0
            AND newer IN (SELECT update_id FROM update_product WHERE product IN (\(products))))
        SELECT a.name AS older, b.name AS newer, e.inferred FROM edge e
        JOIN security_update a ON a.id = e.older JOIN security_update b ON b.id = e.newer
        ORDER BY 1, 3, 2
        """)
    var replacements: [Replacement] = []
    while let row = try rows.next() {
      let (older, newer): (String, String) = (row["older"], row["newer"])
      replacements.append(
        Replacement(older: StoredUpdate.id(older), newer: StoredUpdate.id(newer), isInferred: row["inferred"]))
    }
    return replacements
  }
}

/// Which of a catalogue's products a machine is.
struct TargetSelection {
  let product: String
  let build: Int
  let servicePack: ServicePack?
  let architecture: Architecture

  init?(_ machine: Machine) {
    guard let product = machine.product, let architecture = machine.architecture,
      let parts = machine.version?.split(separator: "."), parts.count >= 3, let build = Int(parts[2])
    else { return nil }
    self.product = product
    self.build = Product.servicingBuild(build)
    self.architecture = architecture
    // Without one a machine's list would mix those of several.
    servicePack = machine.servicePack
  }

  /// One kernel at one service pack: what replaces what there holds for all editions of it.
  func isSameSystem(_ target: UpdateTarget) -> Bool {
    target.build == build && (target.servicePack == nil || target.servicePack?.number == servicePack?.number)
  }

  func holds(_ target: UpdateTarget) -> Bool {
    isSameSystem(target) && target.product == product && target.architecture == architecture
  }
}

extension UpdateTarget {
  init(_ row: Row) {
    let pack: String? = row["service_pack"]
    self.init(
      name: row["name"], product: row["windows"], build: row["build"], servicePack: pack.flatMap { ServicePack($0) },
      architecture: Architecture(rawValue: row["architecture"]), component: row["component"], isCore: row["core"])
  }
}

extension KnowledgeStore {
  /// Articles that offer a fix for a machine's product or one of its installed updates, by the order of import.
  ///
  /// Of a common product there are thousands of articles, of which a few hundred have a file table; only those are taken apart.
  public func hotfixArticles(of machine: Machine) throws(StoreError) -> [Article] {
    guard let product = machine.product else { return [] }
    return try read { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT a.id, a.name, a.fields FROM article a WHERE a.id IN (
            SELECT article FROM term_article
            WHERE term = (SELECT id FROM term WHERE kind = \(TermKind.product.rawValue) AND name = ?))
          ORDER BY a.id
          """, arguments: [product])
      var articles: [Article] = []
      while let row = try rows.next() {
        let article = Self.article(row)
        if article.hotfixAvailable == true { articles.append(article) }
      }
      return articles
    }
  }
}
