import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// What a dump of whole pages says of the kernel's pool, from every source it has.
public struct KernelPool: Sendable {
  /// Blocks of one tag in one pool, with their headers.
  public struct Use: Hashable, Sendable {
    public var tag: PoolTag
    public var isPaged: Bool
    public var live: UInt64 = 0
    public var liveBytes: UInt64 = 0
    public var free: UInt64 = 0
    public var freeBytes: UInt64 = 0
    /// Of `live` and `liveBytes`, what PoolBigPageTable says.
    public var big: UInt64 = 0
    public var bigBytes: UInt64 = 0
  }

  public struct DamagedPage: Hashable, Sendable {
    /// Where blocks stop leading to each other: behind this block.
    public var address: VirtualAddress
    public var tagBefore: PoolTag
    /// The next block that can be believed on that page, and its tag.
    public var resumes: VirtualAddress?
    public var tagAfter: PoolTag?
  }

  /// From the pages and the table of big allocations; empty where pages were not read. By tag.
  public var uses: [Use] = []
  /// Pages of pool that were walked; nil where none were.
  public var pages: Int?
  public var damagedPages = 0
  public var damaged: [DamagedPage] = []
  public var tracker: PoolTracker?
  public var missing: [Missing] = []
}

extension KernelDump {
  /// - Parameters:
  ///   - pages: whether to walk the pages themselves, which takes about a second for each 8 GiB of dump.
  ///   - tasks: threads that walk them.
  public func pool(pages: Bool = true, tasks: Int = 2) -> KernelPool {
    var pool = KernelPool()
    guard let space else {
      pool.missing.append(
        Missing("pool", because: .notInDump, detail: "Only dumps of whole pages hold pool: full, kernel, automatic."))
      return pool
    }
    let found = layout
    let build = buildMatch.flatMap { $0.isUnique ? $0.build : nil }
    let variables = PoolVariables(
      space: space, base: modules.kernel?.identity.base?.rawValue, symbols: modules.kernel?.symbols, build: build)
    pool.readTracker(variables, found, processors: Int(clamping: header.processors))
    if pages { pool.readPages(variables, found?.layout, architecture, tasks: tasks) }
    return pool
  }
}

extension KernelPool {
  mutating func readTracker(
    _ variables: PoolVariables, _ found: (layout: KernelLayout, isExact: Bool)?, processors: Int
  ) {
    guard let found, let reader = PoolTrackerReader(variables.space, found.layout) else {
      missing.append(
        Missing(
          "pool.tracker", because: .unsupported,
          detail: "No layout of the pool tracker table is bundled for build \(variables.space.build)."))
      return
    }
    guard let tracker = reader.read(variables, processors: processors) else {
      missing.append(
        Missing(
          "pool.tracker", because: .notInDump,
          detail: "The pool tracker table (PoolTrackTable) is not in the dump, or nothing says where it is."))
      return
    }
    self.tracker = tracker
    if !tracker.isWhole {
      missing.append(
        Missing(
          "pool.tracker", because: .notInDump,
          detail:
            "Of \(processors) processors' tables \(tracker.tables) were found: the tracker's figures are parts. Symbols of the kernel show the others."
        ))
    }
    if tracker.unread > 0 {
      missing.append(
        Missing(
          "pool.tracker", because: .notInDump,
          detail: "\(tracker.unread) entries of the pool tracker table lie in pages that the dump does not hold."))
    }
  }

  mutating func readPages(
    _ variables: PoolVariables, _ layout: KernelLayout?, _ architecture: Architecture, tasks: Int
  ) {
    let space = variables.space
    guard let format = PoolHeaderFormat(build: space.build, pointerBytes: space.pointerBytes) else {
      missing.append(
        Missing(
          "pool.pages", because: .unsupported,
          detail: space.build > PoolHeaderFormat.lastBuild
            ? "Since 1903 (18362) the pool is a segment heap, whose blocks are not read: figures are the tracker's alone."
            : "The headers of pool blocks before Windows XP are not read."))
      return
    }
    let walk = PoolPages(space.memory, format: format, tasks: tasks)
    pages = walk.pages
    damagedPages = walk.damagedPages
    damaged = walk.damaged.map { page in
      let base = page.address ?? 0
      return DamagedPage(
        address: VirtualAddress(base &+ UInt64(page.damage.before)), tagBefore: page.damage.tagBefore,
        resumes: page.damage.after.map { VirtualAddress(base &+ UInt64($0)) }, tagAfter: page.damage.tagAfter)
    }
    if walk.isCut || walk.counts.isFull {
      missing.append(
        Missing(
          "pool.pages", because: .malformed,
          detail: "Page tables or pool are damaged beyond what can be counted: the figures are parts."))
    }
    var sums: [UInt64: Use] = [:]
    func add(_ counts: PoolCounts, areBig: Bool) {
      for entry in counts.entries {
        let key = UInt64(entry.tag.rawValue) << 1 | (entry.isPaged ? 1 : 0)
        var use = sums[key] ?? Use(tag: entry.tag, isPaged: entry.isPaged)
        use.live += entry.live
        use.liveBytes += entry.liveBytes
        use.free += entry.free
        use.freeBytes += entry.freeBytes
        if areBig {
          use.big += entry.live
          use.bigBytes += entry.liveBytes
        }
        sums[key] = use
      }
    }
    add(walk.counts, areBig: false)
    if let layout, let big = BigPoolTable(variables, layout) {
      add(big.counts, areBig: true)
      if big.unread > 0 {
        missing.append(
          Missing(
            "pool.big", because: .notInDump,
            detail: "\(big.unread) entries of the table of big allocations cannot be read."))
      }
    } else {
      missing.append(
        Missing(
          "pool.big", because: .notInDump,
          detail:
            "The table of allocations of a page and more (PoolBigPageTable) was not found: they are in the tracker's figures only. Symbols of the kernel show where it is."
        ))
    }
    uses = sums.values.sorted { ($0.tag.rawValue, $0.isPaged ? 1 : 0) < ($1.tag.rawValue, $1.isPaged ? 1 : 0) }
    let live = uses.reduce((all: 0 as UInt64, plain: 0 as UInt64)) {
      ($0.all + $1.live, $0.plain + (PoolHeaderFormat.isPlausible(tag: $1.tag.rawValue) ? $1.live : 0))
    }
    if live.all > 0, live.plain < live.all / 2 {
      missing.append(
        Missing(
          "pool.tags", because: .notPresent,
          detail: "Most blocks have no tag: pool tagging was off, as it is by default before Windows Server 2003."))
    }
  }
}
