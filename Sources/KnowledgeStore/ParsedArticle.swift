import ByteReading
import Facts
import KernelLayouts
import KnowledgeBase
import Synchronization

/// One article ready for the writer.
struct ParsedArticle: Sendable {
  /// The id in its one form: the number, or the name in lower case.
  var key: String
  /// As printed, or taken from the file's name.
  var name: String
  var article: Article
  var body: String
  var digest: [UInt8]
  var sketch: [UInt8]
  var fields: [UInt8]
  var terms: [Term]
  var path: String

  struct Term: Hashable, Sendable {
    var kind: TermKind
    var name: String
  }

  /// Which of two texts of one article is the later one: by document date, then revision.
  var age: [String] { [article.documentDate ?? article.lastReviewed ?? "", article.revision ?? ""] }

  init(_ bytes: [UInt8], digest: [UInt8], path: String, products: ProductMemory) {
    article = Article(parsing: bytes)
    let stem = path.split(separator: "/").last.map(String.init) ?? path
    let fallback = stem.lastIndex(of: ".").map { String(stem[..<$0]) } ?? stem
    name = article.id ?? (ArticleNumber(fallback) == nil ? fallback : fallback.uppercased())
    key = Self.key(of: name)
    let text = StoredText.normalised(bytes)
    body = String(decoding: text, as: UTF8.self)
    self.digest = digest
    sketch = TextSketch(TextSketch.telling(text))?.bytes ?? []
    fields = ArticleCoding.encode(article)
    terms = Self.terms(of: article, products)
    self.path = path
  }

  static func key(of name: String) -> String {
    ArticleNumber(name).map { String($0.rawValue) } ?? name.lowercased()
  }

  private static func terms(of article: Article, _ products: ProductMemory) -> [Term] {
    var terms: Set<Term> = []
    for code in article.stopCodes { terms.insert(Term(kind: .stopCode, name: code.base.description)) }
    for driver in article.drivers { terms.insert(Term(kind: .module, name: TermName.module(driver))) }
    for symbol in article.symbols {
      for name in TermName.symbols(symbol) { terms.insert(Term(kind: .symbol, name: name)) }
    }
    for id in article.eventIDs.prefix(64) { terms.insert(Term(kind: .eventID, name: id)) }
    for tag in article.poolTags { terms.insert(Term(kind: .poolTag, name: tag)) }
    for product in article.products {
      for name in products.names(product) { terms.insert(Term(kind: .product, name: name)) }
    }
    for file in article.files.prefix(200) { terms.insert(Term(kind: .file, name: TermName.module(file.name))) }
    for reference in article.references.prefix(200) {
      terms.insert(Term(kind: .reference, name: key(of: reference)))
    }
    if article.mechanism != .none { terms.insert(Term(kind: .mechanism, name: article.mechanism.rawValue)) }
    return Array(terms)
  }
}

/// The products behind printed names. Thousands of articles print the same few names, and telling a product takes longer than
/// reading an article.
final class ProductMemory: Sendable {
  private let known = Mutex<[String: [String]]>([:])
  /// Names beyond this number are looked up each time, so that hostile text fills no memory.
  private static let capacity = 16_384

  func names(_ printed: String) -> [String] {
    if let names = known.withLock({ $0[printed] }) { return names }
    let names = Product.canonicalAll(printed).map(\.product)
    known.withLock { if $0.count < Self.capacity { $0[printed] = names } }
    return names
  }
}

/// Names in their one spelling, for articles and for evidence alike.
enum TermName {
  private static let kernels: Set<String> = ["nt", "ntoskrnl", "ntkrnlmp", "ntkrnlpa", "ntkrpamp"]

  /// File name without folder, lower case; a missing ending is a driver's.
  static func module(_ text: String) -> String {
    var name = text.lowercased()
    if let slash = name.lastIndex(where: { $0 == "\\" || $0 == "/" }) {
      name = String(name[name.index(after: slash)...])
    }
    if name == "nt" || kernels.contains(String(name.prefix { $0 != "." })) { return "ntoskrnl.exe" }
    return name.utf8.contains(UInt8(ascii: ".")) ? name : name + ".sys"
  }

  /// `module!routine` and the routine alone, which articles often print without its module.
  static func symbols(_ text: String) -> [String] {
    let plain = text.lowercased().prefix { $0 != "+" }
    let halves = plain.split(separator: "!", maxSplits: 1)
    guard let last = halves.last else { return [] }
    let routine = String(last.drop { $0 == "_" || $0 == "@" })
    guard halves.count == 2, routine.utf8.count > 2 else { return routine.utf8.count > 4 ? [routine] : [] }
    var module = String(halves[0].prefix { $0 != "." })
    if kernels.contains(module) { module = "nt" }
    return [module + "!" + routine, routine]
  }
}

/// An article's text as it is kept: UTF-8 with line feeds.
enum StoredText {
  static func normalised(_ bytes: [UInt8]) -> [UInt8] {
    let head = bytes.first { $0 > 0x20 }
    if head != UInt8(ascii: "D"), let page = Article.pageText(bytes) { return page }
    var all: UInt8 = 0
    var zero: UInt8 = 0
    for byte in bytes {
      all |= byte
      zero |= byte == 0 ? 1 : 0
    }
    let text = all < 0x80 && zero == 0 ? bytes : Array(decodeText(bytes).text.utf8)
    return Array(unsafeUninitializedCapacity: text.count) { result, count in
      text.withUnsafeBufferPointer { text in
        // Where a line that ended here would end: behind its last byte that is no space.
        var end = 0
        for offset in 0..<text.count {
          let byte = text[offset]
          if byte == 0x0D {
            if offset &+ 1 < text.count, text[offset &+ 1] == 0x0A { continue }
            result[count] = 0x0A
            count &+= 1
            end = count
          } else if byte == 0x0A {
            // Spaces at a line's end say nothing.
            result[end] = 0x0A
            count = end &+ 1
            end = count
          } else {
            result[count] = byte
            count &+= 1
            if byte != 0x20 { end = count }
          }
        }
      }
    }
  }
}
