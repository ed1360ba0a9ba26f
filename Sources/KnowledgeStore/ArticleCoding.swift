import Facts
import KnowledgeBase

/// An article's fields as the store keeps them: compact, because a match reads a hundred articles in a few milliseconds, and a
/// general JSON decoder took ten times as long. The text is kept beside it, so that a later form can always be made anew.
///
/// Form: a version byte, then the fields in the order below. Numbers are variable-length (seven bits a byte, lowest first),
/// texts are a length and UTF-8, lists a count and their elements, optional values a byte 0 or 1 before the value.
enum ArticleCoding {
  static let version: UInt8 = 2
  /// Without the last two fields.
  private static let firstVersion: UInt8 = 1

  static func encode(_ article: Article) -> [UInt8] {
    var out = FieldWriter()
    out.bytes.reserveCapacity(512)
    out.bytes.append(version)
    out.optional(article.id)
    out.optional(article.title)
    out.text(article.layout.rawValue)
    out.text(article.layoutReason)
    out.list(article.products)
    out.number(UInt64(article.stopCodes.count))
    for code in article.stopCodes { out.number(UInt64(code.rawValue)) }
    out.number(UInt64(article.stopParameters.count))
    for line in article.stopParameters { out.list(line) }
    out.list(article.bugcheckNames)
    out.list(article.poolTags)
    out.list(article.drivers)
    out.list(article.symbols)
    out.text(article.mechanism.rawValue)
    out.text(article.mechanismReason)
    out.list(article.fixKind.map(\.rawValue))
    out.flag(article.hotfixAvailable)
    out.list(article.requires)
    out.list(article.replaces)
    out.list(article.supersededBy)
    out.flag(article.restartRequired)
    out.flag(article.registryChange)
    out.number(UInt64(max(0, article.workarounds)))
    out.number(UInt64(article.files.count))
    for file in article.files { out.file(file) }
    out.list(article.references)
    out.optional(article.lastReviewed)
    out.optional(article.revision)
    out.optional(article.documentDate)
    out.list(article.keywords)
    out.list(article.hardware)
    out.list(article.technology)
    out.optional(article.issueType)
    out.optional(article.solutionType)
    out.list(article.languages)
    out.number(UInt64(article.correctedIn.count))
    for one in article.correctedIn {
      out.text(one.product)
      out.text(one.servicePack)
    }
    out.list(article.eventIDs)
    return out.bytes
  }

  /// nil where the bytes are of another version or damaged.
  static func decode(_ bytes: [UInt8]) -> Article? {
    guard let written = bytes.first, written == version || written == firstVersion else { return nil }
    var input = FieldReader(bytes: bytes, offset: 1)
    let id = input.optional()
    let title = input.optional()
    var article = Article(layout: ArticleLayout(rawValue: input.text()))
    article.id = id
    article.title = title
    article.layoutReason = input.text()
    article.products = input.list()
    article.stopCodes = input.repeated { StopCode(UInt32(truncatingIfNeeded: $0.number())) }
    article.stopParameters = input.repeated { $0.list() }
    article.bugcheckNames = input.list()
    article.poolTags = input.list()
    article.drivers = input.list()
    article.symbols = input.list()
    article.mechanism = Mechanism(rawValue: input.text()) ?? .none
    article.mechanismReason = input.text()
    article.fixKind = input.list().compactMap { FixKind(rawValue: $0) }
    article.hotfixAvailable = input.flag()
    article.requires = input.list()
    article.replaces = input.list()
    article.supersededBy = input.list()
    article.restartRequired = input.flag()
    article.registryChange = input.flag()
    article.workarounds = Int(clamping: input.number())
    article.files = input.repeated { $0.file() }
    article.references = input.list()
    article.lastReviewed = input.optional()
    article.revision = input.optional()
    article.documentDate = input.optional()
    article.keywords = input.list()
    article.hardware = input.list()
    article.technology = input.list()
    article.issueType = input.optional()
    article.solutionType = input.optional()
    article.languages = input.list()
    if written == version {
      article.correctedIn = input.repeated { CorrectedIn(product: $0.text(), servicePack: $0.text()) }
      article.eventIDs = input.list()
    }
    return input.isDamaged || input.offset != bytes.count ? nil : article
  }
}

private struct FieldWriter {
  var bytes: [UInt8] = []

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func text(_ value: String) {
    number(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  mutating func list(_ values: [String]) {
    number(UInt64(values.count))
    for value in values { text(value) }
  }

  mutating func optional(_ value: String?) {
    bytes.append(value == nil ? 0 : 1)
    if let value { text(value) }
  }

  mutating func flag(_ value: Bool?) { bytes.append(value.map { $0 ? 2 : 1 } ?? 0) }

  mutating func file(_ file: ArticleFile) {
    text(file.name)
    optional(file.version)
    bytes.append(file.size == nil ? 0 : 1)
    if let size = file.size { number(size) }
    for value in [file.date, file.time, file.platform, file.servicePack, file.serviceBranch, file.group] {
      optional(value)
    }
  }
}

/// Never reads beyond the end: what is missing reads as zero and marks the whole as damaged.
private struct FieldReader {
  let bytes: [UInt8]
  var offset: Int
  var isDamaged = false

  init(bytes: [UInt8], offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  mutating func byte() -> UInt8 {
    guard offset < bytes.count else {
      isDamaged = true
      return 0
    }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func number() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = byte()
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
    }
    isDamaged = true
    return 0
  }

  mutating func text() -> String {
    guard let count = Int(exactly: number()), count <= bytes.count - offset else {
      isDamaged = true
      return ""
    }
    defer { offset += count }
    return String(decoding: bytes[offset..<(offset + count)], as: UTF8.self)
  }

  mutating func repeated<Element>(_ read: (inout FieldReader) -> Element) -> [Element] {
    // Every element takes a byte or more, so that a damaged count cannot ask for more than there is.
    guard let count = Int(exactly: number()), count <= bytes.count - offset else {
      isDamaged = true
      return []
    }
    var result: [Element] = []
    result.reserveCapacity(count)
    for _ in 0..<count where !isDamaged { result.append(read(&self)) }
    return result
  }

  mutating func list() -> [String] { repeated { $0.text() } }

  mutating func optional() -> String? { byte() == 0 ? nil : text() }

  mutating func flag() -> Bool? {
    switch byte() {
    case 0: nil
    case 1: false
    default: true
    }
  }

  mutating func file() -> ArticleFile {
    var file = ArticleFile(name: text())
    file.version = optional()
    file.size = byte() == 0 ? nil : number()
    file.date = optional()
    file.time = optional()
    file.platform = optional()
    file.servicePack = optional()
    file.serviceBranch = optional()
    file.group = optional()
    return file
  }
}
