import Facts
import GRDB
import KnowledgeBase
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Writes parsed articles; used by one import at a time, within its one transaction.
final class ImportWriter: Sendable {
  struct State: Sendable {
    /// Digest of what the database holds, by key.
    var known: [String: [UInt8]] = [:]
    var rowIDs: [String: Int64] = [:]
    var ages: [String: [String]] = [:]
    /// Of all that was ever read: articles, their older revisions, tables.
    var digests: Set<[UInt8]> = []
    /// Rows of this import whose article came again in a later text.
    var retired: Set<Int64> = []
    var nextRow: Int64 = 1
    /// Articles by term, for all that this import adds.
    var postings: [ParsedArticle.Term: [Int64]] = [:]
    var counts = ImportReport()
    /// Tables that are not known yet, even where their rows are.
    var newTables = 0
    var wroteTables: Bool { newTables > 0 }
    var wrote: Bool { counts.added + counts.changed + counts.olderKept > 0 }
  }

  let state = Mutex(State())

  /// What is there already.
  func load(_ database: Database) throws {
    try state.withLock { state in
      let rows = try Row.fetchCursor(database, sql: "SELECT id, key, digest, document_date, revision FROM article")
      while let row = try rows.next() {
        let key: String = row["key"]
        let id: Int64 = row["id"]
        state.known[key] = row.withBytes("digest")
        state.rowIDs[key] = id
        let dated: String? = row["document_date"]
        let revision: String? = row["revision"]
        state.ages[key] = [dated ?? "", revision ?? ""]
        state.nextRow = max(state.nextRow, id + 1)
      }
      state.digests = Set(state.known.values)
      for table in ["article_revision", "imported_table"] {
        let rows = try Row.fetchCursor(database, sql: "SELECT digest FROM \(table)")
        while let row = try rows.next() { state.digests.insert(row.withBytes("digest")) }
      }
    }
  }

  func write(_ articles: [ParsedArticle], source: Int64, _ database: Database) throws {
    try state.withLock { state in
      for article in articles { try write(article, source, &state, database) }
    }
  }

  func write(
    _ catalogues: [(table: UpdateCatalogue, digest: [UInt8])], _ tags: [(table: TagOwnerTable, digest: [UInt8])],
    _ database: Database
  ) throws {
    try state.withLock { state in
      for (table, _) in catalogues { try UpdateWriter.write(table, &state.counts, database) }
      for (table, _) in tags { try UpdateWriter.write(table, &state.counts, database) }
      for digest in catalogues.map(\.digest) + tags.map(\.digest) {
        try database.execute(sql: "INSERT OR IGNORE INTO imported_table VALUES (?)", arguments: [Data(digest)])
        state.newTables += database.changesCount
      }
      state.counts.tables += catalogues.count + tags.count
    }
  }

  private func write(_ parsed: ParsedArticle, _ source: Int64, _ state: inout State, _ database: Database) throws {
    let article = parsed.article
    let row = state.nextRow
    if let known = state.known[parsed.key] {
      guard known != parsed.digest else {
        state.counts.unchanged += 1
        return
      }
      let existing = state.rowIDs[parsed.key] ?? 0
      // Of two texts of one article the later one stands; the other is kept as a revision.
      if let age = state.ages[parsed.key], parsed.age.lexicographicallyPrecedes(age) {
        try keep(parsed, database, &state)
        return
      }
      try retire(existing, database)
      state.retired.insert(existing)
      state.counts.changed += 1
    } else {
      state.counts.added += 1
    }
    state.nextRow += 1
    state.known[parsed.key] = parsed.digest
    state.rowIDs[parsed.key] = row
    state.ages[parsed.key] = parsed.age
    // Not `OR REPLACE`: such a statement opens a savepoint, and at a savepoint the full-text index writes out what it holds in
    // memory, article by article. That took half of an import.
    let insert = try database.cachedStatement(
      sql: """
        INSERT INTO article
          (id, key, name, title, layout, mechanism, document_date, revision, digest, sketch, source, path, fields)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    insert.setUncheckedArguments([
      row, parsed.key, parsed.name, article.title, article.layout.rawValue, article.mechanism.rawValue,
      article.documentDate ?? article.lastReviewed, article.revision, Data(parsed.digest), Data(parsed.sketch), source,
      parsed.path, Data(parsed.fields),
    ])
    try insert.execute()
    let text = try database.cachedStatement(sql: "INSERT INTO article_text (rowid, title, body) VALUES (?, ?, ?)")
    text.setUncheckedArguments([row, article.title ?? "", parsed.body])
    try text.execute()
    for term in parsed.terms { state.postings[term, default: []].append(row) }
  }

  /// An older text of an article that is there in a later one.
  private func keep(_ parsed: ParsedArticle, _ database: Database, _ state: inout State) throws {
    let insert = try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO article_revision (key, name, title, document_date, revision, digest, fields, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
    insert.setUncheckedArguments([
      parsed.key, parsed.name, parsed.article.title, parsed.article.documentDate ?? parsed.article.lastReviewed,
      parsed.article.revision, Data(parsed.digest), Data(parsed.fields), parsed.body,
    ])
    try insert.execute()
    if database.changesCount > 0 { state.counts.olderKept += 1 } else { state.counts.unchanged += 1 }
  }

  /// Moves an article's row to the revisions. The later text gets a row of its own, so that what this import has noted of the
  /// earlier one (its terms are written at the end) cannot be taken for the later one's.
  private func retire(_ row: Int64, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT OR IGNORE INTO article_revision (key, name, title, document_date, revision, digest, fields, body)
        SELECT a.key, a.name, a.title, a.document_date, a.revision, a.digest, a.fields, t.body
        FROM article a JOIN article_text t ON t.rowid = a.id WHERE a.id = ?
        """, arguments: [row])
    try database.execute(sql: "DELETE FROM article_text WHERE rowid = ?", arguments: [row])
    try database.execute(sql: "DELETE FROM article WHERE id = ?", arguments: [row])
  }

