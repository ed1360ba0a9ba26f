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

  /// Writes the groups of all articles. `common_word` must be up to date.
  static func write(_ database: Database) throws {
    var sketches: [(id: Int64, sketch: TextSketch)] = []
    let rows = try Row.fetchCursor(database, sql: "SELECT id, sketch FROM article ORDER BY id")
    while let row = try rows.next() {
      if let sketch = TextSketch(bytes: row.withBytes("sketch")) { sketches.append((row["id"], sketch)) }
    }
    let pairs = candidates(sketches)
    let words = try words(of: Set(pairs.flatMap { [sketches[$0.0].id, sketches[$0.1].id] }).sorted(), database)
    let groups = groups(sketches, pairs) { first, second in
      guard let first = words[first], let second = words[second] else { return false }
      return first.body.shared(second.body) >= textsAlike && first.title.shared(second.title) >= titlesAlike
    }
    let previous = try Row.fetchAll(database, sql: "SELECT id, group_id FROM article WHERE group_id IS NOT NULL")
    let clear = try database.makeStatement(sql: "UPDATE article SET group_id = NULL WHERE id = ?")
    for row in previous where groups[row["id"]] == nil { try clear.execute(arguments: [row["id"] as Int64]) }
    let update = try database.makeStatement(sql: "UPDATE article SET group_id = ? WHERE id = ?")
    for (id, group) in groups.sorted(by: { $0.key < $1.key }) { try update.execute(arguments: [group, id]) }
  }

  private struct Words: Sendable {
    var id: Int64
    var title: TellingWords
    var body: TellingWords
  }

  /// Texts are read by one core, so many at a time, and gone through by all.
  private static let textsAtOnce = 512

  private static func words(of ids: [Int64], _ database: Database) throws -> [Int64: Words] {
    let weights = try WordWeights(database)
    let text = try database.makeStatement(sql: "SELECT title, body FROM article_text WHERE rowid = ?")
    var words: [Int64: Words] = [:]
    for start in stride(from: 0, to: ids.count, by: textsAtOnce) {
      let texts = try ids[start..<min(ids.count, start + textsAtOnce)].map { id in
        let row = try Row.fetchOne(text, arguments: [id])
        let title: String = row?["title"] ?? ""
        return (id: id, title: Array(title.utf8), body: row?.withBytes("body") ?? [])
      }
      for one in inParallel(
        texts,
        { text in
          Words(
            id: text.id, title: TellingWords(text.title[...], weights),
            body: TellingWords(TextSketch.telling(text.body), weights))
        })
      { words[one.id] = one }
    }
    return words
  }
}

/// How much a word tells: the fewer articles hold it, the more.
struct WordWeights: Sendable {
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
struct TellingWords: Sendable {
  private var words: [(hash: UInt64, weight: Float)] = []
  private var total: Float = 0

  init(_ text: ArraySlice<UInt8>, _ weights: WordWeights) {
    var hashes: [UInt64] = []
    hashes.reserveCapacity(text.count / 6)
    var start = text.startIndex
    for offset in text.startIndex...text.endIndex {
      let byte = offset < text.endIndex ? text[offset] : 0x20
      if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F || byte >= 0x80 { continue }
      if offset > start { hashes.append(Self.hash(text[start..<offset])) }
      start = offset + 1
    }
    hashes.sort()
    var last: UInt64?
    for hash in hashes where hash != last {
      last = hash
      let weight = weights.of(hash)
      words.append((hash, weight))
      total += weight
    }
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
