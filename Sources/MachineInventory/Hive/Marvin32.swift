import ByteReading

/// The hash under which Windows 8.1 and later write the entries of a hive's transaction log. Source: the public description of
/// Marvin32 (patent US 8255398, and the .NET runtime, MIT), the seed from the public description of the log format.
enum Marvin32 {
  static let logSeed: UInt64 = 0x82EF_4D88_7A4E_55C5

  static func hash(_ bytes: RawSpan, seed: UInt64 = logSeed) -> UInt64 {
    var low = UInt32(truncatingIfNeeded: seed)
    var high = UInt32(truncatingIfNeeded: seed >> 32)
    func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
    func mix(_ word: UInt32) {
      low = low &+ word
      high ^= low
      low = rotate(low, 20) &+ high
      high = rotate(high, 9) ^ low
      low = rotate(low, 27) &+ high
      high = rotate(high, 19)
    }
    var offset = 0
    while let word = bytes.loadIfPresent(at: offset, as: UInt32.self) {
      mix(word)
      offset += 4
    }
    // The bytes that are left, and a mark behind them.
    var last: UInt32 = 0x80
    for index in stride(from: bytes.byteCount - 1, through: offset, by: -1) {
      last = last << 8 | UInt32(bytes.loadIfPresent(at: index, as: UInt8.self) ?? 0)
    }
    mix(last)
    mix(0)
    return UInt64(high) << 32 | UInt64(low)
  }
}
