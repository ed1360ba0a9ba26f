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
  }

  /// By number without prefix, or the bulletin's name.
  var updates: [String: Update] = [:]
  var products: [String] = []
  var rows = 0

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
      while rows < Self.maximumRows, let row = reader.row() {
        func field(_ column: Int?) -> String? {
          guard let column, column < row.count, !row[column].range.isEmpty else { return nil }
          return reader.string(row[column])
        }
        rows += 1
        // A row that names no update, only a vulnerability.
        guard let name = field(number) else { continue }
        var update = updates[name] ?? Update()
        let isNew = update.title == nil
        if let day = field(date), day.utf8.count == 8 {
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
        }
        if let older = field(supersedes) {
          for part in older.split(whereSeparator: { $0 == ";" || $0 == "," || $0 == " " }) where part != name {
            update.supersedes.insert(String(part))
          }
        }
        updates[name] = update
      }
    }
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
