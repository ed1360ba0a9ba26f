import Facts

/// A table of pool use by tag as viewers other than poolmon export it, told by its heading: a column of tags, and counts for each
/// pool either in columns of their own or by a column that names the pool.
///
/// Columns come in any order, parted by commas, semicolons, tabs or spaces. Seen: scripts around the system's own query
/// (`"DateTime","Tag","PagedAllocs",…,"NonPagedUsedBytes","Binary"`), PoolMonX (`Paged Allocs … Non Paged Usage`), System
/// Informer (`Paged allocations (total) … Non-paged bytes (total)`), and poolmon's own columns saved as CSV.
struct PoolTable {
  enum Meaning: Hashable {
    case tag, type, time, owner
    case allocations, frees, difference, bytes
  }

  struct Column {
    var meaning: Meaning?
    /// `paged` or `nonpaged`, where the heading says.
    var pool: String?
    /// 1,024 for a heading that counts in KB.
    var unit: UInt64 = 1
    var isHexadecimal = false
    /// Characters of the heading, from the line's beginning; for tables parted by spaces.
    var extent: Range<Int>
  }

  /// nil: spaces.
  let separator: UInt8?
  private(set) var columns: [Column]
  /// The heading's bytes: the same again begins the next snapshot.
  private let heading: [UInt8]

  /// More columns are not read.
  private static let maximumColumns = 64
  /// Rows that are looked at to learn whether numbers are hexadecimal.
  private static let learnedRows = 2000

  // MARK: Heading

  /// nil where the line is no heading of such a table.
  init?(_ text: LogText, _ index: Int) {
    guard let made = PoolTable(heading: text.bytes[text.lines[index]]) else { return nil }
    self = made
    learnNumbers(text, index)
  }

  init?(heading line: ArraySlice<UInt8>) {
    guard line.count < 4096, Self.mayBeHeading(line) else { return nil }
    heading = Array(line)
    let marks: [UInt8] = [0x09, UInt8(ascii: ";"), UInt8(ascii: ",")]
    if let mark = marks.first(where: { mark in line.contains(mark) }) {
      separator = mark
      columns = CounterCells.all(line, mark).prefix(Self.maximumColumns).map { Self.column($0, 0..<0) }
    } else {
      separator = nil
      columns = Self.spaced(line).map { Self.column($0.bytes, $0.extent) }
    }
    guard columns.count(where: { $0.meaning == .tag }) == 1, isTable else { return nil }
  }

  /// A word that says tag and one that says bytes or allocations: other lines are not taken apart.
  private static func mayBeHeading(_ line: ArraySlice<UInt8>) -> Bool {
    var hasTag = false
    var hasCount = false
    for place in line.indices.dropLast(2) {
      let three = (line[place] | 0x20, line[place + 1] | 0x20, line[place + 2] | 0x20)
      switch three {
      case (0x74, 0x61, 0x67): hasTag = true
      case (0x62, 0x79, 0x74), (0x61, 0x6C, 0x6C), (0x75, 0x73, 0x65), (0x75, 0x73, 0x61), (0x73, 0x69, 0x7A):
        hasCount = true
      default: break
      }
      if hasTag, hasCount { return true }
    }
    return false
  }

  /// Bytes of one pool at least, and either both pools or a column that says which.
  private var isTable: Bool {
    let bytes = columns.filter { $0.meaning == .bytes }
    guard !bytes.isEmpty else { return false }
    if columns.contains(where: { $0.meaning == .type }) {
      return bytes.contains { $0.pool == nil } && columns.count >= 3
    }
    return bytes.contains { $0.pool != nil }
  }

