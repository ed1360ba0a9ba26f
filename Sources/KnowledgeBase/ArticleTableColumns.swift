/// The columns of an article's file table.
enum FileColumn: Hashable, Sendable {
  case name, version, size, date, time, platform, servicePack, serviceBranch, other
}

/// What a table's heading line says, in the words that articles print.
struct FileTableHeading: Hashable, Sendable {
  var columns: [FileColumn]
  /// The cells touch each other, in this line and so in the rows.
  var isGlued: Bool

  /// A longer name stands before its own beginning or end.
  private static let names: [([UInt8], FileColumn)] =
    ([
      ("file name", .name), ("filename", .name), ("file version", .version), ("product version", .other),
      ("file size", .size), ("version", .version), ("size", .size), ("date", .date), ("time", .time),
      ("platform", .platform), ("processor", .platform), ("cpu", .platform), ("sp requirement", .servicePack),
      ("service branch", .serviceBranch), ("folder", .other), ("hash", .other), ("file", .name), ("bytes", .other),
      ("language", .other), ("location", .other),
      ("path", .other), ("attributes", .other), ("build", .other), ("name", .name),
    ] as [(String, FileColumn)]).map { (Array($0.0.utf8), $0.1) }

  /// Whether a line begins as a heading does, with a bar or a column's name.
  static func mayBegin(_ text: ArticleText, _ index: Int) -> Bool {
    let content = text.lines[index].content
    guard (12...160).contains(content.count) else { return false }
    let first = text.bytes[content.lowerBound].folded
    if first == 0x7C { return true }
    return names.contains { name, _ in
      name[0] == first && name.count <= content.count
        && name.indices.allSatisfy { text.bytes[content.lowerBound + $0].folded == name[$0] }
    }
  }

  /// nil where the line holds anything but column names, fewer than three of them, or no file name.
  init?(_ line: FoldedBytes) {
    guard (12...160).contains(line.count) else { return nil }
    columns = []
    isGlued = false
    var offset = 0
    while offset < line.count {
      let gap = offset
      while offset < line.count, line.bytes[offset] == ASCII.space || line.bytes[offset] == 0x7C { offset += 1 }
      guard offset < line.count else { break }
      guard let (name, column) = Self.names.first(where: { matchesBytes($0.0, in: line.folded, at: offset) }) else {
        return nil
      }
      if gap == offset, !columns.isEmpty { isGlued = true }
      columns.append(column)
      offset += name.count
    }
    guard columns.contains(.name) else { return nil }
    // Mail servers' fixes print names and versions alone.
    if columns == [.name, .version], !isGlued { return }
    guard columns.count >= 3, columns.contains(.date) || columns.contains(.size) else { return nil }
  }
}

/// The values that cells of a row may hold.
enum FileCell {
  /// Processor names in the articles from 1996 to 2012; the longer before its own beginning.
  static let platforms = [
    "not applicable", "ia-64", "ia64", "amd64", "arm64", "x64", "x86", "ix86", "i386", "i486", "i586", "alpha", "axp",
    "intel", "mips", "ppc", "powerpc", "itanium", "x86/x64",
  ]

  /// `41,008`, `67`: digits in groups of three.
  static func size(_ text: ArraySlice<UInt8>) -> UInt64? {
    guard let first = text.first, first.isDigit, text.count <= 15 else { return nil }
    var value: UInt64 = 0
    let groups = text.split(separator: ASCII.comma, omittingEmptySubsequences: false)
    for (index, group) in groups.enumerated() {
      guard groups.count == 1 || (index == 0 ? (1...3).contains(group.count) : group.count == 3) else { return nil }
      for byte in group {
        guard byte.isDigit else { return nil }
        value = value * 10 + UInt64(byte - 0x30)
      }
    }
    return value
  }

  static let units: Set<String> = ["kb", "mb", "gb", "k", "kbytes", "b", "byte", "bytes"]

  /// Between the cells of a row.
  static func isGap(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == 0x7C }

  /// Whether a word in small letters may be a cell of a row, or belong to one.
  static func isValueWord(_ word: ArraySlice<UInt8>) -> Bool {
    guard word.count <= 15 else { return false }
    return valueWords.contains(String(decoding: word, as: UTF8.self)) || ArticleDate.month(word) != nil
      || isBranch(word)
  }

  private static let valueWords = units.union(platforms).union([
    "none", "not", "applicable", "rtm", "am", "pm",
  ])

