import ByteReading
import Facts
import GRDB
import KnowledgeBase
import Synchronization

/// Brings articles into a knowledge base: all of what was named, or nothing.
///
/// A new knowledge base is written beside its place and renamed when it is complete; an existing one changes in one transaction.
/// Whatever interrupts an import, a reader finds the old state or the new one.
public struct KnowledgeImporter: Sendable {
  public let path: String
  public var limits = ImportLimits()
  /// Batches parsed at once.
  public var parallel = 4
  /// When the import happens, as RFC 3339; the libraries have no clock.
  public var now: String

  public init(path: String, now: String) {
    self.path = path
    self.now = now
  }

  /// How far an import is.
  public struct Progress: Hashable, Sendable {
    public var files: Int
    /// 0 to 1, of the files named; an archive counts as one.
    public var share: Double
  }

  public func run(
    _ paths: [String], progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(StoreError) -> ImportReport {
    let lock = try ImportLock(path)
    defer { lock.release() }
    let isNew = FileStatus.of(path) == .missing
    let target = isNew ? path + ".importing" : path
    do {
      if isNew { ImportLock.removeDatabase(target) }
      let queue = try open(target, isNew)
      let report = try await fill(queue, paths, progress)
      if isNew {
        try queue.close()
        if report.total == 0, report.tables == 0 {
          // Nothing to keep: an empty knowledge base would only be in the way.
          ImportLock.removeDatabase(target)
        } else if let reason = ImportLock.publish(target, as: path) {
          throw StoreError(.inputOutput, path: path, reason)
        }
      } else {
        // At rest the file needs no log beside it, so that it can be read from a read-only place.
        try? await queue.writeWithoutTransaction { database in
          try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
        }
        try? queue.close()
      }
      return report
    } catch {
      if isNew { ImportLock.removeDatabase(target) }
      throw KnowledgeStore.error(error, path)
    }
  }

  private func open(_ target: String, _ isNew: Bool) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      if isNew {
        // Nobody sees this file before it is complete and synchronised: it needs no journal.
        try database.execute(
          sql: """
            PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536
            """)
      } else {
        try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536")
      }
    }
    let queue = try DatabaseQueue(path: target, configuration: configuration)
    if !isNew {
      let application = try queue.read { try Int.fetchOne($0, sql: "PRAGMA application_id") }
      guard application == StoreSchema.applicationID else {
        throw StoreError(.notAKnowledgeBase, path: target, "is no knowledge base of Faultline's")
      }
    }
    try StoreSchema.migrator.migrate(queue)
    return queue
  }

  private func fill(
    _ queue: DatabaseQueue, _ paths: [String], _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> ImportReport {
    let writer = ImportWriter()
    let now = now
    let source: Int64 = try await queue.writeWithoutTransaction { database in
      try database.execute(sql: "BEGIN IMMEDIATE")
      try writer.load(database)
      // More in memory before a piece of index is written: fewer pieces to merge.
      try database.execute(sql: "INSERT INTO article_text (article_text, rank) VALUES ('hashsize', 33554432)")
      try database.execute(
        sql: """
          INSERT INTO source (path, imported_at) VALUES (?, ?)
          ON CONFLICT (path) DO UPDATE SET imported_at = excluded.imported_at
          """, arguments: [paths.joined(separator: "\n"), now])
      return try Int64.fetchOne(
        database, sql: "SELECT id FROM source WHERE path = ?", arguments: [paths.joined(separator: "\n")]) ?? 0
    }
    do {
      try await feed(queue, writer, paths, source, progress)
      return try await queue.writeWithoutTransaction { database in
        try writer.finish(database)
        var report = writer.state.withLock { $0.counts }
        let changedSomething = writer.state.withLock { $0.wrote || $0.wroteTables }
        let before = try Set(String.fetchAll(database, sql: "SELECT path || char(10) || reason FROM unreadable"))
        for file in report.unreadable where !before.contains(file.path + "\n" + file.reason) {
          try database.execute(
            sql: "INSERT OR REPLACE INTO unreadable (path, reason) VALUES (?, ?)", arguments: [file.path, file.reason])
        }
        report.total = try Int.fetchOne(database, sql: "SELECT count(*) FROM article") ?? 0
        // A second import of the same leaves the file as it is.
        let isUseless =
          !changedSomething && report.unreadable.allSatisfy { before.contains($0.path + "\n" + $0.reason) }
        try database.execute(sql: isUseless ? "ROLLBACK" : "COMMIT")
        return report
      }
    } catch {
      try? await queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
      throw error
    }
  }

  private func feed(
    _ queue: DatabaseQueue, _ writer: ImportWriter, _ paths: [String], _ source: Int64,
    _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws {
    let feed = SharedFeed(FileFeed(paths: paths, limits: limits))
    let products = ProductMemory()
    let known = Set(writer.state.withLock { $0.known.values.map { $0 } })
    var waiting: [Int: ParsedBatch] = [:]
    var next = 0
    var files = 0
    try await withThrowingTaskGroup(of: ParsedBatch?.self) { group in
      for _ in 0..<parallel { group.addTask { feed.next().map { ParsedBatch($0, known: known, products) } } }
      while let result = try await group.next() {
        guard let result else { continue }
        // The order of the files, whichever core was first: the same input gives the same database.
        waiting[result.index] = result
        while let batch = waiting.removeValue(forKey: next) {
          next += 1
          files += batch.count
          try Task.checkCancellation()
          try await queue.writeWithoutTransaction { database in
            try writer.write(batch.articles, source: source, database)
            try writer.write(batch.catalogues, batch.tags, database)
            writer.state.withLock { state in
              state.counts.unchanged += batch.unchanged
              state.counts.unreadable += batch.unreadable
            }
          }
          progress(Progress(files: files, share: batch.share))
        }
        group.addTask { feed.next().map { ParsedBatch($0, known: known, products) } }
      }
    }
  }
}

/// The feed, handed from one parsing task to the next.
private final class SharedFeed: Sendable {
  // Only ever touched under the lock.
  private nonisolated(unsafe) let feed: FileFeed
  private let lock = Mutex(())

  init(_ feed: sending FileFeed) { self.feed = feed }

  func next() -> FileFeed.Batch? { lock.withLock { _ in feed.next() } }
}

private struct ParsedBatch: Sendable {
  var index: Int
  var count: Int
  var share: Double
  var articles: [ParsedArticle] = []
  var catalogues: [UpdateCatalogue] = []
  var tags: [TagOwnerTable] = []
  var unchanged = 0
  var unreadable: [ImportReport.Unreadable] = []

  init(_ batch: FileFeed.Batch, known: Set<[UInt8]>, _ products: ProductMemory) {
    index = batch.index
    count = batch.items.count
    share = batch.share
    for item in batch.items {
      if let failure = item.failure {
        unreadable.append(ImportReport.Unreadable(path: item.path, reason: failure))
        continue
      }
      if UpdateCatalogue.matches(item.bytes) {
        catalogues.append(UpdateCatalogue(item.bytes))
        continue
      }
      if item.path.lowercased().hasSuffix("pooltag.txt"), TagOwnerTable.matches(item.bytes) {
        tags.append(TagOwnerTable(item.bytes))
        continue
      }
      let digest = ArticleDigest.of(item.bytes)
      if known.contains(digest) {
        unchanged += 1
        continue
      }
      if !item.bytes.starts(with: "DOCUMENT:Q".utf8) {
        let (isArticle, reason) = Article.looksLikeArticle(item.bytes)
        guard isArticle else {
          unreadable.append(ImportReport.Unreadable(path: item.path, reason: "is no article: \(reason)"))
          continue
        }
      }
      articles.append(ParsedArticle(item.bytes, digest: digest, path: item.path, products: products))
    }
  }
}
