import Facts
import Servicing

extension AuditReport {
  /// Updates that a page lists by each status; the JSON document has all.
  private static let listed = 200

  func htmlSection(_ number: Int) -> String {
    let counts = AuditedUpdate.Status.allCases.compactMap { status -> String? in
      let count = audit.count(status)
      return count == 0 ? nil : "\(count) \(status.words)"
    }
    var out = "<p>\(HTMLText.escaped(audit.machine.headline))</p>\n"
    out +=
      "<p>\(HTMLText.escaped(counts.isEmpty ? "No update is known for it." : counts.joined(separator: ", ")))</p>\n"
    for status in AuditedUpdate.Status.allCases {
      let all = audit.updates.filter { $0.status == status }
      guard !all.isEmpty else { continue }
      out += "<details\(status == .missing ? " open" : "")><summary>\(all.count) \(status.words)</summary>\n"
      out += HTMLText.table(
        "Updates that are \(status.words)", ["update", "title", "severity", "published", "because", "replaced by"],
        all.map {
          [
            HTMLText.Cell($0.id), HTMLText.Cell($0.title ?? ""), HTMLText.Cell($0.severity ?? ""),
            HTMLText.Cell($0.published ?? ""), HTMLText.Cell($0.because.joined(separator: "; ")),
            HTMLText.Cell($0.supersededBy.joined(separator: ", ")),
          ]
        }, limit: Self.listed)
      out += "</details>\n"
    }
    return HTMLText.section(
      "audit-\(number)", number == 1 ? "Updates of this machine" : "Updates of machine \(number)",
      out + HTMLText.list(audit.missing.map(\.detail)))
  }
}

extension VerificationReport {
  /// - Parameter machine: the machine's number, where several are checked.
  public func htmlSection(_ number: Int, machine place: Int? = nil) -> String {
    var out =
      "<p><span class=\"badge \(verification.verdict.rawValue)\">\(HTMLText.escaped(verification.verdict.words))</span> \(HTMLText.escaped(machine.headline))</p>\n"
    out += HTMLText.list(verification.reasons)
    if !files.isEmpty {
      out += HTMLText.table(
        "Files of the fix", ["file", "wanted", "found", "branch", "verdict"],
        files.map {
          [
            HTMLText.Cell($0.name), HTMLText.Cell($0.wanted?.state ?? ""), HTMLText.Cell($0.found?.state ?? ""),
            HTMLText.Cell($0.branch?.rawValue.uppercased() ?? ""),
            HTMLText.Cell($0.verdict.rawValue.replacing("-", with: " ")),
          ]
        })
    }
    return HTMLText.section(
      "verify-\(number)", "Is \(verification.update) in place\(place.map { " on machine \($0)" } ?? "")",
      out + HTMLText.list(missing.map(\.detail)))
  }
}
