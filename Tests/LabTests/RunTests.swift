import Facts
import Faultline
import KnowledgeBase
import Lab
import Matching
import Reporting
import TestSupport
import Testing

@Suite struct RunTests {
  private static let cases: [(LabCase, LabSystem)] = LabCase.allCases.flatMap { one in one.systems.map { (one, $0) } }

  /// The verdict on the case's article after the run's files were written and read again, and all others' verdicts.
  private func diagnose(
    _ run: LabRun, only kept: (String) -> Bool = { _ in true }
  ) async throws -> (own: Verdict?, others: [String: Verdict]) {
    let (verdicts, _, _) = try await verdicts(run, only: kept)
    return (verdicts[run.labCase.article], verdicts.filter { $0.key != run.labCase.article })
  }

  /// All verdicts by article, and what is said to be missing for the case's.
  private func verdicts(
    _ run: LabRun, only kept: (String) -> Bool
  ) async throws -> (verdicts: [String: Verdict], missing: [Missing], diagnosis: Diagnosis) {
    let folder = try TemporaryFolder()
    let files = run.files.filter { kept($0.path) }
    for file in files { try folder.write(file.path, file.bytes) }
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let pieces = await diagnoser.read(
      files.filter { $0.path.hasPrefix("evidence/") }.map { folder.path + "/" + $0.path })
    #expect(pieces.allSatisfy { $0.isRead })
    let diagnosis = diagnoser.diagnose(pieces)
    let findings = diagnosis.findings.map(\.finding)
    let found = Dictionary(findings.map { ($0.issue.id, $0.verdict) }) { first, _ in first }
    return (found, findings.first { $0.issue.id == run.labCase.article }?.missing ?? [], diagnosis)
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

  @Test(arguments: cases, [1, 2, 3] as [UInt64]) func fixedIsRuledOut(
    _ one: (LabCase, LabSystem), seed: UInt64
  ) async throws {
    let run = LabRun(one.0, isFixed: true, system: one.1, seed: seed)
    let found = try await diagnose(run)
    let place = "\(one.0) \(one.1.id) seed \(seed): \(String(describing: found.own))"
    if run.truth.atLeast != nil { #expect(found.own == .ruledOut, "\(place)") }
    if let own = found.own { #expect(try own <= verdict(run.truth.atMost), "\(place)") }
    #expect(!found.others.values.contains { $0 > .possible }, "\(place), others \(found.others)")
  }

  /// What the machine is made of suffices to see the fix; without it nothing is told.
  @Test(arguments: LabCase.allCases, [1, 2] as [UInt64]) func inventoryShowsTheFix(
    _ one: LabCase, seed: UInt64
  ) async throws {
    for isFixed in [true, false] {
      let run = LabRun(one, isFixed: isFixed, system: try #require(one.systems.first), seed: seed)
      let isInventory = { (path: String) in path.hasSuffix(".txt") }
      guard run.files.contains(where: { isInventory($0.path) }) else { continue }
      let found = try await diagnose(run, only: isInventory)
      // A service pack says so much of all fixes that it says nothing of one.
      let byServicePack = run.system.fixedIn != nil && seed % 2 == 1
      #expect(found.own == (isFixed && !byServicePack ? .ruledOut : nil), "\(one) \(seed) \(isFixed)")
      #expect(found.others.isEmpty, "\(one) \(seed): \(found.others)")
    }
  }

  /// A log or a capture alone is probable at most, an inventory alone is nothing; what would settle it is named.
  @Test(arguments: LabCase.allCases, [1, 2] as [UInt64]) func eachKindAlone(_ one: LabCase, seed: UInt64) async throws {
    let system = try #require(one.systems.first)
    let run = LabRun(one, isFixed: false, system: system, seed: seed)
    for (ending, most) in [
      (".log", Verdict.probable), (".pcap", .probable), (".txt", nil), ("mp", try verdict(run.truth.atMost)),
    ] as [(String, Verdict?)] {
      let kept = { (path: String) in path.lowercased().hasSuffix(ending) }
      guard run.files.contains(where: { kept($0.path) }) else { continue }
      let (found, missing, diagnosis) = try await verdicts(run, only: kept)
      let place = "\(one) \(ending) seed \(seed): \(found)"
      // What would tell more is asked for, in the leading plan or in general.
      // What would tell more is asked for.
      let asks = diagnosis.json.text().contains("\"collect-evidence\"")
      let lacksFailure = diagnosis.missing.contains { $0.what == "failure" }
      #expect(most == nil ? lacksFailure : asks || found.values.contains(.confirmed), "\(place)")
      guard let most else {
        #expect(found.isEmpty, "\(place)")
        continue
      }
      if let own = found[one.article] {
        #expect(own <= most, "\(place)")
        // A log or a capture meets no decisive condition, and it is said what would.
        if ending != "mp" { #expect(!missing.isEmpty, "\(place)") }
      }
      // The dump alone says as much as everything together.
      if ending == "mp", let least = run.truth.atLeast {
        #expect(try #require(found[one.article], "\(place)") >= verdict(least), "\(place)")
      }
    }
  }

  private static let lookAlikes: [(LabCase, LabVariant, LabSystem)] = LabCase.allCases.flatMap { one in
    one.variants.filter { $0.alsoFinds == nil }.flatMap { variant in
      one.systems.filter(\.isAffected).map { (one, variant, $0) }
    }
  }

  /// No evidence of another failure may confirm the case's article, nor any other.
  @Test(arguments: lookAlikes, [1, 2] as [UInt64]) func lookAlikesAreNotConfirmed(
    _ one: (LabCase, LabVariant, LabSystem), seed: UInt64
  ) async throws {
    let run = LabRun(one.0, isFixed: false, variant: one.1, system: one.2, seed: seed)
    #expect(!run.files.isEmpty)
    let found = try await diagnose(run)
    let place = "\(one.0) \(one.1.id) \(one.2.id) seed \(seed): \(String(describing: found.own))"
    if let own = found.own { #expect(own < .confirmed, "\(place)") }
    #expect(!found.others.values.contains(.confirmed), "\(place), others \(found.others)")
  }

  /// Of two failures at once neither hides the other.
  @Test(arguments: [1, 2, 3] as [UInt64]) func twoFailuresAreBothFound(seed: UInt64) async throws {
    var compared = 0
    for one in LabCase.allCases {
      for variant in one.variants {
        guard let also = variant.alsoFinds else { continue }
        for system in one.systems where system.isAffected {
          let run = LabRun(one, isFixed: false, variant: variant, system: system, seed: seed)
          let found = try await diagnose(run)
          #expect(try #require(found.own) >= verdict(run.truth.atLeast ?? "confirmed"), "\(one) \(system.id)")
          #expect(found.others[also] ?? .ruledOut >= .probable, "\(one) \(system.id): \(found.others)")
          compared += 1
        }
      }
    }
    #expect(compared > 0)
  }

  @Test func everyCaseHasLookAlikes() {
    for one in LabCase.allCases {
      #expect(
        one.variants.count { $0.alsoFinds == nil } >= 6 && Set(one.variants.map(\.id)).count == one.variants.count,
        "\(one)")
    }
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
