import Facts
import KernelLayouts

/// Kernel pool as machines from 10 1903 on have it: segment heaps for each pool, with subsegments of blocks of variable size
/// (VS) and of one size (LFH). What was put there is known exactly. Written from Documentation/Formats/pool.md alone.
public struct SynthesizedSegmentHeap: Sendable {
  public typealias Key = SynthesizedPool.Key
  public typealias Truth = SynthesizedPool.Truth

  /// Blocks with a tag; blocks that a lookaside list keeps count as free.
  public private(set) var truth: [Key: Truth] = [:]
  /// Free blocks of variable size, whose tag is gone.
  public private(set) var untagged = 0
  public private(set) var heaps = 0
  public private(set) var segments = 0
  public private(set) var subsegments = 0
  /// Ranges of pages handed out whole.
  public private(set) var ranges = 0
  /// Headers of variable blocks that were overwritten: the address of the block before, its tag, and the next one's.
  public private(set) var damage: [(before: UInt64, tagBefore: PoolTag, tagAfter: PoolTag)] = []
  /// Where ExPoolState stands, relative to the kernel's image.
  public let stateOffset: UInt64

  private(set) var pieces: [(address: UInt64, bytes: [UInt8])] = []
  /// Address and content of ExPoolState's parts, relative to it.
  private(set) var state: [(offset: Int, bytes: [UInt8])] = []
  let globalsOffset: UInt64
  let heapKey: UInt64
  let lfhKey: UInt64

  private let layout: SegmentHeapLayout
  private var random: SplitMix64
  private let names: [PoolTag]
  private var cached: [(address: UInt64, key: Key, size: Int)] = []

  private static let page = 4096
  private static let segmentConstant: UInt64 = 0xA2E6_4EAD_A2E6_4EAD

  /// - Parameters:
  ///   - subsegments: of each heap, half of them of variable blocks.
  ///   - stateOffset: where ExPoolState stands, if not where the build has it.
  ///   - damaged: headers of variable blocks that are overwritten, at most one a subsegment.
  /// - Returns: nil where no layout of the build's segment heap is bundled.
  public init?(
    _ kernel: SynthesizedKernel, subsegments: Int = 6, nodes: Int = 1, damaged: Int = 0, stateOffset: UInt64? = nil,
    tags: [String] = SynthesizedPool.standardTags, seed: UInt64
  ) {
    guard let layout = SegmentHeapLayout.all.last(where: { $0.build == kernel.version.build }),
      let place = layout.rva(of: "ExPoolState"), let globals = layout.rva(of: "RtlpHpHeapGlobals")
    else { return nil }
    self.layout = layout
    self.stateOffset = stateOffset ?? UInt64(place)
    globalsOffset = UInt64(globals)
    random = SplitMix64(seed: seed ^ 0x5E6_4EA9)
    names = tags.compactMap { PoolTag($0) }
    heapKey = random.next()
    lfhKey = random.next()
    var left = damaged
    var count = ByteBuilder()
    count.append(UInt32(nodes))
    state.append((offset("_EX_POOL_HEAP_MANAGER_STATE", "NumberOfPools"), count.bytes))
    for node in 0..<nodes {
      for index in 0..<4 {
        let address = heap(node: node, index: index, subsegments: subsegments, &left)
        var pointer = ByteBuilder()
        pointer.append(address)
        let place =
          offset("_EX_POOL_HEAP_MANAGER_STATE", "PoolNode") + node * size("_EX_HEAP_POOL_NODE")
          + offset("_EX_HEAP_POOL_NODE", "Heaps") + 8 * index
        state.append((place, pointer.bytes))
      }
    }
    lookaside()
  }

  private func offset(_ type: String, _ field: String) -> Int { layout.offset(type, field) ?? 0 }
  private func size(_ type: String) -> Int { layout.size(of: type) ?? 0 }

