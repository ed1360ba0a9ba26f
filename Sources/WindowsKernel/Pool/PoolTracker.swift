import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// The kernel's own count of allocations and frees of each tag: PoolTrackTable, one entry a tag, and the tables of further
/// processors.
public struct PoolTracker: Sendable {
  /// What one tag holds of one pool. Sums over processors: a block may be freed by another than allocated it.
  public struct Use: Hashable, Sendable {
    public var allocations: UInt64 = 0
    public var frees: UInt64 = 0
    public var bytes: UInt64 = 0
    /// Blocks that are in use: the counts may have run over where they have 32 bits.
    public var live: UInt64 = 0
  }

  public struct Entry: Hashable, Sendable {
    public var tag: PoolTag
    public var nonPaged = Use()
    public var paged = Use()
  }

  /// By tag, ascending; entries without any use are left out.
  public var entries: [Entry] = []
  /// How many processors' tables were added up.
  public var tables = 0
  /// Entries that lie in pages the dump does not hold.
  public var unread = 0
  /// Where the table ends was told by its content, not by the kernel's own variable.
  public var sizeIsGuess = false
  /// Every processor's table was found.
  public var isWhole = true

  /// Real tables have a few thousand entries.
  static let maximumEntries = 1 << 17
  /// The most processors Windows knows.
  static let maximumTables = 2048
}

/// Where a kernel's pool variables are: by exact symbols, else by the bundled addresses of a known build, else by the
/// debugger data block.
struct PoolVariables: Sendable {
  let space: KernelSpace
  let base: UInt64?
  let symbols: SymbolTable?
  let build: KernelBuild?

  func address(_ name: String) -> UInt64? {
    if let base, let offset = symbols?.offset(of: name) { return base &+ UInt64(offset) }
    if let base, let offset = build?.rva(of: name) { return base &+ UInt64(offset) }
    return name == "PoolTrackTable" ? space.address(.poolTrackTable) : nil
  }

  func pointer(_ name: String) -> UInt64? {
    address(name).flatMap { space.pointer(at: $0) }.flatMap { $0 == 0 ? nil : $0 }
  }

  /// A count, as wide as a pointer.
  func count(_ name: String, upTo limit: Int) -> Int? {
    address(name).flatMap { space.pointer(at: $0) }.flatMap { $0 > 0 && $0 <= UInt64(limit) ? Int($0) : nil }
  }
}

/// Reads tables of POOL_TRACKER_TABLE by the layout of the build.
struct PoolTrackerReader {
  let space: KernelSpace
  private let size: Int
  private let key: Int
  private let fields: [(allocations: Int, frees: Int, bytes: Int)]
  /// Width of the counts of allocations and frees, and of bytes.
  private let countBytes: Int
  private let byteBytes: Int

  /// nil where the layout does not have the type.
  init?(_ space: KernelSpace, _ layout: KernelLayout) {
    func offset(_ field: String) -> Int? { layout.offset("_POOL_TRACKER_TABLE", field) }
    guard let size = layout.size(of: "_POOL_TRACKER_TABLE"), size > 0, let key = offset("Key"),
      let allocations = offset("NonPagedAllocs"), let frees = offset("NonPagedFrees"),
      let bytes = offset("NonPagedBytes"), let pagedAllocations = offset("PagedAllocs"),
      let pagedFrees = offset("PagedFrees"), let pagedBytes = offset("PagedBytes")
    else { return nil }
    self.space = space
    self.size = size
    self.key = key
    fields = [(allocations, frees, bytes), (pagedAllocations, pagedFrees, pagedBytes)]
    // The fields stand one behind the other: since 10 1607 the counts are as wide as a pointer.
    countBytes = abs(frees - allocations) >= 8 ? 8 : 4
    byteBytes = space.pointerBytes
  }

  /// - Parameter processors: how many the machine has; the tables of those behind the first are looked for.
  func read(_ variables: PoolVariables, processors: Int) -> PoolTracker? {
    guard let variable = variables.address("PoolTrackTable"), let table = space.pointer(at: variable), table != 0
    else { return nil }
    var tracker = PoolTracker()
    var count = variables.count("PoolTrackTableSize", upTo: PoolTracker.maximumEntries)
    if count == nil {
      // In many builds the size stands right before the table's address.
      let before = space.pointer(at: variable &- UInt64(space.pointerBytes))
      if let before, before >= 256, before <= UInt64(PoolTracker.maximumEntries),
        before & (before - 1) == 0 || (before - 1) & (before - 2) == 0
      {
        count = Int(before)
      }
    }
    tracker.sizeIsGuess = count == nil
    let entries = count ?? extent(of: table)
    guard entries > 0 else { return nil }
    var sums: [UInt32: PoolTracker.Entry] = [:]
    let tables = self.tables(variables, first: table, variable: variable, processors: processors)
    tracker.isWhole = tables.count >= processors || tables.isPerMachine
    for table in tables.addresses { add(table, entries, &sums, &tracker) }
    tracker.tables = tables.addresses.count
    settle(sums, &tracker)
    return tracker.entries.isEmpty ? nil : tracker
  }

