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

  /// Pool that one session's processes alone map.
  public struct Session: Hashable, Sendable {
    public var id: UInt32
    /// Blocks on its pages, and what its table of big allocations says.
    public var uses: [Use] = []
    /// Pages of pool that were walked, and those of them whose blocks stop leading to each other; nil: none were.
    public var pages: Int?
    public var damagedPages = 0
    /// The kernel's own count for this session; empty where it is not known where that stands.
    public var tracked: [PoolTracker.Entry] = []
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
  /// Not part of `uses`. By session.
  public var sessions: [Session] = []
  public var tracker: PoolTracker?
  /// Pages that hold memory descriptors in use, by place in the file; the first of them.
  var descriptorPages: [Int] = []
  /// Of segment heaps: heaps, segments and subsegments that were walked.
  public struct Heaps: Hashable, Sendable {
    public var heaps = 0
    public var segments = 0
    public var subsegments = 0
    /// The build whose offsets were used, where it is not the dump's.
    public var guessedFrom: Int?
  }

  public var heaps: Heaps?
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
    let variables = poolVariables(space).variables
    pool.readTracker(variables, found, processors: Int(clamping: header.processors))
    if pages { pool.readPages(variables, found?.layout, architecture, sessions: sessions(), tasks: tasks) }
    return pool
  }

  /// Every session with its processes' first tables, by session. ARM64 keeps the kernel's half in tables of its own, which
  /// processes do not name.
  private func sessions() -> [SessionPages.Asked] {
    guard architecture != .arm64 else { return [] }
    var sessions: [UInt32: SessionPages.Asked] = [:]
    for process in processes().list?.processes ?? [] where process.exited == nil {
      guard let session = process.session, let table = process.directoryTableBase, table.rawValue != 0 else { continue }
      if sessions.count == SessionPages.maximum, sessions[session] == nil { continue }
      sessions[session, default: SessionPages.Asked(session: session, space: process.sessionSpace, tables: [])].tables
        .append(table)
    }
    return sessions.values.sorted { $0.session < $1.session }
  }

  func poolVariables(_ space: KernelSpace) -> (variables: PoolVariables, layout: KernelLayout?) {
    let build = buildMatch.flatMap { $0.isUnique ? $0.build : nil }
    return (
      PoolVariables(
        space: space, base: modules.kernel?.identity.base?.rawValue, symbols: modules.kernel?.symbols, build: build),
      layout?.layout
    )
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
    _ variables: PoolVariables, _ layout: KernelLayout?, _ architecture: Architecture,
    sessions asked: [SessionPages.Asked], tasks: Int
  ) {
    let space = variables.space
    let big = layout.flatMap { BigPoolTable(variables, $0) }
    if space.build > PoolHeaderFormat.lastBuild {
      readHeaps(variables, big)
      readSessions(asked, [], space, layout)
      return
    }
    guard let format = PoolHeaderFormat(build: space.build, pointerBytes: space.pointerBytes) else {
      missing.append(
        Missing(
          "pool.pages", because: .unsupported,
          detail: "The headers of pool blocks before NT 4.0, and of processors other than x86 before XP, are not known."
        ))
      return
    }
    if !format.isConfirmed {
      missing.append(
        Missing(
          "pool.pages", because: .unsupported,
          detail:
            "Headers of pool blocks before Windows XP are read by published descriptions that no symbols confirm: take the figures for a guess."
        ))
    }
    let walk = PoolPages(space.memory, format: format, sessions: asked, tasks: tasks)
    pages = walk.pages
    damagedPages = walk.damagedPages
    descriptorPages = walk.descriptorPages
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
    if walk.counts.charged > 0 {
      missing.append(
        Missing(
          "pool.tags", because: .notPresent,
          detail:
            "\(walk.counts.charged) blocks charged to processes hold the process in place of a tag, as systems do whose pool tagging is off."
        ))
    }
    sum(walk.counts, big)
    readSessions(asked, walk.sessions, space, layout)
  }

  private mutating func readSessions(
    _ asked: [SessionPages.Asked], _ walked: [SessionPages], _ space: KernelSpace, _ layout: KernelLayout?
  ) {
    var withoutBig: [UInt32] = []
    for (index, one) in asked.prefix(SessionPages.maximum).enumerated() {
      let found = index < walked.count ? walked[index] : nil
      var session = Session(id: one.session)
      if let found, found.pages > 0 {
        session.pages = found.pages
        session.damagedPages = found.damagedPages
      }
      let tables = SessionTables(one, space, layout)
      session.tracked = tables.tracked
      session.uses = Self.uses(found?.counts ?? PoolCounts(), big: tables.big?.counts)
      if !session.uses.isEmpty || !session.tracked.isEmpty {
        sessions.append(session)
        if tables.big == nil { withoutBig.append(one.session) }
      }
    }
    note(asked, walked, withoutBig, isHeap: space.build > PoolHeaderFormat.lastBuild)
  }

  private mutating func note(
    _ asked: [SessionPages.Asked], _ walked: [SessionPages], _ withoutBig: [UInt32], isHeap: Bool
  ) {
    func note(_ sessions: [UInt32], _ because: Absence, _ detail: String) {
      guard !sessions.isEmpty else { return }
      var list = sessions.prefix(8).map { "\($0)" }.joined(separator: ", ")
      if sessions.count > 8 { list += " and \(sessions.count - 8) more" }
      missing.append(
        Missing(
          "pool.sessions", because: because,
          detail: detail.replacing("SESSIONS", with: "session\(sessions.count == 1 ? "" : "s") \(list)")))
    }
    if isHeap {
      note(
        asked.map(\.session), .unsupported,
        "Since 1903 (18362) a session has segment heaps of its own, which are not followed: of SESSIONS the figures are what the kernel's own count and the table of big allocations say."
      )
    }
    note(
      walked.filter { $0.mapped == 0 && !$0.isCut }.map(\.session), .notInDump,
      "Of SESSIONS the dump holds no page that its processes alone map: their blocks are not counted.")
    note(
      walked.filter(\.isCut).map(\.session), .malformed,
      "Page tables of SESSIONS lead to more than there can be: the figures are parts.")
    note(
      withoutBig, .notInDump,
      "Of SESSIONS allocations of a page and more are not counted: their table is not in the dump, or the layout of the build names none."
    )
  }

  /// Rows of blocks and of the allocations that have no header, by tag.
  private static func uses(_ blocks: PoolCounts, big: PoolCounts?) -> [Use] {
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
    add(blocks, areBig: false)
    if let big { add(big, areBig: true) }
    return sums.values.sorted(by: order)
  }

  private static func order(_ a: Use, _ b: Use) -> Bool {
    (a.tag.rawValue, a.isPaged ? 1 : 0) < (b.tag.rawValue, b.isPaged ? 1 : 0)
  }

  /// The segment heaps' blocks, where their state is found.
  private mutating func readHeaps(_ variables: PoolVariables, _ big: BigPoolTable?) {
    let space = variables.space
    guard space.architecture == .x64 else {
      missing.append(
        Missing(
          "pool.pages", because: .unsupported,
          detail:
            "Since 1903 (18362) the pool is a segment heap, which is read on x64 only: figures are the tracker's alone."
        ))
      return
    }
    guard let state = SegmentHeapState(variables), let pool = SegmentHeapPool(space, state, big: big?.addresses ?? [])
    else {
      missing.append(
        Missing(
          "pool.pages", because: .notInDump,
          detail:
            "The state of the pool's segment heaps (ExPoolState) is not in the dump or was not found: figures are the tracker's alone. Symbols of the kernel show where it is."
        ))
      return
    }
    heaps = Heaps(
      heaps: pool.heaps, segments: pool.segments, subsegments: pool.subsegments,
      guessedFrom: state.isExact ? nil : state.layout.build)
    pages = pool.pages
    damagedPages = pool.damagedSubsegments
    damaged = pool.damaged
    func note(_ what: String, _ because: Absence, _ detail: String) {
      missing.append(Missing(what, because: because, detail: detail))
    }
    if !state.isExact {
      note(
        "pool.pages", .unsupported,
        "The segment heap's offsets are those of build \(state.layout.build): take the figures for a guess.")
    }
    if pool.absentPages > 0 {
      note(
        "pool.pages", .notInDump,
        "\(pool.absentPages) pages of the segment heaps are paged out or not in the dump: the figures are parts.")
    }
    if pool.refused > 0 || pool.isCut {
      note(
        "pool.pages", .malformed,
        "\(pool.refused) segments do not lead back to their heap and were left out\(pool.isCut ? "; there are more than are followed" : "")."
      )
    }
    if pool.unknown > 0 {
      note(
        "pool.pages", .malformed,
        "\(pool.unknown) blocks in use, \(pool.unknownBytes) bytes, have no pool header that can be read: they are in no row."
      )
    }
    if pool.untagged > 0 {
      note(
        "pool.free", .notPresent,
        "\(pool.untagged) free blocks of variable size, \(pool.untaggedBytes) bytes, carry no tag: the heap keeps its links there. Rows count the freed blocks of fixed sizes alone."
      )
    }
    if pool.unlistedRanges > 0 {
      note(
        "pool.big", .notPresent,
        "Of \(pool.ranges) ranges of pages handed out whole \(pool.unlistedRanges) do not stand in the table of big allocations: their tags are not known."
      )
    }
    sum(pool.counts, big)
  }

  /// Rows of blocks and of the allocations that have no header.
  private mutating func sum(_ blocks: PoolCounts, _ big: BigPoolTable?) {
    uses = Self.uses(blocks, big: big?.counts)
    if let big {
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
