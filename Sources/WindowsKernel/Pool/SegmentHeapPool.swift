import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// Pool blocks of the segment heaps, counted by tag: those of variable size (VS) and of low fragmentation (LFH). Larger
/// allocations have no header and stand in PoolBigPageTable.
struct SegmentHeapPool: Sendable {
  var counts = PoolCounts()
  var heaps = 0
  var segments = 0
  /// Segments whose signature does not lead back to their heap.
  var refused = 0
  var subsegments = 0
  /// Pages of subsegments that were looked through, and those that the dump does not hold though they are in use.
  var pages = 0
  var absentPages = 0
  /// Blocks in use whose header is none: their tag is not known.
  var unknown = 0
  var unknownBytes: UInt64 = 0
  /// Free blocks of variable size: the heap keeps its own links where the tag was.
  var untagged = 0
  var untaggedBytes: UInt64 = 0
  /// Ranges of pages handed out as they are, and those of them that PoolBigPageTable does not list.
  var ranges = 0
  var unlistedRanges = 0
  var damagedSubsegments = 0
  var damaged: [KernelPool.DamagedPage] = []
  /// More segments than are followed.
  var isCut = false

  private let space: KernelSpace
  private let state: SegmentHeapState
  private let big: Set<UInt64>
  private let fields: Fields
  /// Pages of subsegments that are looked at: aliases are few on a sound machine.
  private var pagesLeft: Int

  /// Segments of all heaps: 1 MiB each, so that as many are 64 GiB of pool.
  static let maximumSegments = 1 << 16
  /// A segment has 256 descriptors, each of one unit: 4 KiB, or 64 KiB in segments of 16 MiB.
  private static let descriptors = 256
  /// What a segment's signature is combined with besides its own address, the key and its context's address.
  private static let segmentConstant: UInt64 = 0xA2E6_4EAD_A2E6_4EAD
  /// From this build on there is none (MemProcFS).
  private static let lastConstantBuild: UInt32 = 26099
  /// Chunks of a VS subsegment begin behind its header, at a multiple of 16.
  private static let firstChunk = 0x30
  private static let page = PhysicalMemory.pageBytes

  /// RangeFlags: allocated and first, alone or with what the range is divided into.
  private enum RangeKind: UInt8 {
    case pages = 3
    case lfh = 11
    case vs = 15
  }

  /// The offsets that are needed again and again.
  private struct Fields {
    var contexts, contextCount, contextSize, unitShift, firstDescriptor, listHead: Int
    var segmentSignature, descriptorSize, flags, unitSize: Int
    var vsSize, vsSignature, chunkHeader: Int
    var lfhCount, lfhOffsets, lfhBitmap, poolHeader, tag: Int

    init?(_ layout: SegmentHeapLayout) {
      guard let contexts = layout.offset("_SEGMENT_HEAP", "SegContexts"),
        let contextCount = layout.count("_SEGMENT_HEAP", "SegContexts"),
        let contextSize = layout.size(of: "_HEAP_SEG_CONTEXT"),
        let unitShift = layout.offset("_HEAP_SEG_CONTEXT", "UnitShift"),
        let firstDescriptor = layout.offset("_HEAP_SEG_CONTEXT", "FirstDescriptorIndex"),
        let listHead = layout.offset("_HEAP_SEG_CONTEXT", "SegmentListHead"),
        let segmentSignature = layout.offset("_HEAP_PAGE_SEGMENT", "Signature"),
        let descriptorSize = layout.size(of: "_HEAP_PAGE_RANGE_DESCRIPTOR"),
        let flags = layout.offset("_HEAP_PAGE_RANGE_DESCRIPTOR", "RangeFlags"),
        let unitSize = layout.offset("_HEAP_PAGE_RANGE_DESCRIPTOR", "UnitSize"),
        let vsSize = layout.offset("_HEAP_VS_SUBSEGMENT", "Size"),
        let vsSignature = layout.offset("_HEAP_VS_SUBSEGMENT", "Signature"),
        let chunkHeader = layout.size(of: "_HEAP_VS_CHUNK_HEADER"),
        let lfhCount = layout.offset("_HEAP_LFH_SUBSEGMENT", "BlockCount"),
        let lfhOffsets = layout.offset("_HEAP_LFH_SUBSEGMENT", "BlockOffsets"),
        let lfhBitmap = layout.offset("_HEAP_LFH_SUBSEGMENT", "BlockBitmap"),
        let poolHeader = layout.size(of: "_POOL_HEADER"), let tag = layout.offset("_POOL_HEADER", "PoolTag")
      else { return nil }
      self.contexts = contexts
      self.contextCount = contextCount
      self.contextSize = contextSize
      self.unitShift = unitShift
      self.firstDescriptor = firstDescriptor
      self.listHead = listHead
      self.segmentSignature = segmentSignature
      self.descriptorSize = descriptorSize
      self.flags = flags
      self.unitSize = unitSize
      self.vsSize = vsSize
      self.vsSignature = vsSignature
      self.chunkHeader = chunkHeader
      self.lfhCount = lfhCount
      self.lfhOffsets = lfhOffsets
      self.lfhBitmap = lfhBitmap
      self.poolHeader = poolHeader
      self.tag = tag
    }
  }

