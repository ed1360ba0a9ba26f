import Facts
import KnowledgeBase
import Matching
import Testing

/// What must hold for every issue and every evidence, tried over all samples.
@Suite struct MatcherPropertyTests {
  static let evidence: [(facts: [Fact], machine: Machine)] =
    FoundingCase.all.map { ($0.facts, $0.machine) } + LookAlike.all.map { ($0.facts, $0.machine) }

  /// A fact that satisfies the clause, made from its own constraints.
  static func fact(satisfying clause: Clause, trust: Trust) -> Fact? {
    var attributes: [FactAttribute: FactValue] = [:]
    for (attribute, constraint) in clause.constraints {
      guard let value = value(satisfying: constraint) else { return nil }
      attributes[attribute] = value
    }
    return Fact(clause.kind, "made", attributes: attributes, trust: trust)
  }

  static func value(satisfying constraint: Constraint) -> FactValue? {
    switch constraint {
    case .matches(let operand):
      if let code = operand.hexadecimal, let narrow = UInt32(exactly: code) { return .stopCode(StopCode(narrow)) }
      return .text(operand.text.replacing("*", with: "x"))
    case .compares(let comparison, let operand):
      guard let number = operand.number else { return nil }
      switch comparison {
      case .atLeast, .above: return .number(number + 1)
      case .atMost, .below: return .number(number - 1)
      }
    case .anyOf(let parts): return parts.first.flatMap(value)
    case .allOf(let parts): return parts.first.flatMap(value)
    case .not: return .text("other.sys")
    }
  }

  @Test(arguments: [Trust.guessed, .inferred, .stated, .observed])
  func aContradictionNeverRaisesAVerdict(trust: Trust) throws {
    let issues = try Catalogue.bundled().issues
    var tried = 0
    for (facts, machine) in Self.evidence {
      let before = Matcher(issues).findings(facts: facts, machine: machine)
      for issue in issues {
        guard let old = before.first(where: { $0.issue.id == issue.id }) else { continue }
        for condition in issue.conditions
        where condition.effect == .contradicts && !condition.clauses.contains(where: \.absent) {
          let added = condition.clauses.compactMap { Self.fact(satisfying: $0, trust: trust) }
          guard added.count == condition.clauses.count else { continue }
          tried += 1
          let after = Matcher([issue]).findings(facts: facts + added, machine: machine).first
          #expect((after?.verdict ?? .ruledOut) <= old.verdict, "\(issue.id): \(condition.text)")
          if trust > .guessed { #expect((after?.verdict ?? .ruledOut) == .ruledOut, "\(issue.id): \(condition.text)") }
        }
      }
    }
    #expect(tried > 40)
  }

  @Test func weakFactsNeverConfirm() throws {
    let issues = try Catalogue.bundled().issues
    for issue in issues {
      let weak = issue.conditions.filter { $0.effect == .weak }
        .flatMap { $0.clauses.compactMap { Self.fact(satisfying: $0, trust: .observed) } }
      #expect(!weak.isEmpty)
      for finding in Matcher([issue]).findings(facts: weak + weak, machine: Machine()) {
        #expect(finding.verdict == .possible)
        #expect(finding.confidence < 0.6)
      }
      for (facts, machine) in Self.evidence {
        let before = Matcher([issue]).findings(facts: facts, machine: machine).first
        let after = Matcher([issue]).findings(facts: facts + weak, machine: machine).first
        if after?.verdict == .confirmed { #expect(before?.verdict == .confirmed) }
      }
    }
  }

  @Test func confidenceKeepsToItsVerdict() throws {
    let issues = try Catalogue.bundled().issues
    for (facts, machine) in Self.evidence {
      for finding in Matcher(issues).findings(facts: facts, machine: machine) {
        switch finding.verdict {
        case .confirmed: #expect((0.9...1).contains(finding.confidence))
        case .probable: #expect((0.6..<0.9).contains(finding.confidence))
        case .possible: #expect((0..<0.6).contains(finding.confidence))
        case .ruledOut: #expect((0...0.05).contains(finding.confidence))
        }
      }
    }
  }

  @Test func orderOfFactsAndIssuesDoesNotMatter() throws {
    let issues = try Catalogue.bundled().issues
    for (facts, machine) in Self.evidence {
      let named = facts.enumerated().map { index, fact in
        var fact = fact
        fact.id = "f\(index + 1)"
        return fact
      }
      let there = Matcher(issues).findings(facts: named, machine: machine)
      let back = Matcher(issues.reversed()).findings(facts: named.reversed(), machine: machine)
      #expect(there.map(\.issue.id) == back.map(\.issue.id))
      #expect(there.map(\.verdict) == back.map(\.verdict))
      #expect(there.map(\.confidence) == back.map(\.confidence))
    }
  }

  @Test func aStopCodeNeverGivesMoreThanPossibleWhateverAFileSays() {
    var issue = KnownIssue(id: "KB1000000", title: "Extracted with too much faith")
    issue.conditions = [
      Condition("the stop", effect: .decisive, clauses: [Clause(.stop, ["code": .matches(Operand("0x50"))])]),
      Condition("the driver", effect: .supports, clauses: [Clause(.module, ["module": .matches(Operand("a.sys"))])]),
      Condition("the process", effect: .supports, clauses: [Clause(.process, ["process": .matches(Operand("a.exe"))])]),
    ]
    let facts = [
      Sample.stop(0x50), Sample.module("a.sys"), Fact(.process, "a.exe", attributes: ["process": .text("a.exe")]),
    ]
    let findings = Matcher([issue]).findings(facts: facts, machine: Machine())
    #expect(findings.map(\.verdict) == [.possible])
  }

  @Test func nothingToSayIsNoFinding() throws {
    let issues = try Catalogue.bundled().issues
    #expect(Matcher(issues).findings(facts: [], machine: Machine()).isEmpty)
    #expect(
      Matcher(issues).findings(facts: [Sample.poolUse("Irp", "nonpaged", share: 0.9)], machine: Machine()).isEmpty)
  }
}
