import Facts
import GRDB
import KernelLayouts
import KnowledgeBase

/// What narrows a search down, ready to be asked of one article after another.
struct SearchFilter {
  private let query: SearchQuery
  private let products: Set<Int64>?
  private let statement: Statement

  init(_ query: SearchQuery, _ database: Database) throws {
    self.query = query
    products = try query.product.flatMap { Product.canonical($0)?.product }.map {
      Set(try KnowledgeStore.articles(.product, $0, database))
    }
    statement = try database.makeStatement(
      sql: "SELECT name, mechanism, document_date, fields FROM article WHERE id = ?")
  }

  func admits(_ id: Int64) throws -> Bool {
    if let products, !products.contains(id) { return false }
    let isOtherProduct = query.product != nil && products == nil
    guard query.mechanism != nil || query.before != nil || query.after != nil || isOtherProduct else { return true }
    guard let row = try Row.fetchOne(statement, arguments: [id]) else { return false }
    if let mechanism = query.mechanism, row["mechanism"] != mechanism.rawValue { return false }
    if query.before != nil || query.after != nil {
      guard let date: String = row["document_date"] else { return false }
      if let before = query.before, date >= before { return false }
      // Everything of the year or month named is not after it.
      if let after = query.after, date <= after || date.hasPrefix(after) { return false }
    }
    if isOtherProduct, let product = query.product {
      // A product that is no Windows: by its words as printed.
      let wanted = product.lowercased()
      return KnowledgeStore.article(row).products.contains { $0.lowercased().contains(wanted) }
    }
    return true
  }
}
