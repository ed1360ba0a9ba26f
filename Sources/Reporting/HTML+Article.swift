import Facts
import KnowledgeBase
import KnowledgeStore

extension Article {
  private typealias Cell = HTMLText.Cell

  /// What the article states, and its table of files with times in UTC, which a script shows in the reader's own zone.
  public var htmlBody: String {
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ values: [String]) {
      if !values.isEmpty { rows.append((key, values.joined(separator: ", "))) }
    }
    row("Mechanism", [mechanism.rawValue])
    row("Fix", fixKind.map(\.rawValue))
    row("Stop codes", stopCodes.map(\.description))
    row("Stop names", bugcheckNames)
    row("Pool tags", poolTags)
    row("Drivers", drivers)
    row("Symbols", symbols)
    row("Requires", requires)
    row("Replaces", replaces)
    row("Superseded by", supersededBy)
    row("Restart", restartRequired.map { [$0 ? "needed" : "not needed"] } ?? [])
    row("References", references)
    row("Last reviewed", lastReviewed.map { [$0 + (revision.map { ", revision \($0)" } ?? "")] } ?? [])
    var out = HTMLText.definitions(rows) + SupersedenceChain.svg(self)
    if !products.isEmpty {
      out += HTMLText.section("applies-to", "Applies to", HTMLText.list(products))
    }
    return out + HTMLText.section("files", "Files", fileTables)
  }

  private var fileTables: String {
    var out = ""
    var rest = files[...]
    while let first = rest.first {
      let group = rest.prefix { $0.group == first.group }
      rest = rest.dropFirst(group.count)
      out += HTMLText.table(
        first.group ?? "Fixed files", ["name", "version", "size", "date and time", "platform", "branch"],
        group.map { file in
          [
            Cell(file.name), Cell(file.version ?? ""), Cell(file.size.map { "\($0)" } ?? "", isNumber: true),
            Cell(markup: Self.moment(file)), Cell(file.platform ?? ""),
            Cell([file.servicePack, file.serviceBranch].compactMap { $0 }.joined(separator: " ")),
          ]
        })
    }
    return out
  }

  private static func moment(_ file: ArticleFile) -> String {
    guard let date = file.date else { return "" }
    guard let time = file.time, let moment = CivilTime(rfc3339: "\(date) \(time)") else {
      return HTMLText.escaped(date)
    }
    return HTMLText.time(moment.rfc3339)
  }
}

extension KnownIssue {
  /// What is looked for and what readers should know, before what the article states.
  public var htmlBody: String {
    var out = "<p>\(HTMLText.escaped(summary))</p>\n"
    out += HTMLText.section(
      "looked-for", "What is looked for", HTMLText.list(conditions.map { "\($0.effect.rawValue): \($0.text)" }))
    out += HTMLText.section("workarounds", "Workarounds", HTMLText.list(workarounds.map(\.text)))
    out += HTMLText.section("verify", "How to verify", HTMLText.list(verification.map(\.text)))
    out += HTMLText.section("notes", "Notes", HTMLText.list(notes))
    return out + HTMLText.section("states", "The article's fields", article.htmlBody)
  }
}

extension StoredArticleReport {
  public var htmlBody: String {
    var out = stored.article.htmlBody
    out += HTMLText.list(owners.map(\.text))
    if !stored.nearDuplicates.isEmpty {
      out += "<p>Nearly the same: \(stored.nearDuplicates.map(Self.link).joined(separator: ", "))</p>\n"
    }
    if let update { out += UpdateReport(update).htmlBody }
    return out + HTMLText.section("text", "Text", text)
  }

  private static func link(_ id: String) -> String {
    "<a href=\"/articles/\(HTMLText.pathComponent(id))\">\(HTMLText.escaped(id))</a>"
  }

  private var text: String {
    var out = ""
    var isList = false
    for passage in ArticlePassage.passages(of: stored.text, in: stored.article) {
      if isList != (passage.kind == .item) {
        out += isList ? "</ul>\n" : "<ul class=\"plain\">\n"
        isList.toggle()
      }
      switch passage.kind {
      case .section: out += "<h3>\(HTMLText.escaped(passage.text))</h3>\n"
      case .heading: out += "<h4>\(HTMLText.escaped(passage.text))</h4>\n"
      case .prose: out += "<p>\(HTMLText.escaped(passage.text))</p>\n"
      case .item: out += "<li>\(HTMLText.escaped(passage.text))</li>\n"
      case .verbatim: out += "<pre tabindex=\"0\">\(HTMLText.escapedLines(passage.text))</pre>\n"
      case .fileTable: out += "<p class=\"quiet\">(The table of files stands above.)</p>\n"
      }
    }
    return out + (isList ? "</ul>\n" : "")
  }
}

extension SearchReport {
  public var htmlBody: String {
    var out = HTMLText.list(owners.map(\.text))
    guard !hits.isEmpty else {
      return out + "<p>No article found. Try fewer words, a stop code or a file's name.</p>\n"
    }
    out += "<ol class=\"hits\">\n"
    for hit in hits {
      out +=
        "<li><a href=\"/articles/\(HTMLText.pathComponent(hit.id))\">\(HTMLText.escaped(hit.id)): \(HTMLText.escaped(hit.title))</a>\n"
      out +=
        "<p>\(hit.htmlPassage)</p>\n<p class=\"quiet\">found: \(HTMLText.escaped(hit.because.joined(separator: ", ")))</p></li>\n"
    }
    return out + "</ol>\n"
  }
}

extension Catalogue.Hit {
  fileprivate var htmlPassage: String {
    let bytes = Array(passage.utf8)
    var out = ""
    var offset = 0
    for mark in marks where mark.lowerBound >= offset && mark.upperBound <= bytes.count {
      out += HTMLText.escaped(String(decoding: bytes[offset..<mark.lowerBound], as: UTF8.self))
      out += "<mark>" + HTMLText.escaped(String(decoding: bytes[mark], as: UTF8.self)) + "</mark>"
      offset = mark.upperBound
    }
    return out + HTMLText.escaped(String(decoding: bytes[offset...], as: UTF8.self))
  }
}

extension HTMLText {
  /// A name as one component of an address' path.
  public static func pathComponent(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        out.unicodeScalars.append(Unicode.Scalar(byte))
      default: out += "%" + hexadecimal(UInt64(byte), digits: 2).dropFirst(2)
      }
    }
    return out
  }
}
