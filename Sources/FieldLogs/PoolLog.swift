import Facts

/// Logs of pool use by tag: poolmon's, in a file or copied from a console, the debugger's `!poolused` and tables of other viewers
/// (`PoolTable`); and of the pools as a whole (`CounterLog`).
///
/// Facts of the forms are in Documentation/Formats/debugger-log.md.
public enum PoolLog {
  /// Rows of all snapshots together that are kept: 1,000 snapshots of 2,000 tags.
  public static let maximumRows = 2_000_000

  /// Never fails: a text without rows gives a view without snapshots.
  public static func read(_ bytes: [UInt8]) -> PoolLogView {
    CounterLog.matches(bytes) ? CounterLog.read(bytes) : read(LogText(bytes))
  }

  /// Whether a line is the heading of another viewer's table of tags.
  public static func isTableHeading(_ line: [UInt8]) -> Bool { PoolTable(heading: line[...]) != nil }

  static func read(_ text: LogText) -> PoolLogView {
    var reader = PoolLogReader(text)
    return reader.read()
  }
}

struct PoolLogReader {
  private enum Table {
    case none
    case poolmon
    /// Of the debugger: numbers for each pool, 2 (allocations, bytes) or 4 (with frees and difference).
    case poolused(columns: Int)
    case viewer(PoolTable)
  }

  private struct Key: Hashable {
    var tag: String
    var pool: String
  }

  private let text: LogText
  private var view = PoolLogView()
  private var current = PoolLogView.Snapshot()
  private var seen: Set<Key> = []
  private var table = Table.none
  private var time = LogTimes()
  /// Of the rows before, where each states its time.
  private var timeCell: [UInt8]?
  private var rows = 0
  private var wrong = 0

  init(_ text: LogText) { self.text = text }

  mutating func read() -> PoolLogView {
    time.learn(text)
    var line = 0
    while line < text.lines.count, rows < PoolLog.maximumRows { line = take(line) }
    close()
    if text.isCut { view.notes.append("Only the first \(LogText.limit >> 20) MiB of the log were read.") }
    if rows >= PoolLog.maximumRows { view.notes.append("Only the first \(rows) rows were read.") }
    if wrong > 0 {
      view.notes.append(
        "In \(wrong) of \(rows) rows allocations less frees are not the difference printed beside them: they were cut or copied wrongly."
      )
    }
    if time.isAmbiguous {
      view.notes.append("Dates such as 03/04/2009 may be read in two ways and were not taken as times.")
    }
    return view
  }

  private mutating func close() {
    if !current.rows.isEmpty { view.snapshots.append(current) }
    let next = PoolLogView.Snapshot()
    current = next
    seen.removeAll(keepingCapacity: true)
  }

  /// Takes one line, with the next where a row was wrapped; returns the line to go on with.
  private mutating func take(_ index: Int) -> Int {
    let line = text.lines[index]
    guard line.count < 4096 else { return index + 1 }
    let first = line.lowerBound + text.indent(line)
    guard first < line.upperBound else { return index + 1 }
    if case .viewer(let viewer) = table, takeRow(line, index, of: viewer) { return index + 1 }
    if heading(index) { return index + 1 }
    if let viewer = PoolTable(text, index) {
      if !current.rows.isEmpty { close() }
      table = .viewer(viewer)
      return index + 1
    }
    if let (row, behind) = poolmonRow(index) {
      add(row, index)
      return behind
    }
    if case .poolused(let columns) = table, let found = poolusedRows(index, columns: columns) {
      for row in found { add(row, index) }
      return index + 1
    }
    if let moment = time.read(text, line) {
      if !current.rows.isEmpty { close() }
      current.time = moment
    }
    return index + 1
  }

  /// A row of another viewer's table, or its heading once more.
  private mutating func takeRow(_ line: Range<Int>, _ index: Int, of viewer: PoolTable) -> Bool {
    let bytes = text.bytes[line]
    if viewer.isHeading(bytes) {
      if !current.rows.isEmpty { close() }
      return true
    }
    guard let found = viewer.rows(bytes) else { return false }
    if let cell = found.time, cell != timeCell {
      if !current.rows.isEmpty { close() }
      timeCell = cell
      current.time = time.read(cell[...])
    }
    for row in found.rows { add(row, index) }
    return true
  }

  private mutating func add(_ row: PoolLogView.Row, _ line: Int) {
    // A tag that comes again without a heading between: the next screen of a copy.
    if !seen.insert(Key(tag: row.tag, pool: row.pool)).inserted {
      let scope = current.scope
      close()
      current.scope = scope
      seen.insert(Key(tag: row.tag, pool: row.pool))
    }
    if current.rows.isEmpty { current.line = line + 1 }
    current.rows.append(row)
    rows += 1
    if !row.addsUp { wrong += 1 }
  }

  // MARK: Headings

