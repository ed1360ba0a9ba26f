import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Symbols
import TestSupport
import Testing
import WindowsKernel

/// Pool that was described is counted again to the block, damage costs only what it hit, and what cannot be read is said.
@Suite struct PoolTests {
  /// Kernels whose pool has block headers throughout.
  static let kernels = ["2600", "3790", "3790-x64", "6001", "6001-x64", "7601", "9600", "17763"]

  private func machine(
    _ name: String, seed: UInt64, damaged: Int = 0, paging: SynthesizedPaging? = nil
  ) throws -> (WholeMachine, SynthesizedPool) {
    let kernel = try #require(SynthesizedKernel.find(name))
    var whole = WholeMachine.sample(kernel, paging: paging, memoryBytes: 8 << 20, seed: seed)
    let pool = SynthesizedPool(
      kernel, pageCount: 120, meanBlock: seed.isMultiple(of: 2) ? 90 : 400, damagedPages: damaged, seed: seed)
    whole.pool = pool
    return (whole, pool)
  }

  private func read(_ bytes: [UInt8], symbols: SymbolFolder? = nil) throws -> KernelDump {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "pool.dmp")), symbols: symbols)
  }

  /// The kernel's symbols as a folder, where the build's own addresses are not bundled or not all.
  private func symbols(of whole: WholeMachine) throws -> (TemporaryFolder, SymbolFolder) {
    let folder = try TemporaryFolder()
    let table = SynthesizedSymbolTable(
      module: "ntoskrnl.exe", database: whole.kernel.pdbName, guid: whole.kernel.pdbGUID, age: whole.kernel.pdbAge,
      machineType: whole.kernel.architecture == .x64 ? 0x8664 : 0x14C,
      symbols: whole.kernel.symbols)
    try folder.write(table.relativePath, table.json().utf8)
    return (folder, SymbolFolder(paths: [folder.path]))
  }

  private func expect(_ pool: KernelPool, _ truth: SynthesizedPool, big: Bool, _ note: String) {
    var found: [SynthesizedPool.Key: KernelPool.Use] = [:]
    for use in pool.uses { found[SynthesizedPool.Key(use.tag, isPaged: use.isPaged)] = use }
    #expect(Set(found.keys).isSubset(of: truth.truth.keys), "\(note)")
    for (key, stated) in truth.truth {
      let use = found[key]
      let note = "\(note), \(key.tag) \(key.isPaged)"
      #expect(use?.live ?? 0 == stated.live - (big ? 0 : stated.big), "\(note)")
      #expect(use?.liveBytes ?? 0 == stated.liveBytes - (big ? 0 : stated.bigBytes), "\(note)")
      #expect(use?.free ?? 0 == stated.free, "\(note)")
      #expect(use?.freeBytes ?? 0 == stated.freeBytes, "\(note)")
      #expect(use?.big ?? 0 == (big ? stated.big : 0), "\(note)")
    }
  }

  private func expect(_ tracker: PoolTracker?, _ truth: SynthesizedPool, _ note: String) {
    #expect(tracker?.isWhole == true, "\(note)")
    var entries: [PoolTag: PoolTracker.Entry] = [:]
    for entry in tracker?.entries ?? [] { entries[entry.tag] = entry }
    for (key, stated) in truth.truth where stated.live > 0 {
      let use = key.isPaged ? entries[key.tag]?.paged : entries[key.tag]?.nonPaged
      #expect(use?.allocations == stated.allocations, "\(note), \(key.tag)")
      #expect(use?.frees == stated.frees, "\(note), \(key.tag)")
      #expect(use?.live == stated.live, "\(note), \(key.tag)")
      #expect(use?.bytes == stated.liveBytes, "\(note), \(key.tag)")
    }
  }

  @Test(arguments: kernels, [1, 5] as [UInt32])
  func everyGeneration(name: String, type: UInt32) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let (whole, truth) = try machine(name, seed: seed)
      let dump = try read(MemoryDump(whole, .dump(.init(rawValue: type))).encoded())
      let pool = dump.pool()
      let note = "\(name), type \(type), seed \(seed)"
      #expect(pool.pages == 120, "\(note)")
      #expect(pool.damagedPages == 0, "\(note)")
      // Addresses of the table of big allocations are bundled for x64 builds from 7 SP1 on.
      let isNamed = SynthesizedKernel.named.contains { $0.name == name }
      expect(pool, truth, big: isNamed, note)
      #expect(pool.missing.contains { $0.what == "pool.big" } == !isNamed, "\(note)")
      expect(pool.tracker, truth, note)
    }
  }

  @Test(arguments: kernels) func withSymbols(name: String) throws {
    let (whole, truth) = try machine(name, seed: 7)
    let (folder, symbols) = try symbols(of: whole)
    let dump = try read(MemoryDump(whole, .dump(.bitmapFull)).encoded(), symbols: symbols)
    let pool = dump.pool()
    expect(pool, truth, big: true, name)
    expect(pool.tracker, truth, name)
    #expect(pool.tracker?.sizeIsGuess == false)
    #expect(pool.missing.allSatisfy { $0.what == "pool.sessions" })
    withExtendedLifetime(folder) {}
  }

  @Test(arguments: [("3790", SynthesizedPaging.x86), ("3790", .x86PAE), ("7601", .x64FiveLevels)])
  func otherPageTables(name: String, paging: SynthesizedPaging) throws {
    let (whole, truth) = try machine(name, seed: 9, paging: paging)
    let dump = try read(MemoryDump(whole, .dump(.full)).encoded())
    let isNamed = SynthesizedKernel.named.contains { $0.name == name }
    expect(dump.pool(), truth, big: isNamed, "\(paging)")
  }

  @Test(arguments: kernels) func anyNumberOfTasks(name: String) throws {
    let (whole, _) = try machine(name, seed: 10, damaged: 9)
    let dump = try read(MemoryDump(whole, .dump(.full)).encoded())
    let one = dump.pool(tasks: 1)
    for tasks in [2, 3, 8] {
      let other = dump.pool(tasks: tasks)
      #expect(other.uses == one.uses)
      #expect(other.damaged == one.damaged)
    }
  }

  /// A header that somebody wrote over: it is named with its neighbours, and every other block is counted.
  @Test(arguments: kernels) func damagedChains(name: String) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let (whole, truth) = try machine(name, seed: seed * 2, damaged: 20)
      let pool = try read(MemoryDump(whole, .dump(.full)).encoded()).pool()
      #expect(truth.damage.count > 5)
      #expect(pool.damagedPages == truth.damage.count, "\(name), seed \(seed)")
      let found = Set(
        pool.damaged.map { "\($0.address.rawValue >> 12) \($0.tagBefore) \($0.tagAfter?.description ?? "")" })
      let expected = Set(truth.damage.map { "\($0.address >> 12) \($0.before) \($0.after?.description ?? "")" })
      #expect(found == expected, "\(name), seed \(seed)")
      let isNamed = SynthesizedKernel.named.contains { $0.name == name }
      expect(pool, truth, big: isNamed, "\(name), seed \(seed)")
    }
  }

  /// From 1903 on the pool is a segment heap: where it is not in the dump, that is said, not guessed.
  @Test func segmentHeapIsNotThere() throws {
    let (whole, truth) = try machine("19041", seed: 3)
    let pool = try read(MemoryDump(whole, .dump(.bitmapFull)).encoded()).pool()
    #expect(pool.pages == nil && pool.heaps == nil)
    #expect(pool.uses.isEmpty)
    #expect(pool.missing.contains { $0.what == "pool.pages" && $0.because == .notInDump })
    expect(pool.tracker, truth, "19041")
  }

  /// Pages that the kernel's tables do not lead to may still hold what was pool once: not counted.
  @Test(arguments: ["3790", "7601"]) func unmappedPagesAreNotCounted(name: String) throws {
    let (whole, truth) = try machine(name, seed: 5)
    let writer = MemoryDump(whole, .dump(.full))
    var bytes = writer.encoded()
    let head = whole.kernel.architecture == .x86 ? 0x1000 : 0x2000
    let frames = writer.memory.runs.flatMap { Array($0.basePage..<($0.basePage + $0.pageCount)) }
    let used = Set(writer.memory.frames)
    let page = try #require(
      frames.indices.first { index in
        used.contains(frames[index])
          && chains(bytes[(head + index * 4096)..<(head + (index + 1) * 4096)], head == 0x1000)
      })
    let content = Array(bytes[(head + page * 4096)..<(head + (page + 1) * 4096)])
    let free = frames.indices.filter { !used.contains(frames[$0]) }.prefix(50)
    #expect(free.count == 50)
    for index in free {
      bytes.replaceSubrange((head + index * 4096)..<(head + (index + 1) * 4096), with: content)
    }
    let pool = try read(bytes).pool()
    #expect(pool.pages == 120)
    expect(pool, truth, big: name == "7601", name)
  }

  /// A page whose sizes lead to its end, spelled out for the two forms of headers.
  private func chains(_ page: ArraySlice<UInt8>, _ isNarrow: Bool) -> Bool {
    let bytes = Array(page)
    var offset = 0
    while offset < 4096 {
      let size =
        isNarrow ? 8 * (Int(bytes[offset + 2]) | Int(bytes[offset + 3] & 1) << 8) : 16 * Int(bytes[offset + 2])
      if size == 0 { return false }
      offset += size
    }
    return offset == 4096
  }

  /// Whatever stands in the pages and tables: no trap, and never more blocks than fit.
  @Test(arguments: kernels + ["19041"]) func mutated(name: String) throws {
    let (whole, _) = try machine(name, seed: 21, damaged: 3)
    let bytes = MemoryDump(whole, .dump(.bitmapKernel)).encoded()
    var random = SplitMix64(seed: 77)
    for round in 0..<60 {
      var copy = bytes
      for _ in 0..<(1 << random.index(below: 12)) {
        copy[0x2100 + random.index(below: copy.count - 0x2100)] = UInt8(truncatingIfNeeded: random.next())
      }
      if round % 5 == 0 { copy.removeLast(random.index(below: copy.count / 2)) }
      guard let dump = try? read(copy) else { continue }
      let pool = dump.pool()
      let small = pool.uses.reduce(0 as UInt64) { $0 &+ $1.live &- $1.big &+ $1.free }
      #expect(small <= UInt64(copy.count / 8), "round \(round)")
      #expect(pool.damaged.count <= 64)
    }
  }
}
