import Analyses
import ByteReading
import Facts
import FieldLogs
import KnowledgeStore

/// What a run of `pool` needs beside the logs themselves.
public enum PoolOwners {
  /// Owners that an imported list of tags names, for the tags of logs.
  public static func imported(in logs: [PoolLogView], _ store: KnowledgeStore) throws -> [String: String] {
    var owners: [String: String] = [:]
    let tags = Set(logs.flatMap { $0.snapshots.last?.rows.map(\.tag) ?? [] })
    for tag in tags.sorted() {
      if let owner = try store.owners(ofTag: tag).first(where: { $0.binary != nil }) { owners[tag] = owner.binary }
    }
    return owners
  }

  /// Events of a file.
  public static func events(at path: String) throws(FileError) -> [PoolEvent] {
    EventList.read(try MappedFile(path: path).array())
  }
}

extension EvidencePiece {
  var isDump: Bool {
    if case .dump = content { return true }
    return false
  }

  /// Pool by tag at one or more moments: of a log, of the tables in a debugger's log, or of a dump.
  public var poolSnapshots: (path: String, view: PoolLogView)? {
    switch content {
    case .poolLog(let pool): return (path, pool)
    case .debuggerLog(_, let pool) where !pool.isEmpty: return (path, pool)
    case .dump(let dump):
      let snapshot = PoolLogView.Snapshot(dump.poolView(), time: dump.view.crashTime)
      guard !snapshot.rows.isEmpty else { return nil }
      var view = PoolLogView()
      view.snapshots = [snapshot]
      return (path, view)
    default: return nil
    }
  }
}

extension PoolLogView.Snapshot {
  /// What a dump holds at the moment it was taken. Only tags whose kernel's own count was read: pages that the dump lacks would
  /// look like memory given back.
  init(_ pool: PoolView, time: String?) {
    self.init()
    isFromMemory = true
    self.time = time.flatMap { CivilTime(rfc3339: $0) }
    rows = pool.rows.compactMap { row in
      guard let tracked = row.tracked else { return nil }
      return PoolLogView.Row(
        tag: row.tag.description, pool: row.pool, allocations: tracked.allocations, frees: tracked.frees,
        bytes: tracked.bytes, difference: nil, driver: row.owner)
    }
  }
}
