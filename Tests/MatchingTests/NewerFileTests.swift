import Facts
import KnowledgeBase
import Testing

@testable import Matching

/// An article whose file table is lost cannot tell a fixed file from an older one; a file built after it may hold the fix.
@Suite struct NewerFileTests {
  static func verdict(built: String?) throws -> Finding {
    var module = Sample.module("netbt.sys")
    module.attributes["built"] = built.map { .text($0) }
    let facts = [
      Sample.stop(0xD1), Sample.frame("top", "netbt.sys", "netbt!NbtCopyToStartOfIndicate"), module, Sample.moduleList,
    ]
    let machine = Machine(product: "Windows Server 2003", servicePack: ServicePack(2), architecture: .x86)
    let findings = Matcher(try Catalogue.bundled().issues).findings(facts: facts, machine: machine)
    return try #require(findings.first { $0.issue.id == "KB961799" })
  }

  @Test func anOlderFileConfirms() throws {
    #expect(try Self.verdict(built: "2007-02-17").verdict == .confirmed)
    #expect(try Self.verdict(built: nil).verdict == .confirmed)
  }

  @Test func aFileBuiltAfterTheArticleDoesNot() throws {
    let finding = try Self.verdict(built: "2013-01-29")
    #expect(finding.verdict == .probable)
    #expect(finding.capReason?.contains("netbt.sys was built on 2013-01-29") == true)
  }

  /// Builds of two branches share no order, so that a later one of the other branch may hold the fix; what the service pack
  /// itself brought does not.
  @Test(arguments: [
    ("6.0.6001.18145", Verdict.probable), ("6.0.6001.18000", .confirmed), ("6.0.6001.22137", .ruledOut),
    ("6.0.6001.22100", .confirmed),
  ])
  func aFileOfTheOtherBranch(version: String, expected: Verdict) throws {
    var machine = Machine(product: "Windows Vista", servicePack: ServicePack(1), architecture: .x86)
    machine.files = [ModuleIdentity(name: "ntoskrnl.exe", version: FileVersion(version))]
    let facts = ["IoSe", "Pp"].map { tag in
      var fact = Sample.growth(tag, "paged", "leak", event: "driver-load")
      fact.id = tag
      return fact
    }
    let findings = Matcher(try Catalogue.bundled().issues).findings(facts: facts, machine: machine)
    let finding = try #require(findings.first { $0.issue.id == "KB950162" })
    #expect(finding.verdict == expected)
    #expect((finding.capReason?.contains("may contain the fix already") == true) == (expected == .probable))
  }
}
