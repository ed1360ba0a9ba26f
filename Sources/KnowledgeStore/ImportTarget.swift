import ByteReading
import GRDB
import Synchronization

/// What an import reads and what it writes: the knowledge base as it is, and, from the first thing that is new, a copy beside
/// it that takes its place when it is complete.
///
/// The file that people read is never written to. Whoever kills an import at whatever moment leaves that file as it was, with
/// no journal beside it that a reader would have to settle first: a reader that may not write could not. (A database changed
/// in place was left that way once in forty kills.)
final class ImportTarget: Sendable {
  let path: String
  /// The knowledge base as it is; nil where there is none yet.
  let base: DatabaseQueue?
  /// Written by an earlier version, so that it is brought up to date whatever the import brings.
  let isOutdated: Bool
  private let refusal: String?
  private let copy = Mutex<DatabaseQueue?>(nil)

  private var copyPath: String { path + ".importing" }

  init(_ path: String, refusal: String?) throws {
    self.path = path
    self.refusal = refusal
    guard FileStatus.of(path) != .missing else {
      if let refusal { throw StoreError(.inputOutput, path: path, "cannot be written: \(refusal)") }
      base = nil
      isOutdated = false
      DatabaseFile.remove(path + ".importing")
      return
    }
    if refusal == nil {
      // What a killed import left.
      DatabaseFile.remove(path + ".importing")
      try Self.settle(path)
    }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let application = try queue.read { try Int.fetchOne($0, sql: "PRAGMA application_id") }
    guard application == StoreSchema.applicationID else {
      throw StoreError(.notAKnowledgeBase, path: path, "is no knowledge base of Faultline's")
    }
    base = queue
    let done = try queue.read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") }
    let known = StoreSchema.migrator.migrations
    if let later = done.first(where: { !known.contains($0) }) {
      throw StoreError(.notAKnowledgeBase, path: path, "was written by a later version of Faultline (\(later))")
    }
    isOutdated = done.count < known.count
  }

  /// Another program may have left its changes in a log beside the file; they must be in the file before it is replaced.
  private static func settle(_ path: String) throws {
    guard DatabaseFile.companions.contains(where: { FileStatus.of(path + $0) != .missing }) else { return }
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    try queue.close()
  }

  /// The database to write, within one transaction; made when it is first asked for. `begin` runs once, in it.
  func writing(_ begin: @Sendable (Database) throws -> Void) throws -> DatabaseQueue {
    try copy.withLock { copy in
      if let copy { return copy }
      if let refusal { throw StoreError(.inputOutput, path: path, "cannot be written: \(refusal)") }
      if base != nil, DatabaseFile.isReadOnly(path) {
        throw StoreError(.inputOutput, path: path, "is read-only, and there is something new to write")
      }
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      configuration.prepareDatabase { database in
        // Nobody sees this file before it is complete and synchronised: it needs no journal.
        try database.execute(
          sql: """
            PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536
            """)
      }
      let queue = try DatabaseQueue(path: copyPath, configuration: configuration)
      try base?.backup(to: queue)
      try StoreSchema.migrator.migrate(queue)
      try queue.writeWithoutTransaction { database in
        try database.execute(sql: "BEGIN IMMEDIATE")
        try begin(database)
      }
      copy = queue
      return queue
    }
  }

  /// The database being written, where anything was.
  var written: DatabaseQueue? { copy.withLock { $0 } }

  /// Puts what was written in its place.
  func publish() throws {
    guard let queue = written else { return }
    try queue.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    try queue.close()
    if let reason = DatabaseFile.publish(copyPath, as: path) { throw StoreError(.inputOutput, path: path, reason) }
  }

  /// Leaves the knowledge base as it was.
  func discard() {
    guard refusal == nil else { return }
    // Without its transaction's end: the file goes.
    try? written?.close()
    DatabaseFile.remove(copyPath)
  }
}
