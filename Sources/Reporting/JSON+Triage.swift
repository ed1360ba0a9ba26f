import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing
import Signatures

extension TriageReport {
  /// `faultline.triage/1`.
  public var json: JSONValue {
    .members(
      [
        schema("triage"), ("path", .path(path)), ("outcome", .string(outcome.rawValue)), ("sha256", .optional(sha256)),
        ("bytes", bytes.map { .count($0) }), ("kind", .optional(kind)), ("problems", .array(problems.map(\.json))),
        ("evidence", evidence.map { .array($0.map(\.json)) }), ("time", .optional(time)),
      ] + (diagnosis.map(contents) ?? []))
  }

  private func contents(_ diagnosis: Diagnosis) -> [(String, JSONValue?)] {
    [
      ("machine", machine(diagnosis.machine)),
      (
        "bugcheck",
        stop.map {
          .members([
            ("code", .string($0.code.description)), ("name", .optional($0.name)),
            ("parameters", .strings($0.parameters)),
          ])
        }
      ),
      ("signature", signature?.json),
      ("findings", .array(diagnosis.findings.map { finding($0.finding, $0.plan) })),
      ("modules", .some(modules.map(\.triageJSON))), ("poolTags", .some(poolTags.map(\.json))),
      ("updates", diagnosis.machine.updates.isEmpty ? nil : .strings(diagnosis.machine.updates)),
      ("facts", showsFacts ? .array(diagnosis.facts.map(\.json)) : nil),
      ("missing", .array(diagnosis.missing.map(\.json))),
    ]
  }

  private func machine(_ machine: Machine) -> JSONValue {
    guard let name = machine.computerName, case .object(let members) = machine.json else { return machine.json }
    return .object([JSONValue.Member("name", .string(name))] + members)
  }

  private func finding(_ finding: Finding, _ plan: Plan) -> JSONValue {
    var steps: [String] = []
    for step in plan.steps where !steps.contains(step.kind.rawValue) { steps.append(step.kind.rawValue) }
    return .members([
      ("article", .string(finding.issue.id)), ("title", .string(finding.issue.title)),
      ("mechanism", .string(finding.issue.mechanism.rawValue)), ("verdict", .string(finding.verdict.rawValue)),
      ("confidence", .number(finding.confidence)), ("applicability", .string(finding.applicability.status.rawValue)),
      ("fix", .strings(steps)),
    ])
  }
}

extension Signature {
  public var json: JSONValue {
    .members([("id", .string(id)), ("text", .string(text)), ("rules", .string(String(version)))])
  }
}

extension ModuleIdentity {
  fileprivate var triageJSON: JSONValue {
    .members([
      ("name", .string(name)), ("version", version.map { .string($0.description) }),
      ("timestamp", timestamp.map { .string(hexadecimal(UInt64($0), digits: 8)) }), ("size", size.map { .count($0) }),
    ])
  }
}

extension TriageReport.PoolRow {
  fileprivate var json: JSONValue {
    .members([
      ("tag", .string(tag)), ("pool", .string(pool)), ("bytes", .count(bytes)),
      ("bytesPerHour", bytesPerHour.map { .number($0) }), ("verdict", .optional(verdict)),
      ("driver", .optional(driver)),
    ])
  }
}
