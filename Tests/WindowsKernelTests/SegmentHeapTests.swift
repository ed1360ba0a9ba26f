import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import KernelLayouts
import Testing

@testable import WindowsKernel

/// Segment heaps that were described are counted again to the block.
@Suite struct SegmentHeapTests {
  private func machine(
    seed: UInt64, damaged: Int = 0, nodes: Int = 1, stateOffset: UInt64? = nil
  ) throws -> (WholeMachine, SynthesizedSegmentHeap, SynthesizedPool) {
    let kernel = try #require(SynthesizedKernel.find("19041"))
    var whole = WholeMachine.sample(kernel, memoryBytes: 12 << 20, seed: seed)
    let heap = try #require(
      SynthesizedSegmentHeap(kernel, nodes: nodes, damaged: damaged, stateOffset: stateOffset, seed: seed))
    // Its tables alone are read: allocations of a page and more.
    let pool = SynthesizedPool(kernel, pageCount: 24, seed: seed)
    whole.segmentHeap = heap
    whole.pool = pool
    return (whole, heap, pool)
  }

  private func read(_ whole: WholeMachine, _ type: EvidenceSynthesis.DumpType = .full) throws -> KernelPool {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: MemoryDump(whole, .dump(type)).encoded(), path: "pool.dmp")))
      .pool()
  }

  private func expect(_ pool: KernelPool, _ heap: SynthesizedSegmentHeap, _ big: SynthesizedPool, _ note: String) {
    var found: [SynthesizedPool.Key: KernelPool.Use] = [:]
    for use in pool.uses { found[SynthesizedPool.Key(use.tag, isPaged: use.isPaged)] = use }
    for key in Set(heap.truth.keys).union(found.keys) {
      let stated = heap.truth[key] ?? SynthesizedPool.Truth()
      let large = big.truth[key] ?? SynthesizedPool.Truth()
      let use = found[key]
      let note = "\(note), \(key.tag) \(key.isPaged)"
      #expect(use?.live ?? 0 == stated.live + large.big, "\(note)")
      #expect(use?.liveBytes ?? 0 == stated.liveBytes + large.bigBytes, "\(note)")
      #expect(use?.free ?? 0 == stated.free, "\(note)")
      #expect(use?.freeBytes ?? 0 == stated.freeBytes, "\(note)")
      #expect(use?.big ?? 0 == large.big, "\(note)")
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>) func everyBlock(seed: UInt64) throws {
    let (whole, heap, big) = try machine(seed: seed, nodes: seed == 4 ? 2 : 1)
    for type in [EvidenceSynthesis.DumpType.full, .bitmapKernel] {
      let pool = try read(whole, type)
      #expect(pool.heaps?.heaps == heap.heaps && pool.heaps?.segments == heap.segments, "seed \(seed)")
      #expect(pool.heaps?.subsegments == heap.subsegments && pool.heaps?.guessedFrom == nil)
      #expect(pool.damagedPages == 0)
      expect(pool, heap, big, "seed \(seed)")
      #expect(pool.missing.contains { $0.what == "pool.free" && $0.detail.hasPrefix("\(heap.untagged) free blocks") })
      #expect(pool.missing.contains { $0.what == "pool.big" && $0.detail.contains("Of \(heap.ranges) ranges") })
    }
  }

  /// Without the place of ExPoolState it is searched in the kernel's image.
  @Test func stateIsFoundBySearch() throws {
    let (whole, heap, big) = try machine(seed: 5, stateOffset: 0x20_0040)
    expect(try read(whole), heap, big, "searched")
  }

  /// An overwritten chunk header costs its own block and is named with its neighbours.
  @Test(arguments: 6...9 as ClosedRange<UInt64>) func damagedChunks(seed: UInt64) throws {
    let (whole, heap, big) = try machine(seed: seed, damaged: 5)
    let pool = try read(whole)
    #expect(!heap.damage.isEmpty)
    #expect(pool.damagedPages == heap.damage.count, "seed \(seed)")
    let found = Set(pool.damaged.map { "\($0.address) \($0.tagBefore) \($0.tagAfter?.description ?? "")" })
    let expected = Set(heap.damage.map { "\(VirtualAddress($0.before)) \($0.tagBefore) \($0.tagAfter)" })
    #expect(found == expected, "seed \(seed)")
    expect(pool, heap, big, "seed \(seed)")
  }

  /// Every bundled layout is complete, and a build without one takes the nearest lower build's, marked as a guess.
  @Test func layouts() {
    #expect(SegmentHeapLayout.all.map(\.build) == [18362, 19041, 19041, 22000])
    for layout in SegmentHeapLayout.all {
      #expect(layout.size(of: "_HEAP_PAGE_RANGE_DESCRIPTOR") == 32 && layout.size(of: "_HEAP_VS_CHUNK_HEADER") == 16)
      #expect(layout.offset("_SEGMENT_HEAP", "SegContexts") == (layout.build == 22000 ? 320 : 256))
      #expect((layout.rva(of: "ExPoolState") ?? 0) > 0x10_0000)
    }
    #expect(SegmentHeapLayout.find(build: 19045)?.isExact == true)
    #expect(SegmentHeapLayout.find(build: 22621)?.isExact == false)
    #expect(SegmentHeapLayout.find(build: 17763) == nil)
  }

  /// Whatever stands there: no trap, and never more blocks than fit.
  @Test func mutated() throws {
    let (whole, _, _) = try machine(seed: 11)
    let bytes = MemoryDump(whole, .dump(.bitmapKernel)).encoded()
    var random = SplitMix64(seed: 78)
    for round in 0..<60 {
      var copy = bytes
      for _ in 0..<(1 << random.index(below: 13)) {
        copy[0x2100 + random.index(below: copy.count - 0x2100)] = UInt8(truncatingIfNeeded: random.next())
      }
      if round % 5 == 0 { copy.removeLast(random.index(below: copy.count / 2)) }
      guard let dump = try? CrashDump(parsing: MappedFile(bytes: copy, path: "pool.dmp")) else { continue }
      let pool = KernelDump(dump).pool()
      let small = pool.uses.reduce(0 as UInt64) { $0 &+ $1.live &- $1.big &+ $1.free }
      #expect(small <= UInt64(copy.count / 16), "round \(round)")
      #expect(pool.damaged.count <= PoolPages.listedDamage)
    }
  }
}