  /// A size as a cell prints it, with the unit in the cell or in the next one.
  struct PrintedSize: Sendable {
    /// nil where the size is rounded to a larger unit.
    var bytes: UInt64?
    /// The next cell is the unit.
    var usesUnit = false

    init?(_ cell: ArraySlice<UInt8>, unit next: ArraySlice<UInt8>) {
      let bare = FileCell.withoutBrackets(cell)
      let end = bare.firstIndex { $0.isLetter } ?? bare.endIndex
      var unit = String(decoding: bare[end...].map(\.folded), as: UTF8.self)
      if unit.isEmpty {
        let word = String(decoding: FileCell.withoutBrackets(next).map(\.folded), as: UTF8.self)
        if FileCell.units.contains(word) {
          unit = word
          usesUnit = true
        }
      }
      let digits = bare[..<end]
      guard digits.first?.isDigit == true, digits.last?.isDigit == true else { return nil }
      if ["", "b", "byte", "bytes"].contains(unit) {
        guard let size = FileCell.size(digits) ?? FileCell.dottedSize(digits) else { return nil }
        bytes = size
      } else {
        guard FileCell.units.contains(unit),
          digits.allSatisfy({ $0.isDigit || $0 == ASCII.dot || $0 == ASCII.comma })
        else { return nil }
      }
    }
  }

  static func withoutBrackets(_ cell: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var cell = cell
    if cell.first == 0x28 { cell = cell.dropFirst() }
    while let last = cell.last, last == 0x29 || last == ASCII.comma { cell = cell.dropLast() }
    return cell
  }

  /// `2.142.720`: digits in groups of three behind dots; nil without a dot.
  static func dottedSize(_ text: ArraySlice<UInt8>) -> UInt64? {
    guard text.contains(ASCII.dot), text.first != 0x30 else { return nil }
    return size(text.map { $0 == ASCII.dot ? ASCII.comma : $0 == ASCII.comma ? ASCII.dot : $0 }[...])
  }

  /// A cell that is a size or a version: `2.142.720`, `12.728`, `4.00`.
  static func isDotted(_ text: ArraySlice<UInt8>) -> Bool {
    if text.first?.isDigit == true, dottedSize(text) != nil { return true }
    let parts = text.split(separator: ASCII.dot, omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { (1...5).contains($0.count) && $0.allSatisfy(\.isDigit) }
  }

  /// `5.2.3790.71`, `4.00.1114`.
  static func isVersion(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count <= 24, let first = text.first, first.isDigit, text.last?.isDigit == true else { return false }
    let parts = text.split(separator: ASCII.dot, omittingEmptySubsequences: false)
    return (3...4).contains(parts.count) && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isDigit) }
  }

  /// A file's name, without the path before it: a dot and an extension of letters and digits behind it.
  static func fileName(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard text.count <= maximumName else { return nil }
    var name = text
    if let slash = name.lastIndex(of: 0x5C) { name = name[(slash + 1)...] }
    guard let dot = name.lastIndex(of: ASCII.dot), dot > name.startIndex else { return nil }
    let suffix = name[(dot + 1)...]
    guard (1...12).contains(suffix.count), suffix.allSatisfy(\.isWord), suffix.contains(where: \.isLetter) else {
      return nil
    }
    guard name.allSatisfy({ $0 > ASCII.space && !forbidden.contains($0) }) else { return nil }
    return name
  }

  /// Package names of Windows Vista's updates reach 110 characters; Windows allows 255.
  static let maximumName = 255
  /// Characters that no file name holds.
  private static let forbidden: Set<UInt8> = Set("\"*/:<>?|,;".utf8)

  static func isServicePack(_ text: ArraySlice<UInt8>) -> Bool {
    let folded = text.map(\.folded)
    if folded == Array("rtm".utf8) { return true }
    return (3...4).contains(folded.count) && folded[0] == 0x73 && folded[1] == 0x70 && folded[2].isDigit
  }

  /// `SP2QFE`, `SP3GDR`, `RTMQFE`, `QFE`, `GDR`, `LDR`.
  static func isBranch(_ text: ArraySlice<UInt8>) -> Bool {
    let folded = String(decoding: text.map(\.folded), as: UTF8.self)
    return ["qfe", "gdr", "ldr"].contains { folded.hasSuffix($0) } && folded.utf8.count <= 8
  }
}
