import ByteReading
import Facts

/// One page of pool: blocks one behind the other from its first byte to its last, each stating its own size and the size of
/// the one before.
struct PoolPage {
  /// What a page turned out to be.
  enum Reading: Equatable {
    case none
    case whole
    case damaged(Damage)
  }

  /// Where a page's blocks stop leading to each other.
  struct Damage: Hashable {
    /// Of the last block that can be believed, and of the next one, in the page; nil where none follows.
    var before: Int
    var after: Int?
    var tagBefore: PoolTag
    var tagAfter: PoolTag?
  }

  static let bytes = 4096
  /// Blocks that must lead to each other before a page that then breaks off is taken for damaged pool rather than for
  /// something else. Other memory that begins like this is rare.
  static let leastChain = 4
  /// Pages of fewer blocks are only taken for pool where every tag in use can be one.
  private static let surelyPool = 4

  let format: PoolHeaderFormat

  @inline(__always)
  private static func word(_ page: RawSpan, _ offset: Int) -> UInt32 {
    page.loadIfPresent(at: offset, as: UInt32.self) ?? 0
  }

  private static func tag(_ page: RawSpan, _ offset: Int) -> PoolTag {
    PoolTag(rawValue: word(page, offset + 4) & ~PoolHeaderFormat.protected)
  }

  /// Counts the blocks of a page of 4096 bytes that is pool; other pages count nothing.
  @inline(__always)
  func count(_ page: RawSpan, into counts: inout PoolCounts) -> Reading {
    let first = Self.word(page, 0)
    // Almost every page that is no pool ends here.
    if format.previousSize(first) != 0 || format.blockSize(first) == 0 { return .none }
    return walk(page, into: &counts)
  }

  @inline(never)
  private func walk(_ page: RawSpan, into counts: inout PoolCounts) -> Reading {
    var offset = 0
    var last = 0
    var previous = 0
    var blocks = 0
    var live = 0
    var paged = false
    var areTagsPlausible = true
    while offset < Self.bytes {
      let word = Self.word(page, offset)
      let size = format.blockSize(word)
      guard size != 0, format.previousSize(word) == previous, size <= Self.bytes - offset else { break }
      if format.isLive(word) {
        if live == 0 { paged = format.isPaged(word) }
        live &+= 1
        if blocks < Self.surelyPool, !isPlausible(Self.word(page, offset &+ 4), word) { areTagsPlausible = false }
      }
      blocks &+= 1
      previous = size
      last = offset
      offset &+= size
    }
    if offset == Self.bytes {
      // One block cannot fill a page: its size has too few bits.
      guard blocks > 1, blocks >= Self.surelyPool || areTagsPlausible else { return .none }
      add(page, 0..<Self.bytes, isPaged: paged, to: &counts)
      return .whole
    }
    guard blocks >= Self.leastChain, areTagsPlausible, live > 0 else { return .none }
    add(page, 0..<offset, isPaged: paged, to: &counts)
    var damage = Damage(before: last, tagBefore: Self.tag(page, last))
    if let after = resumption(page, behind: offset) {
      damage.after = after
      damage.tagAfter = Self.tag(page, after)
      add(page, after..<Self.bytes, isPaged: paged, to: &counts)
    }
    return .damaged(damage)
  }

  /// The block in use around a place, where the header behind it cannot be believed; all blocks up to it lead to each other. At least one
  /// stands before it, else nothing shows that the page is pool.
  func damage(behind place: Int, in page: RawSpan) -> (damage: Damage, bytes: Int)? {
    var offset = 0
    var previous = 0
    while offset < Self.bytes {
      let word = Self.word(page, offset)
      let size = format.blockSize(word)
      guard size != 0, format.previousSize(word) == previous, size <= Self.bytes - offset,
        !format.isLive(word) || isPlausible(Self.word(page, offset &+ 4), word)
      else { return nil }
      let next = offset + size
      if place < next {
        guard offset > 0, next < Self.bytes, format.isLive(word) else { return nil }
        let behind = Self.word(page, next)
        let stated = format.blockSize(behind)
        guard stated == 0 || format.previousSize(behind) != size || stated > Self.bytes - next else { return nil }
        var damage = Damage(before: offset, tagBefore: Self.tag(page, offset))
        if let after = resumption(page, behind: next) {
          damage.after = after
          damage.tagAfter = Self.tag(page, after)
        }
        return (damage, size)
      }
      previous = size
      offset = next
    }
    return nil
  }

  /// A tag, or the process that stands in its place.
  private func isPlausible(_ tag: UInt32, _ word: UInt32) -> Bool {
    PoolHeaderFormat.isPlausible(tag: tag)
      || format.mayHoldProcess && format.isCharged(word) && PoolHeaderFormat.isProcess(tag)
  }

  private func add(_ page: RawSpan, _ range: Range<Int>, isPaged: Bool, to counts: inout PoolCounts) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let word = Self.word(page, offset)
      let size = max(format.unit, format.blockSize(word))
      if format.mayHoldProcess, format.isLive(word), format.isCharged(word),
        PoolHeaderFormat.isProcess(Self.word(page, offset &+ 4))
      {
        counts.addCharged(isPaged: isPaged, bytes: size)
      } else {
        // A free block's type is zero: it lies in the pool of its neighbours.
        counts.add(
          Self.word(page, offset &+ 4), isPaged: isPaged, isLive: format.isLive(word), bytes: size)
      }
      offset &+= size
    }
  }

  /// The first block behind a broken one from which blocks lead to the page's end: either one that states the broken block's
  /// size, or the first of at least two.
  private func resumption(_ page: RawSpan, behind broken: Int) -> Int? {
    var fallback: Int?
    for start in stride(from: broken + format.unit, to: Self.bytes, by: format.unit) {
      let word = Self.word(page, start)
      let stated = format.previousSize(word)
      guard stated > 0, stated <= start, let blocks = chain(page, from: start) else { continue }
      if start - stated == broken { return start }
      if blocks > 1, fallback == nil { fallback = start }
    }
    return fallback
  }

  /// How many blocks lead from here to the page's end; nil where they do not.
  private func chain(_ page: RawSpan, from start: Int) -> Int? {
    var offset = start
    var previous = format.previousSize(Self.word(page, start))
    var blocks = 0
    while offset < Self.bytes {
      let word = Self.word(page, offset)
      let size = format.blockSize(word)
      guard size != 0, format.previousSize(word) == previous, size <= Self.bytes - offset else { return nil }
      previous = size
      offset += size
      blocks += 1
    }
    return blocks
  }
}
