/// File tables of web pages that lost the borders of their cells: `Ntoskrnl.exe5.1.2600.33572,185,98423-Apr-200810:05x86SP2`.
///
/// From the right everything but one border is certain: the time has two digits on both sides, the year four, the day what
/// a size's groups of three leave over. Where version and size touch, the digits between the last dot and the first comma
/// can be cut in up to three places; `resolve` cuts all rows together.
enum GluedTable {
  static func header(_ line: FoldedBytes) -> FileTableHeading? {
    guard let heading = FileTableHeading(line), heading.isGlued else { return nil }
    return heading
  }

  struct Row: Hashable, Sendable {
    var name = ""
    /// `5.1.2600.`: the version without its last part; empty where the row has no version.
    var versionHead: String = ""
    /// The digits in which the version ends and the size begins; all of the size's first group without a version.
    var run: [UInt8] = []
    /// What follows the run of the size, digits only.
    var sizeTail: [UInt8] = []
    /// The size is printed in a larger unit, so its bytes are not known.
    var isRounded = false
    var date: String?
    var time: String?
    var platform: String?
    var servicePack: String?
    var serviceBranch: String?

    init?(_ line: FoldedBytes, columns: [FileColumn]) {
      guard line.count <= 400, columns.first == .name, let date = DateCell(line) else { return nil }
      self.date = date.date
      time = date.time
      var end = date.start
      while end > 0, line.bytes[end - 1] == ASCII.space { end -= 1 }
      for unit in ["kb", "mb", "bytes"] where end > unit.utf8.count && line.hasPhrase(unit, at: end - unit.utf8.count) {
        end -= unit.utf8.count
        isRounded = unit != "bytes"
        while end > 0, line.bytes[end - 1] == ASCII.space { end -= 1 }
        break
      }
      if let blank = line.find(GluedTable.notApplicable, to: end) {
        name = line.string(trimmed(line.bytes, 0..<blank))
        run = line.bytes[(blank + GluedTable.notApplicable.utf8.count)..<end].filter(\.isDigit)
      } else {
        // Backwards: groups of three digits behind commas, the run, the version's other parts.
        var start = end
        while start >= 4, line.bytes[start - 4] == ASCII.comma, line.bytes[(start - 3)..<start].allSatisfy(\.isDigit) {
          start -= 4
        }
        sizeTail = line.bytes[start..<end].filter(\.isDigit)
        let runEnd = start
        while start > 0, line.bytes[start - 1].isDigit { start -= 1 }
        run = Array(line.bytes[start..<runEnd])
        let versionEnd = start
        while start > 0, line.bytes[start - 1].isDigit || line.bytes[start - 1] == ASCII.dot { start -= 1 }
        if start < versionEnd, line.bytes[start] == ASCII.dot {
          // `name.` and digits only: no version but an extension of digits.
          return nil
        }
        versionHead = line.string(start..<versionEnd)
        guard splitDots() else { return nil }
        name = line.string(trimmed(line.bytes, 0..<start))
      }
      guard !run.isEmpty, FileCell.fileName(Array(name.utf8)[...]) != nil else { return nil }
      readTail(line, from: date.end, columns: columns)
    }

    /// Where the size's groups stand behind dots too, the fourth part holds the version's end: `5.1.2600.33572.142.720`.
    /// False where the dots make neither: a version has four parts at most.
    private mutating func splitDots() -> Bool {
      let parts = versionHead.utf8.split(separator: ASCII.dot).map { Array($0) } + [run]
      let head = parts.count <= 3 ? 0 : 3
      let isSize = parts[1...].allSatisfy { $0.count == 3 } && (1...3).contains(parts[0].count)
      if parts.count <= 3, !isSize || parts.count == 1 { return true }
      guard parts.count > 4 || head == 0 else { return true }
      guard sizeTail.isEmpty, parts[(head + 1)...].allSatisfy({ $0.count == 3 }) else { return false }
      versionHead = parts[..<head].map { String(decoding: $0, as: UTF8.self) + "." }.joined()
      run = parts[head]
      sizeTail = parts[(head + 1)...].flatMap { $0 }
      return true
    }

