import Facts

/// A vendor's list of security updates as a table: what each replaces and for which products. Read from CSV with the header
/// `DatePosted, CVE, BulletinKB, Title, AffectedProduct, …, Severity, …, Supersedes, …`; columns are found by their names.
struct UpdateCatalogue: Sendable {
  struct Update: Sendable {
    /// `YYYY-MM-DD`, the earliest the rows give.
    var published: String?
    var severity: String?
    var title: String?
    var products: Set<Int> = []
    var supersedes: Set<String> = []
    /// Cumulative: for which products and components, as `product id, component`.
    var cumulative: Set<Line> = []
    /// It mends other things as well, of which it may hold one month's alone.
    var isMixed = false
  }

  /// What a cumulative update is one of a line of: its title without number, one product, one component.
  struct Line: Hashable, Sendable {
    var title: String
    var product: Int
    var component: String
  }

  /// A row's statement of what is replaced, for one product. A vendor's numbers are one for many products, and what replaces
  /// what is not the same on all of them.
  struct Statement: Hashable, Sendable {
    var newer: String
    var product: Int
    /// As printed: one or several.
    var older: String
  }

  /// By number without prefix, or the bulletin's name.
  var updates: [String: Update] = [:]
  var statements: Set<Statement> = []
  var products: [String] = []
  var rows = 0
  /// Rows that name no update but a page, a package or nothing.
  var rowsWithoutUpdate = 0

  /// Rows beyond this number are not read.
  static let maximumRows = 5_000_000

  static func matches(_ bytes: [UInt8]) -> Bool {
    // Asked of every file of an import: nothing is decoded.
    let head = bytes.prefix(400).prefix { $0 != 0x0A }
    return [Array("BulletinKB".utf8), Array("Supersedes".utf8)].allSatisfy { name in
      head.indices.contains { head[$0] == name[0] && head[$0...].starts(with: name) }
    }
  }

  init(_ bytes: [UInt8]) {
    var productIDs: [String: Int] = [:]
    var columns: [String: Int] = [:]
    bytes.withUnsafeBufferPointer { text in
      var reader = CSVReader(text)
      guard let header = reader.row() else { return }
      for (index, field) in header.enumerated() { columns[reader.string(field).lowercased()] = index }
      guard let number = columns["bulletinkb"] else { return }
      let date = columns["dateposted"]
      let product = columns["affectedproduct"]
      let severity = columns["severity"]
      let title = columns["title"]
      let supersedes = columns["supersedes"]
      let component = columns["affectedcomponent"]
      while rows < Self.maximumRows, let row = reader.row() {
        func field(_ column: Int?) -> String? {
          guard let column, column < row.count, !row[column].range.isEmpty else { return nil }
          return reader.string(row[column])
        }
        rows += 1
        // `Release Notes`, `Click to Run`: a thousand rows name no update, and are no one update's.
        guard let name = field(number).flatMap(Self.updateName) else {
          rowsWithoutUpdate += 1
          continue
        }
        var update = updates[name] ?? Update()
        let isNew = update.title == nil
        if let day = field(date), day.utf8.count == 8, day.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
          let digits = Array(day)
          let published = String(digits[0..<4]) + "-" + String(digits[4..<6]) + "-" + String(digits[6..<8])
          update.published = min(update.published ?? published, published)
        }
        if isNew {
          update.title = field(title) ?? ""
          update.severity = field(severity)
        }
        if let name = field(product) {
          let id = productIDs[name] ?? products.count
          if id == products.count {
            productIDs[name] = id
            products.append(name)
          }
          update.products.insert(id)
          let printed = field(title)
          if printed != nil, printed.flatMap(Self.cumulativeTitle) == nil { update.isMixed = true }
          if let line = printed.flatMap(Self.cumulativeTitle) {
            update.cumulative.insert(Line(title: line, product: id, component: field(component) ?? ""))
          }
        }
        if let printed = field(supersedes) {
          if let id = field(product).flatMap({ productIDs[$0] }) {
            statements.insert(Statement(newer: name, product: id, older: printed))
          }
          for older in Self.updateNames(printed) where older != name { update.supersedes.insert(older) }
        }
        updates[name] = update
      }
    }
  }
}

extension UpdateCatalogue {
  /// An update's number or its bulletin's name; nil for anything else.
  static func updateName(_ text: String) -> String? {
    let names = updateNames(text)
    guard names.count == 1, let name = names.first else { return nil }
    let plain = text.uppercased()
    return plain == name || plain == "KB" + name || plain == "Q" + name ? name : nil
  }

