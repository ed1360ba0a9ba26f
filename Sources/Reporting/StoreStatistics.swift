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
      ("replacements", .count(statistics.replacements)), ("tagOwners", .count(statistics.tagOwners)),
      ("unreadableFiles", .count(statistics.unreadableCount)),
      (
        "unreadable",
        .array(statistics.unreadable.map { .members([("path", .string($0.path)), ("reason", .string($0.reason))]) })
      ),
    ])
  }

  public func text(_ style: TextStyle) -> String {
    func rows(_ title: String, _ counts: [KnowledgeStore.Statistics.Count], _ limit: Int = 12) -> [[String]] {
      counts.isEmpty
        ? [] : [[title, ""]] + counts.prefix(limit).map { ["  " + TextStyle.clean($0.name), "\($0.count)"] }
    }
    var lines = [["imported articles", "\(statistics.articles)"]]
    lines += [
      ["older revisions", "\(statistics.olderRevisions)"], ["near-duplicates", "\(statistics.nearDuplicates)"],
      ["updates", "\(statistics.updates)"], ["replacements among updates", "\(statistics.replacements)"],
      ["owners of pool tags", "\(statistics.tagOwners)"],
      ["files that could not be read", "\(statistics.unreadableCount)"],
    ]
    lines += rows("layouts", statistics.layouts) + rows("mechanisms", statistics.mechanisms)
    lines += rows("articles that name", statistics.filled) + rows("different", statistics.names)
    lines += rows("products", statistics.products) + rows("stop codes", statistics.stopCodes)
    lines += rows("pool tags", statistics.poolTags)
    var text = style.heading(TextStyle.clean(path)) + "\n" + table(lines, indent: 0) + "\n"
    for file in statistics.unreadable.prefix(10) {
      text += style.wrap("\(file.path): \(file.reason)", indent: 2, hanging: 4) + "\n"
    }
    return text
  }
}
