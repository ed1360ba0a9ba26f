import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing

/// The one value every report is made from: `faultline.diagnosis/1`.
public struct Diagnosis: Sendable {
  public struct Evidence: Hashable, Sendable {
    public var path: String
    public var kind: String
    public var sha256: String?
    public var problems: [EvidenceProblem]

    public init(path: String, kind: String, sha256: String?, problems: [EvidenceProblem]) {
      self.path = path
      self.kind = kind
      self.sha256 = sha256
      self.problems = problems
    }
  }

  public var evidence: [Evidence]
  public var machine: Machine
  public var facts: [Fact]
  public var findings: [(finding: Finding, plan: Plan)]
  /// What to do where no finding settles the case.
  public var nextSteps: [PlanStep]
  public var missing: [Missing]
  /// Dumps among the evidence, by its index.
  public var dumps: [Int: DumpView]

  public init(
    evidence: [Evidence], machine: Machine, facts: [Fact], findings: [(finding: Finding, plan: Plan)],
    nextSteps: [PlanStep] = [], missing: [Missing] = [], dumps: [Int: DumpView] = [:]
  ) {
    self.evidence = evidence
    self.machine = machine
    self.facts = facts
    self.findings = findings
    self.nextSteps = nextSteps
    self.missing = missing
    self.dumps = dumps
  }

  /// The piece of evidence with this index; empty where there is none.
  func path(_ index: Int) -> String { evidence.indices.contains(index) ? evidence[index].path : "" }

  /// Issues that nothing speaks for and whose fix is seen on the machine.
  var fixed: [Finding] { findings.map(\.finding).filter(\.isSeenFixed) }

  /// What has symptoms in common with the evidence and is contradicted.
  var alike: [Finding] { findings.map(\.finding).filter { $0.verdict == .ruledOut && !$0.isSeenFixed } }

  /// The strongest finding that is not ruled out.
  public var leading: (finding: Finding, plan: Plan)? { findings.first { $0.finding.verdict != .ruledOut } }
}

extension Finding {
  var isSeenFixed: Bool {
    verdict == .ruledOut && (applicability.status == .installed || applicability.status == .superseded)
      && because.allSatisfy { $0.effect == .contradicts }
  }
}