  private mutating func heading(_ index: Int) -> Bool {
    let line = text.lines[index]
    let words = text.bytes[line].split(whereSeparator: \.isSpace).prefix(24).map { String(decoding: $0, as: UTF8.self) }
    guard let first = words.first else { return false }
    if first.hasPrefix("Memory:"), text.contains("Avail:", in: line) {
      if !current.rows.isEmpty { close() }
      if let place = text.find("Memory:", in: line) { current.memoryBytes = kilobytes(place + 7, line) }
      return true
    }
    // "Query pooltags Failed c0000002": the driver kit's page on poolmon says that it stands for tagging being off.
    if text.contains("pooltags", in: line), text.contains("ailed", in: line) {
      view.taggingIsOff = true
      return true
    }
    if text.contains("Limit:", in: line), text.contains("Peak:", in: line) {
      pools(line)
      return true
    }
    if let scope = words.firstIndex(of: "pool"), scope > 0, scope + 1 < words.count, words[scope + 1] == "information" {
      if !current.rows.isEmpty { close() }
      current.scope = words[..<scope].joined(separator: " ")
      return true
    }
    if let tag = words.firstIndex(of: "Tag"), tag < 3, words.contains("Allocs"), !isRearranged(words) {
      if !current.rows.isEmpty { close() }
      if words.contains("Type") {
        table = .poolmon
      } else {
        let columns = words.count { $0 == "Used" } > 0 ? (words.count - tag - 1) / words.count { $0 == "Used" } : 2
        table = .poolused(columns: columns == 4 ? 4 : 2)
      }
      return true
    }
    return false
  }

  /// poolmon prints its columns in one order, and the debugger names the pools in the line above; other viewers have the same
  /// words otherwise.
  private func isRearranged(_ words: [String]) -> Bool {
    if words.contains(where: { $0 == "Paged" || $0 == "NonPaged" || $0 == "Nonpaged" }) { return true }
    let order = ["Tag", "Type", "Allocs", "Frees", "Diff", "Bytes"]
    guard words.contains("Type") else { return false }
    let named = words.filter(order.contains)
    return named.prefix(order.count) != order.prefix(named.count)
  }

  /// `Pool N: 744K P: 2180K`.
  private mutating func pools(_ line: Range<Int>) {
    guard let start = text.find("Pool N:", in: line) else { return }
    current.nonpagedBytes = kilobytes(start + 7, line)
    if let paged = text.find("P:", in: (start + 7)..<line.upperBound) {
      current.pagedBytes = kilobytes(paged + 2, line)
    }
  }

  private func kilobytes(_ place: Int, _ line: Range<Int>) -> UInt64? {
    var place = place
    while place < line.upperBound, text.bytes[place].isSpace { place += 1 }
    guard let (value, behind) = text.decimal(at: place, before: line.upperBound), behind < line.upperBound,
      text.bytes[behind] == UInt8(ascii: "K")
    else { return nil }
    let (bytes, overflow) = value.multipliedReportingOverflow(by: 1024)
    return overflow ? nil : bytes
  }

  // MARK: Rows

  /// What a debugger prints where its list has no owner: `UNKNOWN pooltag 'Acm1', please update pooltag.txt`.
  private static let unknownOwner = "UNKNOWN pooltag"

  /// `Tag Nonp 12 ( 0) 3 ( 0) 9 416 ( 0) 46 [driver]`: the pool's name parts the tag, which may hold spaces, from the numbers.
  private func poolmonRow(_ index: Int) -> (PoolLogView.Row, Int)? {
    let line = text.lines[index]
    guard let (pool, place, behind) = pool(in: line), let tag = tag(line.lowerBound..<place) else { return nil }
    var end = line.upperBound
    var last = index
    var (values, rest) = numbers(from: behind, before: end)
    // A narrow console wraps a row; the next line goes on with a number.
    while values.count < 4, rest >= end, last + 1 < text.lines.count, last - index < 3 {
      let next = text.lines[last + 1]
      let start = next.lowerBound + text.indent(next)
      guard start < next.upperBound, text.bytes[start].isDigit || text.bytes[start] == UInt8(ascii: "(") else { break }
      guard self.pool(in: next) == nil else { break }
      last += 1
      end = next.upperBound
      let more = numbers(from: start, before: end)
      values += more.0
      rest = more.1
    }
    guard values.count >= 4, values[0] >= 0, values[1] >= 0, values[3] >= 0 else { return nil }
    var driver: String?
    var start = rest
    while start < end, text.bytes[start].isSpace { start += 1 }
    if start < end {
      var stop = end
      while stop > start, text.bytes[stop - 1].isSpace { stop -= 1 }
      let words = text.string(start..<stop)
      if words != "Unknown Driver" { driver = words }
    }
    return (
      PoolLogView.Row(
        tag: tag, pool: pool, allocations: UInt64(values[0]), frees: UInt64(values[1]), bytes: UInt64(values[3]),
        difference: values[2], driver: driver), last + 1
    )
  }

