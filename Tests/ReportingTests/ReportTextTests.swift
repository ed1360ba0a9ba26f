import Facts
import KnowledgeBase
import Planning
import Testing

@testable import Reporting

@Suite struct ReportTextTests {
  private func style(_ width: Int, color: Bool = false) -> TextStyle {
    TextStyle(width: width, color: color) { "at \($0)" }
  }

  private static let isHostile: @Sendable (Unicode.Scalar) -> Bool = { scalar in
    (scalar.value < 0x20 && scalar != "\n") || (0x7F..<0xA0).contains(scalar.value) || scalar == "\u{202E}"
  }

  @Test func hostileNamesNeverReachTheTerminal() throws {
    let dump = ReportSamples.hostileDump()
    var article = Article.parse(Array("DOCUMENT:Q100000\nTITLE   :\u{1B}[31mred\u{7}\n".utf8))
    article.title = ReportSamples.hostile
    article.drivers = [ReportSamples.hostile]
    article.products = [ReportSamples.hostile]
    article.files = [ArticleFile(name: ReportSamples.hostile)]
    var hits = try Catalogue.bundled().search("netbt")
    for index in hits.indices {
      hits[index].title = ReportSamples.hostile
      hits[index].passage = ReportSamples.hostile
      hits[index].because = [ReportSamples.hostile]
    }
    let style = style(80)
    for text in [
      dump.summary(style), dump.moduleList(style), dump.stackList(style),
      try ReportSamples.hostileDiagnosis().text(style), article.text(style),
      SearchReport(hits).text(style),
    ] {
      #expect(!text.unicodeScalars.contains(where: Self.isHostile))
      #expect(text.unicodeScalars.contains("\u{FFFD}"))
    }
  }

  /// With colour on, the only escapes are ours.
  @Test func onlyOurEscapes() throws {
    let text = try ReportSamples.hostileDiagnosis().text(style(80, color: true))
    let escapes = text.split(separator: "\u{1B}", omittingEmptySubsequences: false).dropFirst().map {
      $0.prefix { $0 != "m" }
    }
    #expect(!escapes.isEmpty)
    #expect(Set(escapes).isSubset(of: ["[0", "[1", "[2", "[31", "[32", "[33"]))
  }

  @Test(arguments: [40, 80, 160]) func widthIsKept(width: Int) throws {
    let diagnosis = try ReportSamples.confirmed()
    let nothing = try ReportSamples.diagnosis([ReportSamples.stop(0x50), ReportSamples.culprit("acme.sys")])
    let forced = try ReportSamples.diagnosis([
      ReportSamples.stop(0xE2), Fact(.forcedDump, "The dump was forced.", attributes: ["how": .text("keyboard")]),
    ])
    let commands = Set(
      [diagnosis, nothing, forced].flatMap { $0.nextSteps + $0.findings.flatMap(\.plan.steps) }.flatMap(\.commands))
    let catalogue = try Catalogue.bundled()
    var texts = [diagnosis, nothing, forced].map { $0.text(style(width)) }
    texts.append(StatisticsReport(catalogue).text(style(width)))
    texts.append(SearchReport(catalogue.search("netbt 0x41 pool")).text(style(width)))
    for issue in catalogue.issues {
      var article = issue.article
      // Tables of files are as wide as their columns.
      article.files = []
      texts.append(issue.text(article, style(width)))
    }
    for line in texts.flatMap({ $0.split(separator: "\n") }) where line.count > width {
      let bare = line.drop { $0 == " " }
      // A word that fits nowhere beside its label stands where it is.
      let word = bare.split(separator: " ").last ?? ""
      let isLong = word.count + 16 > width && line.count - word.count <= 16
      #expect(commands.contains(String(bare)) || isLong, "\(line.count): \(line)")
    }
  }

  @Test func commandsAreNeverWrapped() throws {
    let diagnosis = try ReportSamples.confirmed()
    let commands = diagnosis.findings.flatMap(\.plan.steps).flatMap(\.commands)
    #expect(!commands.isEmpty)
    let lines = Set(diagnosis.text(style(40)).split(separator: "\n").map { $0.drop { $0 == " " } })
    for command in commands
    where diagnosis.findings.first?.plan.steps.contains(where: { $0.commands.contains(command) }) == true {
      #expect(lines.contains(Substring(command)))
    }
  }

  @Test func theVerdictComesFirst() throws {
    let text = try ReportSamples.confirmed().text(style(100))
    #expect(text.hasPrefix("This is KB961799: NetBT mishandles a buffer"))
    #expect(text.contains("confirmed, confidence"))
    #expect(text.contains("Machine\n  Windows Server 2003, Service Pack 2, x86"))
    #expect(text.contains("What is missing\n  - system.revision (not-in-dump): The revision is not known."))
    #expect(text.contains("MEMORY.DMP: NumberOfRuns at file offset 0x64: expected at most 32, found 77"))
    #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
  }

  @Test func nothingFoundSaysWhoIsSuspected() throws {
    let culprit = try ReportSamples.diagnosis([ReportSamples.stop(0x7E), ReportSamples.culprit("acme.sys")])
    if culprit.leading == nil { #expect(culprit.verdict.contains("the failure is laid to acme.sys")) }
    let forced = Diagnosis(evidence: [], machine: Machine(), facts: [Fact(.forcedDump, "Forced.")], findings: [])
    #expect(
      forced.verdict
        == "No known issue explains this evidence; the dump was forced, so its stop code says nothing about why.")
    let none = try ReportSamples.diagnosis([], machine: Machine())
    #expect(none.verdict == "The evidence states nothing about a failure.")
    #expect(none.text(style(80)).hasPrefix("The evidence states nothing about a failure."))
  }

  @Test(
    arguments: [(0, "00:00:00"), (59, "00:00:59"), (86_399, "23:59:59"), (90_061, "1 d 01:01:01")] as [(UInt64, String)]
  )
  func durations(seconds: UInt64, text: String) { #expect(DumpView.duration(seconds) == text) }
}
