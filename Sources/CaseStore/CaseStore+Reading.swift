import Facts
import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Which cases a list shows.
public struct CaseQuery: Hashable, Sendable {
  public static let maximumLimit = 200

  public var state: CaseState?
  /// Words that the name, answer or machine holds.
  public var words: String?
  public var limit: Int
  /// Only cases older than this one.
  public var before: String?

  public init(state: CaseState? = nil, words: String? = nil, limit: Int = 50, before: String? = nil) {
    self.state = state
    self.words = words
    self.limit = min(max(1, limit), Self.maximumLimit)
    self.before = before
  }
}

extension CaseStore {
  public func record(_ id: String) async throws(CaseError) -> CaseRecord {
    guard let record = try await read({ try CaseSchema.record(id, $0) }) else { throw Self.noCase }
    return record
  }

  /// The newest first.
  public func records(_ query: CaseQuery) async throws(CaseError) -> [CaseRecord] {
    try await read { database in
      var conditions: [String] = []
      var arguments: StatementArguments = []
      if let state = query.state {
        conditions.append("state = ?")
        arguments += [state.rawValue]
      }
      // Few words, each a scan of short texts: there is no index to keep.
      for word in (query.words ?? "").split(separator: " ").prefix(8) {
        conditions.append(
          "(instr(lower(name), ?) > 0 OR instr(lower(coalesce(answer, '')), ?) > 0 OR instr(lower(coalesce(machine, '')), ?) > 0)"
        )
        let word = word.lowercased()
        arguments += [word, word, word]
      }
      if let before = query.before {
        conditions.append("number < (SELECT number FROM case_record WHERE id = ?)")
        arguments += [before]
      }
      let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
      arguments += [query.limit]
      return try Row.fetchAll(
        database, sql: "\(CaseSchema.selection) \(condition) ORDER BY number DESC LIMIT ?", arguments: arguments
      ).map(CaseSchema.record)
    }
  }

  /// How many cases there are of each state.
  public func counts() async throws(CaseError) -> [CaseState: Int] {
    try await read { database in
      var counts: [CaseState: Int] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT state, count(*) FROM case_record GROUP BY state") {
        if let state = CaseState(rawValue: row[0]) { counts[state] = row[1] }
      }
      return counts
    }
  }

  public func files(_ id: String) async throws(CaseError) -> [CaseFile] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT name, sha256, bytes FROM case_file WHERE case_id = ? ORDER BY name", arguments: [id]
      ).map { CaseFile(name: EvidenceName(stored: $0[0]), sha256: $0[1], bytes: $0[2]) }
    }
  }

  /// `faultline.diagnosis/1` of a case that is done.
  public func diagnosis(_ id: String) async throws(CaseError) -> [UInt8]? { try await blob("diagnosis", id) }

  /// The answer as the command prints it.
  public func text(_ id: String) async throws(CaseError) -> [UInt8]? { try await blob("text", id) }

  /// The sections of a done case's page, its done steps checked.
  public func page(_ id: String) async throws(CaseError) -> String? {
    guard let bytes = try await blob("page", id) else { return nil }
    var page = String(decoding: bytes, as: UTF8.self)
    // Quotes from evidence are escaped, so that this text stands only in our own check boxes.
    for step in try await stepsDone(id) {
      page = page.replacing("value=\"\(step)\">", with: "value=\"\(step)\" checked>")
    }
    return page
  }

  private func blob(_ column: String, _ id: String) async throws(CaseError) -> [UInt8]? {
    try await read { database in
      try Data.fetchOne(database, sql: "SELECT \(column) FROM case_answer WHERE case_id = ?", arguments: [id]).map {
        Array($0)
      }
    }
  }

  public func stepsDone(_ id: String) async throws(CaseError) -> [String] {
    try await read {
      try String.fetchAll($0, sql: "SELECT step FROM case_step WHERE case_id = ? ORDER BY step", arguments: [id])
    }
  }

  /// Notes which steps of the plan are done: all that are named, and no others.
  public func setSteps(_ steps: Set<String>, of id: String) async throws(CaseError) {
    try await write { database in
      guard try CaseSchema.record(id, database) != nil else { throw Self.noCase }
      let known = Set(
        (try String.fetchOne(database, sql: "SELECT steps FROM case_answer WHERE case_id = ?", arguments: [id]) ?? "")
          .split(separator: " ").map(String.init))
      guard let unknown = steps.first(where: { !known.contains($0) }) else {
        try database.execute(sql: "DELETE FROM case_step WHERE case_id = ?", arguments: [id])
        for step in steps {
          try database.execute(sql: "INSERT INTO case_step (case_id, step) VALUES (?, ?)", arguments: [id, step])
        }
        return
      }
      throw CaseError(.refused, "the plan has no step \(unknown.prefix(20))")
    }
  }

  /// A text kept beside the cases: the hash of the token.
  public func setting(_ name: String) async throws(CaseError) -> String? {
    try await read { try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name]) }
  }

  public func set(_ name: String, to value: String) async throws(CaseError) {
    try await write {
      try $0.execute(sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", arguments: [name, value])
    }
  }
}
