import Facts
import KnowledgeBase

/// `faultline.search/1`.
public struct SearchReport: Sendable {
  public var hits: [Catalogue.Hit]
  /// Of words that are pool tags.
  public var owners: [TagOwnerReport]

  public init(_ hits: [Catalogue.Hit], owners: [TagOwnerReport] = []) {
    self.hits = hits
    self.owners = owners
  }

  public var json: JSONValue {
    .members([
      schema("search"),
      (
        "hits",
        .array(
          hits.map {
            .members([
              ("id", .string($0.id)), ("title", .string($0.title)), ("score", .number($0.score)),
              ("because", .strings($0.because)),
              ("passage", .string($0.passage)),
              (
                "marks",
                $0.marks.isEmpty
                  ? nil : .array($0.marks.map { .array([.count($0.lowerBound), .count($0.upperBound)]) })
              ),
            ])
          })
      ),
      ("tagOwners", .some(owners.map(\.json))),
    ])
  }

  public func text(_ style: TextStyle) -> String {
    let stated = owners.map { style.wrap($0.text, hanging: 2) + "\n" }.joined()
    guard !hits.isEmpty else { return stated.isEmpty ? "Nothing found.\n" : stated + "\nNo article found.\n" }
    return (stated.isEmpty ? "" : stated + "\n")
      + hits.map { hit in
        [
          style.paragraph("\(hit.id): \(hit.title)", .strong, hanging: 2),
          style.wrap("found: " + hit.because.joined(separator: ", "), indent: 2, hanging: 4),
          style.wrap(hit.marked, indent: 2),
        ].joined(separator: "\n")
      }.joined(separator: "\n\n") + "\n"
  }
}

extension Catalogue.Hit {
  /// The passage with what was found between »«, which needs no colour and survives a pipe.
  fileprivate var marked: String {
    let bytes = Array(passage.utf8)
    var text = ""
    var offset = 0
    for mark in marks where mark.lowerBound >= offset && mark.upperBound <= bytes.count {
      text += String(decoding: bytes[offset..<mark.lowerBound], as: UTF8.self)
      text += "»" + String(decoding: bytes[mark], as: UTF8.self) + "«"
      offset = mark.upperBound
    }
    return text + String(decoding: bytes[offset...], as: UTF8.self)
  }
}

/// `faultline.statistics/1`.
public struct StatisticsReport: Sendable {
  public var catalogue: Catalogue
  /// Of imported articles, where there are any.
  public var imported: StoreStatistics?

  public init(_ catalogue: Catalogue, imported: StoreStatistics? = nil) {
    self.catalogue = catalogue
    self.imported = imported
  }

  public var json: JSONValue {
    let statistics = catalogue.statistics
    return .members([
      schema("statistics"), ("articles", .count(statistics.issues)),
      (
        "mechanisms",
        .object(
          Mechanism.allCases.compactMap { mechanism in
            statistics.mechanisms[mechanism].map { JSONValue.Member(mechanism.rawValue, .count($0)) }
          })
      ),
      (
        "conditions",
        .object(
          Effect.allCases.compactMap { effect in
            statistics.conditions[effect].map { JSONValue.Member(effect.rawValue, .count($0)) }
          })
      ),
      ("files", .count(statistics.files)), ("withoutFileTable", .count(statistics.withoutFileTable)),
      ("products", .count(statistics.products)),
      ("ids", .strings(catalogue.issues.map(\.id))), ("imported", imported?.json),
    ])
  }

  public func text(_ style: TextStyle) -> String {
    let statistics = catalogue.statistics
    var rows = [(key: "articles", value: "\(statistics.issues)")]
    for mechanism in Mechanism.allCases {
      if let count = statistics.mechanisms[mechanism] { rows.append(("  " + mechanism.rawValue, "\(count)")) }
    }
    rows.append(("conditions", "\(statistics.conditions.values.reduce(0, +))"))
    for effect in Effect.allCases {
      if let count = statistics.conditions[effect] { rows.append(("  " + effect.rawValue, "\(count)")) }
    }
    rows += [
      ("fixed files", "\(statistics.files)"), ("articles whose file table is lost", "\(statistics.withoutFileTable)"),
      ("products", "\(statistics.products)"),
    ]
    return style.definitions(rows) + "\n\n"
      + catalogue.issues.map { style.wrap("\($0.id): \($0.title)", hanging: 2) }.joined(separator: "\n") + "\n"
      + (imported?.text(style) ?? "")
  }
}

extension KnownIssue {
  /// `kb show` for people: what the article states, then what Faultline looks for and what readers should know.
  public func text(_ article: Article, _ style: TextStyle) -> String {
    var out = [article.text(style), style.wrap(summary)]
    out.append(style.heading("What is looked for"))
    for condition in conditions {
      out.append(style.wrap("\(condition.effect.rawValue): \(condition.text)", indent: 2, hanging: 4))
    }
    if !workarounds.isEmpty {
      out.append(style.heading("Workarounds"))
      for workaround in workarounds { out.append(style.wrap(workaround.text, indent: 2, hanging: 4, first: "- ")) }
    }
    if !verification.isEmpty {
      out.append(style.heading("How to verify"))
      for step in verification { out.append(style.wrap(step.text, indent: 2, hanging: 4, first: "- ")) }
    }
    for note in notes { out.append(style.wrap("Note: \(note)", indent: 0, hanging: 2)) }
    return out.joined(separator: "\n") + "\n"
  }
}
