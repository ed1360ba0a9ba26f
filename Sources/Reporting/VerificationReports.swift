import Facts
import Servicing

/// Whether a fix is in place on one machine.
public struct VerificationReport: Hashable, Sendable {
  public var verification: FixVerification
  public var files: [VerifiedFile]
  public var machine: Machine
  public var title: String?
  public var evidence: [String]
  public var missing: [Missing]
  /// What the registry at hand says of values by which the failure is worked around, in sentences.
  public var workarounds: [String]

  public init(
    verification: FixVerification, files: [VerifiedFile], machine: Machine, title: String?, evidence: [String],
    missing: [Missing] = [], workarounds: [String] = []
  ) {
    self.workarounds = workarounds
    self.verification = verification
    self.files = files
    self.machine = machine
    self.title = title
    self.evidence = evidence
    self.missing = missing
  }

  /// `faultline.verify/1`.
  public var json: JSONValue {
    .members([
      schema("verify"), ("update", .string(verification.update)), ("title", .optional(title)),
      ("verdict", .string(verification.verdict.rawValue)), ("because", .strings(verification.reasons)),
      ("files", .array(files.map(\.json))), ("workarounds", workarounds.isEmpty ? nil : .strings(workarounds)),
      ("machine", machine.inventoryJSON),
      ("evidence", .array(evidence.map { .path($0) })), ("missing", .array(missing.map(\.json))),
    ])
  }

  public static func json(_ reports: [VerificationReport]) -> JSONValue {
    if reports.count == 1 { return reports[0].json }
    return .members([("schema", .string("faultline.verify-list/1")), ("machines", .array(reports.map(\.json)))])
  }

  public func text(_ style: TextStyle) -> String {
    var out = style.paragraph(machine.headline, .strong, hanging: 2) + "\n"
    let ink: TextStyle.Ink =
      switch verification.verdict {
      case .inPlace: .good
      case .missing, .olderFiles: .bad
      case .otherBranch, .unknown: .warning
      }
    out += style.paragraph("\(verification.update): \(verification.verdict.words)", ink) + "\n"
    if let title { out += style.paragraph(title, .dim, indent: 2) + "\n" }
    for reason in verification.reasons { out += style.wrap(reason, indent: 2, hanging: 4) + "\n" }
    for state in workarounds { out += style.wrap(state, indent: 2, hanging: 4) + "\n" }
    if !files.isEmpty {
      var rows = [["file", "wanted", "found", "branch", "verdict"]]
      for file in files {
        rows.append([
          file.name, file.wanted?.state ?? "", file.found?.state ?? "", file.branch?.rawValue.uppercased() ?? "",
          file.verdict.rawValue.replacing("-", with: " "),
        ])
      }
      out += "\n" + table(rows) + "\n"
    }
    for missing in missing { out += "\n" + style.wrap(missing.detail, hanging: 2, first: "Not known: ") + "\n" }
    return out
  }

  public static func csv(_ reports: [VerificationReport]) -> String {
    var out = CSVText.row(["machine", "update", "verdict", "file", "wanted", "found", "branch", "file verdict"])
    for report in reports {
      let head = [
        report.machine.computerName ?? report.evidence.first.map { TextStyle.cleanLine($0) } ?? "",
        report.verification.update,
        report.verification.verdict.rawValue,
      ]
      for file in report.files {
        out += CSVText.row(
          head + [
            file.name, file.wanted?.state ?? "", file.found?.state ?? "", file.branch?.rawValue ?? "",
            file.verdict.rawValue,
          ])
      }
      if report.files.isEmpty { out += CSVText.row(head + ["", "", "", "", ""]) }
    }
    return out
  }
}

extension VerifiedFile {
  var json: JSONValue {
    .members([
      ("name", .string(name)), ("wanted", .optional(wanted?.state)), ("found", .optional(found?.state)),
      ("branch", .optional(branch?.rawValue)), ("verdict", .string(verdict.rawValue)), ("because", .string(reason)),
      ("path", found?.path.map { .path($0) }),
    ])
  }
}

extension FixedFile {
  /// The version, or what a table without versions prints.
  var state: String? {
    if let version { return version.description }
    let parts = [date, size.map { "\($0) bytes" }].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

extension ModuleIdentity {
  var state: String? {
    if let version { return version.description + (branchSuffix.map { " (\($0))" } ?? "") }
    let parts = [fileDate, fileSize.map { "\($0) bytes" }].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

extension FixVerification.Verdict {
  var words: String {
    switch self {
    case .inPlace: "in place"
    case .missing: "missing"
    case .olderFiles: "the files are older than the fix"
    case .otherBranch: "the files are of the other servicing branch"
    case .unknown: "not known"
    }
  }
}
