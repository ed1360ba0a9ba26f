import Facts

/// Kernel pool as a machine up to 10 1809 has it: pages of blocks, allocations of a page and more, and the kernel's own
/// count. What was put there is known exactly.
public struct SynthesizedPool: Sendable {
  /// What one tag holds of one pool.
  public struct Truth: Hashable, Sendable {
    public var live: UInt64 = 0
    public var liveBytes: UInt64 = 0
    public var free: UInt64 = 0
    public var freeBytes: UInt64 = 0
    /// Of the live ones, those without a header.
    public var big: UInt64 = 0
    public var bigBytes: UInt64 = 0
    public var allocations: UInt64 = 0
    public var frees: UInt64 = 0

    public init() {}
  }

  public struct Key: Hashable, Sendable {
    public var tag: PoolTag
    public var isPaged: Bool

    public init(_ tag: PoolTag, isPaged: Bool) {
      self.tag = tag
      self.isPaged = isPaged
    }
  }

  struct Big: Sendable {
    var address: UInt64
    var key: Key
    var bytes: UInt64
    var isFree: Bool
  }

  public struct Damage: Hashable, Sendable {
    /// The header that was overwritten, the one before it and the next.
    public var address: UInt64
    public var before: PoolTag
    public var after: PoolTag?
  }

  public private(set) var truth: [Key: Truth] = [:]
  public private(set) var blocks = 0
  public private(set) var damage: [Damage] = []
  /// Virtual address and content of each page.
  private(set) var pages: [(address: UInt64, bytes: [UInt8])] = []
  private(set) var big: [Big] = []

  private let isWide: Bool
  private let build: UInt32
  /// Pool that the processes of one session alone map.
  private var isOfSession = false
  private var unit: Int { isWide ? 16 : 8 }

  /// - Parameters:
  ///   - pageCount: pages of blocks; a third of them paged pool.
  ///   - meanBlock: bytes that a block has on average.
  ///   - damagedPages: pages in the middle of which one header was overwritten with zeros.
  ///   - isOfSession: paged pool of a session.
  public init(
    _ kernel: SynthesizedKernel, pageCount: Int, meanBlock: Int = 160, tags: [String] = standardTags,
    damagedPages: Int = 0, isOfSession: Bool = false, seed: UInt64
  ) {
    self.isOfSession = isOfSession
    isWide = kernel.architecture != .x86
    build = kernel.version.build
    var random = SplitMix64(seed: seed ^ 0xB10C)
    let names = tags.compactMap { PoolTag($0) }
    for index in 0..<pageCount {
      let isPaged = random.below(3) == 0 || isOfSession
      let base: UInt64 =
        isOfSession
        ? (isWide ? 0xFFFF_F900_C010_0000 : 0xBC10_0000)
        : isPaged ? (isWide ? 0xFFFF_F8A0_0100_0000 : 0xE100_0000) : (isWide ? 0xFFFF_FA80_1000_0000 : 0x8500_0000)
      let address = base + UInt64(index) * 4096
      pages.append((address, page(address, isPaged, names, meanBlock, index < damagedPages, &random)))
    }
    // Sessions have a table of their own since Vista.
    for index in 0..<(isOfSession && build < 6000 ? 0 : min(200, pageCount / 4)) {
      guard let tag = random.pick(names) else { break }
      // XP and 2003 do not say which pool a big allocation is of.
      let isPaged = isOfSession || build >= 6000 && random.below(2) == 0
      let address =
        (isOfSession ? (isWide ? 0xFFFF_F900_C100_0000 : 0xBD00_0000) : isWide ? 0xFFFF_FA80_7000_0000 : 0x8900_0000)
        + UInt64(index) * 0x4_0000
      var bytes = 4096 + random.below(0x3_0000)
      if build < 6000 { bytes = (bytes + 4095) / 4096 * 4096 }
      let one = Big(address: address, key: Key(tag, isPaged: isPaged), bytes: bytes, isFree: random.below(4) == 0)
      big.append(one)
      if one.isFree { continue }
      truth[one.key, default: Truth()].live += 1
      truth[one.key, default: Truth()].liveBytes += bytes
      truth[one.key, default: Truth()].big += 1
      truth[one.key, default: Truth()].bigBytes += bytes
    }
    for key in truth.keys.sorted(by: { ($0.tag.rawValue, $0.isPaged ? 1 : 0) < ($1.tag.rawValue, $1.isPaged ? 1 : 0) })
    where (truth[key]?.live ?? 0) > 0 {
      let frees = random.below(100_000)
      truth[key, default: Truth()].frees = frees
      truth[key, default: Truth()].allocations = (truth[key]?.live ?? 0) + frees
    }
  }