  /// - Parameter big: addresses that PoolBigPageTable lists: they have no pool header.
  init?(_ space: KernelSpace, _ state: SegmentHeapState, big: Set<UInt64>) {
    guard let fields = Fields(state.layout) else { return nil }
    self.space = space
    self.state = state
    self.big = big
    self.fields = fields
    pagesLeft = 1 << 20 + 8 * Int(clamping: min(space.memory.physical.presentPages, 1 << 40))
    var seen: Set<UInt64> = []
    for heap in state.heaps {
      heaps += 1
      // Where offsets are another build's, the signatures of the segments tell which of the known ones is right.
      for contexts in contextPlaces() {
        let before = segments
        for index in 0..<fields.contextCount {
          walk(heap, context: heap.address &+ UInt64(contexts + index * fields.contextSize), &seen)
        }
        if segments > before { break }
      }
    }
  }

  /// The layout's place of the segment contexts, then those of other builds.
  private func contextPlaces() -> [Int] {
    var places = [fields.contexts]
    for layout in SegmentHeapLayout.all {
      if let place = layout.offset("_SEGMENT_HEAP", "SegContexts"), !places.contains(place) { places.append(place) }
    }
    return places
  }

  private mutating func walk(_ heap: SegmentHeapState.Heap, context: UInt64, _ seen: inout Set<UInt64>) {
    guard let shift = space.memory.load(at: VirtualAddress(context &+ UInt64(fields.unitShift)), as: UInt8.self),
      shift == 12 || shift == 16,
      let first = space.memory.load(at: VirtualAddress(context &+ UInt64(fields.firstDescriptor)), as: UInt8.self)
    else { return }
    let list = space.list(
      head: VirtualAddress(context &+ UInt64(fields.listHead)),
      limit: Self.maximumSegments - min(segments, Self.maximumSegments))
    for segment in list.entries where seen.insert(segment).inserted {
      guard segments < Self.maximumSegments else {
        isCut = true
        return
      }
      guard let signature = space.pointer(at: segment &+ UInt64(fields.segmentSignature)),
        signature ^ state.heapKey ^ segment ^ (space.build > Self.lastConstantBuild ? 0 : Self.segmentConstant)
          == context
      else {
        refused += 1
        continue
      }
      segments += 1
      ranges(of: segment, from: Int(first), unit: 1 << Int(shift), heap)
    }
  }

  private mutating func ranges(of segment: UInt64, from first: Int, unit: Int, _ heap: SegmentHeapState.Heap) {
    guard let table = space.memory.bytes(at: VirtualAddress(segment), count: Self.descriptors * fields.descriptorSize)
    else {
      absentPages += 1
      return
    }
    var index = max(1, first)
    while index < Self.descriptors {
      let descriptor = index * fields.descriptorSize
      let units = Int(table[descriptor + fields.unitSize])
      let address = segment &+ UInt64(index * unit)
      let bytes = min(units, Self.descriptors - index) * unit
      // x86's flags have three further bits; here the kinds are whole values.
      switch RangeKind(rawValue: table[descriptor + fields.flags]) {
      case .pages where units > 0:
        ranges += 1
        if !big.contains(address) { unlistedRanges += 1 }
      case .lfh where units > 0: lfh(at: address, bytes: bytes, heap)
      case .vs where units > 0: vs(at: address, bytes: bytes, heap)
      default: break
      }
      index += max(1, units)
    }
  }

