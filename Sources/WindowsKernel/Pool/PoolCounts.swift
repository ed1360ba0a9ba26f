import Facts

/// Blocks and bytes of each tag in each pool, counted one block after another.
struct PoolCounts: Sendable {
  struct Entry: Sendable {
    /// 0 where the place is empty; else twice the tag, plus 1 where paged, plus 2^40.
    fileprivate(set) var key: UInt64 = 0
    var live: UInt64 = 0
    var liveBytes: UInt64 = 0
    var free: UInt64 = 0
    var freeBytes: UInt64 = 0

    var tag: PoolTag { PoolTag(rawValue: UInt32(truncatingIfNeeded: key >> 1)) }
    var isPaged: Bool { key & 1 != 0 }
  }

  /// More distinct tags than any system has (a few thousand): only damaged memory gives as many, and what follows is
  /// counted under the tag 0.
  static let maximumTags = 1 << 16

  private static let occupied: UInt64 = 1 << 40
  private var places = [Entry](repeating: Entry(), count: 1024)
  private(set) var count = 0
  private(set) var isFull = false
  /// Blocks in use that have a process in place of a tag; they are counted under the tag 0, too.
  private(set) var charged: UInt64 = 0

  var entries: [Entry] { places.filter { $0.key != 0 } }

  @inline(__always)
  mutating func add(_ tag: UInt32, isPaged: Bool, isLive: Bool, bytes: Int) {
    let index = place(Self.occupied | UInt64(tag & ~PoolHeaderFormat.protected) << 1 | (isPaged ? 1 : 0))
    if isLive {
      places[index].live &+= 1
      places[index].liveBytes &+= UInt64(truncatingIfNeeded: bytes)
    } else {
      places[index].free &+= 1
      places[index].freeBytes &+= UInt64(truncatingIfNeeded: bytes)
    }
  }

  /// Blocks of a tag that were in use.
  @inline(__always)
  func live(_ tag: PoolTag, isPaged: Bool) -> UInt64 {
    let key = Self.occupied | UInt64(tag.rawValue) << 1 | (isPaged ? 1 : 0)
    let mask = places.count &- 1
    var index = Self.hash(key) & mask
    while places[index].key != 0 {
      if places[index].key == key { return places[index].live }
      index = (index &+ 1) & mask
    }
    return 0
  }

  mutating func addCharged(isPaged: Bool, bytes: Int) {
    charged &+= 1
    add(0, isPaged: isPaged, isLive: true, bytes: bytes)
  }

  mutating func add(_ other: PoolCounts) {
    charged &+= other.charged
    isFull = isFull || other.isFull
    for entry in other.places where entry.key != 0 {
      let index = place(entry.key)
      places[index].live &+= entry.live
      places[index].liveBytes &+= entry.liveBytes
      places[index].free &+= entry.free
      places[index].freeBytes &+= entry.freeBytes
    }
  }

  @inline(__always)
  private mutating func place(_ key: UInt64) -> Int {
    let mask = places.count &- 1
    var index = Self.hash(key) & mask
    while places[index].key != key {
      if places[index].key == 0 { return newPlace(key) }
      index = (index &+ 1) & mask
    }
    return index
  }

  private mutating func newPlace(_ key: UInt64) -> Int {
    if count >= Self.maximumTags, key & ~1 != Self.occupied {
      isFull = true
      return place(Self.occupied | key & 1)
    }
    if count * 2 >= places.count {
      let old = entries
      places = [Entry](repeating: Entry(), count: places.count * 2)
      for entry in old { places[emptyPlace(entry.key)] = entry }
    }
    let index = emptyPlace(key)
    places[index].key = key
    count += 1
    return index
  }

  private func emptyPlace(_ key: UInt64) -> Int {
    let mask = places.count - 1
    var index = Self.hash(key) & mask
    while places[index].key != 0 { index = (index + 1) & mask }
    return index
  }

  @inline(__always)
  private static func hash(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 40)
  }
}
