import ByteReading

/// One bit per physical page: a set bit means that the page is in the file. The pages stand there in ascending order, so a
/// page's place is the number of set bits before its own.
///
/// The bits stay in the file; kept are the counts of set bits before every block, 4 bytes for each 64 KiB of the bitmap's
/// reach at most.
@frozen
public struct PageBitmap: Sendable {
  /// File offset of the first byte of bits.
  public let bitsOffset: Int
  /// Pages covered: bits that are in the file.
  public let bitCount: UInt64
  /// Bits that are set.
  public let setCount: UInt64
  /// For each block of `blockBits` the number of bits set before it.
  @usableFromInline let ranks: [UInt64]

  /// 2^33 pages are 32 TiB of physical address space, more than the 24 TiB that Windows Server 2016 and 2019 address. The
  /// bits of as many take 1 GiB of the file.
  public static let maximumBits: UInt64 = 1 << 33

  @usableFromInline static let blockBits: UInt64 = 2048
  @usableFromInline static let blockWords = 32

  /// Bits that would lie beyond the file's end are taken as not set; `bitCount` says how many there are.
  public init(_ file: MappedFile, bitsOffset: Int, statedBits: UInt64) {
    let bytes = file.bytes
    let inFile = UInt64(max(0, bytes.byteCount - bitsOffset)).multipliedReportingOverflow(by: 8)
    let bits = min(statedBits, Self.maximumBits, inFile.overflow ? .max : inFile.partialValue)
    self.bitsOffset = bitsOffset
    bitCount = bits
    var ranks: [UInt64] = []
    ranks.reserveCapacity(Int(bits / Self.blockBits) + 1)
    var total: UInt64 = 0
    let words = Int(bits / 64)
    for word in 0..<words {
      if word % Self.blockWords == 0 { ranks.append(total) }
      total &+= UInt64((bytes.loadIfPresent(at: bitsOffset + 8 * word, as: UInt64.self) ?? 0).nonzeroBitCount)
    }
    if bits % 64 != 0 {
      if words % Self.blockWords == 0 { ranks.append(total) }
      total &+= UInt64(Self.word(words, bytes, at: bitsOffset, bitCount: bits).nonzeroBitCount)
    }
    self.ranks = ranks
    setCount = total
  }

  /// 64 bits of the bitmap; those beyond its end are zero.
  @inlinable
  static func word(_ index: Int, _ bytes: RawSpan, at offset: Int, bitCount: UInt64) -> UInt64 {
    let first = UInt64(index) * 64
    guard first < bitCount else { return 0 }
    let left = bitCount - first
    if left >= 64, let word = bytes.loadIfPresent(at: offset + 8 * index, as: UInt64.self) { return word }
    var word: UInt64 = 0
    for byte in 0..<8 {
      guard let value = bytes.loadIfPresent(at: offset + 8 * index + byte, as: UInt8.self) else { break }
      word |= UInt64(value) << UInt64(8 * byte)
    }
    return left >= 64 ? word : word & ((1 << left) - 1)
  }

  /// How many pages stand before this one in the file; nil where its bit is not set.
  @inlinable
  public func rank(of page: UInt64, in bytes: RawSpan) -> UInt64? {
    guard page < bitCount else { return nil }
    let index = Int(page / 64)
    let bit: UInt64 = 1 << (page % 64)
    let own = Self.word(index, bytes, at: bitsOffset, bitCount: bitCount)
    guard own & bit != 0 else { return nil }
    let block = Int(page / Self.blockBits)
    var rank = ranks[block] &+ UInt64((own & (bit &- 1)).nonzeroBitCount)
    var word = block * Self.blockWords
    while word < index {
      rank &+= UInt64((bytes.loadIfPresent(at: bitsOffset + 8 * word, as: UInt64.self) ?? 0).nonzeroBitCount)
      word += 1
    }
    return rank
  }

  /// The page that has this many before it in the file; nil where there are not so many.
  public func page(ofRank rank: UInt64, in bytes: RawSpan) -> UInt64? {
    guard rank < setCount else { return nil }
    var low = 0
    var high = ranks.count
    while low < high {
      let middle = (low + high) / 2
      if ranks[middle] <= rank { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    var left = rank - ranks[low - 1]
    var page = next(from: UInt64(low - 1) * Self.blockBits, in: bytes)
    while left > 0, let found = page {
      page = next(from: found + 1, in: bytes)
      left -= 1
    }
    return page
  }

  /// The first set bit at or after a page.
  public func next(from page: UInt64, in bytes: RawSpan) -> UInt64? { scan(from: page, bytes, inverted: 0) }

  /// The first bit at or after a page that is not set; `bitCount` where all are.
  public func gap(from page: UInt64, in bytes: RawSpan) -> UInt64 {
    scan(from: page, bytes, inverted: .max) ?? bitCount
  }

  private func scan(from page: UInt64, _ bytes: RawSpan, inverted: UInt64) -> UInt64? {
    guard page < bitCount else { return nil }
    var index = Int(page / 64)
    var word = Self.word(index, bytes, at: bitsOffset, bitCount: bitCount) ^ inverted
    word &= ~0 << (page % 64)
    while word == 0 {
      index += 1
      guard UInt64(index) * 64 < bitCount else { return nil }
      word = Self.word(index, bytes, at: bitsOffset, bitCount: bitCount) ^ inverted
    }
    let found = UInt64(index) * 64 + UInt64(word.trailingZeroBitCount)
    return found < bitCount ? found : nil
  }
}
