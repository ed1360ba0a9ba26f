import Facts
import Servicing

/// An audit with the evidence it was made of.
public struct AuditReport: Hashable, Sendable {
  public var audit: Audit
  /// Paths of the pieces that describe the machine.
  public var evidence: [String]
  public var problems: [EvidenceProblem]

  public init(audit: Audit, evidence: [String], problems: [EvidenceProblem] = []) {
    self.audit = audit
    self.evidence = evidence
    self.problems = problems
  }

  /// `faultline.audit/1`.
  public var json: JSONValue {
    .members([
      schema("audit"), ("evidence", .array(evidence.map { .path($0) })), ("machine", audit.machine.inventoryJSON),
      ("servicePack", audit.servicePack?.json), ("updates", .array(audit.updates.map(\.json))),
      ("missing", .array(audit.missing.map(\.json))),
      ("problems", .some(problems.map(\.json))),
    ])
  }

  /// Several machines in one document.
  public static func json(_ reports: [AuditReport]) -> JSONValue {
    if reports.count == 1 { return reports[0].json }
    return .members([("schema", .string("faultline.audit-list/1")), ("machines", .array(reports.map(\.json)))])
  }
}

extension ServicePackProposal {
  var json: JSONValue {
    .members([
      ("product", .string(product)), ("servicePack", .servicePack(servicePack)), ("contains", .strings(contains)),
      ("makesNeedless", .strings(makesNeedless)),
    ])
  }

  /// A sentence for each way in which it stands for others.
  var sentences: [String] {
    let name = "service pack \(servicePack) of \(product)"
    var out = ["Install \(name) first: it stands for \(replaced.count) of the updates that are missing."]
    if !contains.isEmpty { out.append("It contains, as their articles say, \(contains.joined(separator: ", ")).") }
    if !makesNeedless.isEmpty {
      out.append(
        "The catalogue lists for machines without it only, so that they are needed no more: \(makesNeedless.joined(separator: ", ")). Audit again afterwards: updates for machines with it may take their place."
      )
    }
    return out
  }
}

extension AuditedUpdate {
  var json: JSONValue {
    .members([
      ("id", .string(id)), ("status", .string(status.rawValue)), ("because", .strings(because)),
      ("supersededBy", .strings(supersededBy)), ("kind", .string(kind.rawValue)), ("title", .optional(title)),
      ("published", .optional(published)), ("severity", .optional(severity)),
    ])
  }
}

extension Machine {
  /// What `audit` and `verify` tell of a machine: more than a diagnosis does.
  var inventoryJSON: JSONValue {
    .members([
      ("name", .optional(computerName)), ("product", .optional(product)), ("edition", .optional(edition)),
      ("servicePack", servicePack.map { .servicePack($0) }),
      ("architecture", architecture.map { .string($0.rawValue) }), ("version", .optional(version)),
      ("language", .optional(language)), ("updates", .strings(updates)),
      ("updatesAreComplete", .bool(updatesAreComplete)), ("offered", offered.isEmpty ? nil : .strings(offered)),
      ("files", files.isEmpty ? nil : .count(files.count)),
      ("services", services.isEmpty ? nil : .count(services.count)),
      ("settings", .some(settings.map(\.json))),
      ("origins", .some(origins.map { .members([("part", .string($0.part)), ("path", .path($0.path))]) })),
      ("contradictions", contradictions.isEmpty ? nil : .strings(contradictions)),
    ])
  }

  /// In one line; nil where nothing is known.
  var reportHeadline: String? {
    let isKnown = computerName != nil || edition != nil || product != nil || version != nil || architecture != nil
    return isKnown ? "Machine: " + headline : nil
  }

  /// In one line.
  var headline: String {
    let pack = servicePack.flatMap { $0 == ServicePack(0) ? nil : "Service Pack \($0)" }
    let parts = [edition ?? product ?? "unknown product", pack, version, architecture?.rawValue].compactMap { $0 }
    return (computerName.map { "\($0): " } ?? "") + parts.joined(separator: ", ")
  }
}

