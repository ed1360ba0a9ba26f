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

  /// One tag and nothing else: worth a look, no more; and nothing on a system the article is not about.
  @Test(arguments: [("IoSe", "KB950162"), ("Pp", "KB950162"), ("Mdl", "Q315817")])
  func oneTypedTagIsPossible(tag: String, id: String) throws {
    let fact = Fact(
      .poolUse, "typed", attributes: ["tag": .text(tag), "rank": .integer(1)], trust: .stated)
    let finding = try #require(try Self.findings([fact], Machine()).first)
    #expect(finding.issue.id == id)
    #expect(finding.verdict == .possible && finding.confidence < 0.2)
    #expect(try Self.findings([fact], Sample.windows10).isEmpty)
  }

  /// Where a forced dump found the processors is no crash.
  @Test(arguments: [true, false])
  func forcedDumpsConfirmNoCrash(byFact: Bool) throws {
    let forced = byFact ? Fact(.forcedDump, "forced") : Sample.stop(0xE2)
    let facts = [
      forced, Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate"),
      Fact(.exception, "breakpoint", attributes: ["symbol": .text("netbt!NbtCopyToStartOfIndicate")]),
    ]
    let finding = try #require(try Self.findings(facts, Sample.server2003).first { $0.issue.id == "KB961799" })
    #expect(finding.verdict < .confirmed)
    #expect(!finding.because.contains { $0.effect == .decisive })
    #expect(finding.capReason?.contains("the dump was forced") == true)
    // What the pool or the queues show is as good in a forced dump.
    let leak = [
      forced, Sample.poolUse("Mdl", "nonpaged", share: 0.7), Sample.owner("Mdl", "tdpipe.sys"),
      Sample.module("tdpipe.sys"),
    ]
    #expect(try Self.findings(leak, Sample.terminalServer).first?.verdict == .confirmed)
  }

  @Test func severalFactsOfOneConditionReadApart() throws {
    let facts = ["IoSe", "Pp"].map { tag in
      Fact(.poolUse, tag, attributes: ["tag": .text(tag), "rank": .integer(1)], trust: .stated)
    }
    let finding = try #require(try Self.findings(facts, Sample.xp).first)
    #expect(Set(finding.because.map(\.condition)).count == finding.because.count)
    #expect(finding.because.map(\.condition).contains("IoSe and Pp are both among the largest tags (Pp)"))
  }

  @Test func itaniumTableIsNotDenied() throws {
    let machine = Machine(product: "Windows Vista", servicePack: ServicePack(1), architecture: .ia64)
    let finding = try #require(try Self.findings([Sample.inStep], machine).first { $0.issue.id == "KB950162" })
    #expect(finding.applicability.status == .applies)
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
