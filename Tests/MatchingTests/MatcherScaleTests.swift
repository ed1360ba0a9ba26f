import Facts
import KnowledgeBase
import Matching
import Testing

@Suite struct MatcherScaleTests {
  /// An issue like those extracted from articles, about a driver of its own.
  static func issue(_ number: Int) -> KnownIssue? {
    var article = Article(layout: .archive)
    article.id = "Q\(100_000 + number)"
    article.products = ["Windows Server 2003"]
    article.drivers = ["driver\(number % 700).sys"]
    article.stopCodes = [StopCode(UInt32(number % 256))]
    article.symbols = ["driver\(number % 700)!Function\(number)"]
    return KnownIssue(extractedFrom: article)
  }

  @Test func thousandsOfIssuesAreTriedInOnePass() throws {
    let issues = (0..<3_000).compactMap(Self.issue)
    var facts = (0..<200).map { Sample.module("driver\($0).sys") }
    facts += (0..<30).map { Sample.frame($0 == 0 ? "top" : "any", "driver\($0).sys", "driver\($0)!Function\($0)") }
    facts += [Sample.stop(7), Sample.moduleList]
    let clock = ContinuousClock()
    var findings: [Finding] = []
    let time = clock.measure { findings = Matcher(issues).findings(facts: facts, machine: Sample.server2003) }
    print("\(issues.count) issues tried in \(time)")
    #expect(findings.first?.issue.id == "Q100000")
    #expect(findings.allSatisfy { $0.verdict != .confirmed })
    #expect(time < .seconds(20))
  }

  @Test func findingsByNameAndByPatternAgree() {
    let facts =
      (0..<20).map { Sample.module("driver\($0).sys") } + [
        Sample.module("ntkrnlpa.exe"), Sample.module(#"\SystemRoot\System32\Drivers\NETBT.SYS"#),
      ]
    for name in ["driver7.sys", "DRIVER7", "nt", "ntoskrnl.exe", "netbt.sys", "netbt"] {
      let clause = Clause(.module, ["module": .matches(Operand(name))])
      #expect(clause.facts(in: facts).count == 1, "\(name)")
    }
    let pattern = Clause(.module, ["module": .matches(Operand("driver1?.sys"))])
    #expect(pattern.facts(in: facts).count == 10)
  }

  @Test func whatIsMissingNamesItsSource() throws {
    let finding = try #require(
      Matcher(try Catalogue.bundled().issues).findings(facts: [Sample.stop(0xD1)], machine: Sample.server2003).first)
    #expect(finding.missing.first?.detail.hasPrefix("A kernel memory dump") == true)
  }
}
