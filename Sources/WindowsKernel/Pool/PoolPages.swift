import ByteReading
import CrashDumpFormat
import Dispatch
import Facts
import Synchronization

/// Every page of pool that a dump holds, counted.
///
/// Which pages are pool is told by the pages: only those whose blocks lead from the first byte to the last. The kernel's page
/// tables say which pages are in use at all, so that what a free page still holds of former pool is not counted. A page that
/// several addresses lead to is counted once. Pages that only a session's processes map are counted for each session.
struct PoolPages: Sendable {
  /// A page whose blocks stop leading to each other.
  struct DamagedPage: Sendable {
    var fileOffset: Int
    var damage: PoolPage.Damage
    var address: UInt64?
  }

  var counts = PoolCounts()
  /// Pages that are pool, whole and damaged.
  var pages = 0
  var damagedPages = 0
  /// The first of them by place in the file, at most `listedDamage`.
  var damaged: [DamagedPage] = []
  /// The kernel's page tables lead to more pages than there can be: they are damaged, and not all was looked at.
  var isCut = false

  static let listedDamage = 64
  /// Where pages that hold memory descriptors in use begin in the file, ascending; the first of them.
  var descriptorPages: [Int] = []
  /// Of the sessions asked for, in their order.
  var sessions: [SessionPages] = []
  /// Pages that one task takes at a time: 4 MiB.
  private static let blockPages: UInt64 = 1024

  init(
    _ memory: VirtualMemory, format: PoolHeaderFormat, sessions asked: [SessionPages.Asked] = [], tasks: Int = 2
  ) {
    let mapped = MappedPages(memory)
    isCut = mapped.isCut
    let tasks = max(1, min(tasks, 64))
    let parts = Mutex([PoolPages]())
    DispatchQueue.concurrentPerform(iterations: tasks) { task in
      var part = PoolPages()
      part.walk(memory.physical, mapped, PoolPage(format: format), task: UInt64(task), of: UInt64(tasks))
      parts.withLock { $0.append(part) }
    }
    for part in parts.withLock({ $0 }) {
      counts.add(part.counts)
      pages += part.pages
      damagedPages += part.damagedPages
      damaged += part.damaged
      descriptorPages += part.descriptorPages
    }
    descriptorPages.sort()
    descriptorPages.removeLast(max(0, descriptorPages.count - MemoryDescriptors.maximumFollowed))
    damaged.sort { $0.fileOffset < $1.fileOffset }
    damaged.removeLast(max(0, damaged.count - Self.listedDamage))
    if !damaged.isEmpty { findAddresses(memory) }
    sessions = SessionPages.all(asked, memory, mapped, PoolPage(format: format))
  }

  private init() {}

  private mutating func walk(
    _ physical: PhysicalMemory, _ mapped: MappedPages, _ page: PoolPage, task: UInt64, of tasks: UInt64
  ) {
    physical.forEachSegment { segment in
      var done: UInt64 = 0
      while done < segment.pageCount {
        // Blocks are cut at the same page numbers for every task.
        let first = segment.firstPage &+ done
        let count = min(segment.pageCount - done, Self.blockPages - first % Self.blockPages)
        if first / Self.blockPages % tasks == task {
          let offset = Int(clamping: segment.fileOffset &+ done &* UInt64(PhysicalMemory.pageBytes))
          block(physical.file, mapped, page, at: offset, pages: Int(count))
        }
        done += count
      }
      return true
    }
  }

  private mutating func block(
    _ file: MappedFile, _ mapped: MappedPages, _ page: PoolPage, at offset: Int, pages count: Int
  ) {
    let bytes = file.bytes
    var descriptors = counts.live(MemoryDescriptors.tag, isPaged: false)
    for index in 0..<count {
      let place = offset + index * PhysicalMemory.pageBytes
      guard mapped.contains(place), let content = bytes.part(at: place, count: PoolPage.bytes) else { continue }
      switch page.count(content, into: &counts) {
      case .none: continue
      case .whole: pages += 1
      case .damaged(let damage):
        pages += 1
        damagedPages += 1
        if damaged.count < Self.listedDamage { damaged.append(DamagedPage(fileOffset: place, damage: damage)) }
      }
      let live = counts.live(MemoryDescriptors.tag, isPaged: false)
      if live > descriptors, descriptorPages.count < MemoryDescriptors.maximumFollowed { descriptorPages.append(place) }
      descriptors = live
    }
  }

  private mutating func findAddresses(_ memory: VirtualMemory) {
    var places: [Int: Int] = [:]
    for (index, page) in damaged.enumerated() { places[page.fileOffset] = index }
    MappedPages.forEach(memory) { address, offset in
      if let index = places[offset], damaged[index].address == nil { damaged[index].address = address }
    }
  }
}

/// Which pages of a dump the kernel's page tables lead to, by place in the file: one bit for each 4 KiB of it.
struct MappedPages: Sendable {
  private var bits: [UInt64]
  private(set) var isCut = false

  init(_ memory: VirtualMemory) {
    bits = [UInt64](repeating: 0, count: memory.file.byteCount / PhysicalMemory.pageBytes / 64 + 1)
    isCut = Self.forEach(memory) { _, offset in
      let page = offset / PhysicalMemory.pageBytes
      bits[page / 64] |= 1 << UInt64(page % 64)
    }
  }

  @inline(__always)
  func contains(_ offset: Int) -> Bool {
    let page = offset / PhysicalMemory.pageBytes
    return bits[page / 64] >> UInt64(page % 64) & 1 != 0
  }

  /// Address and place of every page that the kernel's half leads to and the dump holds. True where it was cut short.
  @discardableResult
  static func forEach(_ memory: VirtualMemory, _ body: (UInt64, Int) -> Void) -> Bool {
    let physical = memory.physical
    // Aliases are few on a sound machine.
    var left = 1 << 20 + 8 * Int(clamping: min(physical.presentPages, 1 << 40))
    var tables = AddressTranslator.maximumTables
    memory.translator.forEachKernelFrame(tables: &tables) { address, frame in
      left -= 1
      if let offset = physical.fileOffset(ofPage: frame) { body(address, offset) }
      return left > 0
    }
    return left <= 0
  }
}
