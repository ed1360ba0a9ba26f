import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing

extension Diagnosis {
  /// `faultline.diagnosis/1`.
  public var json: JSONValue {
    .members([
      schema("diagnosis"),
      ("evidence", .array(evidence.map(\.json))),
      ("machine", machine.json),
      ("facts", .array(facts.map(\.json))),
      ("findings", .array(findings.map { $0.finding.json(plan: $0.plan) })),
      ("nextSteps", .some(nextSteps.map(\.json))),
      ("missing", .array(missing.map(\.json))),
    ])
  }
}

extension Diagnosis.Evidence {
  var json: JSONValue {
    .members([
      ("path", .path(path)), ("kind", .string(kind)), ("sha256", .optional(sha256)),
      ("problems", .array(problems.map(\.json))),
    ])
  }
}

extension Machine {
  /// Files are not listed: a dump's modules stand in its own report.
  var json: JSONValue {
    .members([
      ("product", .optional(product)), ("servicePack", servicePack.map { .servicePack($0) }),
      ("architecture", architecture.map { .string($0.rawValue) }), ("version", .optional(version)),
      ("language", .optional(language)),
      ("updates", updates.isEmpty ? nil : .strings(updates)),
    ])
  }
}

extension Fact {
  var json: JSONValue {
    .members([
      ("id", .string(id)), ("kind", .string(kind.rawValue)), ("text", .string(text)),
      ("evidence", evidence.map { .count($0) }), ("trust", .string(trust.name)),
      ("origin", origin.isEmpty ? nil : .string(origin)),
      (
        "attributes",
        attributes.isEmpty
          ? nil
          : .object(
            attributes.sorted { $0.key.rawValue < $1.key.rawValue }.map {
              JSONValue.Member($0.key.rawValue, $0.value.json)
            })
      ),
    ])
  }
}

extension FactValue {
  var json: JSONValue {
    switch self {
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .flag(let value): .bool(value)
    case .text, .address, .stopCode, .status, .poolTag, .version: .string(description)
    }
  }
}

extension Finding {
  func json(plan: Plan) -> JSONValue {
    .members([
      ("article", .string(issue.id)), ("title", .string(issue.title)), ("mechanism", .string(issue.mechanism.rawValue)),
      ("verdict", .string(verdict.rawValue)), ("confidence", .number(confidence)),
      ("because", .array(because.map(\.json))),
      (
        "unmet",
        .some(unmet.map { .members([("condition", .string($0.condition)), ("effect", .string($0.effect.rawValue))]) })
      ),
      ("cappedBecause", .optional(capReason)),
      (
        "applicability",
        .members([
          ("status", .string(applicability.status.rawValue)), ("reasons", .strings(applicability.reasons)),
        ])
      ),
      ("plan", .array(plan.steps.map(\.json))),
      ("obstacles", plan.obstacles.isEmpty ? nil : .strings(plan.obstacles)),
      ("unfixed", plan.unfixed.isEmpty ? nil : .strings(plan.unfixed)),
      ("nearDuplicates", nearDuplicates.isEmpty ? nil : .strings(nearDuplicates)),
      ("notes", issue.notes.isEmpty ? nil : .strings(issue.notes)),
    ])
  }
}

extension Reason {
  var json: JSONValue {
    .members([
      ("fact", .optional(fact)), ("condition", .string(condition)), ("effect", .string(effect.rawValue)),
      ("trust", .string(trust.name)),
    ])
  }
}

extension PlanStep {
  var json: JSONValue {
    .members([
      ("step", .string(kind.rawValue)), ("text", .string(text)), ("restart", .bool(restart)),
      ("commands", commands.isEmpty ? nil : .strings(commands)),
    ])
  }
}
