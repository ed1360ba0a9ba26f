/// The kernel pool of a dump as reports print it: `faultline.dump-pool/1`.
public struct PoolView: Hashable, Sendable {
  /// Where a row's figures come from.
  public enum Source: String, Hashable, Sendable {
    /// Blocks counted on the pages that the dump holds, and the table of allocations of a page and more.
    case pages
    /// The kernel's own count.
    case tracker
  }

  /// The kernel's own count of a tag.
  public struct Tracked: Hashable, Sendable {
    public var allocations: UInt64
    public var frees: UInt64
    public var bytes: UInt64

    public init(allocations: UInt64, frees: UInt64, bytes: UInt64) {
      self.allocations = allocations
      self.frees = frees
      self.bytes = bytes
    }
  }

  public struct Row: Hashable, Sendable {
    public var tag: PoolTag
    public var isPaged: Bool
    public var source: Source
    /// Blocks in use and their bytes, with their headers.
    public var live: UInt64 = 0
    public var liveBytes: UInt64 = 0
    /// Blocks that were freed and still carry the tag.
    public var free: UInt64 = 0
    public var freeBytes: UInt64 = 0
    public var tracked: Tracked?
    public var owner: String?
    /// `table`: the bundled list of tags; `image`: the only loaded image whose code holds the tag's bytes;
    /// `imported`: a list that was imported into the knowledge base.
    public var ownerSource: String?
    /// Of the kernel's own tag `Mdl`: what the descriptors that were followed lead to, most first.
    public var leads: [Lead] = []

    public var pool: String { isPaged ? "paged" : "nonpaged" }

    /// What the tag holds: the kernel's own count where there is one, because paged pool can be out of memory.
    public var bytes: UInt64 { tracked?.bytes ?? liveBytes }

    public init(_ tag: PoolTag, isPaged: Bool, source: Source) {
      self.tag = tag
      self.isPaged = isPaged
      self.source = source
    }
  }

  /// Blocks that stop leading to each other: somebody wrote over a header.
  public struct Damage: Hashable, Sendable {
    /// Of the last block that can be believed.
    public var address: VirtualAddress
    public var tagBefore: PoolTag
    public var resumes: VirtualAddress?
    public var tagAfter: PoolTag?

    public init(address: VirtualAddress, tagBefore: PoolTag, resumes: VirtualAddress?, tagAfter: PoolTag?) {
      self.address = address
      self.tagBefore = tagBefore
      self.resumes = resumes
      self.tagAfter = tagAfter
    }
  }

  /// What memory descriptors lead to.
  public struct Lead: Hashable, Sendable {
    /// `pool`, `process`, `module`, `unknown`.
    public var kind: String
    public var name: String
    public var count: UInt64
    public var bytes: UInt64
    /// Of a pool tag.
    public var owner: String?

    public init(kind: String, name: String, count: UInt64, bytes: UInt64, owner: String?) {
      self.kind = kind
      self.name = name
      self.count = count
      self.bytes = bytes
      self.owner = owner
    }
  }

  public struct Heaps: Hashable, Sendable {
    public var heaps: Int
    public var segments: Int
    public var subsegments: Int
    /// The build whose offsets were used, where it is not the dump's.
    public var guessedFrom: Int?

    public init(heaps: Int, segments: Int, subsegments: Int, guessedFrom: Int?) {
      self.heaps = heaps
      self.segments = segments
      self.subsegments = subsegments
      self.guessedFrom = guessedFrom
    }
  }

  /// Pool that one session's processes alone map. Its rows are not among `rows`: the kernel counts it by itself.
  public struct Session: Hashable, Sendable {
    public var id: UInt32
    /// Pages of pool that were walked; nil: none were.
    public var pages: Int?
    public var damagedPages: Int
    public var rows: [Row]

    public init(id: UInt32, pages: Int?, damagedPages: Int, rows: [Row]) {
      self.id = id
      self.pages = pages
      self.damagedPages = damagedPages
      self.rows = rows
    }
  }

  public enum Order: String, Hashable, Sendable, CaseIterable {
    case bytes, count, tag
  }

  /// By bytes held, most first.
  public var rows: [Row] = []
  /// Pages of pool that were walked; nil where none were.
  public var pages: Int?
  /// Processors whose tracker tables were added up; 0 where none was read.
  public var trackerTables = 0
  public var damagedPages = 0
  /// Segment heaps, their segments and subsegments that were walked; nil before 1903.
  public var heaps: Heaps?
  public var damaged: [Damage] = []
  /// By session.
  public var sessions: [Session] = []
  public var pointerDigits: Int
  public var missing: [Missing] = []

  public init(pointerDigits: Int) { self.pointerDigits = pointerDigits }

  /// The rows whose tag a pattern names (`*` and `?` as usual; letter case matters, as in tags), in an order.
  public func selecting(_ patterns: [String], order: Order) -> PoolView {
    var view = self
    func before(_ a: Row, _ b: Row) -> Bool {
      switch order {
      case .bytes where a.bytes != b.bytes: return a.bytes > b.bytes
      case .count where a.live != b.live: return a.live > b.live
      default: break
      }
      if a.tag != b.tag { return a.tag.rawValue.byteSwapped < b.tag.rawValue.byteSwapped }
      return !a.isPaged && b.isPaged
    }
    func selected(_ rows: [Row]) -> [Row] {
      rows.filter { row in patterns.isEmpty || patterns.contains { Self.matches(row.tag.description, $0) } }
        .sorted(by: before)
    }
    view.rows = selected(rows)
    for index in sessions.indices { view.sessions[index].rows = selected(sessions[index].rows) }
    return view
  }

  /// Whether a tag is one that a pattern with `*` and `?` names.
  public static func matches(_ text: String, _ pattern: String) -> Bool {
    let text = Array(text.utf8)
    var pattern = Array(pattern.utf8)
    while pattern.last == 0x20 { pattern.removeLast() }
    // Positions in the pattern that the text so far leads to.
    func closure(_ places: Set<Int>) -> Set<Int> {
      var places = places
      for place in pattern.indices where places.contains(place) && pattern[place] == 0x2A { places.insert(place + 1) }
      return places
    }
    var places = closure([0])
    for byte in text {
      var next: Set<Int> = []
      for place in places where place < pattern.count {
        if pattern[place] == 0x2A { next.insert(place) }
        if pattern[place] == byte || pattern[place] == 0x3F { next.insert(place + 1) }
      }
      places = closure(next)
    }
    return places.contains(pattern.count)
  }
}
