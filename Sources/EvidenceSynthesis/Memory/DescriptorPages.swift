import Facts

/// Pages of nonpaged pool full of memory descriptors, as NT 4.0 and Windows 2000 have them on x86: blocks of 32 bytes and multiples,
/// a header of previous size, index, type and size, one byte each, then the tag (D. Solomon and M. Russinovich, "Inside Microsoft
/// Windows 2000"). MDL and the page numbers behind it: public header wdm.h.
struct DescriptorPages {
  private static let unit = 32
  private static let pageBytes = 4096
  /// One more than the pool's type: nonpaged.
  private static let nonpaged: UInt8 = 1

  let address: UInt64
  private(set) var pages: [SynthesizedMemory] = []
  private var random: SplitMix64
  private var nextPage: UInt64

  init(at address: UInt64, seed: UInt64) {
    self.address = address
    nextPage = address
    random = SplitMix64(seed: seed ^ 0x4D44)
  }

  private struct Block {
    var size: Int
    var tag: UInt32
    var isLive: Bool
    var content: [UInt8] = []
  }

  /// Live descriptors of an image's buffers, some freed ones between them.
  mutating func addDescriptors(of buffers: [UInt64], pages count: Int) {
    for _ in 0..<count {
      fill { random in
        Block(
          size: 96, tag: Self.tag("Mdl "), isLive: random.below(20) != 0,
          content: Self.descriptor(random.pick(buffers) ?? 0, &random))
      }
    }
  }

  /// What else there is in the pool.
  mutating func addOthers(pages count: Int) {
    let tags = ["Irp ", "File", "Even", "Thre", "Devi", "Driv", "Npfs"].map(Self.tag)
    for _ in 0..<count {
      fill { random in
        Block(
          size: Self.unit * (1 + random.index(below: 12)), tag: random.pick(tags) ?? 0, isLive: random.below(8) != 0,
          content: random.bytes(24))
      }
    }
  }

  private static func tag(_ text: String) -> UInt32 { PoolTag(text)?.rawValue ?? 0 }

  /// Next, size, flags, process, address in system space, start, bytes, offset, then a page number.
  private static func descriptor(_ buffer: UInt64, _ random: inout SplitMix64) -> [UInt8] {
    let page = buffer & ~0xFFF
    let offset = UInt32(buffer & 0xFFF)
    let bytes = UInt32(0x80 + random.below(0x100))
    var out = ByteBuilder(zeros: 32)
    out.put(32 as UInt16, at: 4)
    // Of nonpaged pool.
    out.put(4 as UInt16, at: 6)
    out.putPointer(page + UInt64(offset), width: 4, at: 12)
    out.putPointer(page, width: 4, at: 16)
    out.put(bytes, at: 20)
    out.put(offset, at: 24)
    out.put(UInt32(0x800 + random.below(0x200)), at: 28)
    return out.bytes
  }

  private mutating func fill(_ next: (inout SplitMix64) -> Block) {
    var out = ByteBuilder(zeros: Self.pageBytes)
    var offset = 0
    var previous = 0
    while offset < Self.pageBytes {
      var block = next(&random)
      // What is left must hold a block of its own.
      if Self.pageBytes - offset - block.size < Self.unit { block.size = Self.pageBytes - offset }
      out.put(
        [
          UInt8(previous / Self.unit), 0, block.isLive ? Self.nonpaged : 0, UInt8(block.size / Self.unit),
        ], at: offset)
      out.put(block.tag, at: offset + 4)
      out.put(Array(block.content.prefix(block.size - 8)), at: offset + 8)
      previous = block.size
      offset += block.size
    }
    pages.append(SynthesizedMemory(address: nextPage, bytes: out.bytes))
    nextPage += UInt64(Self.pageBytes)
  }
}
