import Facts
import GRDB

/// Writes catalogues of updates and tag owners, and finds cycles in what replaces what.
enum UpdateWriter {
  static func write(_ catalogue: UpdateCatalogue, _ report: inout ImportReport, _ database: Database) throws {
    var names: [String: Int64] = [:]
    let before = try Int.fetchOne(database, sql: "SELECT count(*) FROM security_update") ?? 0
    let edgesBefore = try Int.fetchOne(database, sql: "SELECT count(*) FROM supersedes") ?? 0
    let productIDs = try products(catalogue.products, database)
    let find = try database.makeStatement(sql: "SELECT id FROM security_update WHERE name = ?")
    let add = try database.makeStatement(
      sql: """
        INSERT INTO security_update (name, published, severity, title) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET published = coalesce(published, excluded.published),
          severity = coalesce(severity, excluded.severity), title = coalesce(title, excluded.title)
        """)
    func id(_ name: String, _ update: UpdateCatalogue.Update?) throws -> Int64 {
      if let known = names[name] { return known }
      add.setUncheckedArguments([name, update?.published, update?.severity, update?.title])
      try add.execute()
      let id = try Int64.fetchOne(find, arguments: [name]) ?? 0
      names[name] = id
      return id
    }
    let sorted = catalogue.updates.sorted { $0.key < $1.key }
    for (name, update) in sorted { _ = try id(name, update) }
    let product = try database.makeStatement(sql: "INSERT OR IGNORE INTO update_product VALUES (?, ?)")
    // What was inferred once and is stated now is stated.
    let edge = try database.makeStatement(
      sql: """
        INSERT INTO supersedes (newer, older, inferred) VALUES (?, ?, 0)
        ON CONFLICT (newer, older) DO UPDATE SET inferred = 0 WHERE inferred <> 0
        """)
    let inferred = try database.makeStatement(
      sql: """
        INSERT OR IGNORE INTO supersedes (newer, older, inferred) SELECT ?1, ?2, 1
        WHERE NOT EXISTS (SELECT 1 FROM supersedes WHERE newer = ?2 AND older = ?1)
        """)
    for (name, update) in sorted {
      let newer = try id(name, update)
      for index in update.products.sorted() {
        product.setUncheckedArguments([newer, productIDs[index]])
        try product.execute()
      }
      for older in update.supersedes.sorted() {
        edge.setUncheckedArguments([newer, try id(older, nil)])
        try edge.execute()
      }
    }
    try write(catalogue.statements, productIDs, database) { try id($0, nil) }
    for (newer, older) in catalogue.inferred() {
      inferred.setUncheckedArguments([try id(newer, nil), try id(older, nil)])
      try inferred.execute()
      report.edgesInferred += database.changesCount
    }
    report.catalogueRows += catalogue.rows
    report.rowsWithoutUpdate += catalogue.rowsWithoutUpdate
    report.updatesAdded += (try Int.fetchOne(database, sql: "SELECT count(*) FROM security_update") ?? 0) - before
    report.edgesAdded += (try Int.fetchOne(database, sql: "SELECT count(*) FROM supersedes") ?? 0) - edgesBefore
    report.cycles = try cycles(database)
  }

  static func write(_ table: TagOwnerTable, _ report: inout ImportReport, _ database: Database) throws {
    let insert = try database.makeStatement(sql: "INSERT OR IGNORE INTO tag_owner VALUES (?, ?, ?)")
    for row in table.rows {
      insert.setUncheckedArguments([row.tag, row.binary, row.description])
      try insert.execute()
      if database.changesCount > 0 { report.tagOwnersAdded += 1 }
    }
  }

  /// Groups of updates each of which replaces the others, directly or through others: no order can be told among them.
  static func cycles(_ database: Database) throws -> [[String]] {
    var names: [Int64: String] = [:]
    var edges: [Int64: [Int64]] = [:]
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT s.newer, s.older, a.name AS first, b.name AS second FROM supersedes s
        JOIN security_update a ON a.id = s.newer JOIN security_update b ON b.id = s.older ORDER BY s.newer, s.older
        """)
    while let row = try rows.next() {
      let newer: Int64 = row["newer"]
      let older: Int64 = row["older"]
      names[newer] = row["first"]
      names[older] = row["second"]
      edges[newer, default: []].append(older)
    }
    return StrongComponents.of(edges).filter { $0.count > 1 }.map { group in group.compactMap { names[$0] }.sorted() }
      .sorted { $0.lexicographicallyPrecedes($1) }
  }
}

/// Tarjan's strongly connected components, without recursion: a chain may be thousands long.
enum StrongComponents {
  static func of(_ edges: [Int64: [Int64]]) -> [[Int64]] {
    var index: [Int64: Int] = [:]
    var low: [Int64: Int] = [:]
    var onStack: Set<Int64> = []
    var stack: [Int64] = []
    var components: [[Int64]] = []
    for start in edges.keys.sorted() where index[start] == nil {
      var work: [(node: Int64, next: Int)] = [(start, 0)]
      while let (node, next) = work.popLast() {
        if next == 0 {
          index[node] = index.count
          low[node] = index[node]
          stack.append(node)
          onStack.insert(node)
        }
        let targets = edges[node] ?? []
        if next > 0 { low[node] = min(low[node] ?? 0, low[targets[next - 1]] ?? 0) }
        var position = next
        var descended = false
        while position < targets.count {
          let target = targets[position]
          position += 1
          if index[target] == nil {
            work.append((node, position))
            work.append((target, 0))
            descended = true
            break
          }
          if onStack.contains(target) { low[node] = min(low[node] ?? 0, index[target] ?? 0) }
        }
        guard !descended, low[node] == index[node] else { continue }
        var component: [Int64] = []
        while let last = stack.popLast() {
          onStack.remove(last)
          component.append(last)
          if last == node { break }
        }
        components.append(component)
      }
    }
    return components
  }
}
