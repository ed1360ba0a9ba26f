/// A row whose cells stand apart: `07-Jan-2002  10:47  4.0.1381.7169  12,728  Tdasync.sys  x86`, in any order, with or
/// without bars.
struct SpacedRow: Sendable {
  var file = ArticleFile(name: "")
  /// A date of numbers as printed, whose order other rows may settle.
  var printedDate: [UInt8]?

  private static let bar: UInt8 = 0x7C

  private static func cells(_ line: FoldedBytes) -> [ArraySlice<UInt8>] {
    let bytes = line.bytes.map { $0 == bar ? ASCII.space : $0 }
    return words(bytes, 0..<bytes.count).map { bytes[$0] }
  }

  init?(_ line: FoldedBytes, hasHeading: Bool) {
    guard line.count >= 12, line.count <= 400, line.bytes.contains(ASCII.dot) else { return nil }
    let cells = Self.cells(line)
    guard (2...20).contains(cells.count) else { return nil }
    var found: Set<FileColumn> = []
    var rest: [ArraySlice<UInt8>] = []
    // `2.142.720` and `4.00`: a size or a version, as the other cells leave it.
    var dotted: [ArraySlice<UInt8>] = []
    var index = 0
    while index < cells.count {
      let cell = cells[index]
      let next = Self.cell(cells, index + 1)
      index += 1
      if !found.contains(.date), let date = ArticleDate.parse(cell) {
        file.date = date
        if ArticleDate.order(cell) != .certain { printedDate = Array(cell) }
        found.insert(.date)
      } else if !found.contains(.date), let date = ArticleDate.parse(cell, next, Self.cell(cells, index + 1)) {
        file.date = date
        found.insert(.date)
        index += 2
      } else if !found.contains(.time), let first = cell.first, first.isDigit, cell.contains(ASCII.colon) {
        let half = ArticleDate.halfOfDay(next) == nil ? [] : next
        guard let time = ArticleDate.parseTime(cell, half: half) else { return nil }
        if !half.isEmpty { index += 1 }
        file.time = time
        found.insert(.time)
      } else if FileCell.isDotted(cell), !Self.isUnit(next) {
        dotted.append(cell)
      } else if !found.contains(.version), FileCell.isVersion(cell) {
        file.version = String(decoding: cell, as: UTF8.self)
        found.insert(.version)
      } else if let printed = FileCell.PrintedSize(cell, unit: next) {
        if printed.usesUnit { index += 1 }
        // `73.2KB (74,960 bytes)`: the second has the bytes.
        guard !found.contains(.size) || file.size == nil else {
          rest.append(cell)
          continue
        }
        found.insert(.size)
        file.size = printed.bytes
      } else if !found.contains(.name), let name = FileCell.fileName(cell) {
        file.name = String(decoding: name, as: UTF8.self)
        found.insert(.name)
      } else if Self.isBlank(cell) {
        continue
      } else if cell.map(\.folded) == Array("not".utf8), next.map(\.folded) == Array("applicable".utf8) {
        index += 1
      } else {
        guard found.contains(.name), found.count + dotted.count >= 2 else { return nil }
        rest.append(cell)
      }
    }
    for cell in dotted {
      if !found.contains(.size), let size = FileCell.dottedSize(cell) {
        file.size = size
        found.insert(.size)
      } else if !found.contains(.version) {
        file.version = String(decoding: cell, as: UTF8.self)
        found.insert(.version)
      } else {
        return nil
      }
    }
    guard found.contains(.name), rest.count <= 4, Self.accept(rest, into: &file, hasHeading: hasHeading) else {
      return nil
    }
    let isBoxed = line.bytes.first == Self.bar
    if found.contains(.date) {
      guard found.count >= 3 || hasHeading else { return nil }
    } else if found.contains(.version) {
      guard found.contains(.size) || isBoxed || hasHeading else { return nil }
    } else {
      return nil
    }
  }

  private static func cell(_ cells: [ArraySlice<UInt8>], _ index: Int) -> ArraySlice<UInt8> {
    index < cells.count ? cells[index] : []
  }

  private static func isUnit(_ cell: ArraySlice<UInt8>) -> Bool {
    FileCell.units.contains(String(decoding: cell.map(\.folded), as: UTF8.self))
  }

  /// `--`, and the attributes of a folder's listing: `A---`.
  private static func isBlank(_ cell: ArraySlice<UInt8>) -> Bool {
    cell.count <= 5 && cell.contains(ASCII.hyphen)
      && cell.allSatisfy { $0 == ASCII.hyphen || [0x41, 0x48, 0x52, 0x53].contains($0) }
  }

  /// Whether a line that cannot be read as a row is one all the same: a file's name among values, and no words of a
  /// sentence.
  static func looksLikeRow(_ line: FoldedBytes, hasHeading: Bool) -> Bool {
    guard line.count >= 8, line.count <= 400, line.bytes.contains(ASCII.dot) else { return false }
    let cells = cells(line)
    guard (2...20).contains(cells.count) || hasHeading && cells.count == 1 else { return false }
    var names = 0
    var values = 0
    for cell in cells {
      if isLongNumber(cell) { return false }
      if ArticleDate.parse(cell) != nil || FileCell.isVersion(cell) || FileCell.PrintedSize(cell, unit: []) != nil {
        values += 1
      } else if FileCell.fileName(cell) != nil {
        names += 1
      } else if cell.first?.isDigit == true {
        values += 1
      } else if cell.first?.isLower == true, !isUnit(cell),
        !FileCell.platforms.contains(where: { $0.utf8.elementsEqual(cell) })
      {
        return false
      }
    }
    if cells.count == 1 { return hasHeading && cells[0].filter(\.isDigit).count >= 8 }
    return names >= 1 && (values >= 2 || values >= 1 && (hasHeading || line.bytes.first == bar))
  }

  /// `0x0000000A`, `(0x00000015,`: a stop code or its parameter, which no table of files prints; files are named `0x0409.ini`.
  private static func isLongNumber(_ cell: ArraySlice<UInt8>) -> Bool {
    let digits = cell.drop { $0 == 0x28 }
    guard digits.first == 0x30, digits.dropFirst().first.map(\.folded) == 0x78 else { return false }
    return digits.dropFirst(2).prefix(while: \.isHexDigit).count >= 6
  }

  /// The cells behind the name: platform, service pack, branch. False where they are words of a sentence.
  private static func accept(_ rest: [ArraySlice<UInt8>], into row: inout ArticleFile, hasHeading: Bool) -> Bool {
    for cell in rest {
      let bare = cell.filter { $0 != 0x28 && $0 != 0x29 && $0 != ASCII.comma }
      let text = String(decoding: bare, as: UTF8.self)
      if FileCell.isBranch(bare[...]) {
        row.serviceBranch = text
      } else if FileCell.isServicePack(bare[...]) {
        if row.servicePack == nil { row.servicePack = text } else { row.serviceBranch = text }
      } else if FileCell.platforms.contains(text.lowercased()) {
        if row.platform == nil { row.platform = text }
      } else if text.lowercased() == "none" {
        continue
      } else if hasHeading, bare.first?.isLower == true, cell.first != 0x28 {
        // A sentence goes on.
        return false
      } else if hasHeading, row.platform == nil, bare.first?.isUpper == true {
        row.platform = text
      } else if !hasHeading || bare.contains(where: { !$0.isAlphanumeric && $0 != ASCII.hyphen && $0 != ASCII.slash }) {
        return false
      }
    }
    return true
  }
}
