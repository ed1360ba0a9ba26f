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
    _ = pages(table: root, level: mode.levels, prefix: 0, &tables, body)
  }

  private func pages(
    table: UInt64, level: Int, prefix: UInt64, _ tables: inout Int, _ body: (UInt64) -> Bool
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
      guard let entry = loaded, entry & 1 != 0 else { continue }
      var address = prefix | index << shift
      if isRoot, mode != .x86, mode != .x86PAE {
        // The sign above the translated bits.
        address |= UInt64.max << (12 + UInt64(mode.levels) * mode.indexBits)
      }
      let next = entry & mode.addressMask
      // The entry that leads to the first table itself maps the tables, not memory.
      if next == root { continue }
      if level == 1 {
        if !body(address) { return false }
      } else if isLarge(entry, level: level) {
        for part in stride(from: 0 as UInt64, to: 1 << shift, by: 4096) where !body(address + part) { return false }
      } else if !pages(table: next, level: level - 1, prefix: address, &tables, body) {
        return false
      }
    }
    return true
  }
}
