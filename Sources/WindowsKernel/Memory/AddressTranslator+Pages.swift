import CrashDumpFormat
import Facts

extension AddressTranslator {
  /// Tables that are read at most: a table may be reached by many entries of a damaged image. As many map 128 GiB in 4 KB
  /// pages.
  private static let maximumTables = 1 << 16

  /// The first address of each 4 KB of the kernel's half that is mapped, ascending; large pages count as their parts. Stops
  /// where the body says false.
  func forEachKernelPage(_ body: (UInt64) -> Bool) {
    var tables = Self.maximumTables
    _ = pages(table: root, level: mode.levels, prefix: 0, transition: false, &tables) { address, _ in body(address) }
  }

  /// The same with the number of the physical page. Pages that are trimmed but still hold their content (transition) are
  /// among them.
  func forEachKernelFrame(_ body: (UInt64, UInt64) -> Bool) {
    var tables = Self.maximumTables
    _ = pages(table: root, level: mode.levels, prefix: 0, transition: true, &tables, body)
  }

  private func pages(
    table: UInt64, level: Int, prefix: UInt64, transition: Bool, _ tables: inout Int,
    _ body: (UInt64, UInt64) -> Bool
  ) -> Bool {
    guard tables > 0 else { return false }
    tables -= 1
    let isRoot = level == mode.levels
    let entries: UInt64 = mode == .x86PAE && isRoot ? 4 : 1 << mode.indexBits
    let shift = 12 + UInt64(level - 1) * mode.indexBits
    for index in (isRoot ? entries / 2 : 0)..<entries {
      let place = PhysicalAddress(table &+ index &* mode.entryBytes)
      let loaded =
        mode.entryBytes == 4
        ? physical.load(at: place, as: UInt32.self).map(UInt64.init) : physical.load(at: place, as: UInt64.self)
      guard let entry = loaded, entry != 0 else { continue }
      if entry & 1 == 0, level > 1 || !transition { continue }
      var address = prefix | index << shift
      if isRoot, mode != .x86, mode != .x86PAE {
        // The sign above the translated bits.
        address |= UInt64.max << (12 + UInt64(mode.levels) * mode.indexBits)
      }
      let next = entry & mode.addressMask
      // The entry that leads to the first table itself maps the tables, not memory.
      if next == root { continue }
      if level == 1 {
        var frame = next >> 12
        if entry & 1 == 0 {
          guard case .transition(let place) = translate(VirtualAddress(address)) else { continue }
          frame = place.rawValue >> 12
        }
        if !body(address, frame) { return false }
      } else if isLarge(entry, level: level) {
        guard let first = translate(VirtualAddress(address)).physical else { continue }
        for part in stride(from: 0 as UInt64, to: 1 << shift, by: 4096)
        where !body(address &+ part, (first.rawValue &+ part) >> 12) { return false }
      } else if !pages(
        table: next, level: level - 1, prefix: address, transition: transition, &tables, body)
      {
        return false
      }
    }
    return true
  }
}