  /// Heaps 0 and 1 are nonpaged pool, 2 and 3 paged.
  private mutating func heap(node: Int, index: Int, subsegments: Int, _ damaged: inout Int) -> UInt64 {
    let isPaged = index >= 2
    let number = UInt64(node * 4 + index)
    let address = (isPaged ? 0xFFFF_8C81_0000_0000 : 0xFFFF_A084_0000_0000) + number << 20
    heaps += 1
    var out = ByteBuilder(zeros: size("_SEGMENT_HEAP"))
    out.put(0xDDEE_DDEE as UInt32, at: offset("_SEGMENT_HEAP", "Signature"))
    for context in 0..<2 {
      let start = offset("_SEGMENT_HEAP", "SegContexts") + context * size("_HEAP_SEG_CONTEXT")
      let unit = context == 0 ? 0x1000 : 0x1_0000
      let first = context == 0 ? 2 : 1
      out.put(
        ~(UInt64(unit * 256) - 1), at: start + offset("_HEAP_SEG_CONTEXT", "SegmentMask"))
      out.put(UInt8(context == 0 ? 12 : 16), at: start + offset("_HEAP_SEG_CONTEXT", "UnitShift"))
      out.put(UInt8(first), at: start + offset("_HEAP_SEG_CONTEXT", "FirstDescriptorIndex"))
      let head = address + UInt64(start + offset("_HEAP_SEG_CONTEXT", "SegmentListHead"))
      // Segments of 64 KiB units are for allocations that take whole units.
      let places = (0..<(context == 0 ? 2 : 1)).map { segment in
        (isPaged ? 0xFFFF_8C82_0000_0000 : 0xFFFF_A085_0000_0000) + number << 28 + UInt64(segment + 4 * context) << 24
      }
      let ring = [head] + places
      for (segment, place) in places.enumerated() {
        self.segment(
          place, context: address + UInt64(start), unit: unit, first: first,
          next: ring[(segment + 2) % ring.count], previous: ring[segment], isPaged: isPaged,
          subsegments: context == 0 ? (subsegments + segment) / 2 : 0, &damaged)
      }
      out.put(ring[1], at: start + offset("_HEAP_SEG_CONTEXT", "SegmentListHead"))
      out.put(ring[ring.count - 1], at: start + offset("_HEAP_SEG_CONTEXT", "SegmentListHead") + 8)
      out.put(UInt64(places.count), at: start + offset("_HEAP_SEG_CONTEXT", "SegmentCount"))
    }
    pieces.append((address, out.bytes))
    return address
  }

  private mutating func segment(
    _ address: UInt64, context: UInt64, unit: Int, first: Int, next: UInt64, previous: UInt64, isPaged: Bool,
    subsegments: Int, _ damaged: inout Int
  ) {
    segments += 1
    let step = size("_HEAP_PAGE_RANGE_DESCRIPTOR")
    let flags = offset("_HEAP_PAGE_RANGE_DESCRIPTOR", "RangeFlags")
    let units = offset("_HEAP_PAGE_RANGE_DESCRIPTOR", "UnitSize")
    var out = ByteBuilder(zeros: 256 * step)
    out.put(next, at: 0)
    out.put(previous, at: 8)
    out.put(
      context ^ heapKey ^ address ^ Self.segmentConstant, at: offset("_HEAP_PAGE_SEGMENT", "Signature"))
    var index = first
    func range(_ kind: UInt8, _ count: Int) {
      for part in 0..<count where index + part < 256 {
        let place = (index + part) * step
        // The first one has the range's size, the others the distance to it.
        out.put(part == 0 ? kind : kind & 1, at: place + flags)
        out.put(UInt8(part == 0 ? count : part), at: place + units)
      }
      index += count
    }
    for number in 0..<subsegments {
      if random.below(3) == 0 { range(0, 1 + random.index(below: 4)) }
      if random.below(3) == 0 {
        ranges += 1
        range(3, 1 + random.index(below: 3))
      }
      let place = address + UInt64(index * unit)
      self.subsegments += 1
      if number % 2 == 0 {
        let count = 4 + random.index(below: 5)
        pieces.append((place, variable(place, pages: count, isPaged, damage: damaged > 0)))
        if damaged > 0 { damaged -= 1 }
        range(15, count)
      } else {
        let count = 1 << (1 + random.index(below: 2))
        pieces.append((place, fixed(place, pages: count, isPaged)))
        range(11, count)
      }
    }
    if subsegments == 0 {
      ranges += 1
      range(3, 2)
    }
    range(0, 256 - index)
    pieces.append((address, out.bytes))
  }

  private func poolHeader(_ tag: PoolTag, size: Int, isPaged: Bool) -> [UInt8] {
    var out = ByteBuilder()
    out.append(UInt32(min(0xFF, size / 16)) << 16 | (isPaged ? 3 : 2) << 24)
    out.append(tag.rawValue)
    out.append(0 as UInt64)
    return out.bytes
  }

  private mutating func count(_ key: Key, isLive: Bool, _ bytes: Int) {
    if isLive {
      truth[key, default: Truth()].live += 1
      truth[key, default: Truth()].liveBytes += UInt64(bytes)
    } else {
      truth[key, default: Truth()].free += 1
      truth[key, default: Truth()].freeBytes += UInt64(bytes)
    }
  }

