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
    var dates: [(row: Int, printed: [UInt8])] = []
    var unread = 0
    for index in 0..<min(footer, text.lines.count) {
      switch roles[index] {
      case .heading: heading = nil
      case .text where places[index].section != .header:
        // Most lines are prose and need not be looked at as cells.
        let mayBeHeading = FileTableHeading.mayBegin(text, index)
        guard mayBeHeading || heading?.isGlued == true || mayBeRow(index, hasHeading: heading != nil) else { continue }
        let line = text.folded(index)
        if mayBeHeading, let columns = FileTableHeading(line) {
          heading = columns
          group = caption(above: index)
          roles[index] = .table
        } else if let columns = heading, columns.isGlued, let row = GluedTable.Row(line, columns: columns.columns) {
          roles[index] = .table
          guard files.count < Article.maximumFileRows else {
            unread += 1
            continue
          }
          glued.append(row)
          gluedAt.append(files.count)
          files.append(ArticleFile(name: row.name, group: group ?? places[index].product))
        } else if let row = SpacedRow(line, hasHeading: heading != nil) {
          roles[index] = .table
          guard files.count < Article.maximumFileRows else {
            unread += 1
            continue
          }
          var file = row.file
          file.group = heading == nil ? places[index].product : group ?? places[index].product
          if let printed = row.printedDate { dates.append((files.count, printed)) }
          files.append(file)
        } else if SpacedRow.looksLikeRow(line, hasHeading: heading != nil) {
          // A row that cannot be read is still no sentence: the file it names is not called faulty.
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
    // One article has one order of day and month: `15/05/2000` in one row settles `07/05/2000` in another.
    let orders = Set(dates.map { ArticleDate.order($0.printed[...]) })
    if orders.contains(.dayFirst), !orders.contains(.monthFirst) {
      for (row, printed) in dates { files[row].date = ArticleDate.parse(printed[...], dayFirst: true) }
    }
    if unread > 0 {
      limitsReached.append(
        "file table: the first \(Article.maximumFileRows) of \(Article.maximumFileRows + unread) rows are read")
    }
    return files
  }

  /// A row has a digit and a file's name: a dot with a letter, digit or underscore behind it. Under a heading, cells that touch
  /// each other count as well.
  private func mayBeRow(_ index: Int, hasHeading: Bool) -> Bool {
    let line = text.lines[index]
    guard line.marks.isSuperset(of: [.digit, .dot]), (8...400).contains(line.content.count) else { return false }
    let inner = line.content.dropFirst().dropLast()
    guard hasHeading || inner.contains(where: { text.bytes[$0] == ASCII.dot && text.bytes[$0 + 1].isWord }) else {
      return false
    }
    return !holdsPlainWord(line.content)
  }

  /// A word in small letters that no cell of a row can be: the line is prose.
  private func holdsPlainWord(_ content: Range<Int>) -> Bool {
    var start = content.lowerBound
    while start < content.upperBound {
      var end = start
      while end < content.upperBound, text.bytes[end].isLower { end += 1 }
      let isWord = end == content.upperBound || FileCell.isGap(text.bytes[end])
      if isWord, end - start >= 2, !FileCell.isValueWord(text.bytes[start..<end]) { return true }
      while end < content.upperBound, !FileCell.isGap(text.bytes[end]) { end += 1 }
      start = end + 1
    }
    return false
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
}
