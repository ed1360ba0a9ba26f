import Facts
import KernelLayouts

/// Pool pages, PoolBigPageTable and the tracker's tables, with the variables that lead to them.
extension KernelWriter {
  mutating func write(_ pool: SynthesizedPool) {
    for page in pool.pages { put(page.bytes, at: page.address) }
    bigTable(pool)
    trackers(pool)
  }

  private func offset(_ type: String, _ field: String) -> Int? { layout?.offset(type, field) }

  /// Freed, unused and used entries in an order that the seed decides; nil where the layout has no such type.
  private mutating func bigTable(_ big: [SynthesizedPool.Big]) -> (bytes: [UInt8], slots: Int)? {
    let type = "_POOL_TRACKER_BIG_PAGES"
    guard let size = layout?.size(of: type), let key = offset(type, "Key") else { return nil }
    let slots = max(256, big.count * 2)
    let order = random.shuffled(Array(0..<slots)).prefix(big.count)
    var bytes = ByteBuilder(zeros: slots * size)
    for slot in 0..<slots { bytes.put(1 as UInt8, at: slot * size) }
    for (slot, big) in zip(order, big) {
      let start = slot * size
      bytes.putPointer(big.address | (big.isFree ? 1 : 0), width: width, at: start)
      bytes.put(big.key.tag.rawValue, at: start + key)
      let pool: UInt32 = big.key.isPaged ? 1 : 0
      if let place = offset(type, "NumberOfBytes") {
        bytes.putPointer(big.bytes, width: width, at: start + place)
        // Bits 8 to 19 since Windows 10, where the layouts name no offset.
        if let typePlace = offset(type, "PoolType") {
          bytes.put(pool, at: start + typePlace)
        } else {
          bytes.put(pool << 8 | 0xA5, at: start + key + 4)
        }
      } else if let place = offset(type, "NumberOfPages") {
        bytes.put(UInt32(big.bytes / 4096), at: start + place)
      }
    }
    return (bytes.bytes, slots)
  }

  private mutating func bigTable(_ pool: SynthesizedPool) {
    guard let (bytes, slots) = bigTable(pool.big) else { return }
    let table: UInt64 = width == 8 ? 0xFFFF_FA80_0800_0000 : 0x8400_0000
    put(bytes, at: table)
    putPointer(table, at: kernel.address(of: "PoolBigPageTable"))
    putPointer(UInt64(slots), at: kernel.address(of: "PoolBigPageTableSize"))
  }

  /// One of `count` processors' tables, by slots that the tags have in all of them; nil where the layout has no such type.
  private func trackerTable(
    _ truth: [SynthesizedPool.Key: SynthesizedPool.Truth], slots: Int, order: [(slot: Int, tag: PoolTag)], table: Int,
    of count: Int
  ) -> [UInt8]? {
    let type = "_POOL_TRACKER_TABLE"
    guard let size = layout?.size(of: type) else { return nil }
    // Since 10 1607 counts are as wide as a pointer.
    let frees = offset(type, "NonPagedFrees") ?? 0
    let wide = abs(frees - (offset(type, "NonPagedAllocs") ?? 0)) == 8
    var bytes = ByteBuilder(zeros: slots * size)
    for (slot, tag) in order {
      bytes.put(tag.rawValue, at: slot * size + (offset(type, "Key") ?? 0))
      for isPaged in [false, true] {
        let truth = truth[SynthesizedPool.Key(tag, isPaged: isPaged)] ?? SynthesizedPool.Truth()
        let name = isPaged ? "Paged" : "NonPaged"
        func number(_ value: UInt64, _ field: String, _ width: Int) {
          guard let place = offset(type, name + field) else { return }
          // The first processor allocates more than it has, the others free it: their bytes are below zero.
          let more = UInt64(7 * (count - 1))
          let own = table == 0 ? value &+ (field == "Bytes" ? more : 0) : field == "Bytes" ? 0 &- 7 : 0
          bytes.putPointer(own, width: width, at: slot * size + place)
        }
        number(truth.allocations, "Allocs", wide ? 8 : 4)
        number(truth.frees, "Frees", wide ? 8 : 4)
        number(truth.liveBytes, "Bytes", width)
      }
    }
    return bytes.bytes
  }

  private mutating func order(
    _ truth: [SynthesizedPool.Key: SynthesizedPool.Truth], slots: Int
  ) -> [(slot: Int, tag: PoolTag)] {
    let tags = Set(truth.keys.map(\.tag)).sorted { $0.rawValue < $1.rawValue }
    return zip(random.shuffled(Array(0..<slots - 1)), tags).map { (slot: $0, tag: $1) }
  }

  private mutating func trackers(_ pool: SynthesizedPool) {
    let version = whole.kernel.version.build
    let count = version < 6000 ? 1 : Int(machine.processors)
    let slots = 512
    let base: UInt64 = width == 8 ? 0xFFFF_FA80_0900_0000 : 0x8480_0000
    let order = order(pool.truth, slots: slots)
    for table in 0..<count {
      guard let bytes = trackerTable(pool.truth, slots: slots, order: order, table: table, of: count) else { return }
      let address = base + UInt64(table) * 0x2_0000
      put(bytes, at: address)
      if version >= 6000 { putPointer(address, at: kernel.address(of: "ExPoolTagTables") + UInt64(table * width)) }
    }
    putPointer(base, at: kernel.address(of: "PoolTrackTable"))
    putPointer(UInt64(slots), at: kernel.address(of: "PoolTrackTableSize"))
  }

  /// Pages that all processes of one session map, and no other, and what its MM_SESSION_SPACE says of them.
  mutating func write(_ pool: SynthesizedPool, of session: UInt32, space: UInt64) {
    let type = "_MM_SESSION_SPACE"
    if let place = offset(type, "PoolTrackBigPages"), let sizePlace = offset(type, "PoolTrackBigPagesSize"),
      let (bytes, slots) = bigTable(pool.big)
    {
      let table: UInt64 = width == 8 ? 0xFFFF_F900_C080_0000 : 0xBC80_0000
      for start in stride(from: 0, to: bytes.count, by: 4096) {
        putPrivately(Array(bytes[start..<min(bytes.count, start + 4096)]), at: table + UInt64(start), session: session)
      }
      putPointer(table, at: space + UInt64(place))
      putPointer(UInt64(slots), at: space + UInt64(sizePlace))
    }
    if let place = offset(type, "PoolTags"), let end = layout?.size(of: type),
      let size = layout?.size(of: "_POOL_TRACKER_TABLE")
    {
      let slots = (end - place) / size
      let order = order(pool.truth, slots: slots)
      if let bytes = trackerTable(pool.truth, slots: slots, order: order, table: 0, of: 1) {
        put(bytes, at: space + UInt64(place))
      }
    }
    // Since 1903 its blocks lie in segment heaps.
    if whole.kernel.version.build >= 18362 { return }
    for page in pool.pages { putPrivately(page.bytes, at: page.address, session: session) }
  }

  private mutating func putPrivately(_ page: [UInt8], at address: UInt64, session: UInt32) {
    guard let frame = memory.newFrame() else { return }
    memory.put(page, atPhysical: frame << 12)
    for root in sessionSpaces[session]?.roots ?? [] { memory.mapPrivately(address, to: frame, root: root) }
  }
}
