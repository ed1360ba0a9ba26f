import ByteReading
import Facts
import GRDB
import KnowledgeBase

/// A knowledge base on disk, opened for reading: works on a read-only file.
///
/// ## Topics
/// - Opening: ``init(readingAt:)``, ``defaultPath(environment:)``
/// - Articles: ``article(_:)``
/// - Matching: `candidates(_:)`
/// - Searching: `search(_:)`
public final class KnowledgeStore: Sendable {
  public let path: String
  let queue: DatabaseQueue

  public init(readingAt path: String) throws(StoreError) {
    self.path = path
    guard FileStatus.of(path) != .missing else {
      throw StoreError(.notFound, path: path, "no such knowledge base; make one with: faultline kb import")
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { database in
      // Reads through the page cache of the system: a run touches a few hundred pages of a file of 400 MB.
      try database.execute(sql: "PRAGMA mmap_size = 1073741824; PRAGMA cache_size = -4096; PRAGMA query_only = 1")
    }
    do {
      queue = try DatabaseQueue(path: path, configuration: configuration)
      let (application, migrations) = try queue.read { database in
        (
          try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
          try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
        )
      }
      guard application == StoreSchema.applicationID else {
        throw StoreError(.notAKnowledgeBase, path: path, "is no knowledge base of Faultline's")
      }
      let known = StoreSchema.migrator.migrations
      if let later = migrations.first(where: { !known.contains($0) }) {
        throw StoreError(.notAKnowledgeBase, path: path, "was written by a later version of Faultline (\(later))")
      }
      guard migrations.count == known.count else {
        throw StoreError(
          .notAKnowledgeBase, path: path, "was written by an earlier version; import once more to bring it up to date")
      }
    } catch {
      throw Self.error(error, path)
    }
  }

  /// Any error of the database as one of ours.
  static func error(_ error: any Error, _ path: String) -> StoreError {
    if let error = error as? StoreError { return error }
    guard let error = error as? DatabaseError else { return StoreError(.inputOutput, path: path, "\(error)") }
    let reason = error.message ?? "database error"
    return switch error.resultCode {
    case .SQLITE_NOTADB: StoreError(.notAKnowledgeBase, path: path, "is no knowledge base of Faultline's")
    case .SQLITE_CORRUPT: StoreError(.damaged, path: path, "is damaged (\(reason))")
    case .SQLITE_BUSY, .SQLITE_LOCKED: StoreError(.busy, path: path, "is in use by another import")
    case .SQLITE_ERROR where reason.contains("no such table"):
      StoreError(.notAKnowledgeBase, path: path, "is no knowledge base of Faultline's")
    default: StoreError(.inputOutput, path: path, reason)
    }
  }

  func read<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) throws(StoreError) -> Value {
    do {
      return try queue.read(work)
    } catch {
      throw Self.error(error, path)
    }
  }

  /// Where a user's own knowledge base is, by the platform's convention; nil where no home is known.
  public static func defaultPath(environment: (String) -> String?) -> String? {
    if let data = environment("XDG_DATA_HOME"), data.hasPrefix("/") { return data + "/faultline/knowledge.sqlite" }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    #if canImport(Darwin)
    return home + "/Library/Application Support/faultline/knowledge.sqlite"
    #else
    return home + "/.local/share/faultline/knowledge.sqlite"
    #endif
  }

  /// An article with its text.
  public struct StoredArticle: Sendable {
    public var name: String
    public var article: Article
    public var text: String
    public var path: String
    /// Names of articles that are nearly the same.
    public var nearDuplicates: [String]
    /// Older revisions kept, as their date or revision.
    public var olderRevisions: [String]
  }

  /// By id in any form: `950162`, `KB950162`, `Q950162`.
  public func article(_ id: String) throws(StoreError) -> StoredArticle? {
    let key = ParsedArticle.key(of: id)
    return try read { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM article WHERE key = ?", arguments: [key]) else {
        return nil
      }
      let number: Int64 = row["id"]
      let group: Int64? = row["group_id"]
      let text = try String.fetchOne(
        database, sql: "SELECT body FROM article_text WHERE rowid = ?", arguments: [number])
      let alike =
        try group.map {
          try String.fetchAll(
            database, sql: "SELECT name FROM article WHERE group_id = ? AND id <> ? ORDER BY name LIMIT 50",
            arguments: [$0, number])
        } ?? []
      let older = try String.fetchAll(
        database,
        sql: "SELECT coalesce(document_date, revision, 'undated') FROM article_revision WHERE key = ? ORDER BY id",
        arguments: [key])
      return StoredArticle(
        name: row["name"], article: Self.article(row), text: text ?? "", path: row["path"], nearDuplicates: alike,
        olderRevisions: older)
    }
  }

  /// Every article in the order of import, a page at a time.
  public func articles(after: Int64 = 0, limit: Int = 500) throws(StoreError) -> (articles: [Article], last: Int64)? {
    try read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT id, name, fields FROM article WHERE id > ? ORDER BY id LIMIT ?",
        arguments: [after, limit])
      guard let last = rows.last else { return nil }
      return (rows.map { Self.article($0) }, last["id"])
    }
  }

  /// The fields of a row with `name` and `fields`; the name stands in where the text prints no number.
  static func article(_ row: Row) -> Article { article(row.withBytes("fields"), name: row["name"]) }

  static func article(_ fields: [UInt8], name: String) -> Article {
    var article = ArticleCoding.decode(fields) ?? Article(layout: ArticleLayout(rawValue: "unreadable"))
    if article.id == nil { article.id = name }
    return article
  }
}

extension Row {
  func withBytes(_ column: String) -> [UInt8] {
    (try? withUnsafeData(named: column) { data in data.map { Array($0) } ?? [] }) ?? []
  }
}
