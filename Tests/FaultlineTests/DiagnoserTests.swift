import EvidenceSynthesis
import Facts
import Faultline
import KnowledgeBase
import Matching
import Reporting
import Symbols
import TestSupport
import Testing

/// From files on disk to the verdict, as the program does it.
@Suite struct DiagnoserTests {
  private static let seeds: [UInt64] = [1, 2, 3]

  private func diagnose(_ written: WrittenCase, symbols: Bool) async throws -> Diagnosis {
    let diagnoser = Diagnoser(
      catalogue: try Catalogue.bundled(), symbols: symbols ? SymbolFolder(paths: [written.symbols]) : nil)
    let pieces = await diagnoser.read([written.dump])
    #expect(pieces.allSatisfy { $0.isRead }, "\(pieces.flatMap(\.problems))")
    return diagnoser.diagnose(pieces)
  }

  private func verdict(_ diagnosis: Diagnosis, _ article: String) -> Verdict? {
    diagnosis.findings.first { $0.finding.issue.id == article }?.finding.verdict
  }

  @Test(arguments: Scenario.all.compactMap { $0.article == nil ? nil : $0.id })
  func foundingCasesAreNotRuledOut(id: String) async throws {
    let scenario = try #require(Scenario.named(id))
    let article = try #require(scenario.article)
    let folder = try TemporaryFolder()
    for seed in Self.seeds {
      let written = try WrittenCase(scenario, seed: seed, in: folder)
      for symbols in [true, false] {
        let diagnosis = try await diagnose(written, symbols: symbols)
        let verdict = verdict(diagnosis, article)
        #expect(verdict != nil && verdict != .ruledOut, "seed \(seed), symbols \(symbols)")
        #expect(!diagnosis.findings.contains { $0.finding.issue.id != article && $0.finding.verdict == .confirmed })
      }
    }
  }

  @Test(arguments: Scenario.all.compactMap { $0.article == nil ? $0.id : nil })
  func lookAlikesAreNeverConfirmed(id: String) async throws {
    let scenario = try #require(Scenario.named(id))
    let folder = try TemporaryFolder()
    for seed in Self.seeds {
      let written = try WrittenCase(scenario, seed: seed, in: folder)
      for symbols in [true, false] {
        let diagnosis = try await diagnose(written, symbols: symbols)
        let confirmed = diagnosis.findings.filter { $0.finding.verdict == .confirmed }.map(\.finding.issue.id)
        #expect(confirmed.isEmpty, "seed \(seed), symbols \(symbols)")
      }
    }
  }

  /// The routine's name decides; without symbols it is not known, and nothing may be certain.
  @Test func symbolsByIdentityConfirm() async throws {
    let scenario = try #require(Scenario.named("netbt-stop"))
    let folder = try TemporaryFolder()
    for seed in Self.seeds {
      let written = try WrittenCase(scenario, seed: seed, in: folder)
      let with = try await diagnose(written, symbols: true)
      #expect(verdict(with, "KB961799") == .confirmed, "seed \(seed)")
      #expect(with.leading?.finding.issue.id == "KB961799")
      #expect(with.verdict.hasPrefix("This is KB961799"))
      let without = try await diagnose(written, symbols: false)
      let bare = try #require(verdict(without, "KB961799"))
      #expect(bare <= .probable, "seed \(seed)")
    }
  }

  /// A table of another build, which agrees by file name alone, is a guess.
  @Test func symbolsOfAnotherBuildDoNotConfirm() async throws {
    let scenario = try #require(Scenario.named("netbt-stop"))
    let folder = try TemporaryFolder()
    let written = try WrittenCase(scenario, seed: 1, in: folder)
    let other = try WrittenCase(scenario, seed: 2, in: folder)
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled(), symbols: SymbolFolder(paths: [other.symbols]))
    let diagnosis = diagnoser.diagnose(await diagnoser.read([written.dump]))
    let found = try #require(verdict(diagnosis, "KB961799"))
    #expect(found <= .probable)
  }

  /// What the scenario says is in the dump is among the facts.
  @Test(arguments: Scenario.all.map(\.id)) func factsAreStated(id: String) async throws {
    let scenario = try #require(Scenario.named(id))
    let folder = try TemporaryFolder()
    let written = try WrittenCase(scenario, seed: 1, in: folder)
    let diagnosis = try await diagnose(written, symbols: true)
    let stop = try #require(diagnosis.facts.first { $0.kind == .stop })
    #expect(stop["code"] == .stopCode(written.content.machine.stop.code.base))
    #expect(Set(diagnosis.facts.map(\.id)).count == diagnosis.facts.count)
    #expect(diagnosis.facts.allSatisfy { !$0.text.isEmpty && $0.evidence == 0 })
    #expect(
      diagnosis.findings.flatMap(\.finding.because).compactMap(\.fact).allSatisfy { id in
        diagnosis.facts.contains { $0.id == id }
      })
  }

  @Test func everyOrderOfFilesIsKept() async throws {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    for index in 0..<40 {
      paths.append(
        try folder.write("\(index).txt", #"{"schema": "faultline.symptoms/1", "processName": "p\#(index)"}"#))
    }
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let pieces = await diagnoser.read(paths)
    #expect(pieces.map(\.path) == paths)
    let diagnosis = diagnoser.diagnose(pieces)
    #expect(diagnosis.evidence.map(\.path) == paths)
    #expect(diagnosis.facts.map { $0["process"]?.description } == (0..<40).map { "p\($0)" })
    #expect(diagnosis.facts.map(\.evidence) == (0..<40).map { $0 })
  }

  @Test func machinesThatDisagreeAreNamed() async throws {
    let folder = try TemporaryFolder()
    let a = try folder.write(
      "a", #"{"schema": "faultline.symptoms/1", "osProduct": "Windows XP", "architecture": "x86"}"#)
    let b = try folder.write(
      "b", #"{"schema": "faultline.symptoms/1", "osProduct": "Windows 7", "architecture": "x86"}"#)
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let diagnosis = diagnoser.diagnose(await diagnoser.read([a, b]))
    #expect(diagnosis.machine.product == "Windows XP")
    // The second piece takes no part, and says why.
    let problems = diagnosis.evidence[1].problems
    #expect(problems.map(\.what) == ["evidence"])
    #expect(problems.first?.text.contains("another machine than \(a): Windows 7 instead of Windows XP") == true)
  }

  @Test func nothingReadGivesNoFinding() async throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write("empty", "")
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let pieces = await diagnoser.read([empty, folder.path + "/missing"])
    #expect(!pieces.contains { $0.isRead })
    let diagnosis = diagnoser.diagnose(pieces)
    #expect(diagnosis.findings.isEmpty)
    #expect(diagnosis.evidence.allSatisfy { !$0.problems.isEmpty })
    #expect(diagnosis.evidence.first?.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
