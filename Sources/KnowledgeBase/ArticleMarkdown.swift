/// Gives Markdown pages the form of plain ones: headings without `#`, words without marks around them, links as words and address.
///
/// Title, number and products stand where support pages in Markdown print them: in the front matter (`title: …`), the first heading,
/// `_Original KB number:_ 174555` and `_Original product version:_ A, B`.
enum ArticleMarkdown {
  /// The line that shows a text to be Markdown; nil where none does. A `#` alone may be a comment in a listing: it takes a
  /// section's name behind it, or a number as Markdown pages print it.
  static func sign(_ text: ArticleText) -> String? {
    for (index, line) in text.lines.prefix(ArticleLayout.linesExamined).enumerated() {
      guard line.content.count <= 120, let first = line.content.first else { continue }
      if text.bytes[first] == hash, let heading = heading(text.bytes[line.content]) {
        let words = FoldedBytes(Array(text.bytes[heading]))
        if ArticleHeadings.section(words) != nil || ArticleHeadings.part(words) != nil {
          return "line \(index + 1) is the heading '\(text.string(index))'"
        }
      }
      if text.folded(index).contains("_original kb number:") {
        return "line \(index + 1) prints the number in Markdown"
      }
    }
    return nil
  }

  private static let hash = UInt8(ascii: "#")
  private static let longestHeading = 6

  /// What a heading's marks enclose: `## Symptoms ##`.
  static func heading(_ line: ArraySlice<UInt8>) -> Range<Int>? {
    let marks = line.prefix { $0 == hash }.count
    guard (1...longestHeading).contains(marks), line.dropFirst(marks).first == ASCII.space else { return nil }
    var words = line.dropFirst(marks)
    while let last = words.last, last == hash || last == ASCII.space { words.removeLast() }
    words = words.drop { $0 == ASCII.space }
    return words.isEmpty ? nil : words.startIndex..<words.endIndex
  }

  static func plain(_ text: ArticleText) -> [UInt8] {
    var title: [UInt8]?
    var number: [UInt8]?
    var products: [[UInt8]] = []
    var body: [UInt8] = []
    body.reserveCapacity(text.bytes.count)
    let frontMatter = frontMatter(text)
    var isListing = false
    for (index, line) in text.lines.enumerated() {
      let content = text.bytes[line.content]
      if frontMatter.contains(index) {
        if title == nil, text.hasPhrase("title:", line: index) { title = value(content.dropFirst(6)) }
        continue
      }
      if content.starts(with: "```".utf8) {
        isListing.toggle()
        continue
      }
      if isListing {
        body.append(contentsOf: content)
      } else if let heading = heading(content) {
        if title == nil, body.isEmpty {
          title = unmarked(text.bytes[heading])
          continue
        }
        body.append(contentsOf: unmarked(text.bytes[heading]))
      } else {
        let words = unmarked(content)
        let folded = FoldedBytes(words)
        if let found = folded.find("original product version:") {
          products += words[(found + 25)...].split(separator: ASCII.comma).map { value($0) }.filter { !$0.isEmpty }
        } else if let found = folded.find("original kb number:") {
          number = value(words[(found + 19)...])
          body.append(contentsOf: words[..<found])
        } else {
          body.append(contentsOf: words)
        }
      }
      body.append(ASCII.lineFeed)
    }
    var result = title.map { $0 + [ASCII.lineFeed] } ?? []
    if let number { result += Array("Article ID: ".utf8) + number + [ASCII.lineFeed] }
    result += body
    if !products.isEmpty {
      result += Array("\nAPPLIES TO\n".utf8)
      for product in products { result += Array("- ".utf8) + product + [ASCII.lineFeed] }
    }
    return result
  }

  /// The lines from the first, where it is `---`, to the next such line; none where none follows.
  private static func frontMatter(_ text: ArticleText) -> Range<Int> {
    func isRule(_ index: Int) -> Bool { text.bytes[text.lines[index].content].elementsEqual("---".utf8) }
    guard let first = text.printed(after: -1), isRule(first),
      let last = text.lines.indices.dropFirst(first + 1).first(where: isRule)
    else { return 0..<0 }
    return first..<(last + 1)
  }

  /// Without spaces (`&nbsp;` among them) and quotation marks around it.
  private static func value(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = bytes
    let space = Array("&nbsp;".utf8)
    while true {
      if let first = bytes.first, first == ASCII.space || first == ASCII.quote || first == 0x27 {
        bytes.removeFirst()
      } else if bytes.starts(with: space) {
        bytes = bytes.dropFirst(space.count)
      } else {
        break
      }
    }
    while let last = bytes.last, last == ASCII.space || last == ASCII.quote || last == 0x27 { bytes.removeLast() }
    return Array(bytes)
  }

  /// Words without `**`, `` ` ``, escapes and `_…_` around them; `[words](address)` as `words (address)`.
  private static func unmarked(_ line: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(line.count)
    // Where brackets stand that may open a link; those that did are taken out at the end.
    var brackets: [Int] = []
    var links: Set<Int> = []
    var offset = line.startIndex
    while offset < line.endIndex {
      let byte = line[offset]
      let next = offset + 1 < line.endIndex ? line[offset + 1] : 0
      switch byte {
      case 0x5C where escaped.contains(next):
        result.append(next)
        offset += 2
        continue
      case 0x2A where next == 0x2A:
        offset += 2
        continue
      case 0x60:
        offset += 1
        continue
      case ASCII.underscore where opensOrCloses(line, at: offset):
        offset += 1
        continue
      case 0x5D where next == 0x28:
        if let open = brackets.popLast() { links.insert(open) }
        result.append(ASCII.space)
        offset += 1
        continue
      case 0x5B:
        brackets.append(result.count)
        result.append(byte)
      default: result.append(byte)
      }
      offset += 1
    }
    return links.isEmpty ? result : result.indices.filter { !links.contains($0) }.map { result[$0] }
  }

  private static let escaped: Set<UInt8> = [ASCII.underscore, 0x2A, 0x23, 0x5B, 0x5D, 0x3C, 0x3E, 0x7C]

  /// `_Note:_`: a mark with a word on one side and none on the other; `BAD_POOL_HEADER` and `nt!_KiTrap0E` have none.
  private static func opensOrCloses(_ line: ArraySlice<UInt8>, at offset: Int) -> Bool {
    let before = offset > line.startIndex ? line[offset - 1] : ASCII.space
    let after = offset + 1 < line.endIndex ? line[offset + 1] : ASCII.space
    let opens = (before == ASCII.space || before == 0x28) && after.isLetter
    let closes = (after == ASCII.space || after == 0x29) && (before.isAlphanumeric || before == ASCII.colon)
    return opens || closes
  }
}