    /// Platform, service pack and branch, in the order of the heading's columns.
    private mutating func readTail(_ line: FoldedBytes, from start: Int, columns: [FileColumn]) {
      var offset = start
      func take(_ words: [String]) -> String? {
        guard let word = words.first(where: { line.hasPhrase($0, at: offset) }) else { return nil }
        defer { offset += word.utf8.count }
        return word == GluedTable.notApplicable || word == "none"
          ? "" : line.string(offset..<(offset + word.utf8.count))
      }
      for column in columns {
        while offset < line.count, line.bytes[offset] == ASCII.space { offset += 1 }
        switch column {
        case .platform: platform = take(FileCell.platforms).flatMap { $0.isEmpty ? nil : $0 }
        case .servicePack:
          if let word = take([GluedTable.notApplicable, "none", "rtm"]) {
            servicePack = word.isEmpty ? nil : word
          } else if line.hasPhrase("sp", at: offset), offset + 2 < line.count, line.bytes[offset + 2].isDigit {
            servicePack = line.string(offset..<(offset + 3))
            offset += 3
          }
        case .serviceBranch:
          if take([GluedTable.notApplicable, "none"]) == nil, offset < line.count {
            serviceBranch = line.string(offset..<line.count)
            offset = line.count
          }
        default: break
        }
      }
    }
  }

  static let notApplicable = "not applicable"

  /// A date and time inside a row, told by the month between hyphens or by slashes.
  private struct DateCell {
    var start = 0
    var end = 0
    var date = ""
    var time: String?

    init?(_ line: FoldedBytes) {
      let bytes = line.bytes
      guard bytes.count > 11 else { return nil }
      for second in stride(from: bytes.count - 3, through: 2, by: -1)
      where bytes[second] == ASCII.hyphen || bytes[second] == ASCII.slash || bytes[second] == ASCII.dot {
        guard let yearEnd = Self.yearEnd(bytes, from: second + 1) else { continue }
        var first = second - 1
        while first > 0, second - first <= 10, bytes[first].isAlphanumeric { first -= 1 }
        guard bytes[first] == bytes[second], first + 1 < second, let day = Self.dayStart(bytes, before: first),
          let date = ArticleDate.parse(bytes[day..<yearEnd])
        else { continue }
        start = day
        self.date = date
        end = yearEnd
        readTime(bytes)
        if bytes[second] == ASCII.dot, time == nil { continue }
        return
      }
      return nil
    }

    /// The digits behind a date's last mark are the year and the hour: four or two, and what is left before the colon.
    private static func yearEnd(_ bytes: [UInt8], from start: Int) -> Int? {
      var end = start
      while end < bytes.count, bytes[end].isDigit { end += 1 }
      let count = end - start
      let isTime = end < bytes.count && bytes[end] == ASCII.colon
      switch count {
      case 5, 6: return isTime ? start + 4 : nil
      case 4: return isTime ? start + 2 : end
      case 3: return isTime ? start + 2 : nil
      case 2: return end
      default: return nil
      }
    }

    /// Behind a comma a size's group has three digits, and what is left is the day; else the day has two digits, as tables with
    /// hyphens print it, unless they make no day.
    private static func dayStart(_ bytes: [UInt8], before hyphen: Int) -> Int? {
      var digits = hyphen
      while digits > 0, bytes[digits - 1].isDigit { digits -= 1 }
      let count = hyphen - digits
      guard count >= 1 else { return nil }
      if digits > 3, bytes[digits - 1] == ASCII.comma { return (4...5).contains(count) ? digits + 3 : nil }
      // Behind a dot so many digits are a size's last group with the day; more are a version's last part and a size.
      if digits > 3, bytes[digits - 1] == ASCII.dot, (4...5).contains(count) { return digits + 3 }
      guard count >= 2, let two = ArticleDate.number(bytes[(hyphen - 2)..<hyphen]), (1...31).contains(two) else {
        return hyphen - 1
      }
      return hyphen - 2
    }

    private mutating func readTime(_ bytes: [UInt8]) {
      var offset = end
      while offset < bytes.count, bytes[offset] == ASCII.space { offset += 1 }
      for length in [7, 5, 4] where offset + length <= bytes.count {
        let cell = bytes[offset..<(offset + length)]
        // `10:03amd64` is no time of the morning.
        guard let time = ArticleDate.parseTime(cell),
          length < 7 || !matchesBytes(Array("d64".utf8), in: bytes.map(\.folded), at: offset + length)
        else { continue }
        self.time = time
        end = offset + length
        return
      }
    }
  }
}
