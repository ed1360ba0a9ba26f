/// How a described machine's processor translates addresses.
public enum SynthesizedPaging: String, Hashable, Sendable, CaseIterable {
  case x86
  case x86PAE = "x86-pae"
  case x64
  case x64FiveLevels = "x64-5"
  case arm64

  /// Index bits of each table on the way down, first table first (Intel 64 and IA-32 manual, volume 3, figures 4-2, 4-5,
  /// 4-8 and 4-9; Arm Architecture Reference Manual, 4 KB granule with 48-bit addresses).
  var indexBits: [UInt64] {
    switch self {
    case .x86: [10, 10]
    case .x86PAE: [2, 9, 9]
    case .x64, .arm64: [9, 9, 9, 9]
    case .x64FiveLevels: [9, 9, 9, 9, 9]
    }
  }

  var entryBytes: Int { self == .x86 ? 4 : 8 }
}

/// Physical memory in the making, and the page tables that give it virtual addresses.
///
/// Pages exist once something is written to them or mapped there. Frames are given out in an order that the seed decides, so
/// that neighbouring virtual pages lie apart in physical memory, as on a real machine.
public struct MachineMemory: Sendable {
  public static let pageBytes = 4096

  public let paging: SynthesizedPaging
  /// The stretches of physical memory the machine has, ascending.
  public let runs: [PhysicalRun]
  /// Physical address of the kernel's first table.
  public private(set) var root: UInt64 = 0
  private var storage: [UInt8] = []
  /// Frame → where its page begins in `storage`.
  private var slots: [UInt64: Int] = [:]
  private var free: [UInt64]

  /// - Parameters:
  ///   - rootFrame: where the first table stands; the frames behind it are kept free for what must follow it.
  ///   - selfMap: index of the first table's entry that leads to the table itself, as every Windows has one; nil: none.
  public init(
    paging: SynthesizedPaging, runs: [PhysicalRun], rootFrame: UInt64, selfMap: Int?, random: inout SplitMix64
  ) {
    self.paging = paging
    self.runs = runs.sorted { $0.basePage < $1.basePage }
    let kept = rootFrame...(rootFrame + 4)
    var frames: [UInt64] = []
    for run in self.runs {
      for frame in run.basePage..<(run.basePage + run.pageCount) where !kept.contains(frame) && frame != 0 {
        frames.append(frame)
      }
    }
    free = random.shuffled(frames)
    root = newTable(at: rootFrame)
    if paging == .x86PAE {
      // Four directories right behind their pointers; the last one maps all four, which makes the self-map.
      let directories = (1...4).map { rootFrame + UInt64($0) }
      for (index, frame) in directories.enumerated() {
        _ = newTable(at: frame)
        put(frame << 12 | 1, at: root + UInt64(8 * index), entry: true)
      }
      for (index, frame) in directories.enumerated() {
        put(frame << 12 | 0x63, at: directories[3] << 12 + UInt64(8 * index), entry: true)
      }
    } else if let selfMap {
      put(root | (paging == .arm64 ? 0x703 : 0x63), at: root + UInt64(selfMap * paging.entryBytes), entry: true)
    }
  }

  /// Frames with content, ascending.
  public var frames: [UInt64] { slots.keys.sorted() }

  public var pageCount: Int { slots.count }

  /// A page's bytes; nil where it was never touched.
  public func page(_ frame: UInt64) -> ArraySlice<UInt8>? {
    slots[frame].map { storage[$0..<$0 + Self.pageBytes] }
  }

  /// A fresh frame of zeros; nil where the machine's memory is used up.
  public mutating func newFrame() -> UInt64? {
    guard let frame = free.popLast() else { return nil }
    touch(frame)
    return frame
  }

  private mutating func touch(_ frame: UInt64) {
    guard slots[frame] == nil else { return }
    slots[frame] = storage.count
    storage.append(contentsOf: repeatElement(0, count: Self.pageBytes))
  }

  private mutating func newTable(at frame: UInt64) -> UInt64 {
    touch(frame)
    return frame << 12
  }

  /// Bytes at a physical address whose pages exist or are made.
  public mutating func put(_ bytes: some Collection<UInt8>, atPhysical address: UInt64) {
    var place = address
    for byte in bytes {
      touch(place >> 12)
      if let slot = slots[place >> 12] { storage[slot + Int(place & 0xFFF)] = byte }
      place += 1
    }
  }