  /// The pool's name within the first columns: its place and the place behind it.
  private func pool(in line: Range<Int>) -> (String, Int, Int)? {
    var place = line.lowerBound + 1
    let limit = min(line.lowerBound + 64, line.upperBound - 4)
    while place <= limit {
      if text.bytes[place - 1].isSpace {
        for (name, length, pool) in [("Nonp", 4, "nonpaged"), ("Paged", 5, "paged")] as [(StaticString, Int, String)]
        where text.has(name, at: place) && place + length < line.upperBound && text.bytes[place + length].isSpace {
          return (pool, place, place + length)
        }
      }
      place += 1
    }
    return nil
  }

  /// Up to four characters, with the spaces between them.
  private func tag(_ range: Range<Int>) -> String? {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, text.bytes[start].isSpace { start += 1 }
    while end > start, text.bytes[end - 1].isSpace { end -= 1 }
    let tag = text.string(start..<end)
    return start < end && tag.unicodeScalars.count <= 4 ? tag : nil
  }

  /// Numbers to the end of the line; those in parentheses are changes since the last screen and left out.
  private func numbers(from place: Int, before end: Int) -> ([Int64], Int) {
    var values: [Int64] = []
    var place = place
    var behind = place
    while place < end, values.count < 5 {
      let byte = text.bytes[place]
      if byte.isSpace {
        place += 1
      } else if byte == UInt8(ascii: "("),
        let close = text.bytes[place..<min(place + 24, end)].firstIndex(of: UInt8(ascii: ")"))
      {
        place = close + 1
        behind = place
      } else {
        let isNegative = byte == UInt8(ascii: "-")
        guard let (value, next) = text.decimal(at: place + (isNegative ? 1 : 0), before: end),
          let number = Int64(exactly: value),
          next >= end || text.bytes[next].isSpace || text.bytes[next] == UInt8(ascii: "(")
        else { break }
        values.append(isNegative ? -number : number)
        place = next
        behind = place
      }
    }
    return (values, place >= end ? end : behind)
  }

  /// `ConT 535 5935104 0 0 description`: a row for each pool in which the tag has something.
  private func poolusedRows(_ index: Int, columns: Int) -> [PoolLogView.Row]? {
    let line = text.lines[index]
    let first = line.lowerBound + text.indent(line)
    for length in [4, 3, 2, 1] {
      // A tag has four characters of whatever script the page made of its bytes.
      guard let tagEnd = text.place(after: length, from: first, before: line.upperBound), tagEnd < line.upperBound,
        text.bytes[tagEnd].isSpace
      else { continue }
      let (values, behind) = numbers(from: tagEnd, before: line.upperBound)
      var all = values
      var rest = behind
      if columns == 4, values.count == 5 {
        let more = numbers(from: behind, before: line.upperBound)
        all += more.0
        rest = more.1
      }
      guard all.count >= columns * 2, all.prefix(columns * 2).allSatisfy({ $0 >= 0 }), let tag = tag(first..<tagEnd),
        tag != "TOTAL"
      else { continue }
      if columns == 2, values.count > 4 { rest = tagEnd }
      let driver = text.string(rest..<line.upperBound).split(whereSeparator: { $0 == "\t" || $0 == " " }).joined(
        separator: " ")
      return ["nonpaged", "paged"].enumerated().compactMap { side, pool in
        let part = all[(side * columns)..<((side + 1) * columns)].map { UInt64($0) }
        guard part[0] > 0 || part[columns - 1] > 0 else { return nil }
        return PoolLogView.Row(
          tag: tag, pool: pool, allocations: part[0], frees: columns == 4 ? part[1] : nil, bytes: part[columns - 1],
          difference: columns == 4 ? Int64(part[2]) : nil,
          driver: driver.isEmpty || driver.hasPrefix(Self.unknownOwner) ? nil : driver)
      }
    }
    return nil
  }
}

extension LogText {
  /// A decimal number, with commas between groups of three where it has them.
  func decimal(at place: Int, before end: Int) -> (UInt64, Int)? {
    var place = place
    var value: UInt64 = 0
    let start = place
    while place < end {
      let byte = bytes[place]
      if byte == UInt8(ascii: ","), place > start, place + 3 < end,
        bytes[(place + 1)...(place + 3)].allSatisfy(\.isDigit)
      {
        place += 1
        continue
      }
      guard byte.isDigit else { break }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(byte - 0x30))
      guard !overflow, !carry else { return nil }
      value = sum
      place += 1
    }
    return place > start ? (value, place) : nil
  }

  func find(_ needle: StaticString, in range: Range<Int>) -> Int? {
    let count = needle.utf8CodeUnitCount
    guard range.count >= count else { return nil }
    return (range.lowerBound...(range.upperBound - count)).first { has(needle, at: $0) }
  }

  func contains(_ needle: StaticString, in range: Range<Int>) -> Bool { find(needle, in: range) != nil }

  /// The place behind so many characters (scalars of UTF-8).
  func place(after count: Int, from start: Int, before end: Int) -> Int? {
    var place = start
    var left = count
    while place < end {
      if bytes[place] & 0xC0 != 0x80 {
        if left == 0 { return place }
        left -= 1
      }
      place += 1
    }
    return left == 0 ? place : nil
  }
}
