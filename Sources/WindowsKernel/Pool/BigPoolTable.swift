import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// Allocations of a page and more, which have no header: PoolBigPageTable.
struct BigPoolTable: Sendable {
  var counts = PoolCounts()
  /// Entries in use.
  var count = 0
  /// Where the table ends was told by its content.
  var sizeIsGuess = false
  var unread = 0
  /// Of the allocations in use.
  private(set) var tags: [UInt64: PoolTag] = [:]
  var addresses: Set<UInt64> { Set(tags.keys) }

  /// Real tables grow to some hundred thousand entries.
  static let maximumEntries = 1 << 21
  /// More than any machine has memory: another number is no size.
  private static let maximumBytes: UInt64 = 1 << 45
  private static let entriesARead = 512

  /// nil where the layout or the table's address is not known.
  init?(_ variables: PoolVariables, _ layout: KernelLayout) {
    guard let table = variables.pointer("PoolBigPageTable") else { return nil }
    self.init(
      variables.space, layout, table: table, entries: variables.count("PoolBigPageTableSize", upTo: Self.maximumEntries)
    )
  }

  /// - Parameter stated: how many entries the table has; nil: up to the first that can be none.
  init?(_ space: KernelSpace, _ layout: KernelLayout, table: UInt64, entries stated: Int?) {
    func offset(_ field: String) -> Int? { layout.offset("_POOL_TRACKER_BIG_PAGES", field) }
    guard let size = layout.size(of: "_POOL_TRACKER_BIG_PAGES"), size >= 12, let va = offset("Va"),
      let key = offset("Key")
    else { return nil }
    sizeIsGuess = stated == nil
    let bytesOffset = offset("NumberOfBytes")
    let pagesOffset = offset("NumberOfPages")
    let typeOffset = offset("PoolType")
    let paged = Self.pagedPool(space)
    var index = 0
    while index < stated ?? Self.maximumEntries {
      // A table whose end is not known is read a little at a time.
      let wanted = min(Self.entriesARead, (stated ?? Self.maximumEntries) - index)
      let place = VirtualAddress(table &+ UInt64(index * size))
      let bytes = space.memory.bytesAvailable(at: place, limit: wanted * size)
      let span = bytes.span.bytes
      for entry in 0..<bytes.count / size {
        let start = entry * size
        func pointer(_ field: Int) -> UInt64 {
          space.pointerBytes == 8
            ? span.loadIfPresent(at: start + field, as: UInt64.self) ?? 0
            : UInt64(span.loadIfPresent(at: start + field, as: UInt32.self) ?? 0)
        }
        func word(_ field: Int) -> UInt32 { span.loadIfPresent(at: start + field, as: UInt32.self) ?? 0 }
        let address = pointer(va)
        // A freed entry has the lowest bit of its address set, one never used is that bit alone.
        if address & 1 != 0 { continue }
        if address == 0 {
          if stated == nil, word(key) != 0 { return }
          continue
        }
        let length =
          bytesOffset.map { pointer($0) } ?? UInt64(pagesOffset.map { word($0) } ?? 0) &* UInt64(PoolPage.bytes)
        guard address & 0xFFF == 0, length > 0, length < Self.maximumBytes,
          PoolHeaderFormat.isPlausible(tag: word(key))
        else {
          if stated == nil { return }
          unread += 1
          continue
        }
        // Since Windows 10 the type stands in bits 8 to 19 of the word behind the tag (public type of 10240 and later).
        let isPaged: Bool
        if let typeOffset {
          isPaged = word(typeOffset) & 1 != 0
        } else if bytesOffset != nil {
          isPaged = word(key + 4) >> 8 & 1 != 0
        } else {
          isPaged = paged.map { $0.contains(address) } ?? false
        }
        count += 1
        tags[address] = PoolTag(rawValue: word(key) & ~PoolHeaderFormat.protected)
        counts.add(word(key), isPaged: isPaged, isLive: true, bytes: Int(clamping: length))
      }
      let read = bytes.count / size
      if read < wanted {
        if stated == nil { return }
        unread += wanted - read
        // A page that is not there: the next one may be.
        index += max(wanted, 1)
        continue
      }
      index += read
    }
  }

  /// MmPagedPoolStart to MmPagedPoolEnd, where the debugger data block names both: the table says it itself only since Vista.
  private static func pagedPool(_ space: KernelSpace) -> ClosedRange<UInt64>? {
    guard let start = space.address(.mmPagedPoolStart).flatMap({ space.pointer(at: $0) }),
      let end = space.address(.mmPagedPoolEnd).flatMap({ space.pointer(at: $0) }), start != 0, start < end
    else { return nil }
    return start...end
  }
}
