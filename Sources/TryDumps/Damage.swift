import EvidenceSynthesis

/// What a case does to a sound dump: the same number and seed give the same bytes.
enum Damage {
  static func damaged(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    switch random.below(8) {
    case 0:
      // Ends early: anywhere, and at boundaries of what a dump is made of.
      let unit = [1, 8, 0x1000, 0x1000][random.index(below: 4)]
      return Array(bytes.prefix(random.index(below: bytes.count) / unit * unit))
    case 1:
      return Mutator(changes: 64...4096, headBytes: bytes.count).mutate(bytes, seed: random.next())
    case 2:
      return Mutator(changes: 1...64, headBytes: bytes.count).mutate(bytes, seed: random.next())
    case 3:
      return Mutator(changes: 1...8, headBytes: 0x200).mutate(bytes, seed: random.next())
    case 4: return pointers(bytes, &random)
    case 5: return pages(bytes, &random)
    default: return Mutator().mutate(bytes, seed: random.next())
    }
  }

  /// Words of eight bytes that look like addresses are exchanged with others of the dump: lists become rings, tables lead to
  /// themselves.
  private static func pointers(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var result = bytes
    let width = bytes.starts(with: Array("PAGEDUMP".utf8)) ? 4 : 8
    var places: [Int] = []
    for _ in 0..<20_000 where places.count < 400 {
      let place = random.index(below: max(1, bytes.count / width - 1)) * width
      guard place + width <= bytes.count, bytes[place + width - 1] >= 0x80 else { continue }
      places.append(place)
    }
    for _ in 0..<(1 << random.index(below: 8)) {
      guard let from = random.pick(places), let to = random.pick(places) else { break }
      for index in 0..<width { result[to + index] = bytes[from + index] }
    }
    return result
  }

  /// Whole pages are exchanged, repeated, or filled.
  private static func pages(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var result = bytes
    let count = bytes.count / 4096
    guard count > 2 else { return result }
    for _ in 0..<(1 + random.index(below: 12)) {
      let to = random.index(below: count) * 4096
      switch random.below(3) {
      case 0:
        let from = random.index(below: count) * 4096
        result.replaceSubrange(to..<to + 4096, with: bytes[from..<from + 4096])
      case 1:
        let fill = [0, 0xFF, UInt8(truncatingIfNeeded: random.next())][random.index(below: 3)]
        result.replaceSubrange(to..<to + 4096, with: repeatElement(fill, count: 4096))
      default: result.replaceSubrange(to..<to + 4096, with: random.bytes(4096))
      }
    }
    return result
  }
}
