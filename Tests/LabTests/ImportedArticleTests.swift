import Faultline
import KnowledgeBase
import KnowledgeStore
import Lab
import Matching
import Reporting
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The catalogue without one issue, and that issue's article as text only: what is not written by hand must still be found.
enum ImportedArticle {
  /// Below the folder of real data. Two of the five print no number, and stand in the store under the names of their files.
  static let files: [LabCase: String] = [
    .sessionImages: "000_ad3fc85f3a259b26", .shadowing: "001_cd68386d0376fdc8", .driverLoads: "002_bd548c20b3731bbc",
    .criticalQueue: "003_820dd20d858e04c3", .receivePath: "004_d9252c24fe20ae52",
  ]

  static func catalogue(without one: LabCase) throws -> Catalogue {
    let all = try Catalogue.bundled().issues
    let rest = all.filter { $0.id != one.article }
    try #require(rest.count == all.count - 1)
    return Catalogue(rest)
  }

  /// The article's id as findings name it.
  static func id(_ one: LabCase) throws -> String {
    one.article.hasPrefix("FL-") ? try #require(files[one]) : one.article
  }

  static func store(_ paths: [String], in folder: TemporaryFolder) async throws -> KnowledgeStore {
    let database = folder.path + "/kb.sqlite"
    let shared = try #require(SharedEvidence.folder)
    _ = try await KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z").run(paths.map { shared + "/" + $0 })
    return try KnowledgeStore(readingAt: database)
  }

  static func findings(_ run: LabRun, _ catalogue: Catalogue, _ store: KnowledgeStore) async throws -> [Finding] {
    let folder = try TemporaryFolder()
    for file in run.files { try folder.write(file.path, file.bytes) }
    let diagnoser = Diagnoser(catalogue: catalogue, store: store)
    let pieces = await diagnoser.read(
      run.files.filter { $0.path.hasPrefix("evidence/") }.map { folder.path + "/" + $0.path })
    return diagnoser.diagnose(pieces).findings.map(\.finding)
  }

  /// The strongest verdict on a text, and all that is confirmed.
  static func check(_ run: LabRun, _ findings: [Finding]) throws {
    let id = try id(run.labCase)
    let place = "\(run.labCase) \(run.system.id) seed \(run.seed)"
    let verdicts = findings.map { "\($0.issue.id) \($0.verdict.rawValue) \($0.confidence)" }
    let own = findings.first { $0.issue.id == id }
    #expect(
      own.map { $0.verdict >= .probable } == true, "\(place): \(verdicts), \(own?.because.map(\.condition) ?? [])")
    #expect(!findings.contains { $0.issue.id != id && $0.verdict == .confirmed }, "\(place): \(verdicts)")
  }

  /// Real debugger logs and dumps.
  static func realEvidence() throws -> [SharedEvidence.Entry] {
    try SharedEvidence.entries().filter { entry in
      entry.kind == "analyze-logs" || entry.kind == "dumps" && entry.file.hasSuffix(".dmp")
    }
  }

  /// No article may be confirmed of real evidence that does not name it.
  static func checkReal(_ store: KnowledgeStore) async throws {
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled(), store: store)
    let entries = try realEvidence()
    #expect(entries.count > 40)
    var weighed = 0
    for entry in entries {
      let path = SharedEvidence.path(entry)
      let findings = diagnoser.diagnose(await diagnoser.read([path])).findings.map(\.finding)
      weighed += findings.isEmpty ? 0 : 1
      let confirmed = findings.filter { $0.verdict == .confirmed }
      guard !confirmed.isEmpty else { continue }
      let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
      for finding in confirmed {
        let number = finding.issue.id.filter(\.isNumber)
        #expect(
          number.count >= 5 && text.contains(number), "\(entry.file): \(finding.issue.id) \(finding.because)")
      }
    }
    // The store is really asked.
    #expect(weighed > 10)
  }
}

@Suite(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) struct ImportedArticleTests {
  @Test(arguments: LabCase.allCases) func evidenceLeadsToTheImportedText(_ one: LabCase) async throws {
    let folder = try TemporaryFolder()
    let store = try await ImportedArticle.store(["seeds/" + (ImportedArticle.files[one] ?? "") + ".txt"], in: folder)
    let catalogue = try ImportedArticle.catalogue(without: one)
    for system in one.systems where system.isAffected {
      for seed in [1, 2, 3] as [UInt64] {
        let run = LabRun(one, isFixed: false, system: system, seed: seed)
        try ImportedArticle.check(run, try await ImportedArticle.findings(run, catalogue, store))
      }
    }
  }

  /// What only looks like a case confirms no text either.
  @Test(arguments: LabCase.allCases) func lookAlikesConfirmNoText(_ one: LabCase) async throws {
    let folder = try TemporaryFolder()
    let store = try await ImportedArticle.store(["seeds"], in: folder)
    let catalogue = Catalogue([])
    for variant in one.variants where variant.alsoFinds == nil {
      guard let system = one.systems.first(where: \.isAffected) else { continue }
      let run = LabRun(one, isFixed: false, variant: variant, system: system, seed: 1)
      let findings = try await ImportedArticle.findings(run, catalogue, store)
      #expect(!findings.contains { $0.verdict == .confirmed }, "\(one) \(variant.id)")
    }
  }

  @Test func realEvidenceConfirmsNoOtherArticle() async throws {
    let folder = try TemporaryFolder()
    try await ImportedArticle.checkReal(ImportedArticle.store(["seeds", "eval/articles-dev"], in: folder))
  }
}

/// Over the whole archive; importing it takes too long for every run of the tests. `make accuracy` asks for it.
@Suite(
  .enabled(if: ProcessInfo.processInfo.environment["FAULTLINE_ACCURACY"] != nil, "runs with make accuracy"),
  .enabled(if: SharedEvidence.isPresent, SharedEvidence.absence))
struct ArchiveAccuracyTests {
  @Test func archiveConfirmsNothingElse() async throws {
    let folder = try TemporaryFolder()
    let store = try await ImportedArticle.store(
      ["kb-archive/articles.tar.xz", "eval/articles-dev", "seeds"], in: folder)
    try await ImportedArticle.checkReal(store)
    for one in LabCase.allCases {
      let catalogue = try ImportedArticle.catalogue(without: one)
      for system in one.systems where system.isAffected {
        let run = LabRun(one, isFixed: false, system: system, seed: 1)
        try ImportedArticle.check(run, try await ImportedArticle.findings(run, catalogue, store))
      }
    }
  }
}
