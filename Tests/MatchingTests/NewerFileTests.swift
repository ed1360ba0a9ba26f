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
}