  /// Terms, near-duplicates and word frequencies, once all articles are written.
  func finish(_ database: Database) throws {
    try state.withLock { state in
      guard state.wrote else { return }
      let near = try NearDuplicates(database)
      try removeTerms(of: state.retired, database)
      try writeTerms(state, database)
      let total = try Int.fetchOne(database, sql: "SELECT count(*) FROM article") ?? 0
      let bytes = try Int.fetchOne(database, sql: "SELECT sum(length(block)) FROM article_text_data") ?? 0
      try database.execute(
        sql: "INSERT OR REPLACE INTO figure VALUES ('articles', ?), ('index-bytes', ?)", arguments: [total, bytes])
      try database.execute(sql: "INSERT INTO article_text (article_text) VALUES ('optimize')")
      try near.write(database) {
        try database.execute(
          sql: """
            DELETE FROM common_word;
            INSERT INTO common_word SELECT term, doc FROM article_word WHERE doc >= 64;
            """)
      }
    }
  }

  /// Once for all articles that later texts replaced: terms are found by name, so that each of these would mean going through
  /// all that every article names.
  private func removeTerms(of retired: Set<Int64>, _ database: Database) throws {
    guard !retired.isEmpty else { return }
    try database.execute(sql: "CREATE TEMP TABLE retired (id INTEGER PRIMARY KEY)")
    let insert = try database.makeStatement(sql: "INSERT INTO retired VALUES (?)")
    for row in retired.sorted() { try insert.execute(arguments: [row]) }
    try database.execute(
      sql: """
        CREATE TEMP TABLE retired_term (term INTEGER PRIMARY KEY, articles INTEGER NOT NULL);
        INSERT INTO retired_term
          SELECT term, count(*) FROM term_article WHERE article IN (SELECT id FROM retired) GROUP BY term;
        UPDATE term SET documents = documents - (SELECT articles FROM retired_term r WHERE r.term = term.id)
          WHERE id IN (SELECT term FROM retired_term);
        DELETE FROM term_article WHERE article IN (SELECT id FROM retired);
        DROP TABLE retired_term;
        DROP TABLE retired;
        """)
  }

  private func writeTerms(_ state: State, _ database: Database) throws {
    let find = try database.makeStatement(sql: "SELECT id FROM term WHERE kind = ? AND name = ?")
    let add = try database.makeStatement(
      sql: "INSERT INTO term (kind, name, documents) VALUES (?, ?, ?)")
    let grow = try database.makeStatement(sql: "UPDATE term SET documents = documents + ? WHERE id = ?")
    var postings = Postings(
      try database.makeStatement(
        sql: """
          INSERT OR IGNORE INTO term_article (term, article)
            SELECT value >> 32, value & 0xFFFFFFFF FROM json_each(?)
          """))
    let isNew = try Int.fetchOne(database, sql: "SELECT count(*) FROM (SELECT 1 FROM term LIMIT 1)") == 0
    let sorted = state.postings.sorted {
      ($0.key.kind.rawValue, $0.key.name) < ($1.key.kind.rawValue, $1.key.name)
    }
    for (term, rows) in sorted {
      let rows = state.retired.isEmpty ? rows : rows.filter { !state.retired.contains($0) }
      if rows.isEmpty { continue }
      let known: Int64? =
        isNew ? nil : try Int64.fetchOne(find, arguments: [term.kind.rawValue, term.name])
      let id: Int64
      if let known {
        grow.setUncheckedArguments([rows.count, known])
        try grow.execute()
        id = known
      } else {
        add.setUncheckedArguments([term.kind.rawValue, term.name, rows.count])
        try add.execute()
        id = database.lastInsertedRowID
      }
      for row in rows { try postings.add(id, row) }
    }
    try postings.write()
  }
}

/// Articles of terms, many in one statement: one for each took a third of what follows all articles.
private struct Postings {
  private static let atOnce = 4096

  private let insert: Statement
  private var list = ""
  private var count = 0

  init(_ insert: Statement) { self.insert = insert }

  /// Rows and terms are counted from one, far below 32 bits.
  mutating func add(_ term: Int64, _ article: Int64) throws {
    list += count == 0 ? "[" : ","
    list += String(term << 32 | article)
    count += 1
    if count == Self.atOnce { try write() }
  }

  mutating func write() throws {
    guard count > 0 else { return }
    insert.setUncheckedArguments([list + "]"])
    try insert.execute()
    list = ""
    count = 0
  }
}

/// What an import did.
public struct ImportReport: Hashable, Sendable {
  public var added = 0
  public var changed = 0
  public var unchanged = 0
  /// Older texts of articles that were there in a later one.
  public var olderKept = 0
  public var unreadable: [Unreadable] = []
  /// Files and members of archives that were looked at.
  public var files = 0
  /// Articles in the knowledge base afterwards.
  public var total = 0
  /// Of catalogues of updates.
  public var catalogueRows = 0
  public var updatesAdded = 0
  public var edgesAdded = 0
  /// Of these, the ones that nobody states.
  public var edgesInferred = 0
  public var rowsWithoutUpdate = 0
  /// Groups of updates that replace each other, so that no order can be told.
  public var cycles: [[String]] = []
  /// Of lists of pool tags.
  public var tagOwnersAdded = 0
  /// Tables read, whether or not they brought anything new.
  public var tables = 0

  public struct Unreadable: Hashable, Sendable {
    public var path: String
    public var reason: String
  }

  public init() {}
}
