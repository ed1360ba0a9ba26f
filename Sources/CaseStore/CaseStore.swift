import Facts
import GRDB
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Cases on disk: a SQLite database for what is known of them, and a folder for their evidence.
///
/// A case that ``accept(name:files:)`` has returned is there whatever happens afterwards. Evidence is kept by the hash of its
/// content, once however many cases hold it, and is gone with the last of them.
///
/// ## Topics
/// - Receiving: ``receive()``, ``keep(_:)``, ``accept(name:files:)``
/// - Reading: ``record(_:)``, ``records(_:)``, ``files(_:)``, ``diagnosis(_:)``, ``page(_:)``
/// - Working: ``next()``, ``finish(_:_:)``, ``resume()``
/// - Removing: ``delete(_:)``, ``deleteFinished(before:)``
public final class CaseStore: Sendable {
  let database: DatabasePool
  let files: EvidenceFiles
  /// Content that an upload under way will need, so that a case deleted meanwhile does not take it along.
  private let pins = Mutex<[String: Int]>([:])
  private let clock: @Sendable () -> Int64

  /// Opens the store in a folder, and makes it where there is none.
  ///
  /// - Parameter clock: seconds since 1970 UTC.
  public init(folder: String, clock: @escaping @Sendable () -> Int64) throws(CaseError) {
    self.clock = clock
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    files = try EvidenceFiles(root: folder)
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = 4
    configuration.prepareDatabase { database in
      // What was accepted survives the machine's own end; what was deleted is overwritten.
      try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON")
    }
    do {
      database = try DatabasePool(path: folder + "/cases.sqlite", configuration: configuration)
      try CaseSchema.migrator.migrate(database)
    } catch {
      throw Self.failure(error)
    }
    try sweep()
  }

  static func failure(_ error: any Error) -> CaseError {
    if let error = error as? CaseError { return error }
    guard let error = error as? DatabaseError else { return CaseError(.inputOutput, "the case store failed") }
    if error.resultCode == .SQLITE_FULL { return CaseError(.inputOutput, "the server's disk is full") }
    return CaseError(.inputOutput, "the case store failed: \(error.message ?? "database error")")
  }

  func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(CaseError) -> Value {
    do {
      return try await database.read(work)
    } catch {
      throw Self.failure(error)
    }
  }

  func write<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws(CaseError) -> Value {
    do {
      return try await database.write(work)
    } catch {
      throw Self.failure(error)
    }
  }

  /// Evidence that no case holds: of uploads that were cut off by a kill.
  private func sweep() throws(CaseError) {
    let held: Set<String>
    do {
      held = try database.read { try String.fetchSet($0, sql: "SELECT DISTINCT sha256 FROM case_file") }
    } catch {
      throw Self.failure(error)
    }
    for content in files.all where !held.contains(content) { files.remove(content) }
  }

  // MARK: Receiving

  /// A file to write evidence to.
  public func receive() throws(CaseError) -> IncomingEvidence {
    try IncomingEvidence(files, name: Self.newID())
  }

  /// Keeps what was received, by its hash. Every hash that is returned has to be given to ``accept(name:files:)`` or ``release(_:)``.
  public func keep(_ evidence: IncomingEvidence) throws(CaseError) -> String {
    let sha256 = try evidence.seal()
    let outcome = pins.withLock { pins in
      Result { () throws(CaseError) in
        try evidence.place(sha256)
        pins[sha256, default: 0] += 1
      }
    }
    try outcome.get()
    return sha256
  }

  /// Gives up content of an upload that became no case.
  public func release(_ contents: [String]) async throws(CaseError) {
    unpin(contents)
    try await removeUnheld(Set(contents))
  }

  private func unpin(_ contents: [String]) {
    pins.withLock { pins in
      for content in contents {
        guard let count = pins[content] else { continue }
        pins[content] = count > 1 ? count - 1 : nil
      }
    }
  }

  /// Makes a case of evidence that was kept. When this returns the case is on the disk.
  public func accept(name: String, files: [CaseFile]) async throws(CaseError) -> CaseRecord {
    let id = Self.newID()
    let now = clock()
    let contents = files.map(\.sha256)
    do throws(CaseError) {
      let names = try Self.distinct(files)
      let record = try await write { database in
        try database.execute(
          sql: "INSERT INTO case_record (id, name, state, created, runs) VALUES (?, ?, 'queued', ?, 0)",
          arguments: [id, name, now])
        for file in names {
          try database.execute(
            sql: "INSERT INTO case_file (case_id, name, sha256, bytes) VALUES (?, ?, ?, ?)",
            arguments: [id, file.name.text, file.sha256, file.bytes])
        }
        return try CaseSchema.record(id, database)
      }
      unpin(contents)
      guard let record else { throw CaseError(.inputOutput, "the case store failed") }
      return record
    } catch {
      try? await release(contents)
      throw error
    }
  }

