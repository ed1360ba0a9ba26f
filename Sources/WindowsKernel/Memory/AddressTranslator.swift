import CrashDumpFormat
import Facts

/// Where a virtual address leads.
@frozen
public enum Translation: Hashable, Sendable {
  /// Mapped: the physical address, and the size of the page it lies in.
  case mapped(PhysicalAddress, pageBytes: UInt64)
  /// Not mapped any more, but its page still holds the content: standby and modified lists, and pages being read in.
  case transition(PhysicalAddress)
  /// Written to a page file: which one, and the offset in pages.
  case pagedOut(file: Int, page: UInt64)
  /// Its content stands in a file that is mapped, or a shared page whose prototype entry leads no further.
  case inMappedFile
  /// Never touched: the first access would give a page of zeros.
  case demandZero
  /// A page table on the way, or the prototype entry, is not in the dump.
  case tableNotInDump(PhysicalAddress, level: Int)
  /// No such address: the entry at this level is empty (1 is the last table).
  case notMapped(level: Int)

  /// The physical address where the content is.
  @inlinable
  public var physical: PhysicalAddress? {
    switch self {
    case .mapped(let address, _), .transition(let address): address
    default: nil
    }
  }
}

/// Walks page tables in physical memory.
///
/// Hardware entries: Intel 64 and IA-32 manual, volume 3, chapter 4; Arm Architecture Reference Manual, D8. Entries that
/// the processor does not look at are the memory manager's: bit positions from the public types _MMPTE_SOFTWARE,
/// _MMPTE_TRANSITION, _MMPTE_PROTOTYPE and _MMPTE_SUBSECTION.
public struct AddressTranslator: Sendable {
  public let physical: PhysicalMemory
  public let mode: PagingMode
  /// Physical address of the first table.
  public let root: UInt64
  /// Bits a page number in the dump can have: since 1803 the manager sets one above them in transition entries.
  @usableFromInline let pageBits: UInt64

  public init(_ physical: PhysicalMemory, mode: PagingMode, directoryTableBase: PhysicalAddress) {
    self.physical = physical
    self.mode = mode
    root = directoryTableBase.rawValue & mode.rootMask
    let highest = max(1, physical.endPage)
    pageBits = UInt64(64 - (highest - 1).leadingZeroBitCount)
  }

  public func translate(_ address: VirtualAddress) -> Translation { translate(address.rawValue, depth: 0) }

  private func translate(_ address: UInt64, depth: Int) -> Translation {
    guard mode.isCanonical(address) else { return .notMapped(level: mode.levels) }
    var table = root
    var level = mode.levels
    while level > 0 {
      let shift = 12 + UInt64(level - 1) * mode.indexBits
      // PAE's first table has four entries.
      let bits = mode == .x86PAE && level == 3 ? 2 : mode.indexBits
      let index = (address >> shift) & ((1 << bits) - 1)
      let place = PhysicalAddress(table &+ index &* mode.entryBytes)
      let loaded =
        mode.entryBytes == 4
        ? physical.load(at: place, as: UInt32.self).map(UInt64.init) : physical.load(at: place, as: UInt64.self)
      guard let entry = loaded else { return .tableNotInDump(place, level: level) }
      guard entry & 1 != 0 else { return software(entry, address, level: level, depth: depth) }
      if level == 1 {
        // ARM64: a page has bit 1 set as well.
        if mode == .arm64, entry & 2 == 0 { return .notMapped(level: 1) }
        return .mapped(PhysicalAddress(entry & mode.addressMask | address & 0xFFF), pageBytes: 0x1000)
      }
      if isLarge(entry, level: level) { return large(entry, address, shift: shift) }
      table = entry & mode.addressMask
      level -= 1
    }
    return .notMapped(level: 0)
  }

