import Facts
import KnowledgeBase

/// The facts of one diagnosis by kind, so that thousands of issues can be tried against them.
struct FactIndex {
  /// In their order; each with an id.
  let facts: [Fact]
  private let byKind: [FactKind: [Fact]]

  init(_ facts: [Fact]) {
    var facts = facts
    for index in facts.indices where facts[index].id.isEmpty { facts[index].id = "f\(index + 1)" }
    self.facts = facts
    byKind = Dictionary(grouping: facts, by: \.kind)
  }

  func facts(of kind: FactKind) -> [Fact] { byKind[kind] ?? [] }

  /// Every fact that satisfies the clause's constraints, the best known first; ties in the facts' own order.
  func facts(satisfying clause: Clause) -> [Fact] {
    let found = facts(of: clause.kind).filter { fact in
      clause.constraints.allSatisfy { attribute, constraint in
        fact[attribute].map { constraint.holds(for: $0, of: attribute) } ?? false
      }
    }
    return found.enumerated().sorted { ($1.element.trust, $0.offset) < ($0.element.trust, $1.offset) }.map(\.element)
  }

  /// How a condition holds; nil when it does not.
  func evaluate(_ condition: Condition) -> Satisfaction? {
    var facts: [Fact] = []
    var trust = Trust.observed
    for clause in condition.clauses {
      let found = self.facts(satisfying: clause)
      if clause.absent {
        // A guess does not overturn an absence, or a doubtful fact could lift what a sure one rules out.
        guard !found.contains(where: { $0.trust > .guessed }) else { return nil }
        guard let given = clause.given else { continue }
        guard let witness = self.facts(of: given).max(by: { $0.trust < $1.trust }) else { return nil }
        facts.append(witness)
        trust = min(trust, witness.trust)
      } else {
        guard let best = found.first else { return nil }
        facts.append(best)
        trust = min(trust, best.trust)
      }
    }
    return Satisfaction(condition: condition, facts: facts, trust: trust)
  }
}

/// A condition that holds, by which facts, and how well the weakest of them is known.
struct Satisfaction {
  let condition: Condition
  /// One per clause, the best known that satisfies it.
  let facts: [Fact]
  let trust: Trust

  /// General symptoms stay weak, whatever effect a file or an extraction states.
  var effect: Effect {
    let stated = condition.effect
    return condition.isGeneral && (stated == .decisive || stated == .supports) ? .weak : stated
  }

  var weight: Double { min(condition.weight, effect.weights.upperBound) }
}

extension Clause {
  /// Every fact that satisfies the clause, the best known first. Says nothing about absence.
  public func facts(in facts: [Fact]) -> [Fact] { FactIndex(facts).facts(satisfying: self) }
}
