import KnowledgeStore

/// The part of `faultline.statistics/1` on imported articles.
public struct StoreStatistics: Sendable {
  public var statistics: KnowledgeStore.Statistics
  public var path: String

  public init(_ statistics: KnowledgeStore.Statistics, path: String) {
    self.statistics = statistics
    self.path = path
  }

  public var json: JSONValue {
    func object(_ counts: [KnowledgeStore.Statistics.Count]) -> JSONValue {
      .object(counts.map { JSONValue.Member($0.name, .count($0.count)) })
    }
    return .members([
      ("knowledgeBase", .string(path)), ("articles", .count(statistics.articles)),
      ("olderRevisions", .count(statistics.olderRevisions)), ("nearDuplicates", .count(statistics.nearDuplicates)),
      ("layouts", object(statistics.layouts)), ("mechanisms", object(statistics.mechanisms)),
      ("products", object(statistics.products)), ("stopCodes", object(statistics.stopCodes)),
      ("poolTags", object(statistics.poolTags)), ("names", object(statistics.names)),
      ("articlesWith", object(statistics.filled)), ("updates", .count(statistics.updates)),
      ("fields", object(statistics.fields)), ("replacements", .count(statistics.replacements)),
      ("inferredReplacements", .count(statistics.inferredReplacements)), ("tagOwners", .count(statistics.tagOwners)),
      ("unreadableFiles", .count(statistics.unreadable.count)),
      ("unreadableReasons", object(statistics.unreadableReasons)),
      (
        "unreadable",
        .array(statistics.unreadable.map { .members([("path", .string($0.path)), ("reason", .string($0.reason))]) })
      ),
    ])
  }

  /// Lines of one list in text; JSON has them all.
  static let listed = 20

  public func text(_ style: TextStyle) -> String {
    func rows(_ title: String, _ counts: [KnowledgeStore.Statistics.Count]) -> [[String]] {
      guard !counts.isEmpty else { return [] }
      var rows = [[title, ""]] + counts.prefix(Self.listed).map { ["  " + TextStyle.clean($0.name), "\($0.count)"] }
      if counts.count > Self.listed {
        let rest = counts.dropFirst(Self.listed)
        rows.append(["  \(rest.count) more, together", "\(rest.reduce(0) { $0 + $1.count })"])
      }
      return rows
    }
    var lines = [["imported articles", "\(statistics.articles)"]]
    lines += [
      ["older revisions", "\(statistics.olderRevisions)"], ["near-duplicates", "\(statistics.nearDuplicates)"],
      ["updates", "\(statistics.updates)"], ["replacements among updates", "\(statistics.replacements)"],
      ["  of these inferred", "\(statistics.inferredReplacements)"],
      ["owners of pool tags", "\(statistics.tagOwners)"],
      ["files that could not be read", "\(statistics.unreadable.count)"],
    ]
    lines += rows("layouts", statistics.layouts) + rows("mechanisms", statistics.mechanisms)
    lines += [["articles that state", ""]] + statistics.fields.map { ["  " + $0.name, "\($0.count)"] }
    lines += rows("articles that name", statistics.filled) + rows("different", statistics.names)
    lines += rows("products", statistics.products) + rows("stop codes", statistics.stopCodes)
    lines += rows("pool tags", statistics.poolTags) + rows("why files could not be read", statistics.unreadableReasons)
    var text = style.heading(TextStyle.clean(path)) + "\n" + table(lines, indent: 0) + "\n"
    for file in statistics.unreadable.prefix(Self.listed) {
      text += style.wrap("\(file.path): \(file.reason)", indent: 2, hanging: 4) + "\n"
    }
    if statistics.unreadable.count > Self.listed {
      text +=
        style.wrap(
          "and \(statistics.unreadable.count - Self.listed) more; --format json lists every file", indent: 2) + "\n"
    }
    return text
  }
}
