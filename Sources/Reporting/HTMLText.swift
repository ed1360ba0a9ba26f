/// Pieces of a web page. Everything that comes from evidence or articles goes through ``escaped(_:)``.
public enum HTMLText {
  /// Text for a page, between tags or in a quoted attribute: markup, control characters and marks that turn the direction of
  /// writing lose their meaning.
  public static func escaped(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count)
    for scalar in TextStyle.cleanLine(text).unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// The same for text of several lines, each of which stays one.
  public static func escapedLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }.joined(separator: "\n")
  }

  /// A cell of a table: its text, and whether it is set as a number.
  public struct Cell: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    var markup: String
    var isNumber: Bool

    public init(_ text: String, isNumber: Bool = false) {
      markup = escaped(text)
      self.isNumber = isNumber
    }

    public init(stringLiteral text: String) { self.init(text) }

    /// Markup of our own, with what is in it escaped already.
    public init(markup: String) {
      self.markup = markup
      isNumber = false
    }
  }

  /// A table that scrolls by itself where the page is too narrow; a reader by keyboard can reach it to scroll.
  public static func table(
    _ caption: String, _ head: [String], _ rows: [[Cell]], marked: Set<Int> = [], limit: Int = 2000
  ) -> String {
    var out =
      "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"\(escaped(caption))\"><table><caption>\(escaped(caption))</caption>\n<thead><tr>"
    for (column, title) in head.enumerated() {
      let isNumber = rows.first.map { column < $0.count && $0[column].isNumber } ?? false
      out += "<th scope=\"col\"\(isNumber ? " class=\"n\"" : "")>\(escaped(title))</th>"
    }
    out += "</tr></thead><tbody>\n"
    for (index, row) in rows.prefix(limit).enumerated() {
      out += marked.contains(index) ? "<tr class=\"marked\">" : "<tr>"
      for cell in row { out += (cell.isNumber ? "<td class=\"n\">" : "<td>") + cell.markup + "</td>" }
      out += "</tr>\n"
    }
    out += "</tbody></table></div>\n"
    if rows.count > limit { out += "<p>\(rows.count - limit) more rows: the JSON document has all.</p>\n" }
    return out
  }

  /// A picture that scrolls by itself where it would become too small to read.
  static func scrolling(_ label: String, _ picture: String) -> String {
    "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"\(escaped(label))\">\n\(picture)</div>\n"
  }

  /// Keys with what they mean beside them.
  public static func definitions(_ rows: [(key: String, value: String)]) -> String {
    guard !rows.isEmpty else { return "" }
    return "<dl>\n"
      + rows.map { "<div><dt>\(escaped($0.key))</dt><dd>\(escaped($0.value))</dd></div>\n" }.joined() + "</dl>\n"
  }

  public static func list(_ items: [String]) -> String {
    items.isEmpty ? "" : "<ul>\n" + items.map { "<li>\(escaped($0))</li>\n" }.joined() + "</ul>\n"
  }

  /// A section with a heading that a link can lead to.
  public static func section(_ id: String, _ title: String, _ content: String) -> String {
    guard !content.isEmpty else { return "" }
    return
      "<section id=\"\(id)\" aria-labelledby=\"\(id)-title\">\n<h2 id=\"\(id)-title\">\(escaped(title))</h2>\n\(content)</section>\n"
  }

  /// Links to the sections of a long page, which ``section(_:_:_:)`` made.
  public static func contents(_ sections: String) -> String {
    var out = ""
    var rest = sections[...]
    while let mark = rest.firstRange(of: "<section id=\"") {
      rest = rest[mark.upperBound...]
      guard let quote = rest.firstIndex(of: "\""), let heading = rest.firstRange(of: "<h2 ") else { break }
      let id = rest[..<quote]
      rest = rest[heading.upperBound...]
      guard let title = rest.firstIndex(of: ">") else { break }
      rest = rest[rest.index(after: title)...]
      guard let end = rest.firstRange(of: "</h2>") else { break }
      // Our own markup: escaped already.
      out += "<li><a href=\"#\(id)\">\(rest[..<end.lowerBound])</a></li>\n"
      rest = rest[end.upperBound...]
    }
    return out.isEmpty ? "" : "<nav class=\"contents\" aria-label=\"Sections of this page\"><ul>\n\(out)</ul></nav>\n"
  }

  /// A time for people: the document keeps UTC, a script shows the reader's own.
  public static func time(_ rfc3339: String) -> String {
    let shown = rfc3339.replacing("T", with: " ").replacing("Z", with: " UTC")
    return "<time datetime=\"\(escaped(rfc3339))\">\(escaped(shown))</time>"
  }
}
