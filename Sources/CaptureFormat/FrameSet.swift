/// Which frames something occurs in: one bit each.
struct FrameSet {
  private var words: [UInt64] = []
  private(set) var count = 0

  @inline(__always)
  mutating func insert(_ frame: Int) {
    let index = frame >> 6
    guard index >= 0 else { return }
    if index >= words.count { words.append(contentsOf: repeatElement(0, count: index - words.count + 64)) }
    let bit = UInt64(1) << UInt64(frame & 63)
    if words[index] & bit == 0 {
      words[index] |= bit
      count += 1
    }
  }

  func contains(_ frame: Int) -> Bool {
    let index = frame >> 6
    return index >= 0 && index < words.count && words[index] & (UInt64(1) << UInt64(frame & 63)) != 0
  }

  var frames: [Int] {
    words.indices.flatMap { index in (0..<64).filter { words[index] >> UInt64($0) & 1 != 0 }.map { index * 64 + $0 } }
  }
}
