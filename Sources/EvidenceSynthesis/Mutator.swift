/// Damages bytes the way storage, transfers and lies do, for tests that a reader answers with an error or less data and
/// never traps. Deterministic: the same bytes and seed give the same result.
public struct Mutator: Sendable {
  /// How many changes one mutation may make.
  public var changes: ClosedRange<Int>
  /// Where field changes concentrate; later bytes are hit too, less often. Headers and tables stand in front.
  public var headBytes: Int

  public init(changes: ClosedRange<Int> = 1...8, headBytes: Int = 0x2400) {
    self.changes = changes
    self.headBytes = headBytes
  }

  /// What one change does.
  public enum Change: Int, CaseIterable, Sendable {
    case flipBit, zeroByte, fillByte, extremeField, truncate, duplicateChunk
  }

  /// Values at which sums, products, signs and limits go wrong.
  public static let extremes: [UInt32] = [
    0, 1, 7, 0xFF, 0x7FFF, 0xFFFF, 0x0001_0000, 0x0010_0000, 0x1000_0000, 0x3FFF_FFFF, 0x4000_0000, 0x7FFF_FFFE,
    0x7FFF_FFFF, 0x8000_0000, 0xFFFF_F000, 0xFFFF_FFFC, 0xFFFF_FFFE, 0xFFFF_FFFF,
  ]

  public func mutate(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var result = bytes
    let count = changes.lowerBound + random.index(below: changes.upperBound - changes.lowerBound + 1)
    for _ in 0..<count {
      guard !result.isEmpty else { break }
      apply(choose(&random), to: &result, &random)
    }
    return result
  }

  /// Fields are what readers trust most, so they are changed most; a cut or a copy spoils everything behind it.
  private func choose(_ random: inout SplitMix64) -> Change {
    switch random.below(16) {
    case 0..<4: .flipBit
    case 4..<6: .zeroByte
    case 6..<8: .fillByte
    case 8..<14: .extremeField
    case 14: .truncate
    default: .duplicateChunk
    }
  }

  private func apply(_ change: Change, to bytes: inout [UInt8], _ random: inout SplitMix64) {
    let offset = position(in: bytes.count, &random)
    switch change {
    case .flipBit: bytes[offset] ^= 1 << UInt8(truncatingIfNeeded: random.below(8))
    case .zeroByte: bytes[offset] = 0
    case .fillByte: bytes[offset] = 0xFF
    case .extremeField:
      let field = offset & ~3
      let value = random.pick(Self.extremes) ?? 0
      for index in 0..<4 where field + index < bytes.count {
        bytes[field + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
      }
    case .truncate: bytes.removeLast(bytes.count - random.index(below: bytes.count))
    case .duplicateChunk:
      let length = min(1 + random.index(below: 0x400), bytes.count - offset)
      bytes.insert(contentsOf: Array(bytes[offset..<offset + length]), at: position(in: bytes.count, &random))
    }
  }

  private func position(in count: Int, _ random: inout SplitMix64) -> Int {
    let head = min(count, headBytes)
    return random.below(4) < 3 ? random.index(below: head) : random.index(below: count)
  }
}
