import GRDB
import KnowledgeBase

/// Groups of articles that say nearly the same: one article for two products, one problem published twice.
///
/// Sketches find the pairs worth a look. They cannot decide: short articles share most of their runs of words with hundreds of
/// others, the status sentence and the advice to get a service pack, and groups of fifty strangers came of it. What decides is
/// how much of the telling words two texts share, rare ones counting most.
struct NearDuplicates {
  /// Minima two sketches share before their texts are compared.
  static let sketchesAlike = 6
  /// Of the telling words of both texts, by weight, the part that both must hold. Seen in the archive: at 0.8 and above the
  /// same article for another product or disk format, at 0.7 different problems of one program.
  static let textsAlike = 0.8
  /// Of the titles' words likewise: enough that they have a word in common that tells something.
  static let titlesAlike = 0.1
  /// Earlier articles of a bucket that one is compared with: a bucket of thousands is boilerplate, not a family.
  static let compared = 16

  /// Pairs of articles whose sketches are alike, by position, the earlier one first.
  static func candidates(_ sketches: [(id: Int64, sketch: TextSketch)]) -> [(Int, Int)] {
    // Two sketches that share five of eight minima share both of one of the four pairs.
    var pairs: Set<UInt64> = []
    for slot in stride(from: 0, to: TextSketch.size, by: 2) {
      var keys = sketches.indices.map { index in
        let minima = sketches[index].sketch.minima
        return (key: UInt64(minima[slot]) << 32 | UInt64(minima[slot + 1]), index: index)
      }
      keys.sort { ($0.key, $0.index) < ($1.key, $1.index) }
      for (position, (key, index)) in keys.enumerated() {
        var before = position - 1
        while before >= 0, position - before <= compared, keys[before].key == key {
          let other = keys[before].index
          if sketches[index].sketch.shared(sketches[other].sketch) >= sketchesAlike {
            pairs.insert(UInt64(other) << 32 | UInt64(index))
          }
          before -= 1
        }
      }
    }
    return pairs.sorted().map { (Int($0 >> 32), Int($0 & 0xFFFF_FFFF)) }
  }

  /// Each member's group, named by its smallest row; groups of two or more only. A member is alike to the group's first, not
  /// only to another member: in a chain of small differences the ends have nothing in common.
  static func groups(
    _ sketches: [(id: Int64, sketch: TextSketch)], _ pairs: [(Int, Int)], alike: (Int64, Int64) throws -> Bool
  ) rethrows -> [Int64: Int64] {
    var leader: [Int: Int] = [:]
    for (first, second) in pairs where leader[second] == nil {
      let head = leader[first] ?? first
      guard try alike(sketches[head].id, sketches[second].id) else { continue }
      leader[second] = head
      leader[head] = head
    }
    return Dictionary(uniqueKeysWithValues: leader.map { (sketches[$0].id, sketches[$1].id) })
  }

  private let sketches: [(id: Int64, sketch: TextSketch)]
  private let pairs: Later<[(Int, Int)]>

  /// Begins to look for pairs among all articles.
  init(_ database: Database) throws {
    var sketches: [(id: Int64, sketch: TextSketch)] = []
    let rows = try Row.fetchCursor(database, sql: "SELECT id, sketch FROM article ORDER BY id")
    while let row = try rows.next() {
      if let sketch = TextSketch(bytes: row.withBytes("sketch")) { sketches.append((row["id"], sketch)) }
    }
    self.sketches = sketches
    pairs = Later { [sketches] in Self.candidates(sketches) }
  }

  /// Writes the groups of all articles.
  ///
  /// - Parameter countWords: brings `common_word` up to date, while another core goes through texts.
  func write(_ database: Database, countingWords countWords: () throws -> Void) throws {
    let pairs = pairs.value
    let ids = Set(pairs.flatMap { [sketches[$0.0].id, sketches[$0.1].id] }).sorted()
    let ahead = try Self.texts(of: ids.prefix(Self.textsAhead), database)
    let begun = Later { ahead.map(Self.hashes) }
    try countWords()
    let weights = try WordWeights(database)
    var words: [Int64: Words] = [:]
    func weigh(_ texts: [Hashes]) {
      for text in texts { words[text.id] = Words(TellingWords(text.title, weights), TellingWords(text.body, weights)) }
    }
    weigh(begun.value)
    for start in stride(from: ahead.count, to: ids.count, by: Self.textsAtOnce) {
      let next = ids[start..<min(ids.count, start + Self.textsAtOnce)]
      weigh(inParallel(try Self.texts(of: next, database), Self.hashes))
    }
    let groups = Self.groups(sketches, pairs) { first, second in
      guard let first = words[first], let second = words[second] else { return false }
      return first.body.shared(second.body) >= Self.textsAlike && first.title.shared(second.title) >= Self.titlesAlike
    }
    let previous = try Row.fetchAll(database, sql: "SELECT id, group_id FROM article WHERE group_id IS NOT NULL")
    let clear = try database.makeStatement(sql: "UPDATE article SET group_id = NULL WHERE id = ?")
    for row in previous where groups[row["id"]] == nil { try clear.execute(arguments: [row["id"] as Int64]) }
    let update = try database.makeStatement(sql: "UPDATE article SET group_id = ? WHERE id = ?")
    for (id, group) in groups.sorted(by: { $0.key < $1.key }) { try update.execute(arguments: [group, id]) }
  }

