import KnowledgeStore

/// `faultline.import/1`.
public struct ImportDocument: Sendable {
  public var report: ImportReport
  public var path: String

  public init(_ report: ImportReport, path: String) {
    self.report = report
    self.path = path
  }

  public var json: JSONValue {
    .members([
      schema("import"), ("knowledgeBase", .string(path)), ("added", .count(report.added)),
      ("changed", .count(report.changed)), ("unchanged", .count(report.unchanged)),
      ("olderRevisionsKept", .count(report.olderKept)), ("articles", .count(report.total)),
      (
        "updates",
        report.catalogueRows == 0
          ? nil
          : .members([
            ("rows", .count(report.catalogueRows)), ("added", .count(report.updatesAdded)),
            ("supersedenceAdded", .count(report.edgesAdded)), ("supersedenceInferred", .count(report.edgesInferred)),
            ("rowsWithoutUpdate", .count(report.rowsWithoutUpdate)),
            ("cycles", .array(report.cycles.map { .strings($0) })),
          ])
      ),
      ("tagOwnersAdded", report.tables == 0 ? nil : .count(report.tagOwnersAdded)),
      (
        "unreadable",
        .array(report.unreadable.map { .members([("path", .string($0.path)), ("reason", .string($0.reason))]) })
      ),
    ])
  }

  /// Unreadable files that are listed one by one in text.
  static let listed = 20

  public func text(_ style: TextStyle) -> String {
    var lines: [String] = []
    if report.catalogueRows > 0 {
      lines.append(
        "\(report.catalogueRows) rows of updates read: \(report.updatesAdded) updates and \(report.edgesAdded) replacements added, \(report.edgesInferred) of them inferred."
      )
      for cycle in report.cycles.prefix(Self.listed) {
        lines.append(
          style.wrap(
            "These replace each other, so that no order can be told: " + cycle.joined(separator: ", "), hanging: 2))
      }
    }
    if report.tagOwnersAdded > 0 { lines.append("\(report.tagOwnersAdded) owners of pool tags added.") }
    if report.tables > 0, report.added + report.changed + report.olderKept + report.unchanged == 0 {
      // Only tables were named.
      if report.updatesAdded + report.edgesAdded + report.tagOwnersAdded == 0 {
        lines.append("Nothing new: all of it is there already.")
      }
    } else if report.added + report.changed + report.olderKept == 0 {
      lines.append("Nothing new: \(report.unchanged) articles are there already, unchanged.")
    } else {
      var parts = ["\(report.added) articles added"]
      if report.changed > 0 { parts.append("\(report.changed) replaced by later revisions") }
      if report.olderKept > 0 { parts.append("\(report.olderKept) older revisions kept") }
      if report.unchanged > 0 { parts.append("\(report.unchanged) unchanged") }
      lines.append(parts.joined(separator: ", ") + ".")
    }
    lines.append("\(TextStyle.clean(path)) holds \(report.total) articles.")
    if !report.unreadable.isEmpty {
      lines.append("\(report.unreadable.count) files could not be read:")
      for file in report.unreadable.prefix(Self.listed) {
        lines.append(style.wrap("\(file.path): \(file.reason)", indent: 2, hanging: 4))
      }
      if report.unreadable.count > Self.listed { lines.append("  and \(report.unreadable.count - Self.listed) more") }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
