import Facts
import KnowledgeBase

/// The facts of one diagnosis by kind, and by the names in them, so that thousands of issues can be tried against a dump's
/// hundreds of modules and frames.
struct FactIndex: Sendable {
  /// In their order; each with an id.
  let facts: [Fact]
  private var byKind: [FactKind: [Int]] = [:]
  private var byTerm: [Term: [Int]] = [:]

  /// A name in a fact, in its one spelling.
  private struct Term: Hashable {
    var kind: FactKind
    var attribute: FactAttribute
    var text: String
  }

  init(_ facts: [Fact]) {
    var facts = facts
    for index in facts.indices {
      if facts[index].id.isEmpty { facts[index].id = "f\(index + 1)" }
      byKind[facts[index].kind, default: []].append(index)
      for attribute in Spelling.namedAttributes {
        guard let value = facts[index][attribute] else { continue }
        let text = Spelling.name(value.description, of: attribute)
        byTerm[Term(kind: facts[index].kind, attribute: attribute, text: text), default: []].append(index)
      }
    }
    self.facts = facts
  }

  /// The machine was made to write the dump, to look at a hang: by the fact itself, or by the stop code that says so.
  var isForcedDump: Bool {
    let codes: Set<UInt32> = [0x80, 0xE2, 0x161, 0x1C8]
    return byKind[.forcedDump] != nil
      || facts(of: .stop).contains {
        if case .stopCode(let code)? = $0["code"] { return codes.contains(code.base.rawValue) }
        return false
      }
  }

  /// Whether anything but what the machine is made of is known.
  var showsFailure: Bool {
    let inventory: Set<FactKind> = [.module, .moduleList, .unloadedModule, .registry]
    return byKind.keys.contains { !inventory.contains($0) }
  }

  func facts(of kind: FactKind) -> [Fact] { (byKind[kind] ?? []).map { facts[$0] } }

  /// Every fact that satisfies the clause's constraints, the best known first; ties in the facts' own order.
  func facts(satisfying clause: Clause) -> [Fact] {
    let found = candidates(for: clause).filter { index in
      clause.constraints.allSatisfy { attribute, constraint in
        facts[index][attribute].map { constraint.holds(for: $0, of: attribute) } ?? false
      }
    }
    return found.sorted { (facts[$1].trust, $0) < (facts[$0].trust, $1) }.map { facts[$0] }
  }

  /// Facts that may satisfy the clause: all of its kind, or those with one of the names it asks for.
  private func candidates(for clause: Clause) -> [Int] {
    let all = byKind[clause.kind] ?? []
    guard all.count > 4 else { return all }
    for attribute in Spelling.namedAttributes {
      guard let names = clause.constraints[attribute]?.literals else { continue }
      let terms = Set(
        names.map { Term(kind: clause.kind, attribute: attribute, text: Spelling.name($0.text, of: attribute)) })
      return Set(terms.flatMap { byTerm[$0] ?? [] }).sorted()
    }
    return all
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
  /// Decisive by its file, but not here: the dump was forced, so that where a thread stood shows no crash.
  var isDemoted = false

  /// General symptoms stay weak, whatever effect a file or an extraction states.
  var effect: Effect {
    let stated = isDemoted ? Effect.supports : condition.effect
    return condition.isGeneral && (stated == .decisive || stated == .supports) ? .weak : stated
  }

  /// The same condition, no longer decisive where it rests on nothing but where a crash happened.
  func onForcedDump() -> Satisfaction {
    let crash: Set<FactKind> = [.frame, .exception, .nullDereference, .culprit, .stop]
    guard condition.effect == .decisive, condition.clauses.allSatisfy({ crash.contains($0.kind) }) else { return self }
    var demoted = self
    demoted.isDemoted = true
    return demoted
  }

  /// The condition in words. Where it rests on several facts, each entry names its own, so that no two read the same.
  func text(for fact: Fact) -> String {
    guard Set(facts.map(\.id)).count > 1 else { return condition.text }
    let names: [FactAttribute] = ["tag", "tags", "symbol", "module", "client", "component", "queue", "code"]
    guard let name = names.lazy.compactMap({ fact[$0]?.description }).first else {
      return "\(condition.text) (by the \(fact.kind.rawValue))"
    }
    return "\(condition.text) (\(name))"
  }

  /// What is only guessed counts half.
  var weight: Double { min(condition.weight, effect.weights.upperBound) * (trust == .guessed ? 0.5 : 1) }
}

extension Clause {
  /// Every fact that satisfies the clause's constraints, the best known first. Says nothing about absence.
  public func facts(in facts: [Fact]) -> [Fact] { FactIndex(facts).facts(satisfying: self) }
}
