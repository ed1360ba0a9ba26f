import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing
import Testing

@Suite struct ServicePackFirstTests {
  private func issue(_ id: String, fixedIn pack: UInt8?, product: String = "Windows XP") -> KnownIssue {
    var issue = KnownIssue(id: id, title: "about \(id)", mechanism: .other)
    issue.conditions = [
      Condition(
        "its driver holds the pool", effect: .decisive, weight: 1,
        clauses: [Clause(.poolOwner, ["module": .matches(Operand("\(id).sys"))])])
    ]
    issue.affected = [
      AffectedProduct(product: "Windows XP"),
      AffectedProduct(product: product, fixedIn: pack.map { ServicePack($0) }),
    ]
    issue.fixes = [Fix(.hotfix, id: id)]
    return issue
  }

  private func plans(_ issues: [KnownIssue], _ pack: UInt8? = 1, seen: [String]? = nil) -> [(
    finding: Finding, plan: Plan
  )] {
    let machine = Machine(
      product: "Windows XP", servicePack: pack.map { ServicePack($0) }, architecture: .x86, version: "5.1.2600")
    let facts = (seen ?? issues.map(\.id)).map { id in
      Fact(.poolOwner, id, attributes: ["module": .text("\(id).sys")])
    }
    var planned = Matcher(issues).findings(facts: facts, machine: machine).map {
      (finding: $0, plan: plan(for: $0, facts: facts, machine: machine))
    }
    planServicePackFirst(&planned, machine: machine)
    return planned
  }

  @Test func onePackForSeveralFixes() throws {
    let planned = plans([issue("KB100001", fixedIn: 2), issue("KB100002", fixedIn: 3)])
    #expect(planned.count == 2)
    let first = try #require(planned.first?.plan.steps.first)
    // The later of the two contains both.
    #expect(first.kind == .installServicePack && first.servicePack == ServicePack(3) && first.restart)
    #expect(first.text.contains("service pack 3 of Windows XP") && first.text.contains("KB100001, KB100002"))
    let all = planned.flatMap(\.plan.steps)
    #expect(all.count { $0.kind == .installServicePack } == 1)
    let hotfixes = all.filter { $0.kind == .installHotfix }
    #expect(hotfixes.count == 2)
    #expect(hotfixes.allSatisfy { $0.text.hasPrefix("Only where service pack 3 cannot be installed: install KB10000") })
    #expect(planned.last?.plan.obstacles.contains("service pack 3, which is planned first, contains this fix") == true)
  }

  @Test(
    arguments: [
      // Only one is contained in one.
      (2, nil, "Windows XP", 1), (2, 3, "Windows Vista", 1),
      // The machine has it, or what it has is not known.
      (2, 2, "Windows XP", 2), (2, 3, "Windows XP", nil),
    ] as [(UInt8, UInt8?, String, UInt8?)])
  func otherwiseEachKeepsItsOwn(one: UInt8, other: UInt8?, product: String, own: UInt8?) {
    let planned = plans(
      [issue("KB100001", fixedIn: one), issue("KB100002", fixedIn: other, product: product)], own)
    // A machine whose service pack is known has both to do, so that there was something to join.
    if own == 1 { #expect(planned.flatMap(\.plan.steps).count { $0.kind == .installHotfix } == 2) }
    #expect(
      !planned.flatMap(\.plan.steps).contains { $0.text.contains("one by one") || $0.text.hasPrefix("Only where") })
  }

  @Test func whatIsNotSeenTakesNoPart() {
    let planned = plans(
      [issue("KB100001", fixedIn: 2), issue("KB100002", fixedIn: 2)], seen: ["KB100001"])
    #expect(planned.contains { !$0.plan.steps.isEmpty })
    #expect(!planned.flatMap(\.plan.steps).contains { $0.text.contains("one by one") })
  }

  /// An imported article names the service pack beside the product.
  @Test func theServicePackOfAnArticle() {
    var one = issue("KB100001", fixedIn: 2)
    one.fixes.insert(Fix(.servicePack), at: 0)
    let steps = plans([one]).flatMap(\.plan.steps)
    #expect(
      steps.first?.text == "Install service pack 2 of Windows XP or a later one; it contains the fix.")
    #expect(steps.contains { $0.text.hasPrefix("Or, where service pack 2 cannot be installed: install KB100001") })
  }
}