extension AuditReport {
  /// For people: counts, then what is missing with why, then what is not known by its reasons.
  public func text(_ style: TextStyle, limit: Int?) -> String {
    let machine = audit.machine
    var out = style.paragraph(machine.headline, .strong, hanging: 2) + "\n"
    for path in evidence { out += style.wrap(path, indent: 2, hanging: 4) + "\n" }
    let list =
      machine.updates.isEmpty
      ? "no installed update is listed"
      : "\(machine.updates.count) installed updates listed, "
        + (machine.updatesAreComplete ? "the whole list" : "not known to be the whole list")
    out += style.wrap(list, indent: 2, hanging: 4) + "\n"
    for contradiction in machine.contradictions {
      out += style.paragraph(contradiction, .warning, indent: 2, hanging: 4) + "\n"
    }
    let counts = AuditedUpdate.Status.allCases.compactMap { status -> String? in
      let count = audit.count(status)
      return count == 0 ? nil : "\(count) \(status.words)"
    }
    out +=
      style.paragraph(counts.isEmpty ? "no update is known for it" : counts.joined(separator: ", "), .strong, indent: 2)
      + "\n"
    if let proposal = audit.servicePack {
      out += style.heading("Service pack first") + "\n"
      for sentence in proposal.sentences { out += style.wrap(sentence, indent: 2, hanging: 4) + "\n" }
    }
    for status in AuditedUpdate.Status.allCases {
      let all = audit.updates.filter { $0.status == status }
      guard !all.isEmpty else { continue }
      let shown = limit.map { Array(all.prefix(status == .missing ? $0 : $0 / 2)) } ?? all
      out += style.heading(status.words.prefix(1).uppercased() + status.words.dropFirst()) + "\n"
      for update in shown { out += update.text(style) }
      if shown.count < all.count {
        out += style.ink("  and \(all.count - shown.count) more: --all shows them", .dim) + "\n"
      }
    }
    for missing in audit.missing { out += "\n" + style.wrap(missing.detail, hanging: 2, first: "Not known: ") }
    if !audit.missing.isEmpty { out += "\n" }
    for problem in problems { out += style.wrap(problem.text, hanging: 2, first: "problem: ") + "\n" }
    return out
  }

  /// One row per update, for spreadsheets.
  public static func csv(_ reports: [AuditReport]) -> String {
    var out = CSVText.row([
      "machine", "id", "status", "kind", "severity", "published", "title", "because", "supersededBy",
    ])
    for report in reports {
      let name = report.audit.machine.computerName ?? report.evidence.first.map { TextStyle.cleanLine($0) } ?? ""
      for update in report.audit.updates {
        out += CSVText.row([
          name, update.id, update.status.rawValue, update.kind.rawValue, update.severity ?? "", update.published ?? "",
          update.title ?? "", update.because.joined(separator: "; "), update.supersededBy.joined(separator: " "),
        ])
      }
    }
    return out
  }
}

extension AuditedUpdate.Status {
  var words: String { self == .notApplicable ? "not applicable" : rawValue }

  var ink: TextStyle.Ink {
    switch self {
    case .missing: .bad
    case .unknown: .warning
    case .superseded, .installed: .good
    case .notApplicable: .dim
    }
  }
}

extension AuditedUpdate {
  func text(_ style: TextStyle) -> String {
    let details = [severity, published].compactMap { $0 }.joined(separator: ", ")
    let head = id + (details.isEmpty ? "" : " (\(details))") + (title.map { ": \($0)" } ?? "")
    return style.wrap(head, indent: 2, hanging: 4) + "\n"
      + style.paragraph(because.joined(separator: "; "), .dim, indent: 4) + "\n"
  }
}

/// Comma-separated values as RFC 4180 has them.
enum CSVText {
  static func row(_ fields: [String]) -> String {
    fields.map { field in
      // A spreadsheet takes a field that begins like a formula for one.
      let text = field.first.map { "=+-@".contains($0) } == true ? "'" + field : field
      guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }.joined(separator: ",") + "\r\n"
  }
}
