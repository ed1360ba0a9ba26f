import Facts

/// A service pack that contains an article's fix.
public struct CorrectedIn: Hashable, Sendable {
  /// As printed (`Windows NT Server 4.0, Terminal Server Edition`).
  public var product: String
  /// `4`, `6a`.
  public var servicePack: String

  public init(product: String, servicePack: String) {
    self.product = product
    self.servicePack = servicePack
  }
}

extension ArticleDocument {
  /// The service packs that contain the fix: `was first corrected in Windows NT 4.0 Service Pack 4.0`, and keywords such as
  /// `kbWinNT400sp4fix` and `kbWin2000preSP3fix`, which the archive prints where the sentence is missing.
  func correctedIn(_ paragraphs: [ArticleParagraph], keywords: [String]) -> [CorrectedIn] {
    var result: [CorrectedIn] = []
    for paragraph in paragraphs where [.status, .resolution, .body, .moreInformation].contains(paragraph.section) {
      guard paragraph.phrases.holdsAny(PassagePhrases.corrections) else { continue }
      for range in paragraph.text.sentences() {
        let sentence = FoldedBytes(Array(paragraph.text.bytes[range]))
        guard let found = Self.corrections.lazy.compactMap({ sentence.find($0) }).first,
          let start = sentence.find(" in ", from: found).map({ $0 + 4 })
        else { continue }
        for one in Self.packs(sentence, from: start) { result.appendNew(one) }
      }
    }
    for word in keywords {
      if let one = Self.pack(keyword: word.lowercased()) { result.appendNew(one) }
    }
    return result
  }

  static let corrections = ["corrected in ", "fixed in "]

  /// `Windows NT 4.0 Service Pack 4.0 and Windows NT Server 4.0, Terminal Server Edition Service Pack 4`.
  private static func packs(_ sentence: FoldedBytes, from start: Int) -> [CorrectedIn] {
    let mark = "service pack "
    var result: [CorrectedIn] = []
    var position = start
    while result.count < 16, let found = sentence.find(mark, from: position) {
      var end = found + mark.utf8.count
      let digits = end
      while end < sentence.count, end - digits < 2, sentence.bytes[end].isDigit { end += 1 }
      let number = sentence.string(digits..<end)
      var pack = number
      if end < sentence.count, sentence.folded[end] == UInt8(ascii: "a"),
        end + 1 == sentence.count || !sentence.bytes[end + 1].isWord
      {
        pack += "a"
      }
      var product = trimmed(sentence.bytes, position..<found)
      for lead in ["and ", "or ", "the ", "latest ", "microsoft "]
      where sentence.hasPhrase(lead, at: product.lowerBound) {
        product = min(product.lowerBound + lead.utf8.count, product.upperBound)..<product.upperBound
      }
      for tail in [" u.s.", ","] where product.count > tail.utf8.count {
        if sentence.hasPhrase(tail, at: product.upperBound - tail.utf8.count) {
          product = product.lowerBound..<(product.upperBound - tail.utf8.count)
        }
      }
      position = max(end, found + 1)
      // Behind `4.0` nothing is left of the number.
      while position < sentence.count, sentence.bytes[position].isDigit || sentence.bytes[position] == ASCII.dot {
        position += 1
      }
      guard !number.isEmpty, product.count <= 80, sentence.hasPhrase("windows", at: product.lowerBound) else {
        continue
      }
      result.append(CorrectedIn(product: sentence.string(product), servicePack: pack))
    }
    return result
  }

  /// The products in the archive's keywords, by how those begin.
  private static let keywordProducts: [(String, String)] = [
    ("kbwinnt400", "Windows NT 4.0"), ("kbwinnt4", "Windows NT 4.0"), ("kboswinnt400", "Windows NT 4.0"),
    ("kbtse400", "Windows NT 4.0 Terminal Server Edition"), ("kbwin2000", "Windows 2000"), ("kbwinxp", "Windows XP"),
    ("kbwinserv2003", "Windows Server 2003"), ("kbwinsvr2003", "Windows Server 2003"),
  ]

  private static func pack(keyword: String) -> CorrectedIn? {
    guard keyword.hasSuffix("fix"),
      let (beginning, product) = keywordProducts.first(where: { keyword.hasPrefix($0.0) })
    else { return nil }
    var rest = keyword.dropFirst(beginning.utf8.count).dropLast(3)
    // A fix from before a service pack is one that the service pack brings.
    if rest.hasPrefix("pre") { rest = rest.dropFirst(3) }
    guard rest.hasPrefix("sp"), ServicePack(rest.dropFirst(2)) != nil else { return nil }
    return CorrectedIn(product: product, servicePack: String(rest.dropFirst(2)))
  }

  /// Event-log ids that the article tells of: `Event ID: 2019`, `Event IDs 2019 and 2020`.
  func eventIDs(title: String?, _ paragraphs: [ArticleParagraph]) -> [String] {
    var result: [String] = []
    let passages = paragraphs.filter { $0.section != .appliesTo && $0.phrases.holdsAny(PassagePhrases.events) }
    for text in (title.map { [FoldedBytes($0)] } ?? []) + passages.map(\.text) {
      var position = 0
      while let found = text.find("event id", from: position) {
        position = found + 8
        if position < text.count, text.folded[position] == UInt8(ascii: "s") { position += 1 }
        while let (number, end) = Self.eventNumber(text, position) {
          result.appendNew(number)
          position = end
        }
      }
    }
    return result
  }

  /// A number of up to five digits behind marks, `and` or `or`.
  private static func eventNumber(_ text: FoldedBytes, _ start: Int) -> (String, Int)? {
    var position = start
    var isSeparated = false
    while position < text.count, position - start < 12 {
      let byte = text.bytes[position]
      if byte.isSpace || [ASCII.colon, ASCII.comma, UInt8(ascii: "="), UInt8(ascii: "#")].contains(byte) {
        position += 1
        isSeparated = true
      } else if isSeparated, let word = ["and ", "or "].first(where: { text.hasPhrase($0, at: position) }) {
        position += word.utf8.count
      } else {
        break
      }
    }
    let digits = position
    while position < text.count, position - digits < 6, text.bytes[position].isDigit { position += 1 }
    guard isSeparated, (1...5).contains(position - digits), position == text.count || !text.bytes[position].isWord
    else {
      return nil
    }
    return (text.string(digits..<position), position)
  }
}
