import Facts
import KnowledgeBase
import Servicing

/// From conditions that hold to a verdict, a confidence and reasons.
struct Judgement {
  let agreeing: [Satisfaction]
  let against: [Satisfaction]
  let applicability: Applicability
  let verdict: Verdict
  let confidence: Double
  let logOdds: Double
  let cap: String?

  init(
    issue: KnownIssue, agreeing: [Satisfaction], against: [Satisfaction], _ applicability: Applicability,
    mayBeFixed: String? = nil, forced: Bool = false
  ) {
    self.agreeing = agreeing
    self.against = against
    self.applicability = applicability

    let counted = Self.counted(agreeing)
    let weak = min(counted.filter { $0.effect == .weak }.reduce(0) { $0 + $1.weight }, MatchingScale.weakLimit)
    let strong = counted.filter { $0.effect != .weak }.reduce(0) { $0 + $1.weight }
    let logOdds = MatchingScale.start + weak + strong

    let decisive = agreeing.filter { $0.effect == .decisive }
    var verdict: Verdict
    var cap: String?
    if decisive.contains(where: { $0.trust >= .stated }) {
      verdict = .confirmed
    } else if let best = decisive.max(by: { $0.trust < $1.trust }) {
      verdict = .probable
      cap = "the decisive condition rests on what is only \(best.trust.name), so it is at most probable"
    } else if strong > 0 && logOdds >= MatchingScale.probable {
      verdict = .probable
    } else {
      verdict = .possible
    }

    let sure = against.contains { $0.trust > .guessed } || Self.rulesOut(applicability)
    if sure {
      verdict = .ruledOut
      cap = nil
    } else if !against.isEmpty {
      if verdict > .possible { cap = "something that is only guessed contradicts, so it is at most possible" }
      verdict = min(verdict, .possible)
    } else if applicability.basis == .updateList, decisive.isEmpty,
      issue.fileTable == .lost || issue.fileTable == .none
    {
      // No file could prove more than the list of updates does, and nothing shows the failure itself.
      verdict = .ruledOut
    } else if applicability.basis == .updateList, verdict > .possible {
      verdict = .possible
      cap = "the fix is listed as installed, but no file proves that it is in place"
    }
    if forced, agreeing.contains(where: \.isDemoted), verdict < .confirmed, cap == nil, !sure {
      cap = "the dump was forced, so where the processors stood does not show a crash"
    }
    if let mayBeFixed, verdict == .confirmed {
      verdict = .probable
      cap = mayBeFixed
    }
    self.verdict = verdict
    self.logOdds = logOdds
    self.cap = cap
    confidence = MatchingScale.confidence(logOdds, verdict)
  }

  /// A machine of another product or architecture, one whose files are at or above the fixed ones and one whose service pack
  /// contains the fix cannot have this defect, however alike the failure looks.
  private static func rulesOut(_ applicability: Applicability) -> Bool {
    switch applicability.status {
    case .notApplicable: true
    case .installed: applicability.basis == .files
    case .superseded: applicability.basis == .servicePack
    case .applies, .unknown: false
    }
  }

  /// A fact counts once, for the strongest condition that it satisfies: one frame that meets three conditions is one observation.
  private static func counted(_ satisfactions: [Satisfaction]) -> [Satisfaction] {
    var used: Set<String> = []
    return satisfactions.enumerated()
      .sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
      .map(\.element)
      .filter { satisfaction in
        let ids = Set(satisfaction.facts.map(\.id))
        defer { used.formUnion(ids) }
        return !ids.isSubset(of: used)
      }
  }

  /// Against first, then by effect; one reason for each fact a condition rests on.
  func reasons(_ index: FactIndex) -> [Reason] {
    var reasons: [Reason] = []
    if Self.rulesOut(applicability) || applicability.basis == .updateList, let sentence = applicability.reasons.first {
      reasons.append(Reason(fact: fact(behind: applicability, index), condition: sentence, effect: .contradicts))
    }
    let order: [Effect] = [.contradicts, .decisive, .supports, .weak]
    for effect in order {
      for satisfaction in against + agreeing where satisfaction.effect == effect {
        // What a stronger condition already rests on is not told again as a general symptom.
        if effect == .weak, satisfaction.facts.allSatisfy({ fact in reasons.contains { $0.fact == fact.id } }) {
          continue
        }
        var told: Set<String> = []
        for fact in satisfaction.facts where told.insert(fact.id).inserted {
          reasons.append(
            Reason(
              fact: fact.id, condition: satisfaction.text(for: fact), effect: effect, trust: satisfaction.trust))
        }
      }
    }
    return reasons
  }

  /// The module fact that shows the deciding file, where there is one.
  private func fact(behind applicability: Applicability, _ index: FactIndex) -> String? {
    guard applicability.basis == .files, let file = applicability.files.first else { return nil }
    return index.facts(of: .module).first { fact in
      if case .text(let name)? = fact["module"] { return file.installed.isNamed(name) }
      return false
    }?.id
  }
}
