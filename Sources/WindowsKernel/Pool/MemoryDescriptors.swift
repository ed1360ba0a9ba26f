import ByteReading
import CrashDumpFormat
import Facts

/// What the kernel's memory descriptor lists (tag `Mdl`) describe. The tag is the kernel's own, used for every driver: only the
/// buffers say whose they are.
///
/// MDL, its fields and the page numbers behind it: public header wdm.h, unchanged from NT 4.0 on.
struct MemoryDescriptors: Sendable {
  /// What a descriptor leads to.
  enum Target: Hashable, Sendable {
    /// A pool block with this tag.
    case pool(PoolTag)
    /// Memory of a process: its EPROCESS.
    case process(UInt64)
    /// A loaded image.
    case module(String)
    /// None of these, or not in the dump.
    case unknown
  }

  struct Lead: Hashable, Sendable {
    var count: UInt64 = 0
    var bytes: UInt64 = 0
  }

  static let tag = PoolTag(rawValue: 0x206C_644D)
  /// Descriptors that are followed, the first by place in memory: so many show where the others lead.
  static let maximumFollowed = 4096

  private(set) var leads: [Target: Lead] = [:]
  private(set) var followed = 0
  /// Where the buffers begin that the descriptors describe, with the descriptors of each.
  private(set) var buffers: [UInt64: UInt64] = [:]

  /// Offsets of an MDL's fields.
  private struct Fields {
    let process, start, count, offset, size, pageNumber: Int

    init(pointerBytes: Int) {
      let wide = pointerBytes == 8
      process = wide ? 16 : 8
      start = wide ? 32 : 16
      count = wide ? 40 : 20
      offset = wide ? 44 : 24
      size = wide ? 48 : 28
      pageNumber = pointerBytes
    }
  }

  /// - Parameters:
  ///   - places: of the pages of pool that hold descriptors, in the file.
  ///   - big: tags of allocations of a page and more, by address.
  init(
    _ memory: VirtualMemory, places: [Int], format: PoolHeaderFormat, pointerBytes: Int, modules: ModuleMap,
    big: [UInt64: PoolTag]
  ) {
    let physical = memory.physical
    let page = PoolPage(format: format)
    let fields = Fields(pointerBytes: pointerBytes)
    let header = pointerBytes == 8 ? 16 : 8
    let bytes = physical.file.bytes
    for place in places {
      guard let content = bytes.part(at: place, count: PoolPage.bytes) else { continue }
      for block in page.blocks(content) where block.isLive && block.tag == Self.tag {
        let start = block.range.lowerBound + header
        guard start + fields.size + fields.pageNumber <= block.range.upperBound else { continue }
        func pointer(_ offset: Int) -> UInt64 {
          pointerBytes == 8
            ? content.loadIfPresent(at: offset, as: UInt64.self) ?? 0
            : UInt64(content.loadIfPresent(at: offset, as: UInt32.self) ?? 0)
        }
        let length = UInt64(content.loadIfPresent(at: start + fields.count, as: UInt32.self) ?? 0)
        let inPage = content.loadIfPresent(at: start + fields.offset, as: UInt32.self) ?? 0
        let base = pointer(start + fields.start)
        // A descriptor begins a buffer in a page, and the page at a page's start.
        guard inPage < UInt32(PoolPage.bytes), base & 0xFFF == 0, length > 0 else { continue }
        let target = Self.target(
          base: base, inPage: Int(inPage), process: pointer(start + fields.process),
          frame: pointer(start + fields.size), physical, page, modules, big)
        buffers[base &+ UInt64(inPage), default: 0] += 1
        leads[target, default: Lead()].count += 1
        leads[target, default: Lead()].bytes &+= length
        followed += 1
        if followed >= Self.maximumFollowed { return }
      }
    }
  }

  private static func target(
    base: UInt64, inPage: Int, process: UInt64, frame: UInt64, _ physical: PhysicalMemory, _ page: PoolPage,
    _ modules: ModuleMap, _ big: [UInt64: PoolTag]
  ) -> Target {
    if let tag = big[base] { return .pool(tag) }
    if let index = modules.index(of: base &+ UInt64(inPage)) { return .module(modules.entries[index].identity.name) }
    // The page itself, which stays right where the address belongs to a process.
    if let place = physical.fileOffset(ofPage: frame),
      let content = physical.file.bytes.part(at: place, count: PoolPage.bytes),
      let block = page.blocks(content).first(where: { $0.range.contains(inPage) }), block.isLive,
      PoolHeaderFormat.isPlausible(tag: block.tag.rawValue)
    {
      return .pool(block.tag)
    }
    return process != 0 ? .process(process) : .unknown
  }
}

