/// Eight minima of the hashes of a text's runs of four words: two texts share as many as they are alike.
///
/// One hash per run: its upper three bits choose which minimum it competes for, so that a text is gone through once.
struct TextSketch: Hashable, Sendable {
  var minima: [UInt32]

  static let size = 8
  /// Texts of fewer runs have no sketch to trust.
  static let minimumRuns = 40

  init(minima: [UInt32]) { self.minima = minima }

  init?(_ bytes: ArraySlice<UInt8>) {
    var minima = [UInt32](repeating: .max, count: Self.size)
    var window: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var word: UInt64 = 0
    var runs = 0
    bytes.withUnsafeBufferPointer { bytes in
      for byte in bytes {
        let folded = byte &- 0x41 < 26 ? byte | 0x20 : byte
        if folded &- 0x61 < 26 || folded &- 0x30 < 10 {
          word = (word ^ UInt64(folded)) &* 0x0000_0100_0000_01B3
        } else if word != 0 {
          window = (window.1, window.2, window.3, word)
          word = 0
          guard window.0 != 0 else { continue }
          let hash = ArticleDigest.mix(
            window.0 &+ window.1 &* 3 &+ window.2 &* 7 &+ window.3 &* 31, 0x9DDF_EA08_EB38_2D69)
          let slot = Int(hash >> 61)
          minima[slot] = min(minima[slot], UInt32(truncatingIfNeeded: hash))
          runs &+= 1
        }
      }
    }
    guard runs >= Self.minimumRuns else { return nil }
    self.minima = minima
  }

  /// How many minima two sketches share.
  func shared(_ other: TextSketch) -> Int { zip(minima, other.minima).count { $0 == $1 } }

  /// From this many shared minima on two articles count as near-duplicates.
  static let alike = 7

  var bytes: [UInt8] { minima.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } } }

  init?(bytes: [UInt8]) {
    guard bytes.count == 4 * Self.size else { return nil }
    minima = (0..<Self.size).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) }
    }
  }
}

/// Groups of near-duplicates: the smallest row id of the group for each member, groups of two or more only.
enum NearDuplicates {
  static func groups(_ sketches: [(id: Int64, sketch: TextSketch)]) -> [Int64: Int64] {
    var parent = Array(sketches.indices)
    func root(_ index: Int) -> Int {
      var index = index
      while parent[index] != index { index = parent[index] }
      return index
    }
    // Two sketches that share seven of eight minima share all of one half.
    for half in [0..<4, 4..<8] {
      var buckets: [[UInt32]: [Int]] = [:]
      for index in sketches.indices { buckets[Array(sketches[index].sketch.minima[half]), default: []].append(index) }
      for members in buckets.values where members.count > 1 {
        // Compared with the first few only: a bucket of thousands is boilerplate, not a family.
        for (position, member) in members.enumerated().dropFirst() {
          for other in members[..<min(position, 8)]
          where sketches[member].sketch.shared(sketches[other].sketch) >= TextSketch.alike {
            let (a, b) = (root(member), root(other))
            parent[max(a, b)] = min(a, b)
            break
          }
        }
      }
    }
    var members: [Int: [Int]] = [:]
    for index in sketches.indices { members[root(index), default: []].append(index) }
    var groups: [Int64: Int64] = [:]
    for group in members.values where group.count > 1 {
      let name = group.map { sketches[$0].id }.min() ?? 0
      for index in group { groups[sketches[index].id] = name }
    }
    return groups
  }
}
