import Facts
import KnowledgeBase
import Matching
import Servicing
import Testing

/// What nothing speaks for is told where its fix is seen and the question was asked, and nowhere else.
@Suite struct FixedIssueTests {
  private static let xp = Machine(
    product: "Windows XP", servicePack: ServicePack(3), architecture: .x86, updates: ["KB950162"],
    updatesAreComplete: true)
  private static let level = [
    Fact(.poolGrowth, "IoSe", attributes: ["tag": .text("IoSe"), "verdict": .text("steady")]),
    Fact(.poolGrowth, "Pp", attributes: ["tag": .text("Pp"), "verdict": .text("steady")]),
  ]
  private static let answered = Fact(.referralsAnswered, "12 shares", attributes: ["shares": .integer(12)])

  private func findings(
    _ facts: [Fact], _ machine: Machine, imported: Bool = false
  ) throws -> [String: Finding] {
    let issues = try Catalogue.bundled().issues
    let relevance = imported ? Dictionary(uniqueKeysWithValues: issues.map { ($0.id, 1.0) }) : [:]
    let found = Matcher(issues).findings(facts: facts, machine: machine, relevance: relevance)
    return Dictionary(uniqueKeysWithValues: found.map { ($0.issue.id, $0) })
  }

  @Test func aListThatNamesTheFix() throws {
    let found = try findings([], Self.xp)
    #expect(found.keys.sorted() == ["KB950162"])
    let finding = try #require(found["KB950162"])
    #expect(finding.verdict == .ruledOut && finding.confidence == 0)
    #expect(finding.applicability.status == .installed)
    #expect(finding.because.map(\.condition) == ["KB950162 is in the list of installed updates"])
    // One of thousands that are imported says nothing by that alone.
    #expect(try findings([], Self.xp, imported: true).isEmpty)
    var other = Self.xp
    other.updates = ["KB950163"]
    #expect(try findings([], other).isEmpty)
  }

  /// Two articles print no number; lists name theirs by it all the same.
  @Test(arguments: [("FL-0001", "KB951149"), ("FL-0004", "KB824909")]) func numberOfAnIdOfOurs(
    _ one: (id: String, number: String)
  ) throws {
    let issue = try #require(try Catalogue.bundled()[one.id])
    let affected = try #require(issue.affected.first)
    var machine = Machine(
      product: affected.product, servicePack: affected.servicePacks.first, architecture: .x86, updates: [one.number],
      updatesAreComplete: true)
    #expect(try findings([], machine)[one.id]?.verdict == .ruledOut)
    machine.updates = []
    #expect(try findings([], machine)[one.id] == nil)
    let lacking = applicability(of: issue.update, to: machine)
    #expect(lacking.status == .applies && lacking.reasons.contains { $0.contains(one.number) })
    #expect(verify(issue.update, on: machine).verdict == .missing)
  }

  @Test func aServicePackNeedsTheQuestion() throws {
    let machine = Machine(product: "Windows Server 2003", servicePack: ServicePack(1), architecture: .x86)
    #expect(try findings([], machine).isEmpty)
    let found = try findings([Self.answered], machine)
    #expect(found["FL-0004"]?.verdict == .ruledOut && found["FL-0004"]?.applicability.basis == .servicePack)
    // Imported or not: the evidence asked.
    #expect(try findings([Self.answered], machine, imported: true)["FL-0004"]?.verdict == .ruledOut)
    // That a driver is not loaded asks nothing: it holds for nearly every dump.
    let other = [Fact(.moduleList, "whole"), Fact(.module, "tcpip.sys", attributes: ["module": .text("tcpip.sys")])]
    #expect(try findings(other, machine).isEmpty)
    // Without the fix an answered burst is no finding.
    var first = machine
    first.servicePack = ServicePack(0)
    #expect(try findings([Self.answered], first).isEmpty)
  }

  @Test func tagsThatStayLevel() throws {
    let found = try findings(Self.level, Self.xp)
    #expect(found["KB950162"]?.verdict == .ruledOut)
    #expect(found["KB950162"]?.because.contains { $0.condition.contains("stay level") } == true)
    var without = Self.xp
    without.updates = []
    #expect(try findings(Self.level, without).isEmpty)
  }

  /// Files with the fix count where nothing failed; of a machine that failed otherwise they say nothing.
  @Test func filesWithoutAFailure() throws {
    var machine = Machine(product: "Windows Server 2003", servicePack: ServicePack(0), architecture: .x86)
    var file = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 80))
    file.branchSuffix = "(srv03_qfe.030722-1140)"
    machine.files = [file]
    let found = try findings([], machine)
    #expect(found["FL-0004"]?.verdict == .ruledOut && found["FL-0004"]?.applicability.basis == .files)
    let stop = Fact(.stop, "stop", attributes: ["code": .stopCode(StopCode(0x124))])
    #expect(try findings([stop], machine)["FL-0004"] == nil)
  }
}
