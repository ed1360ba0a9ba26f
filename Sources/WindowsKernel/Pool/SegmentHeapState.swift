import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// ExPoolState: where the pool's segment heaps are, and the keys with which their headers are encoded.
///
/// Structures: public symbols. What fields mean and how headers are encoded: C. Bayet and P. Fariello, "Scoop the Windows 10
/// pool!" (SSTIC 2020); M. V. Yason, "Windows 10 Segment Heap Internals" (2016); the public readers PoolViewer (Y. Shafir) and
/// MemProcFS, whose rules these are.
struct SegmentHeapState: Sendable {
  struct Heap: Hashable, Sendable {
    var address: UInt64
    var isPaged: Bool
  }

  let layout: SegmentHeapLayout
  /// False where offsets are another build's.
  let isExact: Bool
  let address: UInt64
  let heapKey: UInt64
  let lfhKey: UInt64
  let heaps: [Heap]
  /// Addresses of pool headers of blocks that a lookaside list keeps for the next allocation: the heap counts them as in use.
  let cached: Set<UInt64>

  private static let signature: UInt32 = 0xDDEE_DDEE
  /// Blocks that one lookaside list keeps: real lists have at most 256.
  private static let maximumCached = 1 << 12
  /// Of all lists together.
  private static let maximumAllCached = 1 << 16
  /// Places of the image that are looked at closely.
  private static let maximumAttempts = 1 << 12
  /// Of the kernel's image: real ones have at most 12 MiB.
  private static let maximumImage: UInt64 = 32 << 20

  /// nil where nothing leads to it, or what stands there is none.
  init?(_ variables: PoolVariables) {
    let space = variables.space
    guard space.architecture == .x64, space.pointerBytes == 8,
      let (layout, isExact) = SegmentHeapLayout.find(
        build: Int(space.build), revision: variables.build.map { Int($0.version.revision) })
    else { return nil }
    var candidates: [UInt64] = []
    if let base = variables.base {
      if let offset = variables.symbols?.offset(of: "ExPoolState") { candidates.append(base &+ UInt64(offset)) }
      // Symbols of this very build are bundled for few; a wrong address is no state and costs nothing.
      for one in SegmentHeapLayout.all where one.build == layout.build {
        if let rva = one.rva(of: "ExPoolState") { candidates.append(base &+ UInt64(rva)) }
      }
    }
    for candidate in candidates {
      if let state = SegmentHeapState(space, at: candidate, layout, isExact) {
        self = state
        return
      }
    }
    guard let base = variables.base, let found = Self.search(space, base: base, layout, isExact) else { return nil }
    self = found
  }

  /// Through the kernel's image, for a build whose symbols are not there: an address in the image, which leads to the keys;
  /// then a count of nodes and a heap's address whose signature is right.
  private static func search(
    _ space: KernelSpace, base: UInt64, _ layout: SegmentHeapLayout, _ isExact: Bool
  ) -> SegmentHeapState? {
    guard let count = layout.offset("_EX_POOL_HEAP_MANAGER_STATE", "NumberOfPools") else { return nil }
    let sections = LoadedImage(at: VirtualAddress(base), in: space.memory)?.sections ?? []
    var ranges = sections.filter { !$0.isExecutable }.map {
      UInt64($0.offset)..<max(UInt64($0.offset), min(UInt64($0.offset) &+ UInt64($0.size), maximumImage))
    }
    if ranges.isEmpty { ranges = [0..<maximumImage] }
    var attempts = maximumAttempts
    for range in ranges {
      var offset = range.lowerBound
      let end = range.upperBound
      while offset < end {
        let place = base &+ offset
        guard let found = space.memory.locate(VirtualAddress(place)) else {
          offset = (offset | 0xFFF) &+ 1
          continue
        }
        for step in stride(from: 0, to: found.count & ~15, by: 16) {
          guard let globals = space.memory.file.bytes.loadIfPresent(at: found.offset + step, as: UInt64.self),
            globals > base, globals &- base < maximumImage, globals & 7 == 0
          else { continue }
          let at = place &+ UInt64(step)
          guard let pools = space.memory.load(at: VirtualAddress(at &+ UInt64(count)), as: UInt32.self),
            (1...64).contains(pools)
          else { continue }
          guard attempts > 0 else { return nil }
          attempts -= 1
          if let state = SegmentHeapState(space, at: at, layout, isExact) { return state }
        }
        offset = (offset | 0xFFF) &+ 1
      }
    }
    return nil
  }