  /// A VS subsegment: header, then chunks from 0x30 to its end, each behind a header whose sizes are encoded.
  private mutating func variable(_ address: UInt64, pages: Int, _ isPaged: Bool, damage isDamaged: Bool) -> [UInt8] {
    let total = pages * Self.page
    var out = ByteBuilder()
    out.append(random.bytes(total))
    let size = UInt16((total - 0x30) / 16)
    out.put(size, at: offset("_HEAP_VS_SUBSEGMENT", "Size"))
    // The upper bit says that all pages are committed.
    out.put((size ^ 0x2BED) & 0x7FFF | 0x8000, at: offset("_HEAP_VS_SUBSEGMENT", "Signature"))
    var place = 0x30
    var previous = 0
    var chunks: [(offset: Int, block: Int, tag: PoolTag?, bytes: Int)] = []
    while place < total {
      var length = 16 * (3 + random.index(below: random.below(8) == 0 ? 160 : 40))
      if total - place - length < 0x30 { length = total - place }
      let isLive = random.below(5) != 0
      var bits = random.next() & 0xFFFF
      bits |= UInt64(length / 16) << 16 | UInt64(previous / 16) << 32 | (isLive ? 1 : 0) << 48
      out.put(bits ^ heapKey ^ (address + UInt64(place)), at: place)
      if isLive, let tag = random.pick(names) {
        var block = place + 16
        var bytes = length - 16
        // What would cross a page begins on the next one.
        let inPage = block % Self.page
        if bytes < 0xFF0, inPage + bytes > Self.page + 0x40 {
          bytes -= Self.page - inPage
          block += Self.page - inPage
        }
        out.put(poolHeader(tag, size: bytes, isPaged: isPaged), at: block)
        chunks.append((place, block, tag, bytes))
      } else {
        chunks.append((place, 0, nil, length))
      }
      previous = length
      place += length
    }
    var lost: Int?
    if isDamaged {
      let candidates = chunks.indices.filter { index in
        index > 1 && index < chunks.count - 2 && (index - 1...index + 1).allSatisfy { chunks[$0].tag != nil }
          && chunks[index + 1].block == chunks[index + 1].offset + 16
      }
      if let victim = random.pick(candidates), let before = chunks[victim - 1].tag, let after = chunks[victim + 1].tag {
        for index in 0..<16 { out.put(0x41 as UInt8, at: chunks[victim].offset + index) }
        lost = victim
        damage.append((address + UInt64(chunks[victim - 1].offset), before, after))
      }
    }
    for (index, chunk) in chunks.enumerated() where index != lost {
      guard let tag = chunk.tag else {
        untagged += 1
        continue
      }
      let key = Key(tag, isPaged: isPaged)
      let isCached = cached.count < 20 && random.below(30) == 0
      if isCached { cached.append((address + UInt64(chunk.block), key, chunk.bytes)) }
      count(key, isLive: !isCached, chunk.bytes)
    }
    return out.bytes
  }

  /// An LFH subsegment: header, two bits a block, then the blocks.
  private mutating func fixed(_ address: UInt64, pages: Int, _ isPaged: Bool) -> [UInt8] {
    let total = pages * Self.page
    let block = 16 * (2 + random.index(below: 20))
    let bitmap = offset("_HEAP_LFH_SUBSEGMENT", "BlockBitmap")
    let first = (bitmap + total / block / 4 + 8 + 15) / 16 * 16
    let number = (total - first) / block
    var out = ByteBuilder(zeros: total)
    out.put(UInt16(number), at: offset("_HEAP_LFH_SUBSEGMENT", "BlockCount"))
    let plain = UInt32(block) | UInt32(first) << 16
    out.put(
      plain ^ UInt32(truncatingIfNeeded: lfhKey) ^ UInt32(truncatingIfNeeded: address) >> 12,
      at: offset("_HEAP_LFH_SUBSEGMENT", "BlockOffsets"))
    for index in 0..<number {
      let place = first + index * block
      // Blocks that would cross a page are never given out.
      guard place % Self.page + block <= Self.page, random.below(10) != 0, let tag = random.pick(names) else {
        continue
      }
      let isLive = random.below(4) != 0
      if isLive {
        let byte = bitmap + index / 4
        out.put(out.bytes[byte] | 1 << UInt8(index % 4 * 2), at: byte)
      }
      out.put(poolHeader(tag, size: block, isPaged: isPaged), at: place)
      count(Key(tag, isPaged: isPaged), isLive: isLive, block)
    }
    return out.bytes
  }

  /// Freed blocks that the first node keeps: a list whose head stands in the node and whose links follow the pool headers.
  private mutating func lookaside() {
    guard !cached.isEmpty else { return }
    let bucket =
      offset("_EX_POOL_HEAP_MANAGER_STATE", "PoolNode") + offset("_EX_HEAP_POOL_NODE", "Lookasides")
      + offset("_RTL_DYNAMIC_LOOKASIDE", "Buckets") + 5 * size("_RTL_LOOKASIDE") + offset("_RTL_LOOKASIDE", "ListHead")
    let entries = cached.map { $0.address + 16 }
    var head = ByteBuilder()
    head.append(UInt64(entries.count))
    head.append(entries[0] | 1)
    state.append((bucket, head.bytes))
    for (index, entry) in entries.enumerated() {
      var link = ByteBuilder()
      link.append(index + 1 < entries.count ? entries[index + 1] : 0)
      pieces.append((entry, link.bytes))
    }
  }
}

/// Writes the heaps, their state and the keys.
extension KernelWriter {
  mutating func write(_ heap: SynthesizedSegmentHeap) {
    let base = machine.modules.first?.base ?? 0
    put(heap.heapKey, at: base + heap.globalsOffset)
    put(heap.lfhKey, at: base + heap.globalsOffset + 8)
    put(base + heap.globalsOffset, at: base + heap.stateOffset)
    for part in heap.state { put(part.bytes, at: base + heap.stateOffset + UInt64(part.offset)) }
    for piece in heap.pieces { put(piece.bytes, at: piece.address) }
  }
}