extension PoolPage {
  /// The blocks of a page whose blocks lead from its first byte to its last; none for other pages.
  func blocks(_ page: RawSpan) -> [(range: Range<Int>, tag: PoolTag, isLive: Bool)] {
    guard let first = page.loadIfPresent(at: 0, as: UInt32.self), format.previousSize(first) == 0,
      format.blockSize(first) != 0
    else { return [] }
    var result: [(range: Range<Int>, tag: PoolTag, isLive: Bool)] = []
    var offset = 0
    var previous = 0
    while offset < Self.bytes {
      guard let word = page.loadIfPresent(at: offset, as: UInt32.self),
        let tag = page.loadIfPresent(at: offset + 4, as: UInt32.self)
      else { return [] }
      let size = format.blockSize(word)
      guard size != 0, format.previousSize(word) == previous, size <= Self.bytes - offset else { return [] }
      result.append((offset..<offset + size, PoolTag(rawValue: tag & ~PoolHeaderFormat.protected), format.isLive(word)))
      previous = size
      offset += size
    }
    return result.count > 1 ? result : []
  }
}

extension KernelDump {
  /// Where the kernel's memory descriptors lead, most first; nil where the pool's pages are not read (see `pool`).
  public func descriptorLeads(_ pool: KernelPool) -> (followed: Int, leads: [KernelPool.Lead])? {
    guard let descriptors = memoryDescriptors(pool) else { return nil }
    var names: [UInt64: String] = [:]
    if descriptors.leads.keys.contains(where: { if case .process = $0 { true } else { false } }) {
      for process in processes().list?.processes ?? [] { names[process.address.rawValue] = process.name }
    }
    let leads = descriptors.leads.map { target, lead in
      switch target {
      case .pool(let tag):
        KernelPool.Lead(kind: .pool, name: tag.description, tag: tag, count: lead.count, bytes: lead.bytes)
      case .process(let address):
        KernelPool.Lead(
          kind: .process, name: names[address] ?? hexadecimal(address), tag: nil, count: lead.count, bytes: lead.bytes)
      case .module(let name): KernelPool.Lead(kind: .module, name: name, tag: nil, count: lead.count, bytes: lead.bytes)
      case .unknown: KernelPool.Lead(kind: .unknown, name: "", tag: nil, count: lead.count, bytes: lead.bytes)
      }
    }
    return (
      descriptors.followed,
      leads.sorted { ($1.count, $0.kind.rawValue, $0.name) < ($0.count, $1.kind.rawValue, $1.name) }
    )
  }

  /// The kernel's memory descriptors that are in use, followed; nil where the pool's pages are not read.
  private func memoryDescriptors(_ pool: KernelPool) -> MemoryDescriptors? {
    guard let space, let format = PoolHeaderFormat(build: space.build, pointerBytes: space.pointerBytes) else {
      return nil
    }
    let found = poolVariables(space)
    let big = found.layout.flatMap { BigPoolTable(found.variables, $0) }
    return MemoryDescriptors(
      space.memory, places: pool.descriptorPages, format: format, pointerBytes: space.pointerBytes, modules: modules,
      big: big?.tags ?? [:])
  }

  /// Where a driver's code makes the descriptors in this pool: the calls that state a buffer which descriptors in use describe, or
  /// the tag of such buffers; and how many of the descriptors that were followed these are.
  ///
  /// - Parameter tags: of pool blocks that the descriptors describe.
  public func descriptorSites(
    in module: String, of pool: KernelPool, tags: [PoolTag: UInt64]
  ) -> (sites: [DescriptorSite], descriptors: UInt64) {
    guard let buffers = memoryDescriptors(pool)?.buffers, !buffers.isEmpty else { return ([], 0) }
    let sites = AllocationSites(self).sites(in: module).filter { site in
      site.buffer.map { buffers[$0] != nil } ?? false || site.tag.map { tags[$0] != nil } ?? false
    }
    let known = Set(sites.compactMap(\.buffer)).reduce(UInt64(0)) { $0 + buffers[$1, default: 0] }
    // A descriptor may be known by both.
    return (sites, max(known, Set(sites.compactMap(\.tag)).reduce(0) { $0 + tags[$1, default: 0] }))
  }
}

extension KernelPool {
  /// What memory descriptors lead to.
  public struct Lead: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable { case pool, process, module, unknown }

    public var kind: Kind
    /// The tag, the process's or the module's name; empty where it is not known.
    public var name: String
    public var tag: PoolTag?
    /// Descriptors, and bytes that they describe.
    public var count: UInt64
    public var bytes: UInt64
  }
}
