import Facts
import KnowledgeBase

extension Article {
  /// `kb show` and `inspect` for people. File times are printed in UTC by articles; readers see their own.
  public func text(_ style: TextStyle) -> String {
    var out: [String] = []
    out.append(style.paragraph([id, title].compactMap { $0 }.joined(separator: ": "), .strong))
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ values: [String]) {
      if !values.isEmpty { rows.append((key, values.joined(separator: ", "))) }
    }
    func row(_ key: String, _ value: String?) { if let value { rows.append((key, value)) } }
    row("mechanism", mechanism.rawValue)
    row("fix", fixKind.map(\.rawValue))
    row("stop codes", stopCodes.map(\.description))
    row("stop names", bugcheckNames)
    row("pool tags", poolTags)
    row("drivers", drivers)
    row("symbols", symbols)
    row("requires", requires)
    row("replaces", replaces)
    row("superseded by", supersededBy)
    row("corrected in", correctedIn.map { "\($0.product) service pack \($0.servicePack)" })
    row("event ids", eventIDs)
    row("restart", restartRequired.map { $0 ? "needed" : "not needed" })
    row("registry", registryChange.map { $0 ? "to be changed" : "not changed" })
    row("workarounds", workarounds > 0 ? "\(workarounds)" : nil)
    row("references", references)
    row("last reviewed", lastReviewed.map { $0 + (revision.map { ", revision \($0)" } ?? "") })
    row("document date", documentDate)
    row("layout", layout.rawValue)
    out.append(style.definitions(rows))
    if !products.isEmpty {
      out.append(style.heading("Applies to"))
      for product in products { out.append(style.wrap(product, indent: 2, hanging: 4)) }
    }
    if !files.isEmpty {
      out.append(style.heading("Files (times in the zone of the reader; the article prints UTC)"))
      var group: String?
      var lines: [[String]] = []
      func flush() {
        if !lines.isEmpty {
          out.append(table([["name", "version", "size", "date and time", "platform", "branch"]] + lines))
        }
        lines = []
      }
      for file in files {
        if file.group != group {
          flush()
          group = file.group
          if let group { out.append(style.wrap(group, indent: 0, hanging: 2)) }
        }
        let time = file.date.map { date in
          file.time.flatMap { CivilTime(rfc3339: "\(date) \($0)") }.map { style.localTime($0.unixSeconds) } ?? date
        }
        lines.append([
          file.name, file.version ?? "-", file.size.map { "\($0)" } ?? "-", time ?? "-", file.platform ?? "-",
          [file.servicePack, file.serviceBranch].compactMap { $0 }.joined(separator: " "),
        ])
      }
      flush()
    }
    return out.joined(separator: "\n") + "\n"
  }
}
