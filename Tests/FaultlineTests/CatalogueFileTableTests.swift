import Facts
import KnowledgeBase
import Servicing
import Testing

struct FileTableRow: Sendable, CustomTestStringConvertible {
  let issue: KnownIssue
  let file: FixedFile
  let product: String
  let servicePack: ServicePack
  let architecture: Architecture

  var testDescription: String {
    "\(issue.id) \(file.name) \(file.version?.description ?? file.date ?? "") \(product) SP\(servicePack) \(architecture)"
  }
}

enum FileTables {
  /// A row without a product or an architecture is for those the article names; without a product, for the one that rows of
  /// the same system name, if any does.
  static let rows: [FileTableRow] = {
    guard let issues = try? Catalogue.bundled().issues else { return [] }
    return issues.flatMap { issue in
      issue.files.flatMap { file -> [FileTableRow] in
        let kin = issue.files.first { other in
          other.product != nil && other.version?.major == file.version?.major
            && other.version?.minor == file.version?.minor
        }
        let named = file.product ?? kin?.product
        let entries = issue.affected.filter { !$0.implied && (named == nil || $0.product == named) }
        return entries.flatMap { entry -> [FileTableRow] in
          let architectures = file.architecture.map { [$0] } ?? entry.architectures
          return architectures.map {
            FileTableRow(
              issue: issue, file: file, product: entry.product, servicePack: file.servicePack ?? ServicePack(0),
              architecture: $0)
          }
        }
      }
    }
  }()

  static let versioned = rows.filter { $0.file.version != nil }
  static let dated = rows.filter { $0.file.version == nil }
}

/// Every row of every file table in the catalogue, against machines whose file is just below, at and just above it.
@Suite struct CatalogueFileTableTests {
  /// No row of a table goes without a machine.
  @Test func everyRowIsTried() throws {
    for issue in try Catalogue.bundled().issues {
      for file in issue.files {
        #expect(FileTables.rows.contains { $0.issue.id == issue.id && $0.file == file }, "\(issue.id) \(file)")
      }
    }
    #expect(Set(FileTables.rows.map(\.issue.id)).count >= 3)
    #expect(!FileTables.versioned.isEmpty && !FileTables.dated.isEmpty)
  }

  private func judged(_ row: FileTableRow, _ module: ModuleIdentity) -> (
    verdict: FixVerification.Verdict, file: VerifiedFile?, audited: AuditedUpdate.Status?
  ) {
    let machine = Machine(
      product: row.product, servicePack: row.servicePack, architecture: row.architecture, files: [module])
    let update = row.issue.update
    let result = verify(update, on: machine)
    let audited = audit(machine, updates: [], replacements: [], fixes: [AuditedFix(update)]).updates.first?.status
    return (
      result.verdict,
      result.everyFile(of: update, on: machine).first {
        $0.found != nil && $0.name.lowercased() == row.file.name.lowercased()
      },
      audited
    )
  }

  private func module(_ row: FileTableRow, _ change: Int, suffix: String? = nil) throws -> ModuleIdentity {
    let version = try #require(row.file.version)
    let revision = try #require(UInt16(exactly: Int(version.revision) + change))
    return ModuleIdentity(
      name: row.file.name.lowercased(), version: FileVersion(version.major, version.minor, version.build, revision),
      branchSuffix: suffix)
  }

  @Test(arguments: FileTables.versioned) func below(row: FileTableRow) throws {
    let found = judged(row, try module(row, -1))
    #expect(found.verdict == .olderFiles && found.file?.verdict == .older)
    #expect(found.file?.wanted?.version == row.file.version)
    #expect(found.audited == .missing || found.audited == .notApplicable)
  }

  @Test(arguments: FileTables.versioned) func at(row: FileTableRow) throws {
    let found = judged(row, try module(row, 0))
    #expect(found.verdict == .inPlace && found.file?.verdict == .atOrAbove && found.audited == .installed)
  }

  @Test(arguments: FileTables.versioned) func above(row: FileTableRow) throws {
    let found = judged(row, try module(row, 1))
    let version = try #require(row.file.version)
    guard version.major < 6 else {
      #expect(found.verdict == .inPlace && found.file?.verdict == .atOrAbove && found.audited == .installed)
      return
    }
    // Both branches share numbers there: only the text behind the version tells.
    #expect(found.verdict == .unknown && found.audited != .installed && found.audited != .missing)
    let limited = judged(row, try module(row, 1, suffix: "sp_qfe.080814-1242"))
    #expect(limited.verdict == .inPlace && limited.audited == .installed)
    let general = judged(row, try module(row, 1, suffix: "sp_gdr.080814-1242"))
    #expect(general.verdict == .otherBranch && general.audited != .installed)
  }

  /// A table for one architecture says nothing of a machine of another.
  @Test(arguments: FileTables.versioned) func anotherArchitecture(row: FileTableRow) throws {
    for other in [Architecture.x86, .x64, .ia64, .alpha]
    where !row.issue.files.contains(where: { $0.architecture == other || $0.architecture == nil }) {
      let machine = FileTableRow(
        issue: row.issue, file: row.file, product: row.product, servicePack: row.servicePack, architecture: other)
      let found = judged(machine, try module(row, 0))
      #expect(found.verdict != .inPlace && found.audited != .installed)
    }
  }

  private func dated(_ row: FileTableRow, _ date: String, _ change: Int64) throws -> ModuleIdentity {
    let size = try #require(row.file.size)
    return ModuleIdentity(
      name: row.file.name.lowercased(), fileSize: UInt64(Int64(size) + change), fileDate: date)
  }

  @Test(arguments: FileTables.dated) func datesBelowAtAndAbove(row: FileTableRow) throws {
    let date = try #require(row.file.date)
    let year = try #require(Int(date.prefix(4)))
    let earlier = judged(row, try dated(row, "\(year - 1)\(date.dropFirst(4))", -64))
    #expect(earlier.verdict == .olderFiles && earlier.file?.verdict == .older)
    let same = judged(row, try dated(row, date, 0))
    #expect(same.file?.verdict == .atOrAbove && same.verdict == .inPlace)
    let later = judged(row, try dated(row, "\(year + 1)\(date.dropFirst(4))", 64))
    #expect(later.file?.verdict == .atOrAbove && later.verdict == .inPlace)
    // The listed size under a later date may be a copy of the file.
    #expect(judged(row, try dated(row, "\(year + 1)\(date.dropFirst(4))", 0)).verdict == .unknown)
  }
}
