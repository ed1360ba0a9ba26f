import Facts
import GRDB

extension UpdateWriter {
  /// The numbers of products by the catalogue's order; those that are new are taken apart for audits.
  static func products(_ names: [String], _ database: Database) throws -> [Int64] {
    let insert = try database.makeStatement(sql: "INSERT OR IGNORE INTO product_name (name) VALUES (?)")
    let find = try database.makeStatement(sql: "SELECT id FROM product_name WHERE name = ?")
    var ids: [Int64] = []
    ids.reserveCapacity(names.count)
    for name in names {
      insert.setUncheckedArguments([name])
      try insert.execute()
      let isNew = database.changesCount > 0
      let id = try Int64.fetchOne(find, arguments: [name]) ?? 0
      ids.append(id)
      if isNew { try addTarget(name, product: id, database) }
    }
    return ids
  }

  /// Which machines a product's name means, where it is a Windows or a part of one.
  static func addTarget(_ name: String, product: Int64, _ database: Database) throws {
    guard let target = UpdateTarget(catalogueName: name) else { return }
    try database.execute(
      sql: "INSERT OR IGNORE INTO product_target VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        product, target.product, target.build, target.servicePack?.description, target.architecture.rawValue,
        target.component, target.isCore,
      ])
  }

  /// What replaces what, per product.
  static func write(
    _ statements: Set<UpdateCatalogue.Statement>, _ products: [Int64], _ database: Database,
    id: (String) throws -> Int64
  ) throws {
    let insert = try database.makeStatement(sql: "INSERT OR IGNORE INTO supersedes_on VALUES (?, ?, ?)")
    for statement in statements.sorted(by: { ($0.newer, $0.product, $0.older) < ($1.newer, $1.product, $1.older) }) {
      let newer = try id(statement.newer)
      for older in Set(UpdateCatalogue.updateNames(statement.older)).sorted() where older != statement.newer {
        insert.setUncheckedArguments([products[statement.product], try id(older), newer])
        try insert.execute()
      }
    }
  }
}
