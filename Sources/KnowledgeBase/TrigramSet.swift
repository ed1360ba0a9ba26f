/// Which runs of three bytes occur in a text, hashed into 4,096 bits: tells at once that most phrases are not in it. Weighing a
/// text against a table of two hundred phrases took half of all parsing without it.
struct TrigramSet: Sendable {
  private var bits: [UInt64]

  init(_ text: [UInt8]) {
    var bits = [UInt64](repeating: 0, count: 64)
    var run: UInt32 = 0
    for (offset, byte) in text.enumerated() {
      run = (run << 8 | UInt32(byte)) & 0xFF_FFFF
      if offset >= 2 {
        let slot = Self.slot(run)
        bits[slot >> 6] |= 1 << UInt64(slot & 63)
      }
    }
    self.bits = bits
  }

  private static func slot(_ run: UInt32) -> Int { Int((run &* 0x9E37_79B1) >> 20) }

  /// The slots of a phrase, to be kept with it. None for a phrase of fewer than three bytes, which may then always occur.
  static func slots(_ phrase: [UInt8]) -> [Int] {
    guard phrase.count >= 3 else { return [] }
    return (0...(phrase.count - 3)).map { offset in
      slot(UInt32(phrase[offset]) << 16 | UInt32(phrase[offset + 1]) << 8 | UInt32(phrase[offset + 2]))
    }
  }

  /// False where a phrase of these slots certainly does not occur.
  func mayHold(_ slots: [Int]) -> Bool {
    for slot in slots where bits[slot >> 6] & (1 << UInt64(slot & 63)) == 0 { return false }
    return true
  }
}
