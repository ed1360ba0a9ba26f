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

  private mutating func bigTable(_ pool: SynthesizedPool) {
    let type = "_POOL_TRACKER_BIG_PAGES"
    guard let size = layout?.size(of: type), let key = offset(type, "Key") else { return }
    let slots = max(256, pool.big.count * 2)
    let order = random.shuffled(Array(0..<slots)).prefix(pool.big.count)
    var bytes = ByteBuilder(zeros: slots * size)
    for slot in 0..<slots { bytes.put(1 as UInt8, at: slot * size) }
    for (slot, big) in zip(order, pool.big) {
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
    let table: UInt64 = width == 8 ? 0xFFFF_FA80_0800_0000 : 0x8400_0000
    put(bytes.bytes, at: table)
    putPointer(table, at: kernel.address(of: "PoolBigPageTable"))
    putPointer(UInt64(slots), at: kernel.address(of: "PoolBigPageTableSize"))
  }

  private mutating func trackers(_ pool: SynthesizedPool) {
    let type = "_POOL_TRACKER_TABLE"
    guard let size = layout?.size(of: type) else { return }
    let version = whole.kernel.version.build
    let count = version < 6000 ? 1 : Int(machine.processors)
    let slots = 512
    let base: UInt64 = width == 8 ? 0xFFFF_FA80_0900_0000 : 0x8480_0000
    let tags = Set(pool.truth.keys.map(\.tag)).sorted { $0.rawValue < $1.rawValue }
    let order = random.shuffled(Array(0..<slots - 1)).prefix(tags.count)
    // Since 10 1607 counts are as wide as a pointer.
    let frees = offset(type, "NonPagedFrees") ?? 0
    let wide = abs(frees - (offset(type, "NonPagedAllocs") ?? 0)) == 8
    for table in 0..<count {
      var bytes = ByteBuilder(zeros: slots * size)
      for (slot, tag) in zip(order, tags) {
        bytes.put(tag.rawValue, at: slot * size + (offset(type, "Key") ?? 0))
        for isPaged in [false, true] {
          let truth = pool.truth[SynthesizedPool.Key(tag, isPaged: isPaged)] ?? SynthesizedPool.Truth()
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
      let address = base + UInt64(table) * 0x2_0000
      put(bytes.bytes, at: address)
      if version >= 6000 { putPointer(address, at: kernel.address(of: "ExPoolTagTables") + UInt64(table * width)) }
    }
    putPointer(base, at: kernel.address(of: "PoolTrackTable"))
    putPointer(UInt64(slots), at: kernel.address(of: "PoolTrackTableSize"))
  }
}