  /// The updates that a cell lists, however it parts them: `2863240;3032655`, `3118389<br><br>4022173`. Versions (`2.41.0`) and
  /// words (`None`) are none.
  static func updateNames(_ text: String) -> [String] {
    let words = text.uppercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "-" || $0 == ".") }
    return words.compactMap { word in
      var digits = word[...]
      if digits.hasPrefix("KB") {
        digits = digits.dropFirst(2)
      } else if digits.hasPrefix("Q") {
        digits = digits.dropFirst()
      }
      if (5...8).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        return String(digits)
      }
      // `MS08-067`.
      let bytes = Array(word.utf8)
      let isBulletin =
        bytes.count == 8 && word.hasPrefix("MS") && bytes[4] == 0x2D
        && [2, 3, 5, 6, 7].allSatisfy { (0x30...0x39).contains(bytes[$0]) }
      return isBulletin ? String(word) : nil
    }
  }

  /// The title of an update that holds all of its predecessors, without the number that some print behind it.
  static func cumulativeTitle(_ title: String) -> String? {
    guard title.hasPrefix("Cumulative Security Update for") else { return nil }
    guard title.hasSuffix(")"), let open = title.lastIndex(of: "(") else { return title }
    return String(title[..<open]).trimmingSpaces
  }

  /// What nobody states and yet follows: a cumulative update of a product's component holds the one before it. Only between
  /// neighbours in time, and never against what is stated.
  func inferred() -> [(newer: String, older: String)] {
    var lines: [Line: [(published: String, name: String)]] = [:]
    for (name, update) in updates {
      guard let published = update.published, !update.isMixed else { continue }
      for line in update.cumulative { lines[line, default: []].append((published, name)) }
    }
    var edges: Set<[String]> = []
    for members in lines.values {
      let sorted = members.sorted { $0 < $1 }
      for (older, newer) in zip(sorted, sorted.dropFirst()) where older.published < newer.published {
        // Two of one day have no order, so neither is known to hold the one before.
        guard sorted.count(where: { $0.published == newer.published }) == 1,
          sorted.count(where: { $0.published == older.published }) == 1,
          updates[older.name]?.supersedes.contains(newer.name) != true,
          updates[newer.name]?.supersedes.contains(older.name) != true
        else { continue }
        edges.insert([newer.name, older.name])
      }
    }
    return edges.sorted { $0.lexicographicallyPrecedes($1) }.map { ($0[0], $0[1]) }
  }
}

/// Rows of comma-separated values; quoted fields may hold commas and line ends, a doubled quote stands for one.
struct CSVReader {
  struct Field {
    var range: Range<Int>
    var hasDoubledQuotes: Bool
  }

  private let text: UnsafeBufferPointer<UInt8>
  private var offset = 0
  private var fields: [Field] = []

  init(_ text: UnsafeBufferPointer<UInt8>) {
    self.text = text
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
  }

  /// nil at the end. The array is used again for the next row.
  mutating func row() -> [Field]? {
    while offset < text.count, text[offset] == 0x0A || text[offset] == 0x0D { offset += 1 }
    guard offset < text.count else { return nil }
    fields.removeAll(keepingCapacity: true)
    while true {
      fields.append(field())
      guard offset < text.count, text[offset] == 0x2C else { break }
      offset += 1
    }
    return fields
  }

  private mutating func field() -> Field {
    guard offset < text.count, text[offset] == 0x22 else {
      let start = offset
      while offset < text.count, text[offset] != 0x2C, text[offset] != 0x0A, text[offset] != 0x0D { offset += 1 }
      return Field(range: start..<offset, hasDoubledQuotes: false)
    }
    offset += 1
    let start = offset
    var doubled = false
    while offset < text.count {
      if text[offset] == 0x22 {
        guard offset + 1 < text.count, text[offset + 1] == 0x22 else { break }
        doubled = true
        offset += 1
      }
      offset += 1
    }
    let field = Field(range: start..<min(offset, text.count), hasDoubledQuotes: doubled)
    offset = min(offset + 1, text.count)
    // What stands between the closing quote and the comma is no value.
    while offset < text.count, text[offset] != 0x2C, text[offset] != 0x0A, text[offset] != 0x0D { offset += 1 }
    return field
  }

  func string(_ field: Field) -> String {
    let plain = String(decoding: text[field.range], as: UTF8.self)
    guard field.hasDoubledQuotes else { return plain }
    var result = ""
    var wasQuote = false
    for character in plain {
      if character == "\"", wasQuote {
        wasQuote = false
      } else {
        wasQuote = character == "\""
        result.append(character)
      }
    }
    return result
  }
}

/// Lines `Tag - binary - description` of a `pooltag.txt`.
struct TagOwnerTable: Sendable {
  struct Row: Hashable, Sendable {
    var tag: String
    var binary: String
    var description: String
  }

  var rows: [Row] = []

  static func matches(_ bytes: [UInt8]) -> Bool {
    TagOwnerTable(Array(bytes.prefix(4096))).rows.count >= 10
      || String(decoding: bytes.prefix(512), as: UTF8.self).contains("Pooltag.txt")
  }

  init(_ bytes: [UInt8]) {
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      guard !line.hasPrefix("rem"), !line.hasPrefix("//"), let dash = line.firstRange(of: " - ") else { continue }
      let tag = String(line[..<dash.lowerBound]).trimmingSpaces
      guard (1...4).contains(tag.utf8.count) else { continue }
      let rest = line[dash.upperBound...]
      let halves = rest.firstRange(of: " - ").map { (rest[..<$0.lowerBound], rest[$0.upperBound...]) } ?? (rest, "")
      rows.append(
        Row(tag: tag, binary: String(halves.0).trimmingSpaces, description: String(halves.1).trimmingSpaces))
    }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }
}

extension Substring {
  /// Foundation-free search for a short needle.
  fileprivate func firstRange(of needle: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}