  private struct Text: Sendable {
    var id: Int64
    var title: [UInt8]
    var body: [UInt8]
  }

  private struct Hashes: Sendable {
    var id: Int64
    var title: [UInt64]
    var body: [UInt64]
  }

  private struct Words {
    var title: TellingWords
    var body: TellingWords

    init(_ title: TellingWords, _ body: TellingWords) {
      self.title = title
      self.body = body
    }
  }

  /// The archive of 57,000 articles has 6,000 in pairs, of 4 KB each: so many are read while words are counted, and the others
  /// a few at a time.
  private static let textsAhead = 8192
  private static let textsAtOnce = 512

  private static func texts(of ids: ArraySlice<Int64>, _ database: Database) throws -> [Text] {
    let text = try database.makeStatement(sql: "SELECT title, body FROM article_text WHERE rowid = ?")
    return try ids.map { id in
      let row = try Row.fetchOne(text, arguments: [id])
      let title: String = row?["title"] ?? ""
      return Text(id: id, title: Array(title.utf8), body: row?.withBytes("body") ?? [])
    }
  }

  private static func hashes(_ text: Text) -> Hashes {
    Hashes(
      id: text.id, title: TellingWords.hashes(text.title[...]), body: TellingWords.hashes(TextSketch.telling(text.body))
    )
  }
}

/// How much a word tells: the fewer articles hold it, the more.
struct WordWeights {
  private var common: [UInt64: Float] = [:]
  private var rare: Float = 1

  init() {}

  init(_ database: Database) throws {
    let total = Double(try Int.fetchOne(database, sql: "SELECT count(*) FROM article") ?? 0)
    func weight(_ documents: Int) -> Float { Float(KnowledgeStore.logarithm(1 + total / Double(max(8, documents)))) }
    rare = weight(8)
    let rows = try Row.fetchCursor(database, sql: "SELECT word, documents FROM common_word")
    while let row = try rows.next() {
      common[TellingWords.hash(Array((row["word"] as String).utf8)[...])] = weight(row["documents"])
    }
  }

  func of(_ hash: UInt64) -> Float { common[hash] ?? rare }
}

/// The different words of a text, each with its weight.
struct TellingWords {
  private var words: [(hash: UInt64, weight: Float)] = []
  private var total: Float = 0

  /// - Parameter hashes: of the words, ascending; each counts once.
  init(_ hashes: [UInt64], _ weights: WordWeights) {
    var last: UInt64?
    for hash in hashes where hash != last {
      last = hash
      let weight = weights.of(hash)
      words.append((hash, weight))
      total += weight
    }
  }

  init(_ text: ArraySlice<UInt8>, _ weights: WordWeights) { self.init(Self.hashes(text), weights) }

  /// Of all words of a text, ascending.
  static func hashes(_ text: ArraySlice<UInt8>) -> [UInt64] {
    var hashes: [UInt64] = []
    hashes.reserveCapacity(text.count / 6)
    var start = text.startIndex
    for offset in text.startIndex...text.endIndex {
      let byte = offset < text.endIndex ? text[offset] : 0x20
      if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F || byte >= 0x80 { continue }
      if offset > start { hashes.append(hash(text[start..<offset])) }
      start = offset + 1
    }
    hashes.sort()
    return hashes
  }

  /// FNV-1a of the word in lower case.
  static func hash(_ word: ArraySlice<UInt8>) -> UInt64 {
    word.reduce(0xCBF2_9CE4_8422_2325) { hash, byte in
      (hash ^ UInt64(byte &- 0x41 < 26 ? byte | 0x20 : byte)) &* 0x0000_0100_0000_01B3
    }
  }

  /// The weight of the words that both texts hold, as a part of the weight of all words of either.
  func shared(_ other: TellingWords) -> Double {
    var (a, b) = (0, 0)
    var both: Float = 0
    while a < words.count, b < other.words.count {
      if words[a].hash == other.words[b].hash {
        both += words[a].weight
        a += 1
        b += 1
      } else if words[a].hash < other.words[b].hash {
        a += 1
      } else {
        b += 1
      }
    }
    let either = total + other.total - both
    return either > 0 ? Double(both / either) : 0
  }
}