  /// A subsegment's bytes, and of each of its pages whether the dump holds it.
  private mutating func read(_ address: UInt64, _ count: Int) -> (bytes: [UInt8], present: [Bool])? {
    pagesLeft -= count / Self.page
    guard pagesLeft > 0 else {
      isCut = true
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: count)
    var present = [Bool](repeating: false, count: count / Self.page)
    var any = false
    for page in present.indices {
      let place = VirtualAddress(address &+ UInt64(page * Self.page))
      guard let found = space.memory.locate(place),
        let content = space.memory.file.bytes.array(at: found.offset, count: min(found.count, Self.page)),
        content.count == Self.page
      else {
        switch space.memory.absence(at: place) {
        // A subsegment commits its pages as it needs them.
        case .notMapped(.notMapped), .notMapped(.demandZero), nil: break
        default: absentPages += 1
        }
        continue
      }
      bytes.replaceSubrange(page * Self.page..<(page + 1) * Self.page, with: content)
      present[page] = true
      any = true
      pages += 1
    }
    return any ? (bytes, present) : nil
  }

  private static func word<T: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, as type: T.Type) -> T {
    var value: T = 0
    for index in 0..<MemoryLayout<T>.size where offset + index < bytes.count {
      value |= T(truncatingIfNeeded: bytes[offset + index]) << T(8 * index)
    }
    return value
  }

  /// One block in use or freed, with its pool header at `offset`.
  private mutating func add(
    _ bytes: [UInt8], _ offset: Int, size: Int, isLive: Bool, _ isPaged: Bool, at address: UInt64
  ) {
    let tag = Self.word(bytes, offset + fields.tag, as: UInt32.self)
    let isCached = state.cached.contains(address)
    guard PoolHeaderFormat.isPlausible(tag: tag) else {
      if isLive {
        unknown += 1
        unknownBytes &+= UInt64(size)
      }
      return
    }
    counts.add(tag, isPaged: isPaged, isLive: isLive && !isCached, bytes: size)
  }

  // MARK: Variable size

  /// A chunk's header: sizes of it and of the one before in units of 16 bytes, and whether it is in use.
  private struct Chunk {
    var size: Int
    var previous: Int
    var isLive: Bool

    init?(_ bits: UInt64, room: Int) {
      size = Int(bits >> 16 & 0xFFFF) * 16
      previous = Int(bits >> 32 & 0xFFFF) * 16
      let allocated = bits >> 48 & 0xFF
      guard size >= 16, size <= room, allocated <= 1 else { return nil }
      isLive = allocated == 1
    }
  }

  private func chunk(_ bytes: [UInt8], _ offset: Int, _ address: UInt64) -> Chunk? {
    let bits = Self.word(bytes, offset, as: UInt64.self) ^ state.heapKey ^ (address &+ UInt64(offset))
    return Chunk(bits, room: bytes.count - offset)
  }

  private mutating func vs(at address: UInt64, bytes count: Int, _ heap: SegmentHeapState.Heap) {
    subsegments += 1
    guard let (bytes, present) = read(address, count), present[0] else { return }
    let size = Self.word(bytes, fields.vsSize, as: UInt16.self)
    let signature = Self.word(bytes, fields.vsSignature, as: UInt16.self)
    // The upper bit is another field.
    guard signature & 0x7FFF == (size ^ 0x2BED) & 0x7FFF else {
      damagedSubsegments += 1
      return
    }
    var offset = Self.firstChunk
    var last: (offset: Int, tag: PoolTag)?
    while offset + Self.firstChunk <= bytes.count {
      guard present[offset / Self.page] else {
        offset = (offset / Self.page + 1) * Self.page
        // Where the chain goes on in the next page is not known.
        guard let next = resumption(bytes, present, behind: offset - 16, from: nil, address) else { return }
        offset = next
        continue
      }
      guard let chunk = chunk(bytes, offset, address) else {
        damage(bytes, present, at: offset, last, address)
        guard let next = resumption(bytes, present, behind: offset, from: offset, address) else { return }
        offset = next
        continue
      }
      if chunk.isLive {
        last = (offset, live(bytes, present, offset, chunk.size, address, heap.isPaged))
      } else {
        untagged += 1
        untaggedBytes &+= UInt64(chunk.size)
        last = (offset, PoolTag(rawValue: 0))
      }
      offset += chunk.size
    }
  }

  /// Counts a chunk in use; its tag.
  private mutating func live(
    _ bytes: [UInt8], _ present: [Bool], _ offset: Int, _ size: Int, _ address: UInt64, _ isPaged: Bool
  ) -> PoolTag {
    var block = offset + fields.chunkHeader
    var length = size - fields.chunkHeader
    guard length >= fields.poolHeader else { return PoolTag(rawValue: 0) }
    // Blocks that would cross a page begin on the next one.
    let inPage = block % Self.page
    if length < 0xFF0, inPage + length > Self.page + 0x40 {
      length -= Self.page - inPage
      block += Self.page - inPage
    }
    if big.contains(address &+ UInt64(block)) { return PoolTag(rawValue: 0) }
    guard length >= fields.poolHeader, block / Self.page < present.count, present[block / Self.page] else {
      unknown += 1
      unknownBytes &+= UInt64(size)
      return PoolTag(rawValue: 0)
    }
    add(bytes, block, size: length, isLive: true, isPaged, at: address &+ UInt64(block))
    return PoolTag(rawValue: Self.word(bytes, block + fields.tag, as: UInt32.self) & ~PoolHeaderFormat.protected)
  }

  /// The first place behind a broken header from which two chunks follow each other that know of each other's size, or one
  /// that states the distance to the broken one.
  private func resumption(
    _ bytes: [UInt8], _ present: [Bool], behind broken: Int, from stated: Int?, _ address: UInt64
  ) -> Int? {
    var offset = broken + 16
    while offset + 32 <= bytes.count {
      guard present[offset / Self.page] else {
        offset = (offset / Self.page + 1) * Self.page
        continue
      }
      if let chunk = chunk(bytes, offset, address), chunk.previous > 0 {
        if let stated, offset - chunk.previous == stated { return offset }
        let next = offset + chunk.size
        if next + 16 <= bytes.count, present[next / Self.page], let follower = self.chunk(bytes, next, address),
          follower.previous == chunk.size
        {
          return offset
        }
      }
      offset += 16
    }
    return nil
  }

  private mutating func damage(
    _ bytes: [UInt8], _ present: [Bool], at offset: Int, _ last: (offset: Int, tag: PoolTag)?, _ address: UInt64
  ) {
    damagedSubsegments += 1
    guard damaged.count < PoolPages.listedDamage else { return }
    let next = resumption(bytes, present, behind: offset, from: offset, address)
    damaged.append(
      KernelPool.DamagedPage(
        address: VirtualAddress(address &+ UInt64(last?.offset ?? offset)),
        tagBefore: last?.tag ?? PoolTag(rawValue: 0),
        resumes: next.map { VirtualAddress(address &+ UInt64($0)) },
        tagAfter: next.map {
          PoolTag(
            rawValue: Self.word(bytes, $0 + fields.chunkHeader + fields.tag, as: UInt32.self) & ~PoolHeaderFormat
              .protected)
        }))
  }

  // MARK: Low fragmentation

  private mutating func lfh(at address: UInt64, bytes count: Int, _ heap: SegmentHeapState.Heap) {
    subsegments += 1
    guard let (bytes, present) = read(address, count), present[0] else { return }
    let encoded = Self.word(bytes, fields.lfhOffsets, as: UInt32.self)
    let plain = encoded ^ UInt32(truncatingIfNeeded: state.lfhKey) ^ UInt32(truncatingIfNeeded: address) >> 12
    let size = Int(plain & 0xFFFF)
    let first = Int(plain >> 16)
    guard size >= fields.poolHeader, size % 16 == 0, first >= fields.lfhBitmap, first <= count else {
      damagedSubsegments += 1
      return
    }
    let stated = Int(Self.word(bytes, fields.lfhCount, as: UInt16.self))
    let room = (count - first) / size
    for index in 0..<min(room, stated == 0 ? room : stated) {
      let block = first + index * size
      let bitmap = fields.lfhBitmap + index / 4
      // Two bits a block; the bitmap ends where the first block begins.
      guard bitmap < first, present[bitmap / Self.page] else { return }
      guard present[block / Self.page] else { continue }
      // Pool blocks never cross a page.
      if block % Self.page + size > Self.page { continue }
      let isLive = bytes[bitmap] >> UInt8(index % 4 * 2) & 1 != 0
      if !isLive, Self.word(bytes, block + fields.tag, as: UInt32.self) == 0 { continue }
      add(bytes, block, size: size, isLive: isLive, heap.isPaged, at: address &+ UInt64(block))
    }
  }
}
