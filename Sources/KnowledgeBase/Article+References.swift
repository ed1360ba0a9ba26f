extension ArticleDocument {
  /// Finds the lines that print other articles' numbers and titles.
  ///
  /// Four forms: `   Q152734 How to …` on a line of its own, wrapped or not (archive); `ARTICLE-ID:` and `TITLE     :`
  /// lines (archive until 1998); a number, its address and the title on one line (web); a number alone on a line and the
  /// title on the next, with the address between them in one-line copies.
  mutating func markReferences() {
    if layout == .archive { markArchiveReferences() } else { markPageReferences() }
  }

  private mutating func markArchiveReferences() {
    var inEntry = false
    for index in 0..<min(footer, text.lines.count) {
      guard roles[index] == .text, places[index].section != .header else {
        inEntry = false
        continue
      }
      if text.hasPhrase("article-id:", line: index) || text.hasPhrase("title :", line: index)
        || text.hasPhrase("title  ", line: index)
      {
        roles[index] = .reference
        inEntry = true
        continue
      }
      let content = text.lines[index].content
      let start = content.lowerBound + (listMarker(content) ?? 0)
      if start < content.upperBound, text.bytes[start] | 0x20 == 0x71,
        index == 0 || roles[index - 1] != .text || inEntry || endsInColon(index - 1),
        let number = articleNumber(Array(text.bytes[start..<content.upperBound]), at: 0, prefix: true),
        start + number.end < content.upperBound
      {
        roles[index] = .reference
        inEntry = true
      } else if inEntry {
        roles[index] = .reference
      }
    }
  }

  private func endsInColon(_ index: Int) -> Bool {
    index >= 0 && !text.lines[index].isBlank && text.bytes[text.lines[index].content.upperBound - 1] == ASCII.colon
  }

  private mutating func markPageReferences() {
    for index in text.lines.indices where roles[index] == .text {
      if text.hasPhrase("(http://support.microsoft.com/kb/", line: index)
        || text.hasPhrase("(https://support.microsoft.com/kb/", line: index)
      {
        roles[index] = .reference
        var next = index + 1
        while next < text.lines.count, text.lines[next].isBlank || text.bytes[text.lines[next].content] == [0x29] {
          if !text.lines[next].isBlank { roles[next] = .reference }
          next += 1
        }
        if next < text.lines.count, roles[next] == .text { roles[next] = .reference }
        continue
      }
      guard text.lines[index].marks.contains(.digit) else { continue }
      let line = text.folded(index)
      guard let number = articleNumber(line.bytes, at: 0, prefix: false) else { continue }
      if number.end == line.count {
        roles[index] = .reference
        let next = index + 1
        if next < text.lines.count, roles[next] == .text, !text.folded(next).hasPhrase("(http", at: 0) {
          roles[next] = .reference
        }
      } else if let address = line.find("support.microsoft.com/kb/"), address < number.end + 16 {
        roles[index] = .reference
      } else if number.end + 1 < line.count, line.bytes[number.end] == ASCII.space, line.bytes[number.end + 1].isUpper,
        let above = text.printed(before: index), roles[above] == .reference || announcesArticle(above)
      {
        // `… in the Microsoft Knowledge Base:` and below it `152734 How to Obtain the Latest Service Pack`.
        roles[index] = .reference
      }
    }
  }

  private func announcesArticle(_ index: Int) -> Bool {
    endsInColon(index) && text.folded(index).containsAny(["knowledge base", "article"])
  }

  /// `Q152734`, or `889100` and `KB889100` on pages; as digits.
  func articleNumber(_ bytes: [UInt8], at start: Int, prefix: Bool) -> (digits: Range<Int>, end: Int)? {
    var offset = start
    if prefix {
      guard offset < bytes.count, bytes[offset] == 0x51 || bytes[offset] == 0x71 else { return nil }
      offset += 1
    } else if matchesBytes([0x4B, 0x42], in: bytes, at: offset) {
      offset += 2
    }
    let first = offset
    while offset < bytes.count, bytes[offset].isDigit { offset += 1 }
    let digits = first..<offset
    guard digits.count >= (prefix ? 5 : 6), digits.count <= 7, bytes[first] != 0x30 else { return nil }
    // Some tables of references lost the space behind the number: `Q162837Replacing TCPIP after SP2`.
    let isGlued =
      prefix && start == 0 && digits.count == 6 && offset + 1 < bytes.count && bytes[offset].isUpper
      && bytes[offset + 1].isLower
    guard offset == bytes.count || !bytes[offset].isWord || isGlued else { return nil }
    return (digits, offset)
  }

  /// Ids of every other article the text mentions, in ascending order.
  func references(own: String?) -> [String] {
    let digitsOfOwn = own.map { $0.filter { ("0"..."9").contains($0) } }
    var found: Set<String> = []
    for index in 0..<min(footer, text.lines.count) where roles[index] != .blank && places[index].section != .header {
      guard roles[index] != .table else { continue }
      // Most lines of most articles name no article.
      guard text.lines[index].marks.contains(layout == .archive ? .capitalQ : .digit) else { continue }
      let line = text.folded(index)
      for digits in layout == .archive ? archiveNumbers(line) : pageNumbers(line, index) {
        let number = line.string(digits)
        if number != digitsOfOwn { found.insert(number) }
      }
    }
    let mark = layout == .archive ? "Q" : "KB"
    return found.map { mark + $0 }.sorted()
  }

  /// `Q152734` as a word: the folder `$NtUninstallQ170510$` and the package `Q283001i.exe` name no article.
  private func archiveNumbers(_ line: FoldedBytes) -> [Range<Int>] {
    line.bytes.indices.compactMap { offset in
      guard line.bytes[offset] == 0x51,
        offset == 0 || !line.bytes[offset - 1].isWord && line.bytes[offset - 1] != ASCII.dollar
      else { return nil }
      return articleNumber(line.bytes, at: offset, prefix: true)?.digits
    }
  }

  /// Numbers in addresses, after words that announce an article, and at the beginning of a line.
  private func pageNumbers(_ line: FoldedBytes, _ index: Int) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for announcement in Self.announcements {
      var from = 0
      while let found = line.find(announcement, from: from) {
        from = found + announcement.utf8.count
        var offset = from
        // `… Knowledge Base: 831129`, `hotfixes:955860`, `hotfix 831129`.
        while offset < line.count, line.bytes[offset] == ASCII.space || line.bytes[offset] == ASCII.colon {
          offset += 1
        }
        if let number = articleNumber(line.bytes, at: offset, prefix: false) { result.append(number.digits) }
      }
    }
    if roles[index] == .reference, let number = articleNumber(line.bytes, at: 0, prefix: false) {
      result.append(number.digits)
    }
    for offset in line.bytes.indices where line.bytes[offset] == 0x4B {
      if offset > 0, line.bytes[offset - 1].isWord { continue }
      if matchesBytes([0x4B, 0x42], in: line.bytes, at: offset),
        let number = articleNumber(line.bytes, at: offset, prefix: false), places[index].section != .properties
      {
        result.append(number.digits)
      }
    }
    return result
  }

  private static let announcements = [
    "support.microsoft.com/kb/", "support.microsoft.com/default.aspx?scid=kb;en-us;", "support.microsoft.com/?kbid=",
    "knowledge base", "knowledge base article", "hotfix", "hotfixes", "update", "article", "article number",
  ]
}
