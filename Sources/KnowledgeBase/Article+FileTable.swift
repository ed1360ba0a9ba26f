extension Article {
  /// Rows beyond this number are not read; the longest table of the archive's updates has some 1,500.
  static let maximumFileRows = 16_384
}

extension ArticleDocument {
  /// Reads the file tables and marks their lines.
  ///
  /// A row is told by what its cells hold, not by where they stand: articles order the columns in at least eight ways and
  /// leave cells blank.
  mutating func readFileTables() -> [ArticleFile] {
    var files: [ArticleFile] = []
    var glued: [GluedTable.Row] = []
    var gluedAt: [Int] = []
    var heading: FileTableHeading?
    var group: String?
    for index in 0..<min(footer, text.lines.count) {
      guard files.count < Article.maximumFileRows else { break }
      switch roles[index] {
      case .heading: heading = nil
      case .text where places[index].section != .header:
        let line = text.folded(index)
        if let columns = FileTableHeading(line) {
          heading = columns
          group = caption(above: index)
          roles[index] = .table
        } else if let columns = heading, columns.isGlued, let row = GluedTable.Row(line, columns: columns.columns) {
          glued.append(row)
          gluedAt.append(files.count)
          files.append(ArticleFile(name: row.name, group: group ?? places[index].product))
          roles[index] = .table
        } else if var file = spacedRow(line, hasHeading: heading != nil) {
          file.group = heading == nil ? places[index].product : group ?? places[index].product
          files.append(file)
          roles[index] = .table
        } else if heading?.isGlued == true {
          heading = nil
        }
      default: break
      }
    }
    for (position, file) in zip(gluedAt, GluedTable.resolve(glued)) {
      var file = file
      file.group = files[position].group
      files[position] = file
    }
    return files
  }

  /// The line above a page's table that says which systems its files are for.
  private func caption(above index: Int) -> String? {
    guard layout != .archive else { return nil }
    var above = index - 1
    while above >= 0, roles[above] == .blank || roles[above] == .rule { above -= 1 }
    guard above >= 0, roles[above] == .text, text.lines[above].content.count <= 160 else { return nil }
    let line = text.folded(above)
    guard let last = line.bytes.last, last != ASCII.dot, last != ASCII.colon else { return nil }
    guard line.containsAny(["version", "-based", "windows", "edition"]), line.bytes.first?.isUpper == true else {
      return nil
    }
    return line.string
  }

  /// `07-Jan-2002  10:47  4.0.1381.7169  12,728  Tdasync.sys  x86`, in any order, with or without bars.
  private func spacedRow(_ line: FoldedBytes, hasHeading: Bool) -> ArticleFile? {
    guard line.count >= 12, line.count <= 400, line.bytes.contains(ASCII.dot) else { return nil }
    var cells = words(line.bytes, 0..<line.count).map { line.bytes[$0] }
    cells.removeAll { $0.allSatisfy { $0 == 0x7C } }
    guard (3...16).contains(cells.count) else { return nil }
    var row = ArticleFile(name: "")
    var found: Set<FileColumn> = []
    var rest: [ArraySlice<UInt8>] = []
    var index = 0
    while index < cells.count {
      let cell = cells[index]
      let next = index + 1 < cells.count ? cells[index + 1] : []
      index += 1
      if !found.contains(.date), let date = ArticleDate.parse(cell) {
        row.date = date
        found.insert(.date)
      } else if !found.contains(.time), cell.contains(ASCII.colon) {
        let half = ArticleDate.halfOfDay(next) == nil ? [] : next
        guard let time = ArticleDate.parseTime(cell, half: half) else { return nil }
        if !half.isEmpty { index += 1 }
        row.time = time
        found.insert(.time)
      } else if !found.contains(.version), FileCell.isVersion(cell) {
        row.version = String(decoding: cell, as: UTF8.self)
        found.insert(.version)
      } else if !found.contains(.size), let size = FileCell.size(cell) {
        found.insert(.size)
        // A rounded size is not the file's size.
        let unit = String(decoding: next.map(\.folded), as: UTF8.self)
        if ["kb", "mb", "k"].contains(unit) {
          index += 1
        } else {
          row.size = size
          if unit == "bytes" { index += 1 }
        }
      } else if !found.contains(.name), let name = FileCell.fileName(cell) {
        row.name = String(decoding: name, as: UTF8.self)
        found.insert(.name)
      } else if cell.map(\.folded) == Array("not".utf8), next.map(\.folded) == Array("applicable".utf8) {
        index += 1
      } else {
        guard found.contains(.name), found.count >= 2 else { return nil }
        rest.append(cell)
      }
    }
    guard found.contains(.name), rest.count <= 4, accept(rest, into: &row, hasHeading: hasHeading) else { return nil }
    if found.contains(.date) { return found.count >= 3 || hasHeading ? row : nil }
    return found.contains(.version) && found.contains(.size) ? row : nil
  }

  /// The cells behind the name: platform, service pack, branch. False where they are words of a sentence.
  private func accept(_ rest: [ArraySlice<UInt8>], into row: inout ArticleFile, hasHeading: Bool) -> Bool {
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
      } else if hasHeading, row.platform == nil, bare.first?.isUpper == true {
        row.platform = text
      } else if !hasHeading || bare.contains(where: { !$0.isAlphanumeric && $0 != ASCII.hyphen && $0 != ASCII.slash }) {
        return false
      }
    }
    return true
  }
}