  /// What a heading's words mean. `NonPagedUsedBytes`, `Non-paged bytes (total)`, `Pool Type`, `Bytes`, `Diff`.
  private static func column(_ bytes: [UInt8], _ extent: Range<Int>) -> Column {
    let raw = String(decoding: bytes, as: UTF8.self).lowercased()
    var name = String(raw.unicodeScalars.filter { $0.isASCII && $0.properties.isAlphabetic })
    var column = Column(extent: extent)
    for (word, unit) in [("kb", UInt64(1) << 10), ("kib", 1 << 10), ("mb", 1 << 20), ("mib", 1 << 20)] {
      if raw.hasSuffix("(\(word))") || raw.hasSuffix(" \(word)") || raw.hasSuffix("[\(word)]") {
        column.unit = unit
        name.removeLast(word.count)
      }
    }
    // Changes since the last screen and averages are not counts.
    if ["delta", "change", "rate", "peak", "per", "average", "avg", "limit"].contains(where: { name.contains($0) }) {
      return column
    }
    for (word, pool) in [("nonpaged", "nonpaged"), ("nonp", "nonpaged"), ("paged", "paged")] where name.hasPrefix(word)
    {
      column.pool = pool
      name.removeFirst(word.count)
      break
    }
    if column.pool == nil {
      for (word, pool) in [("nonpaged", "nonpaged"), ("paged", "paged")] where name.hasSuffix(word) && name != word {
        column.pool = pool
        name.removeLast(word.count)
        break
      }
    }
    name = name.replacing("pool", with: "")
    let counted = name.replacing("total", with: "")
    // The sum of both pools is neither.
    if counted != name, column.pool == nil { return column }
    switch counted {
    case "tag", "tagname": column.meaning = column.pool == nil ? .tag : nil
    case "type": column.meaning = .type
    case "": if column.pool == nil, raw.contains("pool") { column.meaning = .type }
    case "datetime", "timestamp", "time", "date", "captured": column.meaning = .time
    case "driver", "drivers", "binary", "source", "mappeddriver", "owner", "module", "image": column.meaning = .owner
    case "allocs", "allocations", "alloc", "allocated", "allocationcount", "alloccount": column.meaning = .allocations
    case "frees", "free", "freed", "freecount": column.meaning = .frees
    case "diff", "difference", "current", "outstanding", "count", "live": column.meaning = .difference
    case "bytes", "used", "usedbytes", "bytesused", "usage", "size", "bytesinuse", "memory", "sizebytes", "usagebytes":
      column.meaning = .bytes
    default: break
    }
    return column
  }

  /// Words of a heading parted by spaces; words one space apart are one name only where the table has wider gaps.
  private static func spaced(_ line: ArraySlice<UInt8>) -> [(bytes: [UInt8], extent: Range<Int>)] {
    var words: [(bytes: [UInt8], extent: Range<Int>)] = []
    for word in SpacedWord.all(line).prefix(maximumColumns) { words.append((Array(line[word.bytes]), word.characters)) }
    return words
  }

  /// Numbers with letters in them make their column hexadecimal from its first row on.
  private mutating func learnNumbers(_ text: LogText, _ index: Int) {
    for line in text.lines.dropFirst(index + 1).prefix(Self.learnedRows) {
      let bytes = text.bytes[line]
      guard bytes.count < 4096, !isHeading(bytes), !Self.mayBeHeading(bytes) || PoolTable(heading: bytes) == nil else {
        break
      }
      for (place, cell) in cells(bytes).enumerated() where place < columns.count {
        switch columns[place].meaning {
        case .allocations, .frees, .difference, .bytes:
          guard let cell, cell.count <= 16, cell.allSatisfy(\.isHex), cell.contains(where: { !$0.isDigit }) else {
            continue
          }
          columns[place].isHexadecimal = true
        default: break
        }
      }
    }
  }

  /// Whether a line is this table's heading once more.
  func isHeading(_ line: ArraySlice<UInt8>) -> Bool { line.elementsEqual(heading) }

  // MARK: Rows

  /// The cells in the order of columns; nil where a column has none.
  private func cells(_ line: ArraySlice<UInt8>) -> [[UInt8]?] {
    if let separator { return CounterCells.all(line, separator).prefix(columns.count).map { Self.trimmed($0) } }
    let words = SpacedWord.all(line)
    if words.count == columns.count { return words.map { Array(line[$0.bytes]) } }
    // Each word stands under the heading that it overlaps, numbers with its right end, words with its left.
    var cells = [[UInt8]?](repeating: nil, count: columns.count)
    var first = 0
    for word in words {
      var best = first
      var distance = Int.max
      for place in first..<columns.count {
        let apart = Self.apart(columns[place].extent, word.characters)
        if apart < distance { (best, distance) = (place, apart) }
        if columns[place].extent.lowerBound > word.characters.upperBound { break }
      }
      cells[best] = (cells[best].map { $0 + [0x20] } ?? []) + Array(line[word.bytes])
      first = best
    }
    return cells
  }