  private mutating func put(_ value: UInt64, at address: UInt64, entry: Bool) {
    put((0..<paging.entryBytes).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }, atPhysical: address)
  }

  private func entry(at address: UInt64) -> UInt64 {
    guard let slot = slots[address >> 12] else { return 0 }
    let start = slot + Int(address & 0xFFF)
    return (0..<paging.entryBytes).reduce(0) { $0 | UInt64(storage[start + $1]) << UInt64(8 * $1) }
  }

  /// The entry of the given level that translates an address (0 is the first table); missing tables are made.
  private mutating func entryPlace(_ address: UInt64, level: Int, root: UInt64) -> UInt64? {
    let bits = paging.indexBits
    var table = root
    for step in 0...level {
      let shift = 12 + bits[(step + 1)...].reduce(0, +)
      let place = table + ((address >> shift) & (1 << bits[step] - 1)) * UInt64(paging.entryBytes)
      if step == level { return place }
      var next = entry(at: place)
      if next & 1 == 0 {
        guard let frame = newFrame() else { return nil }
        // Present, writable, accessed, dirty; PAE's first table knows only present. ARM64: a table.
        next = frame << 12 | (paging == .arm64 ? 0x703 : paging == .x86PAE && step == 0 ? 1 : 0x63)
        put(next, at: place, entry: true)
      }
      table = next & 0x000F_FFFF_FFFF_F000
    }
    return nil
  }

  /// Maps a virtual page to a frame. Kernel pages are also reached through every space made by `newSpace`.
  public mutating func map(_ address: UInt64, to frame: UInt64, root: UInt64? = nil) {
    guard let place = entryPlace(address, level: paging.indexBits.count - 1, root: root ?? self.root) else { return }
    put(frame << 12 | (paging == .arm64 ? 0x703 : 0x63), at: place, entry: true)
  }

  /// Maps a large page: one level up 2 MB (4 MB on x86 without PAE), two levels up 1 GB. The frame begins such a page.
  public mutating func mapLarge(_ address: UInt64, to frame: UInt64, levelsUp: Int = 1) {
    guard let place = entryPlace(address, level: paging.indexBits.count - 1 - levelsUp, root: root) else { return }
    put(frame << 12 | (paging == .arm64 ? 0x701 : 0xE3), at: place, entry: true)
  }

  /// Writes an entry as the memory manager does, without the valid bit: `value` is the whole entry.
  public mutating func mapSoftware(_ address: UInt64, entry value: UInt64) {
    guard let place = entryPlace(address, level: paging.indexBits.count - 1, root: root) else { return }
    put(value, at: place, entry: true)
  }

  /// Maps a virtual page to a frame in one space alone: tables on the way that it shares with the kernel's are copied first.
  mutating func mapPrivately(_ address: UInt64, to frame: UInt64, root: UInt64) {
    let bits = paging.indexBits
    var table = root
    var kernel: UInt64? = self.root
    for step in bits.indices.dropLast() {
      let shift = 12 + bits[(step + 1)...].reduce(0, +)
      let place = ((address >> shift) & (1 << bits[step] - 1)) * UInt64(paging.entryBytes)
      let own = entry(at: table + place)
      let shared = kernel.map { entry(at: $0 + place) }
      if own & 1 != 0, own == shared, let copy = newFrame(), let slot = slots[(own & 0x000F_FFFF_FFFF_F000) >> 12] {
        put(Array(storage[slot..<slot + Self.pageBytes]), atPhysical: copy << 12)
        put(copy << 12 | own & 0xFFF, at: table + place, entry: true)
      }
      kernel = shared.flatMap { $0 & 1 != 0 ? $0 & 0x000F_FFFF_FFFF_F000 : nil }
      // Made where there is none.
      guard entryPlace(address, level: step + 1, root: root) != nil else { return }
      table = entry(at: table + place) & 0x000F_FFFF_FFFF_F000
    }
    map(address, to: frame, root: root)
  }

  /// The frame behind a virtual page; nil where it is not mapped.
  public func frame(of address: UInt64, root: UInt64? = nil) -> UInt64? {
    let bits = paging.indexBits
    var table = root ?? self.root
    for step in bits.indices {
      let shift = 12 + bits[(step + 1)...].reduce(0, +)
      let value = entry(at: table + ((address >> shift) & (1 << bits[step] - 1)) * UInt64(paging.entryBytes))
      guard value & 1 != 0 else { return nil }
      let isLarge = step < bits.count - 1 && (paging == .arm64 ? value & 2 == 0 : value & 0x80 != 0)
      if isLarge && !(paging == .x86PAE && step == 0) {
        return (value & 0x000F_FFFF_FFFF_F000) >> 12 + (address >> 12) & (1 << (shift - 12) - 1)
      }
      table = value & 0x000F_FFFF_FFFF_F000
    }
    return table >> 12
  }

  /// Bytes at a virtual address; pages that are not mapped get a fresh frame. False where memory is used up.
  @discardableResult
  public mutating func put(_ bytes: [UInt8], at address: UInt64, root: UInt64? = nil) -> Bool {
    var done = 0
    while done < bytes.count {
      let place = address &+ UInt64(done)
      let count = min(bytes.count - done, Self.pageBytes - Int(place & 0xFFF))
      let frame: UInt64
      if let known = self.frame(of: place, root: root) {
        frame = known
        touch(frame)
      } else {
        guard let fresh = newFrame() else { return false }
        map(place & ~0xFFF, to: fresh, root: root)
        frame = fresh
      }
      if let slot = slots[frame] {
        let start = slot + Int(place & 0xFFF)
        storage.replaceSubrange(start..<start + count, with: bytes[done..<done + count])
      }
      done += count
    }
    return true
  }

  /// Another process's first table: it shares the kernel's half, which must be mapped before.
  public mutating func newSpace() -> UInt64? {
    let size = paging == .x86PAE ? 4 * 8 : Self.pageBytes
    guard let frame = newFrame(), let own = slots[root >> 12] else { return nil }
    let table = Array(storage[own..<own + size])
    // The kernel's half: the upper half of the first table; under PAE the last two of four.
    put(table[(size / 2)...], atPhysical: frame << 12 + UInt64(size / 2))
    return frame << 12
  }
}
