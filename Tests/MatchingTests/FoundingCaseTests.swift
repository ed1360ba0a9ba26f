import Facts
import KnowledgeBase
import Matching
import Servicing
import Testing

@Suite struct FoundingCaseTests {
  static func findings(_ facts: [Fact], _ machine: Machine) throws -> [Finding] {
    Matcher(try Catalogue.bundled().issues).findings(facts: facts, machine: machine)
  }

  @Test(arguments: FoundingCase.all)
  func evidenceLeadsToItsArticle(_ sample: FoundingCase) throws {
    let findings = try Self.findings(sample.facts, sample.machine)
    let first = try #require(findings.first)
    #expect(first.issue.id == sample.id)
    #expect(first.verdict.rawValue == sample.verdict, "\(first.confidence) \(first.because) \(first.applicability)")
    #expect(findings.dropFirst().allSatisfy { $0.verdict != .confirmed })
    #expect(first.because.contains { $0.effect != .contradicts })
  }

  @Test(arguments: LookAlike.all)
  func lookAlikeIsNotConfirmed(_ sample: LookAlike) throws {
    let findings = try Self.findings(sample.facts, sample.machine)
    #expect(findings.allSatisfy { $0.verdict != .confirmed })
    let finding = findings.first { $0.issue.id == sample.id }
    #expect(finding?.verdict.rawValue == sample.verdict, "\(String(describing: finding?.because))")
    if finding?.verdict == .ruledOut {
      #expect(finding?.because.first?.effect == .contradicts)
    }
  }

  @Test func starvationIsCappedAndSaysSo() throws {
    let finding = try #require(
      try Self.findings([Sample.starved("critical", "mup.sys")], Sample.server2003Release).first)
    #expect(finding.verdict == .probable)
    #expect(finding.capReason == "the decisive condition rests on what is only inferred, so it is at most probable")
    let stated = try Self.findings([Sample.starved("critical", "mup.sys", trust: .stated)], Sample.server2003Release)
    #expect(stated.first?.verdict == .confirmed)
  }

  @Test func aListedFixWithoutAFileIsDoubted() throws {
    var machine = Sample.server2003
    machine.updates = ["KB961799"]
    let facts = [Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate")]
    let finding = try #require(try Self.findings(facts, machine).first)
    #expect(finding.verdict == .possible)
    #expect(finding.capReason == "the fix is listed as installed, but no file proves that it is in place")
    #expect(finding.applicability.status == .installed)
  }

  /// What a person types: the stop, the driver and the tag they suspect, the product.
  @Test func typedSymptomsLeadToTheArticle() throws {
    let facts = [
      Fact(.stop, "typed", attributes: ["code": .stopCode(StopCode(0x41))], trust: .stated),
      Fact(.culprit, "typed", attributes: ["module": .text("tdpipe")], trust: .stated),
      Fact(
        .poolUse, "typed", attributes: ["tag": .text("Mdl"), "pool": .text("nonpaged"), "rank": .integer(1)],
        trust: .stated),
    ]
    let finding = try #require(try Self.findings(facts, Sample.terminalServer).first)
    #expect(finding.issue.id == "Q315817")
    #expect(finding.verdict == .probable)
    #expect(finding.because.count == 3)
  }
}