  func isLarge(_ entry: UInt64, level: Int) -> Bool {
    switch mode {
    case .x86: level == 2 && entry & 0x80 != 0
    case .x86PAE: level == 2 && entry & 0x80 != 0
    case .x64, .x64FiveLevels: (level == 2 || level == 3) && entry & 0x80 != 0
    case .arm64: (level == 2 || level == 3) && entry & 2 == 0
    }
  }

  private func large(_ entry: UInt64, _ address: UInt64, shift: UInt64) -> Translation {
    let size: UInt64 = 1 << shift
    var base = entry & mode.addressMask & ~(size - 1)
    // PSE-36: bits 13 to 20 of a 4 MB page's entry are bits 32 to 39 of its address.
    if mode == .x86 { base |= (entry >> 13 & 0xFF) << 32 }
    return .mapped(PhysicalAddress(base | address & (size - 1)), pageBytes: size)
  }

  private static let transitionBit: UInt64 = 1 << 11
  private static let prototypeBit: UInt64 = 1 << 10
  /// All ones where a prototype's address would be: the entry stands in the region's own description (VAD) instead.
  private static let noPrototype64: UInt64 = 0xFFFF_FFFF_0000
  private static let noPrototype32: UInt64 = 0xFFFF_FFFF

  /// An entry without the valid bit.
  private func software(_ entry: UInt64, _ address: UInt64, level: Int, depth: Int) -> Translation {
    if entry == 0 { return .notMapped(level: level) }
    // The software bits of ARM64 differ, and no public type says how: what is not valid is only known to be absent.
    if mode == .arm64 { return level == 1 ? .inMappedFile : .notMapped(level: level) }
    let inPage = address & ((1 << (12 + UInt64(level - 1) * mode.indexBits)) - 1)
    if entry & Self.prototypeBit != 0 {
      // A page table is never a shared page.
      guard level == 1 else { return .notMapped(level: level) }
      return depth == 0 ? prototype(entry, inPage) : .inMappedFile
    }
    if entry & Self.transitionBit != 0 {
      let page = (entry & mode.addressMask) >> 12 & ((1 << max(pageBits, 20)) - 1)
      guard level > 1 else { return .transition(PhysicalAddress(page << 12 | inPage)) }
      return .notMapped(level: level)
    }
    let page = mode == .x86 ? entry >> 12 : entry >> 32
    if page == 0 || (mode != .x86 && page == 0xFFFF_FFFF) { return level == 1 ? .demandZero : .notMapped(level: level) }
    // Newer systems keep the page file's number in bits 12 to 15 and mark it by bit 2; older ones in 1 to 4.
    let file = mode == .x64 && entry & 0x1E == 0x4 ? entry >> 12 & 0xF : entry >> 1 & 0xF
    return level == 1 ? .pagedOut(file: Int(file), page: page) : .notMapped(level: level)
  }

  /// Shared pages have one entry that says where they are, to which the processes' entries lead.
  private func prototype(_ entry: UInt64, _ inPage: UInt64) -> Translation {
    let place: UInt64
    switch mode {
    case .x64, .x64FiveLevels:
      guard entry >> 16 != Self.noPrototype64 >> 16, entry >> 16 != 0 else { return .inMappedFile }
      place = UInt64(bitPattern: Int64(bitPattern: entry) >> 16)
    case .x86PAE:
      guard entry >> 32 != Self.noPrototype32, entry >> 32 != 0 else { return .inMappedFile }
      place = entry >> 32
    case .x86, .arm64:
      // The 28 bits that are left on x86 count from the start of paged pool, which is known by symbol only.
      return .inMappedFile
    }
    guard let physicalPlace = translate(place, depth: 1).physical else { return .inMappedFile }
    guard let prototype = physical.load(at: physicalPlace, as: UInt64.self) else {
      return .tableNotInDump(physicalPlace, level: 1)
    }
    if prototype & 1 != 0 {
      return .mapped(PhysicalAddress(prototype & mode.addressMask | inPage), pageBytes: 0x1000)
    }
    return software(prototype, inPage, level: 1, depth: 1)
  }
}