  private static func apart(_ a: Range<Int>, _ b: Range<Int>) -> Int {
    a.overlaps(b) ? 0 : a.upperBound <= b.lowerBound ? b.lowerBound - a.upperBound + 1 : a.lowerBound - b.upperBound + 1
  }

  private static func trimmed(_ cell: [UInt8]) -> [UInt8] {
    var part = cell.drop { $0.isSpace }
    while let last = part.last, last.isSpace { part.removeLast() }
    return Array(part)
  }

  /// The row of each pool in which the tag has something, and the time in its cell; nil for another line.
  func rows(_ line: ArraySlice<UInt8>) -> (rows: [PoolLogView.Row], time: [UInt8]?)? {
    guard line.count < 4096 else { return nil }
    let cells = cells(line)
    func cell(_ meaning: Meaning) -> [UInt8]? {
      guard let place = columns.firstIndex(where: { $0.meaning == meaning }), place < cells.count else { return nil }
      return cells[place]
    }
    guard let tagBytes = cell(.tag) else { return nil }
    let tag = String(decoding: tagBytes, as: UTF8.self)
    guard !tag.isEmpty, tag.unicodeScalars.count <= 4, !tagBytes.allSatisfy({ $0 == UInt8(ascii: "-") }) else {
      return nil
    }
    let driver = cell(.owner).map { String(decoding: $0, as: UTF8.self) }.flatMap { $0.isEmpty ? nil : $0 }
    var rows: [PoolLogView.Row] = []
    var isRow = false
    var pools = ["nonpaged", "paged"]
    if let type = cell(.type) {
      guard let pool = Self.pool(type) else { return nil }
      pools = [pool]
    }
    for pool in pools {
      func number(_ meaning: Meaning) -> Int64? {
        guard
          let place = columns.firstIndex(where: {
            $0.meaning == meaning && ($0.pool == pool || $0.pool == nil && (pools.count == 1 || meaning == .difference))
          }), place < cells.count, let cell = cells[place]
        else { return nil }
        return TableNumber.value(cell[...], isHexadecimal: columns[place].isHexadecimal, unit: columns[place].unit)
      }
      guard let bytes = number(.bytes), bytes >= 0 else { continue }
      isRow = true
      let allocations = number(.allocations).flatMap { $0 >= 0 ? UInt64($0) : nil }
      let frees = number(.frees).flatMap { $0 >= 0 ? UInt64($0) : nil }
      let difference = number(.difference)
      guard bytes > 0 || (allocations ?? 0) > 0 else { continue }
      rows.append(
        PoolLogView.Row(
          tag: tag, pool: pool,
          // Without allocations in all, those in use.
          allocations: allocations ?? difference.flatMap { $0 >= 0 ? UInt64($0) : nil } ?? 0,
          frees: allocations == nil ? nil : frees, bytes: UInt64(bytes),
          difference: allocations != nil && frees != nil ? difference : nil, driver: driver))
    }
    guard isRow else { return nil }
    let times = columns.indices.filter { columns[$0].meaning == .time && $0 < cells.count }.compactMap { cells[$0] }
    return (rows, times.isEmpty ? nil : Array(times.joined(separator: [0x20])))
  }

  /// `Nonp`, `NonPagedNx`, `Paged`, `NP`, `P`.
  private static func pool(_ cell: [UInt8]) -> String? {
    let name = String(decoding: cell, as: UTF8.self).lowercased().filter { $0.isLetter }
    if name.hasPrefix("nonp") || name == "np" || name == "n" || name == "npp" { return "nonpaged" }
    return name.hasPrefix("paged") || name == "p" || name == "pp" ? "paged" : nil
  }
}

/// A word of a line with its place in bytes and in characters: columns are as wide as they look.
struct SpacedWord {
  var bytes: Range<Int>
  var characters: Range<Int>

