import CrashDumpFormat
import Facts
import KernelLayouts

/// What a session's MM_SESSION_SPACE says of its pool: the table of its allocations of a page and more (from Vista on), and the
/// kernel's count by tag (from 10 1703 on, where the table is part of the structure).
///
/// Source: public type _MM_SESSION_SPACE, fields PoolTrackBigPages, PoolTrackBigPagesSize and PoolTags, the last one an array of bytes
/// to the structure's end. That it holds entries as PoolTrackTable does is told by its content alone: another one is not taken.
struct SessionTables {
  var big: BigPoolTable?
  var tracked: [PoolTracker.Entry] = []

  init(_ asked: SessionPages.Asked, _ kernel: KernelSpace, _ layout: KernelLayout?) {
    guard let layout, let place = asked.space else { return }
    func field(_ name: String) -> UInt64? {
      layout.offset("_MM_SESSION_SPACE", name).map { place.rawValue &+ UInt64($0) }
    }
    for root in asked.tables.prefix(SessionPages.tried) {
      let space = kernel.seen(through: root)
      if big == nil, let table = field("PoolTrackBigPages").flatMap({ space.pointer(at: $0) }), table != 0,
        let size = field("PoolTrackBigPagesSize").flatMap({ space.pointer(at: $0) }), size > 0,
        size <= UInt64(BigPoolTable.maximumEntries)
      {
        big = BigPoolTable(space, layout, table: table, entries: Int(size))
      }
      if tracked.isEmpty, let size = layout.size(of: "_MM_SESSION_SPACE"),
        let offset = layout.offset("_MM_SESSION_SPACE", "PoolTags"), offset < size, let table = field("PoolTags")
      {
        tracked = PoolTrackerReader(space, layout)?.read(at: table, bytes: size - offset)?.entries ?? []
      }
      if big != nil, !tracked.isEmpty || layout.offset("_MM_SESSION_SPACE", "PoolTags") == nil { return }
    }
  }
}
