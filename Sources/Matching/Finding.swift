import Facts
import KnowledgeBase
import Servicing

/// How an issue stands against the evidence, by the contract's names; ordered from the strongest down.
@frozen
public enum Verdict: String, Hashable, Sendable, CaseIterable, Comparable {
  /// A decisive condition holds, none contradicts, and nothing decisive rests on a guess.
  case confirmed
  case probable
  /// Only general symptoms agree.
  case possible
  /// Something contradicts; kept so that people see why.
  case ruledOut = "ruled-out"

  private var rank: Int {
    switch self {
    case .confirmed: 3
    case .probable: 2
    case .possible: 1
    case .ruledOut: 0
    }
  }

  /// `a < b` when `a` says less for the issue than `b`.
  public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
}

/// One reason for or against.
public struct Reason: Hashable, Sendable {
  /// The fact's id; nil when the reason is the machine's state (a fix in place, another product) and no single fact.
  public var fact: String?
  /// The condition in words.
  public var condition: String
  public var effect: Effect
  /// How the fact is known; below `stated` a decisive condition does not confirm.
  public var trust: Trust

  public init(fact: String?, condition: String, effect: Effect, trust: Trust = .observed) {
    self.fact = fact
    self.condition = condition
    self.effect = effect
    self.trust = trust
  }
}

/// A condition that does not hold because the evidence says nothing about it, and what would settle it.
public struct UnmetCondition: Hashable, Sendable {
  public var condition: String
  public var effect: Effect
  /// Indices into the issue's `settledBy`.
  public var settledBy: [Int]

  public init(condition: String, effect: Effect, settledBy: [Int]) {
    self.condition = condition
    self.effect = effect
    self.settledBy = settledBy
  }
}

/// A known issue weighed against one machine's evidence.
public struct Finding: Hashable, Sendable {
  public var issue: KnownIssue
  public var verdict: Verdict
  /// 0…1. confirmed ≥ 0.9, probable 0.6…0.9, possible below 0.6, ruled-out ≤ 0.05.
  public var confidence: Double
  /// The log-odds behind the confidence, unrounded and not held within a band: orders findings that look equally sure.
  public var score: Double
  /// Those against first, then decisive, supporting and weak ones.
  public var because: [Reason]
  /// Decisive and supporting conditions that do not hold.
  public var unmet: [UnmetCondition]
  /// Why the verdict is lower than the conditions alone would give; nil where nothing caps it.
  public var capReason: String?
  public var applicability: Applicability
  /// Other articles that say nearly the same; only the best of them is a finding.
  public var nearDuplicates: [String] = []

  public init(
    issue: KnownIssue, verdict: Verdict, confidence: Double, score: Double = 0, because: [Reason],
    unmet: [UnmetCondition] = [],
    capReason: String? = nil, applicability: Applicability
  ) {
    self.issue = issue
    self.verdict = verdict
    self.confidence = confidence
    self.score = score
    self.because = because
    self.unmet = unmet
    self.capReason = capReason
    self.applicability = applicability
  }
}

extension Finding {
  /// What the evidence does not say and would decide, for the report's `missing` list.
  public var missing: [Missing] {
    unmet.filter { $0.effect == .decisive }.map { unmet in
      let sources = unmet.settledBy.filter(issue.settledBy.indices.contains).map { issue.settledBy[$0].text }
      return Missing(
        "\(issue.id): \(unmet.condition)", because: .notPresent,
        detail: sources.first ?? "no evidence is known that would settle it")
    }
  }
}
