import Facts
import Faultline
import KnowledgeBase
import Lab
import Matching
import Reporting
import Symbols
import TestSupport
import Testing

@Suite struct RunTests {
  private static let cases: [(LabCase, LabSystem)] = LabCase.allCases.flatMap { one in one.systems.map { (one, $0) } }

  /// The verdict on the case's article after the run's files were written and read again, and all others' verdicts.
  private func diagnose(_ run: LabRun) async throws -> (own: Verdict?, others: [String: Verdict]) {
    let folder = try TemporaryFolder()
    for file in run.files { try folder.write(file.path, file.bytes) }
    let hasSymbols = run.files.contains { $0.path.hasPrefix("symbols/") }
    let diagnoser = Diagnoser(
      catalogue: try Catalogue.bundled(), symbols: hasSymbols ? SymbolFolder(paths: [folder.path + "/symbols"]) : nil)
    let pieces = await diagnoser.read(
      run.files.filter { $0.path.hasPrefix("evidence/") }.map { folder.path + "/" + $0.path })
    #expect(pieces.allSatisfy { $0.isRead })
    let found = diagnoser.diagnose(pieces).findings.map { ($0.finding.issue.id, $0.finding.verdict) }
    let verdicts = Dictionary(found) { first, _ in first }
    return (verdicts[run.labCase.article], verdicts.filter { $0.key != run.labCase.article })
  }

  private func verdict(_ name: String) throws -> Verdict {
    try #require([Verdict.confirmed, .probable, .possible, .ruledOut].first { $0.rawValue == name })
  }

  @Test(arguments: cases, [1, 2, 3] as [UInt64]) func brokenIsAsStrongAsItsEvidence(
    _ one: (LabCase, LabSystem), seed: UInt64
  ) async throws {
    let run = LabRun(one.0, isFixed: false, system: one.1, seed: seed)
    let found = try await diagnose(run)
    let place = "\(one.0) \(one.1.id) seed \(seed): \(String(describing: found.own))"
    if let least = run.truth.atLeast {
      #expect(try #require(found.own, "\(place)") >= verdict(least), "\(place)")
    }
    if let own = found.own { #expect(try own <= verdict(run.truth.atMost), "\(place)") }
    #expect(!found.others.values.contains(.confirmed), "\(place), others \(found.others)")
  }

  @Test(arguments: cases, [1, 2, 3] as [UInt64]) func fixedIsNotConfirmed(
    _ one: (LabCase, LabSystem), seed: UInt64
  ) async throws {
    let run = LabRun(one.0, isFixed: true, system: one.1, seed: seed)
    let found = try await diagnose(run)
    if let own = found.own {
      #expect(try own <= verdict(run.truth.atMost), "\(one.0) \(one.1.id) seed \(seed): \(own)")
    }
    #expect(!found.others.values.contains(.confirmed), "\(one.0) \(one.1.id): \(found.others)")
  }

  @Test(arguments: LabCase.allCases) func sameSeedSameBytes(_ one: LabCase) throws {
    let system = try #require(one.systems.first)
    func files(_ seed: UInt64, scale: Int = 1) -> [[UInt8]] {
      LabRun(one, isFixed: false, system: system, seed: seed, scale: scale).files.map(\.bytes)
    }
    #expect(files(4) == files(4))
    #expect(files(4) != files(5))
    func size(_ files: [[UInt8]]) -> Int { files.reduce(0) { $0 + $1.count } }
    if one != .sessionImages { #expect(size(files(4, scale: 3)) > size(files(4))) }
  }
}
