import Facts
import Foundation
import Testing

@testable import KnowledgeBase

@Suite struct KnownIssueCatalogueTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/KnowledgeBase/Catalogue")

  @Test func listNamesEveryFileOfTheFolder() throws {
    let folder = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).sorted()
    #expect(Catalogue.files.map(\.name) == folder.filter { $0.hasSuffix(".yaml") })
  }

  @Test(arguments: Catalogue.files.map(\.name))
  func fileKeepsTheRules(name: String) throws {
    let bytes = try Data(contentsOf: Self.folder.appending(path: name))
    let issue = try KnownIssue(yaml: bytes, file: name)
    #expect(issue.problems(file: name) == [])
    #expect(try Catalogue.bundled()[issue.id] == issue)
  }

  /// The coded form is made from the YAML files. After a change of those: `FAULTLINE_RECORD=1 swift test --filter
  /// theCodedFormIsWhatTheFilesSay`.
  @Test func theCodedFormIsWhatTheFilesSay() throws {
    let issues = try Catalogue.fromFiles().issues
    let coded = KnownIssueCoding.encode(issues)
    #expect(KnownIssueCoding.decode(coded) == issues)
    let place = Self.folder.appending(path: "catalogue.coded")
    if ProcessInfo.processInfo.environment["FAULTLINE_RECORD"] == "1" { try Data(coded).write(to: place) }
    #expect(try [UInt8](Data(contentsOf: place)) == coded, "run this test once with FAULTLINE_RECORD=1")
  }

  @Test func aDamagedCodedFormIsRefused() throws {
    let coded = KnownIssueCoding.encode(try Catalogue.fromFiles().issues)
    for length in stride(from: 0, to: coded.count, by: 97) {
      #expect(KnownIssueCoding.decode(Array(coded[..<length])) == nil)
    }
    var random = SplitMix64(seed: 7)
    for _ in 0..<2000 {
      var mutated = coded
      mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = KnownIssueCoding.decode(mutated)
    }
  }

  @Test func idsAreFoundInEveryForm() throws {
    let catalogue = try Catalogue.bundled()
    for form in ["950162", "KB950162", "Q950162", "kb 950162"] { #expect(catalogue[form]?.id == "KB950162") }
    #expect(catalogue["fl-0001"]?.id == "FL-0001")
    #expect(catalogue["KB1"] == nil)
  }

  @Test func conditionsNameTheirParts() throws {
    let issue = try #require(try Catalogue.bundled()["KB961799"])
    let first = try #require(issue.conditions.first)
    #expect(first.effect == .decisive)
    #expect(
      first.clauses == [
        Clause(
          .frame,
          [
            "position": .matches(Operand("top")), "symbol": .matches(Operand("netbt!NbtCopyToStartOfIndicate")),
          ])
      ])
    #expect(issue.conditions.contains { $0.clauses.contains { $0.absent && $0.given == .moduleList } })
  }

  @Test func fileTablesAreWhole() throws {
    let catalogue = try Catalogue.bundled()
    let kernels = try #require(catalogue["KB950162"]).files
    #expect(kernels.count == 15)
    #expect(
      Set(kernels.compactMap(\.version?.description)) == [
        "5.1.2600.3357", "5.1.2600.5586", "6.0.6000.20793", "6.0.6001.22137",
      ])
    #expect(kernels.filter { $0.architecture == .ia64 }.map(\.size) == [9_501_240])
    let pipes = try #require(catalogue["Q315817"]).files
    #expect(pipes.map(\.size) == [12_728, 18_648, 17_080, 10_360, 16_248, 18_488])
    #expect(pipes.allSatisfy { $0.version == nil && $0.date == "2002-01-07" && $0.time == "10:47" })
    #expect(catalogue["KB961799"]?.fileTable == .lost)
    #expect(catalogue["FL-0001"]?.files.isEmpty == true)
    #expect(catalogue["FL-0004"]?.files.map(\.architecture) == [.x86, .ia64])
  }

  @Test func statisticsCountTheCatalogue() throws {
    let statistics = try Catalogue.bundled().statistics
    #expect(statistics.issues == 5)
    #expect(statistics.mechanisms == [.race: 1, .leak: 2, .deadlock: 1, .badInput: 1])
    #expect(statistics.files == 23)
    #expect(statistics.withoutFileTable == 2)
  }

  @Test func catalogueIsReadQuickly() throws {
    let clock = ContinuousClock()
    let time = try clock.measure {
      for file in Catalogue.files { _ = try KnownIssue(yaml: file.bytes, file: file.name) }
    }
    print("catalogue read in \(time)")
    // Only an upper bound that a loaded machine's debug build keeps; the figure to hold is in Documentation.
    #expect(time < .seconds(2))
  }
}
