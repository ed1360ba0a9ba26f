#if Server
import Reporting

/// The frame around every page.
enum Page {
  enum Place: String, CaseIterable {
    case start = "/"
    case cases = "/cases"
    case machines = "/machines"
    case articles = "/articles"

    var title: String {
      switch self {
      case .start: "New case"
      case .cases: "Cases"
      case .machines: "Machines"
      case .articles: "Knowledge base"
      }
    }
  }

  /// - Parameters:
  ///   - title: plain text.
  ///   - body: markup in which everything that is not ours is escaped.
  ///   - refresh: seconds after which a browser without script asks again.
  static func html(
    _ title: String, _ place: Place?, _ body: String, refresh: Int? = nil, canLogOut: Bool = false
  ) -> String {
    var out = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(HTMLText.escaped(title)) - Faultline</title>
      <link rel="stylesheet" href="/assets/faultline.css">
      <link rel="icon" href="/assets/icon.svg">
      <script src="/assets/faultline.js" defer></script>

      """
    if let refresh { out += "<noscript><meta http-equiv=\"refresh\" content=\"\(refresh)\"></noscript>\n" }
    out +=
      "</head><body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header><nav aria-label=\"Pages\"><span class=\"brand\">Faultline</span>\n<ul>\n"
    for known in Place.allCases {
      let current = known == place ? " aria-current=\"page\"" : ""
      out += "<li><a href=\"\(known.rawValue)\"\(current)>\(known.title)</a></li>\n"
    }
    if canLogOut {
      out += "<li><form method=\"post\" action=\"/logout\"><button class=\"link\">Log out</button></form></li>\n"
    }
    return out + "</ul></nav></header>\n<main id=\"main\" tabindex=\"-1\">\n\(body)</main>\n</body></html>\n"
  }

  static func failure(_ status: Int, _ reason: String) -> String {
    let title =
      switch status {
      case 401, 403: "Not allowed"
      case 404: "Not found"
      case 413: "Too large"
      case 503: "Busy"
      case 500...: "This went wrong here"
      default: "This cannot be done"
      }
    let sentence = reason.prefix(1).uppercased() + reason.dropFirst()
    return html(
      title, nil,
      "<h1>\(title)</h1>\n<p>\(HTMLText.escaped(sentence))\(sentence.hasSuffix(".") ? "" : ".")</p>\n<p><a href=\"/\">Begin a case</a> or see <a href=\"/cases\">all cases</a>.</p>\n"
    )
  }

  /// The mark of a state or verdict, in words first.
  static func badge(_ text: String) -> String {
    "<span class=\"badge \(HTMLText.escaped(text))\">\(HTMLText.escaped(text))</span>"
  }

  static func bytes(_ count: Int64) -> String {
    for (unit, factor) in [("GB", Int64(1) << 30), ("MB", 1 << 20), ("KB", 1 << 10)] where count >= factor {
      let tenths = count / (factor / 10)
      return tenths >= 1000 ? "\(count / factor) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(count) bytes"
  }
}
#endif
