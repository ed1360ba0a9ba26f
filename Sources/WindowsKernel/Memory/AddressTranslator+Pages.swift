import CrashDumpFormat
import Facts

extension AddressTranslator {
  /// Tables that are read at most: a table may be reached by many entries of a damaged image. As many map 128 GiB in 4 KB
  /// pages.
  static let maximumTables = 1 << 16

  /// The first address of each 4 KB of the kernel's half that is mapped, ascending; large pages count as their parts. Stops
  /// where the body says false.
  func forEachKernelPage(_ body: (UInt64) -> Bool) {
    var tables = Self.maximumTables
    let walk = KernelTableWalk(self, transition: false)
    _ = walk.pages(table: root, besides: nil, level: mode.levels, prefix: 0, &tables) { address, _ in body(address) }
  }

  /// The same with the number of the physical page. Pages that are trimmed but still hold their content (transition) are
  /// among them.
  ///
  /// - Parameters:
  ///   - other: leaves out what this address space has in common with another: tables that both lead to are not followed.
  ///   - tables: how many may be read; counts down.
  func forEachKernelFrame(
    besides other: AddressTranslator? = nil, tables: inout Int, _ body: (UInt64, UInt64) -> Bool
  ) {
    let walk = KernelTableWalk(self, transition: true)
    _ = walk.pages(table: root, besides: other?.root, level: mode.levels, prefix: 0, &tables, body)
  }

  @inline(__always)
  fileprivate func entry(_ index: UInt64, of table: UInt64) -> UInt64? {
    let place = PhysicalAddress(table &+ index &* mode.entryBytes)
    return mode.entryBytes == 4
      ? physical.load(at: place, as: UInt32.self).map(UInt64.init) : physical.load(at: place, as: UInt64.self)
  }
}

/// Goes through the tables of one address space's kernel half.
private struct KernelTableWalk {
  let translator: AddressTranslator
  /// Whether pages count that are trimmed but still hold their content.
  let transition: Bool
  /// Entries of the last but one level that lead to the first tables themselves map the tables, not memory. Under PAE there are
  /// four of them.
  let selfMapped: [UInt64]

  init(_ translator: AddressTranslator, transition: Bool) {
    self.translator = translator
    self.transition = transition
    selfMapped =
      translator.mode == .x86PAE
      ? (0..<4).compactMap { translator.entry($0, of: translator.root).map { $0 & translator.mode.addressMask } }
      : [translator.root]
  }

  func pages(
    table: UInt64, besides shared: UInt64?, level: Int, prefix: UInt64, _ tables: inout Int,
    _ body: (UInt64, UInt64) -> Bool
  ) -> Bool {
    guard tables > 0 else { return false }
    tables -= 1
    let mode = translator.mode
    let isRoot = level == mode.levels
    let entries: UInt64 = mode == .x86PAE && isRoot ? 4 : 1 << mode.indexBits
    let shift = 12 + UInt64(level - 1) * mode.indexBits
    for index in (isRoot ? entries / 2 : 0)..<entries {
      guard let entry = translator.entry(index, of: table), entry != 0 else { continue }
      if entry & 1 == 0, level > 1 || !transition { continue }
      let next = entry & mode.addressMask
      var inOther: UInt64?
      if let shared, let same = translator.entry(index, of: shared), same & 1 != 0 {
        // What has been accessed may differ.
        if same & mode.addressMask == next, entry & 1 != 0 { continue }
        if level > 1, !translator.isLarge(same, level: level) { inOther = same & mode.addressMask }
      }
      var address = prefix | index << shift
      if isRoot, mode != .x86, mode != .x86PAE {
        // The sign above the translated bits.
        address |= UInt64.max << (12 + UInt64(mode.levels) * mode.indexBits)
      }
      if level > 1, !(isRoot && mode == .x86PAE), selfMapped.contains(next), !translator.isLarge(entry, level: level) {
        continue
      }
      if level == 1 {
        var frame = next >> 12
        if entry & 1 == 0 {
          guard case .transition(let place) = translator.translate(VirtualAddress(address)) else { continue }
          frame = place.rawValue >> 12
        }
        if !body(address, frame) { return false }
      } else if translator.isLarge(entry, level: level) {
        guard let first = translator.translate(VirtualAddress(address)).physical else { continue }
        for part in stride(from: 0 as UInt64, to: 1 << shift, by: 4096)
        where !body(address &+ part, (first.rawValue &+ part) >> 12) { return false }
      } else if !pages(table: next, besides: inOther, level: level - 1, prefix: address, &tables, body) {
        return false
      }
    }
    return true
  }
}