  /// The tracker's tables alone: what the kernel counted by tag.
  public init(_ kernel: SynthesizedKernel, counted: [Key: Truth]) {
    isWide = kernel.architecture != .x86
    build = kernel.version.build
    truth = counted
  }

  public static let standardTags = [
    "Mdl", "TcpE", "Irp", "File", "Ntfx", "MmSt", "CcSc", "Thre", "Proc", "Even", "NbtC", "AfdE", "Vad", "Pool", "Wait",
    "Zq7k", "Xw2b",
  ]

  /// The first 32 bits of a header (public type _POOL_HEADER): sizes in units; x86 9, 7, 9, 7 bits, x64 four bytes.
  private func header(previous: Int, size: Int, type: UInt32) -> UInt32 {
    let previous = UInt32(previous / unit)
    let size = UInt32(size / unit)
    return isWide ? previous | size << 16 | type << 24 : previous | size << 16 | type << 25
  }

  /// Block in use: XP and 2003 store the type plus one and set 4; later systems set 2. Charged to a process: 8. Of a session:
  /// 32 (PagedPoolSession, public header wdm.h).
  private func type(isPaged: Bool, isCharged: Bool) -> UInt32 {
    let pool: UInt32 = (isPaged ? 1 : 0) | (isOfSession ? 32 : 0)
    return (build < 6000 ? pool + 1 | 4 : pool | 2) | (isCharged ? 8 : 0)
  }

  private mutating func page(
    _ address: UInt64, _ isPaged: Bool, _ names: [PoolTag], _ mean: Int, _ isDamaged: Bool, _ random: inout SplitMix64
  ) -> [UInt8] {
    var out = ByteBuilder()
    out.append(random.bytes(4096))
    struct Block {
      var offset: Int
      var size: Int
      var tag: PoolTag
      var isLive: Bool
    }
    var blocks: [Block] = []
    var offset = 0
    let most = isWide ? 4080 : 4088
    while offset < 4096 {
      let units = 2 + random.index(below: max(1, 2 * mean / unit - 3))
      var size = min(units * unit, most)
      // What is left must hold a block of its own.
      if 4096 - offset - size < 2 * unit { size = 4096 - offset }
      if size > most { size = most - unit }
      let tag = random.pick(names) ?? PoolTag(rawValue: 0x656E_6F4E)
      blocks.append(Block(offset: offset, size: size, tag: tag, isLive: blocks.isEmpty || random.below(10) != 0))
      offset += size
    }
    for (index, block) in blocks.enumerated() {
      let isCharged = block.isLive && random.below(12) == 0
      let previous = index == 0 ? 0 : blocks[index - 1].size
      out.put(
        header(
          previous: previous, size: block.size,
          type: block.isLive ? type(isPaged: isPaged, isCharged: isCharged) : 0), at: block.offset)
      // Some blocks may be freed by their owner only: bit 31 of the tag.
      let protected: UInt32 = block.isLive && random.below(16) == 0 ? 0x8000_0000 : 0
      out.put(block.tag.rawValue | protected, at: block.offset + 4)
      if isCharged {
        let process: UInt64 = isWide ? 0xFFFF_FA80_0234_5060 : 0x8234_5060
        out.putPointer(
          process, width: isWide ? 8 : 4, at: isWide ? block.offset + 8 : block.offset + block.size - 4)
      }
    }
    var lost: Int?
    if isDamaged, blocks.count > 6 {
      let victim = 4 + random.index(below: blocks.count - 5)
      // What a string that is too long leaves: its end.
      for index in 0..<8 { out.put(0x41 as UInt8, at: blocks[victim].offset + index) }
      lost = victim
      damage.append(
        Damage(
          address: address + UInt64(blocks[victim].offset), before: blocks[victim - 1].tag,
          after: blocks[victim + 1].tag))
    }
    for (index, block) in blocks.enumerated() where index != lost {
      self.blocks += 1
      let key = Key(block.tag, isPaged: isPaged)
      if block.isLive {
        truth[key, default: Truth()].live += 1
        truth[key, default: Truth()].liveBytes += UInt64(block.size)
      } else {
        truth[key, default: Truth()].free += 1
        truth[key, default: Truth()].freeBytes += UInt64(block.size)
      }
    }
    return out.bytes
  }
}
