/// A small seeded generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): the same
/// seed gives the same evidence on every machine and in every release.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number below `bound`; 0 where the bound is 0. The remainder's small bias does not matter here, and unlike the
  /// standard library's `random(in:using:)` its result is ours to keep stable.
  public mutating func below(_ bound: UInt64) -> UInt64 { bound == 0 ? 0 : next() % bound }

  public mutating func index(below bound: Int) -> Int { bound <= 0 ? 0 : Int(truncatingIfNeeded: below(UInt64(bound))) }

  /// One of the given; nil of an empty collection.
  public mutating func pick<Element>(_ choices: [Element]) -> Element? {
    choices.isEmpty ? nil : choices[index(below: choices.count)]
  }

  public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for last in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(last, index(below: last + 1)) }
    return result
  }

  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<max(0, count)).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
  }
}
