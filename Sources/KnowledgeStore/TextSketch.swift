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

  /// The part of an article that tells it from others: the head, product lists and keywords, is alike in thousands.
  static func telling(_ text: [UInt8]) -> ArraySlice<UInt8> { text[min(text.count / 6, 600)...] }

  /// How many minima two sketches share.
  func shared(_ other: TextSketch) -> Int { zip(minima, other.minima).count { $0 == $1 } }

  var bytes: [UInt8] { minima.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } } }

  init?(bytes: [UInt8]) {
    guard bytes.count == 4 * Self.size else { return nil }
    minima = (0..<Self.size).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) }
    }
  }
}