  static func all(_ line: ArraySlice<UInt8>) -> [SpacedWord] {
    var words: [SpacedWord] = []
    var start: (byte: Int, character: Int)?
    var character = 0
    for place in line.indices {
      if line[place].isSpace {
        if let begin = start {
          words.append(SpacedWord(bytes: begin.byte..<place, characters: begin.character..<character))
          start = nil
        }
      } else if start == nil {
        start = (place, character)
      }
      // Bytes that continue a character take no room.
      if line[place] & 0xC0 != 0x80 { character += 1 }
    }
    if let begin = start {
      words.append(SpacedWord(bytes: begin.byte..<line.endIndex, characters: begin.character..<character))
    }
    return words
  }
}

/// Numbers as tables print them: `1234`, `0x4D2`, `1,234`, `1.234`, `1 234`, `1'234`, `-3`, `12.5 MB`.
enum TableNumber {
  /// Longer ones first.
  private static let units: [(word: [UInt8], size: UInt64)] = {
    let sizes: [(String, UInt64)] = [
      ("bytes", 1), ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("kb", 1 << 10), ("mb", 1 << 20),
      ("gb", 1 << 30), ("k", 1 << 10), ("m", 1 << 20), ("b", 1),
    ]
    return sizes.map { (Array($0.0.utf8), $0.1) }
  }()

  static func value(_ cell: ArraySlice<UInt8>, isHexadecimal: Bool, unit: UInt64) -> Int64? {
    var text = cell.drop { $0.isSpace }
    while let last = text.last, last.isSpace { text.removeLast() }
    guard let first = text.first, text.count <= 40 else { return nil }
    if isHexadecimal || text.starts(with: [0x30, 0x78]) || text.starts(with: [0x30, 0x58]) {
      let digits =
        text.first == 0x30 && text.dropFirst().first.map { $0 | 0x20 == 0x78 } == true ? text.dropFirst(2) : text
      guard let value = UInt64(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
      return scaled(Double(value), exact: value, unit)
    }
    let isNegative = first == UInt8(ascii: "-")
    if isNegative { text.removeFirst() }
    var unit = unit
    for (word, size) in units where text.count > word.count && text.suffix(word.count).map({ $0 | 0x20 }) == word {
      unit = size
      text.removeLast(word.count)
      while let last = text.last, last.isSpace { text.removeLast() }
      break
    }
    guard let (whole, fraction) = parts(text) else { return nil }
    guard let value = scaled(Double(whole) + fraction, exact: fraction == 0 ? whole : nil, unit) else { return nil }
    return isNegative ? -value : value
  }

  private static func scaled(_ value: Double, exact: UInt64?, _ unit: UInt64) -> Int64? {
    if let exact {
      let (product, overflow) = exact.multipliedReportingOverflow(by: unit)
      return overflow ? nil : Int64(exactly: product)
    }
    let product = value * Double(unit)
    return product < 9e18 ? Int64(product) : nil
  }

  /// Marks between groups of three digits are left out; a last mark before another number of digits begins the fraction.
  private static func parts(_ text: ArraySlice<UInt8>) -> (UInt64, Double)? {
    let groups = text.split(omittingEmptySubsequences: false) { !$0.isDigit }
    guard groups.allSatisfy({ !$0.isEmpty }), let first = groups.first else { return nil }
    let marks = text.filter { !$0.isDigit }
    guard marks.allSatisfy({ [0x2C, 0x2E, 0x20, 0x27, 0x60].contains($0) }) else { return nil }
    var whole = Array(first)
    var fraction: ArraySlice<UInt8> = []
    for (place, group) in groups.enumerated().dropFirst() {
      let isLast = place == groups.count - 1
      let isMark = marks[place - 1] == 0x2C || marks[place - 1] == 0x2E
      if isLast, isMark, group.count != 3 || place > 1 && marks[place - 1] != marks[0] {
        fraction = group
      } else {
        guard group.count == 3, first.count <= 3 else { return nil }
        whole += Array(group)
      }
    }
    guard whole.count <= 20, let value = UInt64(String(decoding: whole, as: UTF8.self)), fraction.count <= 18 else {
      return nil
    }
    return (value, fraction.isEmpty ? 0 : Double("0." + String(decoding: fraction, as: UTF8.self)) ?? 0)
  }
}
