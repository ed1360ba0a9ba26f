import ByteReading
import CrashDumpFormat
import Facts

/// Pool of one session: what its processes' page tables lead to in the kernel's half and the kernel's own tables do not.
///
/// Session space (win32k, its drivers and their pool) has one address in every session and other pages behind it (M. Russinovich
/// and others, Windows Internals, "Sessions"; public type _MM_SESSION_SPACE). All processes of a session share its tables, so
/// that one of them shows them.
struct SessionPages: Sendable {
  /// A session and the first tables of its processes, of which the first that leads to something is used.
  struct Asked: Sendable {
    var session: UInt32
    /// Its MM_SESSION_SPACE.
    var space: VirtualAddress?
    var tables: [PhysicalAddress]
  }

  var session: UInt32
  var counts = PoolCounts()
  var pages = 0
  var damagedPages = 0
  /// Pages that its tables lead to and the dump holds, whatever they hold; 0 where the tables are not in the dump.
  var mapped = 0
  /// Not all was looked at: the tables lead to more than there can be.
  var isCut = false

  /// Terminal servers have hundreds.
  static let maximum = 4096
  /// 4 GiB of one session's pages; none has as many.
  static let maximumPages = 1 << 20
  /// Processes of a session that are tried.
  static let tried = 4

  static func all(_ asked: [Asked], _ memory: VirtualMemory, _ kernel: MappedPages, _ page: PoolPage) -> [SessionPages]
  {
    let physical = memory.physical
    // Of all sessions together: a damaged image may lead to the same tables again and again.
    var tables = AddressTranslator.maximumTables
    var left = 1 << 18 + 2 * Int(clamping: min(physical.presentPages, 1 << 40))
    return asked.prefix(maximum).map { one in
      var found = SessionPages(session: one.session)
      for root in one.tables.prefix(tried) where found.mapped == 0 {
        var seen: Set<Int> = []
        memory.space(directoryTableBase: root).translator.forEachKernelFrame(
          besides: memory.translator, tables: &tables
        ) {
          _, frame in
          left -= 1
          if let offset = physical.fileOffset(ofPage: frame), !kernel.contains(offset) { seen.insert(offset) }
          return left > 0 && seen.count < maximumPages
        }
        found.count(seen, physical.file, page)
        found.isCut = left <= 0 || tables <= 0 || seen.count >= maximumPages
      }
      return found
    }
  }

  private mutating func count(_ places: Set<Int>, _ file: MappedFile, _ page: PoolPage) {
    mapped = places.count
    let bytes = file.bytes
    for place in places.sorted() {
      guard let content = bytes.part(at: place, count: PoolPage.bytes) else { continue }
      switch page.count(content, into: &counts) {
      case .none: break
      case .whole: pages += 1
      case .damaged:
        pages += 1
        damagedPages += 1
      }
    }
  }
}
