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
    row("keywords", keywords)
    row("layout", layout.rawValue)
    out.append(style.definitions(rows))
    if !products.isEmpty {
      out.append(style.heading("Applies to"))
      for product in products { out.append(style.wrap(product, indent: 2, hanging: 4)) }
    }
    if !files.isEmpty {
      let hasTimes = files.contains { $0.time != nil }
      out.append(style.heading(hasTimes ? "Files (times in your zone; the article prints UTC)" : "Files"))
      var group: String?
      var rows: [ArticleFile] = []
      func flush() {
        if !rows.isEmpty { out.append(fileTable(rows, style)) }
        rows = []
      }
      for file in files {
        if file.group != group {
          flush()
          group = file.group
          if let group { out.append(style.wrap(group, indent: 0, hanging: 2)) }
        }
        rows.append(file)
      }
      flush()
    }
    return out.joined(separator: "\n") + "\n"
  }
}

/// Columns that hold something, sizes to the right. Where the terminal is too narrow each file's name stands on a line of its
/// own.
private func fileTable(_ files: [ArticleFile], _ style: TextStyle) -> String {
  let sizes = files.map { $0.size.map(grouped) ?? "-" }
  let widest = sizes.map(\.count).max() ?? 0
  var rows = [["name", "version", "size", "date and time", "platform", "branch"]]
  rows[0][2] = String(repeating: " ", count: max(0, widest - 4)) + "size"
  for (file, size) in zip(files, sizes) {
    let time = file.date.map { date in
      file.time.flatMap { CivilTime(rfc3339: "\(date) \($0)") }.map { style.localTime($0.unixSeconds) } ?? date
    }
    rows.append([
      file.name, file.version ?? "-", String(repeating: " ", count: widest - size.count) + size, time ?? "-",
      file.platform ?? "-", [file.servicePack, file.serviceBranch].compactMap { $0 }.joined(separator: " "),
    ])
  }
  let filled = (0..<6).filter { column in
    column == 0
      || rows.dropFirst().contains { row in row[column].contains { $0 != " " && $0 != "-" } }
  }
  rows = rows.map { row in filled.map { row[$0] } }
  let set = table(rows)
  guard set.split(separator: "\n").contains(where: { $0.count > style.width }), rows[0].count > 1 else { return set }
  let details = table(rows.map { Array($0.dropFirst()) }, indent: 6).split(
    separator: "\n", omittingEmptySubsequences: false)
  return zip(rows, details).map { row, detail in "  " + TextStyle.cleanLine(row[0]) + "\n" + detail }.joined(
    separator: "\n")
}

/// `1,234,567`.
private func grouped(_ value: UInt64) -> String {
  let digits = Array(String(value))
  var text = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { text += "," }
    text.append(digit)
  }
  return text
}
