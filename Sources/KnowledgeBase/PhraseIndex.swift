/// Which of an index's phrases occur in a text: one bit each.
struct PhraseSet: Hashable, Sendable {
  /// Phrases that one index can hold.
  static let capacity = 512

  var bits = SIMD8<UInt64>()

  var isEmpty: Bool { bits == SIMD8<UInt64>() }

  mutating func insert(_ phrase: Int) { bits[phrase >> 6] |= 1 << UInt64(phrase & 63) }

  func holds(_ phrase: Int) -> Bool { bits[phrase >> 6] & (1 << UInt64(phrase & 63)) != 0 }

  /// Whether any phrase of a list is there.
  func holdsAny(_ list: PhraseSet) -> Bool { bits & list.bits != SIMD8<UInt64>() }

  func holdsAll(_ list: PhraseSet) -> Bool { bits & list.bits == list.bits }

  static func | (a: PhraseSet, b: PhraseSet) -> PhraseSet { PhraseSet(bits: a.bits | b.bits) }
}

/// Finds all of some hundred phrases in one pass over a text, one table look-up a byte (Aho and Corasick, 1975). Looking for
/// each phrase in each sentence took three quarters of all parsing.
struct PhraseIndex: Sendable {
  private let numbers: [String: Int]
  /// Column of a byte in `table`; capitals share their small letter's, bytes that no phrase holds are 0.
  private let columns: [UInt8]
  /// The next state, row by row; states that end a phrase come last.
  private let table: [UInt16]
  private let columnCount: Int
  private let firstEnding: Int
  /// What has been found when a state from `firstEnding` on is reached.
  private let found: [PhraseSet]

  /// - Parameter phrases: in lower case, not empty, `PhraseSet.capacity` different ones at most.
  init(_ phrases: some Sequence<String>) {
    var numbers: [String: Int] = [:]
    for phrase in phrases where numbers[phrase] == nil { numbers[phrase] = numbers.count }
    precondition(numbers.count <= PhraseSet.capacity && numbers[""] == nil)
    self.numbers = numbers
    let columns = Self.columns(numbers.keys)
    let tree = PhraseTree(numbers, columns: columns.byByte, count: columns.count)
    precondition(tree.count <= Int(UInt16.max))
    // Renumbered, so that one comparison tells whether a state ends a phrase.
    let states = tree.found.indices
    let order = states.filter { tree.found[$0].isEmpty } + states.filter { !tree.found[$0].isEmpty }
    var place = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { place[old] = new }
    firstEnding = tree.found.count { $0.isEmpty }
    found = order[firstEnding...].map { tree.found[$0] }
    table = order.flatMap { old in
      tree.next[(old * columns.count)..<((old + 1) * columns.count)].map { UInt16(place[$0]) }
    }
    self.columns = columns.byByte
    columnCount = columns.count
  }

  private static func columns(_ phrases: some Sequence<String>) -> (byByte: [UInt8], count: Int) {
    var byByte = [UInt8](repeating: 0, count: 256)
    var count = 1
    for byte in Set(phrases.flatMap { Array($0.utf8) }).sorted() {
      byByte[Int(byte)] = UInt8(count)
      if byte.isLower { byByte[Int(byte & 0xDF)] = UInt8(count) }
      count += 1
    }
    return (byByte, count)
  }

  /// The bits of phrases that are in the index.
  func set(_ phrases: [String]) -> PhraseSet {
    let known = phrases.compactMap { numbers[$0] }
    precondition(known.count == phrases.count, "phrases that are not in the index")
    var set = PhraseSet()
    for number in known { set.insert(number) }
    return set
  }

  /// Which phrases occur in a text, in capitals or small letters.
  func phrases(in text: [UInt8], _ range: Range<Int>? = nil) -> PhraseSet {
    text.withUnsafeBufferPointer { text in
      columns.withUnsafeBufferPointer { columns in
        table.withUnsafeBufferPointer { table in
          var result = PhraseSet()
          var state = 0
          for byte in text[range ?? 0..<text.count] {
            // Both tables are complete: every byte has a column, every entry is a state's number.
            state = Int(table[state &* columnCount &+ Int(columns[Int(byte)])])
            if state >= firstEnding { result.bits |= found[state &- firstEnding].bits }
          }
          return result
        }
      }
    }
  }
}

/// The automaton before its states are put in order.
private struct PhraseTree {
  var next: [Int]
  var found: [PhraseSet]
  var count: Int { found.count }

  init(_ phrases: [String: Int], columns: [UInt8], count: Int) {
    next = [Int](repeating: -1, count: count)
    found = [PhraseSet()]
    for (phrase, number) in phrases.sorted(by: { $0.value < $1.value }) {
      var state = 0
      for byte in phrase.utf8 {
        let edge = state * count + Int(columns[Int(byte)])
        if next[edge] < 0 {
          next[edge] = found.count
          next.append(contentsOf: repeatElement(-1, count: count))
          found.append(PhraseSet())
        }
        state = next[edge]
      }
      found[state].insert(number)
    }
    complete(count)
  }

  /// Gives every state a successor for every byte: where no phrase goes on, that of the longest ending that one begins with.
  private mutating func complete(_ count: Int) {
    var fallback = [Int](repeating: 0, count: found.count)
    var waiting: [Int] = []
    for column in 0..<count {
      if next[column] < 0 { next[column] = 0 } else { waiting.append(next[column]) }
    }
    var position = 0
    while position < waiting.count {
      let state = waiting[position]
      position += 1
      found[state] = found[state] | found[fallback[state]]
      for column in 0..<count {
        let through = next[fallback[state] * count + column]
        let edge = state * count + column
        if next[edge] < 0 {
          next[edge] = through
        } else {
          fallback[next[edge]] = through
          waiting.append(next[edge])
        }
      }
    }
  }
}
