import ByteReading
import Facts
import GRDB
import KnowledgeBase
import Synchronization

/// Brings articles into a knowledge base: all of what was named, or nothing.
///
/// What is written is a file beside the knowledge base, renamed when it is complete: a new one, or from the first thing that is
/// new on a copy of the one there is. Whatever interrupts an import, a reader finds the old state or the new one, and an import
/// that brings nothing new does not touch the file.
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
    /// 0 to 1, of the bytes of the files named, archives as they are packed.
    public var share: Double
    /// Everything is read, and what follows from all articles together is being written.
    public var isFinishing = false
  }

  public func run(
    _ paths: [String], progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(StoreError) -> ImportReport {
    let place = DatabaseFile.resolved(path)
    let lock = try ImportLock(place)
    defer { lock.release() }
    let target: ImportTarget
    do {
      target = try ImportTarget(place, refusal: lock.refusal)
    } catch {
      throw KnowledgeStore.error(error, path)
    }
    do {
      let (report, isNew) = try await fill(target, paths, progress)
      if isNew { try target.publish() } else { target.discard() }
      return report
    } catch {
      target.discard()
      throw KnowledgeStore.error(error, path)
    }
  }

  /// Reads everything; true where there is something to put in place.
  private func fill(
    _ target: ImportTarget, _ paths: [String], _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> (ImportReport, isNew: Bool) {
    let writer = ImportWriter()
    let work = ImportWork(target: target, writer: writer, paths: paths.joined(separator: "\n"), now: now)
    let before: Set<String> =
      try await target.base?.read { database in
        // One of an earlier version may lack tables; the copy has them.
        if !target.isOutdated { try writer.load(database) }
        return try Set(String.fetchAll(database, sql: "SELECT path || char(10) || reason FROM unreadable"))
      } ?? []
    if target.isOutdated { try work.start { try writer.load($0) } }
    try await feed(work, paths, progress)
    var report = writer.state.withLock { $0.counts }
    let unreadable = report.unreadable.filter { !before.contains($0.path + "\n" + $0.reason) }
    let hasNew = writer.state.withLock { $0.wrote || $0.wroteTables }
    guard hasNew || target.isOutdated || target.base != nil && !unreadable.isEmpty else {
      report.total = try await target.base?.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM article") ?? 0 } ?? 0
      return (report, false)
    }
    progress(Progress(files: report.files, share: 1, isFinishing: true))
    report.total = try await work.write { database in
      try writer.finish(database)
      for file in unreadable {
        try database.execute(
          sql: "INSERT OR REPLACE INTO unreadable (path, reason) VALUES (?, ?)", arguments: [file.path, file.reason])
      }
      return try Int.fetchOne(database, sql: "SELECT count(*) FROM article") ?? 0
    }
    return (report, true)
  }

  private func feed(
    _ work: ImportWork, _ paths: [String], _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws {
    let feed = SharedFeed(FileFeed(paths: paths, limits: limits))
    let products = ProductMemory()
    let writer = work.writer
    let known = writer.state.withLock { $0.digests }
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
          if batch.hasNew {
            try await work.write { database in
              try writer.write(batch.articles, source: work.source(database), database)
              try writer.write(batch.catalogues, batch.tags, database)
            }
          }
          writer.state.withLock { state in
            state.counts.unchanged += batch.unchanged
            state.counts.unreadable += batch.unreadable
            state.counts.tables += batch.knownTables
            state.counts.files += batch.count
          }
          progress(Progress(files: files, share: batch.share))
        }
        group.addTask { feed.next().map { ParsedBatch($0, known: known, products) } }
      }
    }
  }
}

/// What one import writes to, through one transaction.
private struct ImportWork: Sendable {
  let target: ImportTarget
  let writer: ImportWriter
  let paths: String
  let now: String

  @discardableResult
  func start(_ begin: @Sendable (Database) throws -> Void = { _ in }) throws -> DatabaseQueue {
    try target.writing { database in
      try begin(database)
      // More in memory before a piece of index is written: fewer pieces to merge.
      try database.execute(sql: "INSERT INTO article_text (article_text, rank) VALUES ('hashsize', 201326592)")
      try database.execute(
        sql: """
          INSERT INTO source (path, imported_at) VALUES (?, ?)
          ON CONFLICT (path) DO UPDATE SET imported_at = excluded.imported_at
          """, arguments: [paths, now])
    }
  }

  func write<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await start().writeWithoutTransaction(work)
  }

  func source(_ database: Database) throws -> Int64 {
    try Int64.fetchOne(database, sql: "SELECT id FROM source WHERE path = ?", arguments: [paths]) ?? 0
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
  var catalogues: [(table: UpdateCatalogue, digest: [UInt8])] = []
  var tags: [(table: TagOwnerTable, digest: [UInt8])] = []
  var unchanged = 0
  /// Tables that were read before.
  var knownTables = 0
  var unreadable: [ImportReport.Unreadable] = []

  var hasNew: Bool { !articles.isEmpty || !catalogues.isEmpty || !tags.isEmpty }

  init(_ batch: FileFeed.Batch, known: Set<[UInt8]>, _ products: ProductMemory) {
    index = batch.index
    count = batch.items.count
    share = batch.share
    for item in batch.items {
      if let failure = item.failure {
        unreadable.append(ImportReport.Unreadable(path: item.path, reason: failure))
        continue
      }
      let digest = ArticleDigest.of(item.bytes)
      let isCatalogue = UpdateCatalogue.matches(item.bytes)
      if isCatalogue || item.path.lowercased().hasSuffix("pooltag.txt") && TagOwnerTable.matches(item.bytes) {
        if known.contains(digest) {
          knownTables += 1
        } else if isCatalogue {
          catalogues.append((UpdateCatalogue(item.bytes), digest))
        } else {
          tags.append((TagOwnerTable(item.bytes), digest))
        }
        continue
      }
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