/// Pages of pool before XP, laid out by hand from Documentation/Formats/pool.md.
@Suite struct OldPoolTests {
  /// previous size, index, type, size; the tag; in units of 32 bytes.
  private func page(_ blocks: [(size: UInt8, type: UInt8, tag: UInt32)]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    var offset = 0
    var previous: UInt8 = 0
    for block in blocks {
      bytes[offset] = previous
      bytes[offset + 2] = block.type
      bytes[offset + 3] = block.size
      for index in 0..<4 { bytes[offset + 4 + index] = UInt8(truncatingIfNeeded: block.tag >> UInt32(8 * index)) }
      previous = block.size
      offset += 32 * Int(block.size)
    }
    return bytes
  }

  @Test(arguments: [1381, 2195] as [UInt32]) func blocksOf32Bytes(build: UInt32) throws {
    let format = try #require(PoolHeaderFormat(build: build, pointerBytes: 4))
    #expect(!format.isConfirmed)
    let mdl: UInt32 = 0x206C_644D
    let bytes = page([(2, 1, mdl), (4, 1, mdl), (8, 0, mdl), (1, 9, 0x8123_4568), (113, 1, 0x6C6F_6F50)])
    var counts = PoolCounts()
    #expect(PoolPage(format: format).count(bytes.span.bytes, into: &counts) == .whole)
    let use = try #require(counts.entries.first { $0.tag == PoolTag("Mdl") && !$0.isPaged })
    #expect(use.live == 2 && use.liveBytes == 192 && use.free == 1 && use.freeBytes == 256)
    // Charged to a process whose address stands where the tag would be.
    #expect(counts.charged == 1)
    #expect(counts.entries.contains { $0.tag.rawValue == 0 && $0.live == 1 })
    #expect(PoolHeaderFormat(build: build, pointerBytes: 8) == nil)
    #expect(PoolHeaderFormat(build: 1057, pointerBytes: 4) == nil)
  }

  /// The same in XP's form: a process is no tag.
  @Test func chargedBlocksOfXP() throws {
    let format = try #require(PoolHeaderFormat(build: 2600, pointerBytes: 4))
    var bytes = [UInt8](repeating: 0, count: 4096)
    func put(_ value: UInt32, _ offset: Int) {
      for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }
    // 256 units of 8 bytes twice: type 1 + in use, the first charged.
    put(256 << 16 | (1 | 4 | 8) << 25, 0)
    put(0x8234_5678, 4)
    put(256 | 256 << 16 | (1 | 4) << 25, 2048)
    put(0x656C_6946, 2052)
    var counts = PoolCounts()
    #expect(PoolPage(format: format).count(bytes.span.bytes, into: &counts) == .whole)
    #expect(counts.charged == 1)
    #expect(counts.entries.filter { $0.live > 0 }.map(\.tag.rawValue).sorted() == [0, 0x656C_6946])
  }
}