  /// The same name twice with the same content is one file; with another content, or as a file and a folder, it is refused.
  private static func distinct(_ files: [CaseFile]) throws(CaseError) -> [CaseFile] {
    var named: [EvidenceName: String] = [:]
    var kept: [CaseFile] = []
    for file in files {
      if let other = named[file.name] {
        guard other == file.sha256 else {
          throw CaseError(.refused, "two different files are named \(file.name.text)")
        }
        continue
      }
      named[file.name] = file.sha256
      kept.append(file)
    }
    for file in kept {
      if let folder = file.name.folders.first(where: { named[EvidenceName(stored: $0)] != nil }) {
        throw CaseError(.refused, "\(folder) is a file and a folder at once")
      }
    }
    return kept
  }

  /// 26 letters and digits of 130 random bits: nobody guesses a case's address.
  static func newID() -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
    var generator = SystemRandomNumberGenerator()
    return String((0..<26).map { _ in alphabet[Int(generator.next() & 31)] })
  }

  // MARK: Working

  /// What was being worked on when a server ended is queued again.
  public func resume() async throws(CaseError) {
    try await write { try $0.execute(sql: "UPDATE case_record SET state = 'queued' WHERE state = 'running'") }
  }

  public func queued() async throws(CaseError) -> Int {
    try await read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM case_record WHERE state IN ('queued', 'running')") ?? 0
    }
  }

  /// The case that waits longest, now running.
  func next() async throws(CaseError) -> CaseRecord? {
    let now = clock()
    return try await write { database in
      guard
        let id = try String.fetchOne(
          database, sql: "SELECT id FROM case_record WHERE state = 'queued' ORDER BY number LIMIT 1")
      else { return nil }
      try database.execute(
        sql: "UPDATE case_record SET state = 'running', started = ?, runs = runs + 1 WHERE id = ?",
        arguments: [now, id])
      return try CaseSchema.record(id, database)
    }
  }

  /// The end of a case's work. A case that was deleted or cancelled meanwhile stays so.
  func finish(_ id: String, _ outcome: Result<CaseAnswer, CaseError>) async throws(CaseError) {
    let now = clock()
    try await write { database in
      let isRunning =
        try String.fetchOne(database, sql: "SELECT state FROM case_record WHERE id = ?", arguments: [id]) == "running"
      guard isRunning else { return }
      switch outcome {
      case .success(let answer):
        try database.execute(
          sql: """
            UPDATE case_record SET state = 'done', finished = ?, verdict = ?, answer = ?, machine = ?, problem = NULL
            WHERE id = ?
            """, arguments: [now, answer.verdict, answer.answer, answer.machine, id])
        try database.execute(
          sql: "INSERT OR REPLACE INTO case_answer (case_id, diagnosis, text, page, steps) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            id, Data(answer.diagnosis), Data(answer.text), Data(answer.page), answer.steps.joined(separator: " "),
          ])
      case .failure(let error):
        let state: CaseState = error.code == .cancelled ? .cancelled : .failed
        try database.execute(
          sql: "UPDATE case_record SET state = ?, finished = ?, problem = ? WHERE id = ?",
          arguments: [state.rawValue, now, error.code == .cancelled ? nil : error.reason, id])
      }
    }
  }

  /// A case that waits or is worked on is cancelled; false where it has ended already.
  func cancel(_ id: String) async throws(CaseError) -> Bool {
    let now = clock()
    return try await write { database in
      guard let record = try CaseSchema.record(id, database) else { throw Self.noCase }
      guard !record.state.isFinal else { return false }
      try database.execute(
        sql: "UPDATE case_record SET state = 'cancelled', finished = ? WHERE id = ?", arguments: [now, id])
      return true
    }
  }

  /// An ended case is queued again, for an answer by the knowledge of today.
  func again(_ id: String) async throws(CaseError) -> Bool {
    try await write { database in
      guard let record = try CaseSchema.record(id, database) else { throw Self.noCase }
      guard record.state.isFinal else { return false }
      try database.execute(
        sql: "UPDATE case_record SET state = 'queued', finished = NULL, problem = NULL WHERE id = ?", arguments: [id])
      return true
    }
  }

  static let noCase = CaseError(.notFound, "there is no such case; it may have been deleted")

  // MARK: Removing

  /// Removes a case, its answer, and its evidence where no other case holds the same content.
  func delete(_ id: String) async throws(CaseError) {
    let contents = try await write { database in
      guard try CaseSchema.record(id, database) != nil else { throw Self.noCase }
      let contents = try String.fetchSet(
        database, sql: "SELECT sha256 FROM case_file WHERE case_id = ?", arguments: [id])
      try database.execute(sql: "DELETE FROM case_record WHERE id = ?", arguments: [id])
      return contents
    }
    files.clear(id)
    try await removeUnheld(contents)
    // Nothing of it stays in the log of writes either.
    _ = try? await database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }

  /// Ended cases that ended before a time.
  func finished(before seconds: Int64) async throws(CaseError) -> [String] {
    try await read {
      try String.fetchAll(
        $0, sql: "SELECT id FROM case_record WHERE state IN ('done', 'failed', 'cancelled') AND finished < ?",
        arguments: [seconds])
    }
  }

  private func removeUnheld(_ contents: Set<String>) async throws(CaseError) {
    let held = try await read { database in
      try contents.filter {
        try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM case_file WHERE sha256 = ?)", arguments: [$0])
          ?? true
      }
    }
    pins.withLock { pins in
      for content in contents where !held.contains(content) && pins[content] == nil { files.remove(content) }
    }
  }
}