  /// One table of a known size; nil where it is not in the dump, or holds what no such table can.
  func read(at table: UInt64, bytes: Int) -> PoolTracker? {
    var tracker = PoolTracker()
    var sums: [UInt32: PoolTracker.Entry] = [:]
    let entries = bytes / size
    guard (0..<entries).allSatisfy({ isEntry(table &+ UInt64($0 * size)) }) else { return nil }
    add(table, entries, &sums, &tracker)
    tracker.tables = 1
    settle(sums, &tracker)
    return tracker.entries.isEmpty ? nil : tracker
  }

  private func settle(_ sums: [UInt32: PoolTracker.Entry], _ tracker: inout PoolTracker) {
    tracker.entries = sums.values.filter { $0.nonPaged != .init() || $0.paged != .init() }.map { entry in
      var entry = entry
      entry.nonPaged = settled(entry.nonPaged)
      entry.paged = settled(entry.paged)
      return entry
    }.sorted { $0.tag.rawValue < $1.tag.rawValue }
  }

  private struct Tables {
    var addresses: [UInt64]
    var isPerMachine = false
    var count: Int { addresses.count }
  }

  /// ExPoolTagTables begins with the first table's address and has one for each processor. Without symbols it is looked for
  /// near the variable: the second place with that address, followed by those of as many tables as there are processors.
  private func tables(
    _ variables: PoolVariables, first: UInt64, variable: UInt64, processors: Int
  ) -> Tables {
    let wanted = max(1, min(processors, PoolTracker.maximumTables))
    // Before Vista there is one table.
    if space.build < 6000 { return Tables(addresses: [first], isPerMachine: true) }
    func array(at place: UInt64) -> [UInt64]? {
      var found: [UInt64] = []
      while found.count < wanted {
        guard let table = space.pointer(at: place &+ UInt64(found.count * space.pointerBytes)), table != 0,
          !found.contains(table), isEntry(table)
        else { return nil }
        found.append(table)
      }
      return found.first == first ? found : nil
    }
    if let place = variables.address("ExPoolTagTables"), let found = array(at: place) {
      return Tables(addresses: found)
    }
    if wanted == 1 { return Tables(addresses: [first]) }
    for distance in stride(from: UInt64(space.pointerBytes), to: 0x4000, by: space.pointerBytes) {
      for place in [variable &+ distance, variable &- distance] {
        if space.pointer(at: place) == first, let found = array(at: place) { return Tables(addresses: found) }
      }
    }
    return Tables(addresses: [first])
  }

  /// Whether an address holds what an entry can: an empty one, or one of a tag.
  private func isEntry(_ address: UInt64) -> Bool {
    guard let key = space.memory.load(at: VirtualAddress(address &+ UInt64(key)), as: UInt32.self) else { return false }
    if key != 0 { return PoolHeaderFormat.isPlausible(tag: key) }
    guard let bytes = space.memory.bytes(at: VirtualAddress(address), count: size) else { return false }
    return bytes.allSatisfy { $0 == 0 }
  }

  /// Entries up to the first that can be none.
  private func extent(of table: UInt64) -> Int {
    var count = 0
    var used = 0
    while count < PoolTracker.maximumEntries, isEntry(table &+ UInt64(count * size)) {
      count += 1
      if space.memory.load(at: VirtualAddress(table &+ UInt64((count - 1) * size + key)), as: UInt32.self) != 0 {
        used = count
      }
    }
    return used
  }

  private func add(
    _ table: UInt64, _ count: Int, _ sums: inout [UInt32: PoolTracker.Entry], _ tracker: inout PoolTracker
  ) {
    for index in 0..<count {
      let place = table &+ UInt64(index * size)
      guard let bytes = space.memory.bytes(at: VirtualAddress(place), count: size) else {
        tracker.unread += 1
        continue
      }
      let span = bytes.span.bytes
      guard let tag = span.loadIfPresent(at: key, as: UInt32.self), tag != 0 else { continue }
      func number(_ offset: Int, _ width: Int) -> UInt64 {
        width == 8
          ? span.loadIfPresent(at: offset, as: UInt64.self) ?? 0
          : UInt64(span.loadIfPresent(at: offset, as: UInt32.self) ?? 0)
      }
      func add(_ use: inout PoolTracker.Use, _ field: (allocations: Int, frees: Int, bytes: Int)) {
        use.allocations &+= number(field.allocations, countBytes)
        use.frees &+= number(field.frees, countBytes)
        use.bytes &+= number(field.bytes, byteBytes)
      }
      let plain = tag & ~PoolHeaderFormat.protected
      var entry = sums[plain] ?? PoolTracker.Entry(tag: PoolTag(rawValue: plain))
      add(&entry.nonPaged, fields[0])
      add(&entry.paged, fields[1])
      sums[plain] = entry
    }
  }

  /// One processor's bytes may be below zero, which the sum evens out, in the width of the field. What stays below zero is
  /// another processor's that was not found.
  private func settled(_ use: PoolTracker.Use) -> PoolTracker.Use {
    var use = use
    let live = use.allocations &- use.frees
    use.live = countBytes == 4 ? live & 0xFFFF_FFFF : live
    if use.live >> (countBytes == 4 ? 31 : 63) != 0 { use.live = 0 }
    if byteBytes == 4 { use.bytes &= 0xFFFF_FFFF }
    if use.bytes >> (byteBytes == 4 ? 31 : 63) != 0, use.allocations <= use.frees || byteBytes == 8 { use.bytes = 0 }
    return use
  }
}
