/// How well an article's text agrees with words from the evidence: BM25 with the title counted three times.
struct TextRelevance: Sendable {
  struct Word: Sendable {
    var stem: String
    var weight: Double
  }

  struct Agreement: Sendable {
    /// 0 and up; a rare word held often gives about seven.
    var points: Double
    /// What was found, most telling first.
    var words: [String]
  }

  private let words: [Word]
  private let index: [UInt64: Int]
  /// By the first three bytes of the words looked for, five bits of each.
  private let beginnings: [Bool]

  /// Typical length in words; longer texts hold more of anything.
  static let usualLength = 450.0
  static let titleFactor = 3.0
  /// Of a long text only the beginning is read: it is a list of fixed bugs or a book, which has a bit of everything.
  static let readBytes = 24 << 10

  init(_ words: [Word]) {
    self.words = words
    index = Dictionary(words.enumerated().map { (Self.hash(Array($1.stem.utf8)[...]), $0) }) { first, _ in first }
    var beginnings = [Bool](repeating: false, count: 1 << 15)
    for word in words.map({ Array($0.stem.utf8) }) + [Self.non, Self.paged] where word.count >= 2 {
      let thirds = word.count > 2 ? [word[2]] : Array(0...31)
      for third in thirds { beginnings[Self.beginning(word[0], word[1], third)] = true }
    }
    self.beginnings = beginnings
  }

  /// Letters of either case have the same five bits.
  private static func beginning(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int {
    Int(first & 31) << 10 | Int(second & 31) << 5 | Int(third & 31)
  }

  private static let non = Array("non".utf8)
  private static let paged = Array("paged".utf8)
  private static let nonpaged = Array("nonpaged".utf8)

  private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  func agreement(title: String, body: [UInt8]) -> Agreement {
    var counts = [Double](repeating: 0, count: words.count)
    let length = count(body.prefix(Self.readBytes), 1, &counts)
    _ = count(Array(title.utf8)[...], Self.titleFactor, &counts)
    let full = Double(length) * Double(max(body.count, 1)) / Double(max(1, min(body.count, Self.readBytes)))
    let damping = 1.2 * (0.25 + 0.75 * full / Self.usualLength)
    var sum = 0.0
    var found: [(word: String, points: Double)] = []
    for (position, word) in words.enumerated() where counts[position] > 0 {
      let points = word.weight * counts[position] / (counts[position] + damping)
      sum += points
      found.append((word.stem, points))
    }
    found.sort { ($1.points, $0.word) < ($0.points, $1.word) }
    return Agreement(points: sum, words: found.map(\.word))
  }

  /// Counts the words looked for; gives the number of all words.
  private func count(_ text: ArraySlice<UInt8>, _ factor: Double, _ counts: inout [Double]) -> Int {
    var total = 0
    var afterNon = false
    var word: [UInt8] = []
    word.reserveCapacity(64)
    text.withUnsafeBufferPointer { bytes in
      var offset = 0
      while offset < bytes.count {
        guard Self.isWord(bytes[offset]) else {
          offset &+= 1
          continue
        }
        let start = offset
        while offset < bytes.count, Self.isWord(bytes[offset]) { offset &+= 1 }
        guard offset - start >= 2 else {
          afterNon = false
          continue
        }
        total &+= 1
        // Most words begin like none of those looked for.
        let third = start &+ 2 < bytes.count ? bytes[start &+ 2] : 0
        guard beginnings[Self.beginning(bytes[start], bytes[start &+ 1], third)] else {
          afterNon = false
          continue
        }
        word.removeAll(keepingCapacity: true)
        for byte in bytes[start..<offset] { word.append(byte &- 0x41 < 26 ? byte | 0x20 : byte) }
        // `non-paged` is `nonpaged`.
        if afterNon, word == Self.paged { word = Self.nonpaged }
        afterNon = word == Self.non
        if let position = index[Self.hash(TextWords.stem(word[...]))] { counts[position] += factor }
      }
    }
    return total
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
  }
}