  private init?(_ space: KernelSpace, at address: UInt64, _ layout: SegmentHeapLayout, _ isExact: Bool) {
    let type = "_EX_POOL_HEAP_MANAGER_STATE"
    guard let globals = space.pointer(at: address), globals >> 47 == 0x1FFFF,
      let countPlace = layout.offset(type, "NumberOfPools"), let nodes = layout.offset(type, "PoolNode"),
      let most = layout.count(type, "PoolNode"), let nodeSize = layout.size(of: "_EX_HEAP_POOL_NODE"),
      let heapsPlace = layout.offset("_EX_HEAP_POOL_NODE", "Heaps"),
      let heapCount = layout.count("_EX_HEAP_POOL_NODE", "Heaps"),
      let special = layout.offset(type, "SpecialHeaps"), let specialCount = layout.count(type, "SpecialHeaps"),
      let heapKeyPlace = layout.offset("_RTLP_HP_HEAP_GLOBALS", "HeapKey"),
      let lfhKeyPlace = layout.offset("_RTLP_HP_HEAP_GLOBALS", "LfhKey"),
      let heapKey = space.pointer(at: globals &+ UInt64(heapKeyPlace)),
      let lfhKey = space.pointer(at: globals &+ UInt64(lfhKeyPlace)),
      let count = space.memory.load(at: VirtualAddress(address &+ UInt64(countPlace)), as: UInt32.self), count > 0,
      count <= most, let signaturePlace = layout.offset("_SEGMENT_HEAP", "Signature")
    else { return nil }
    var heaps: [Heap] = []
    func add(_ place: UInt64, _ index: Int) {
      guard let heap = space.pointer(at: place), heap >> 47 == 0x1FFFF, !heaps.contains(where: { $0.address == heap }),
        space.memory.load(at: VirtualAddress(heap &+ UInt64(signaturePlace)), as: UInt32.self) == Self.signature
      else { return }
      // In order: nonpaged, nonpaged without execution, paged, paged of sessions.
      heaps.append(Heap(address: heap, isPaged: index >= 2))
    }
    for node in 0..<Int(count) {
      let start = address &+ UInt64(nodes + node * nodeSize)
      for index in 0..<heapCount { add(start &+ UInt64(heapsPlace + 8 * index), index) }
    }
    guard !heaps.isEmpty else { return nil }
    for index in 0..<specialCount { add(address &+ UInt64(special + 8 * index), index) }
    self.layout = layout
    self.isExact = isExact
    self.address = address
    self.heapKey = heapKey
    self.lfhKey = lfhKey
    self.heaps = heaps
    cached = Self.cached(space, nodes: address &+ UInt64(nodes), count: Int(count), layout)
  }

  /// Blocks on the lookaside lists of every node: an SLIST_HEADER leads to what follows the pool header.
  private static func cached(
    _ space: KernelSpace, nodes: UInt64, count: Int, _ layout: SegmentHeapLayout
  ) -> Set<UInt64> {
    var result: Set<UInt64> = []
    guard let nodeSize = layout.size(of: "_EX_HEAP_POOL_NODE"),
      let place = layout.offset("_EX_HEAP_POOL_NODE", "Lookasides"),
      let lists = layout.count("_EX_HEAP_POOL_NODE", "Lookasides"),
      let size = layout.size(of: "_RTL_DYNAMIC_LOOKASIDE"),
      let buckets = layout.offset("_RTL_DYNAMIC_LOOKASIDE", "Buckets"),
      let bucketCount = layout.count("_RTL_DYNAMIC_LOOKASIDE", "Buckets"),
      let bucketSize = layout.size(of: "_RTL_LOOKASIDE"), let head = layout.offset("_RTL_LOOKASIDE", "ListHead"),
      let headerSize = layout.size(of: "_POOL_HEADER")
    else { return [] }
    for node in 0..<count {
      for list in 0..<lists {
        for bucket in 0..<bucketCount {
          let at = nodes &+ UInt64(node * nodeSize + place + list * size + buckets + bucket * bucketSize + head)
          // The upper half of an SLIST_HEADER: the first entry's address above four bits.
          guard var next = space.pointer(at: at &+ 8).map({ $0 & ~0xF }) else { continue }
          var left = maximumCached
          while next >> 47 == 0x1FFFF, left > 0, result.count < maximumAllCached,
            result.insert(next &- UInt64(headerSize)).inserted
          {
            left -= 1
            next = space.pointer(at: next).map { $0 & ~0xF } ?? 0
          }
        }
      }
    }
    return result
  }
}
