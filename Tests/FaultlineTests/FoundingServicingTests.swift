import Facts
import KnowledgeBase
import Servicing
import Testing

/// The founding articles' file tables against machines below, at and above each fixed version, per product, architecture and
/// branch.
@Suite struct FoundingServicingTests {
  private func issue(_ id: String) throws -> KnownIssue {
    try #require(try Catalogue.bundled().issues.first { $0.id == id })
  }

  private func machine(
    _ product: String, _ pack: UInt8, _ architecture: Architecture, _ files: [ModuleIdentity] = [],
    updates: [String] = [], complete: Bool = false
  ) -> Machine {
    Machine(
      product: product, servicePack: ServicePack(pack), architecture: architecture, updates: updates,
      updatesAreComplete: complete, files: files)
  }

  private func kernel(_ version: String, _ suffix: String? = nil) -> ModuleIdentity {
    ModuleIdentity(name: "ntoskrnl.exe", version: FileVersion(version), branchSuffix: suffix)
  }

  // MARK: KB950162

  @Test(arguments: [
    ("Windows XP", 2, Architecture.x86, "5.1.2600.2180", "older-files"),
    ("Windows XP", 2, .x86, "5.1.2600.3356", "older-files"), ("Windows XP", 2, .x86, "5.1.2600.3357", "in-place"),
    // A later number on a system whose branches share numbers proves nothing.
    ("Windows XP", 2, .x86, "5.1.2600.3400", "unknown"),
    ("Windows XP", 3, .x86, "5.1.2600.5512", "older-files"), ("Windows XP", 3, .x86, "5.1.2600.5585", "older-files"),
    ("Windows XP", 3, .x86, "5.1.2600.5586", "in-place"), ("Windows XP", 3, .x86, "5.1.2600.5657", "unknown"),
    ("Windows Vista", 0, .x86, "6.0.6000.16386", "older-files"),
    ("Windows Vista", 0, .x86, "6.0.6000.20792", "older-files"),
    ("Windows Vista", 0, .x86, "6.0.6000.20793", "in-place"), ("Windows Vista", 0, .x86, "6.0.6000.20900", "in-place"),
    ("Windows Vista", 0, .x86, "6.0.6000.16901", "other-branch"),
    ("Windows Vista", 1, .x86, "6.0.6001.18000", "older-files"),
    ("Windows Vista", 1, .x86, "6.0.6001.22136", "older-files"),
    ("Windows Vista", 1, .x86, "6.0.6001.22137", "in-place"), ("Windows Vista", 1, .x86, "6.0.6001.22300", "in-place"),
    ("Windows Vista", 1, .x86, "6.0.6001.18300", "other-branch"),
    ("Windows Vista", 0, .x64, "6.0.6000.20792", "older-files"),
    ("Windows Vista", 0, .x64, "6.0.6000.20793", "in-place"),
    ("Windows Vista", 1, .x64, "6.0.6001.22136", "older-files"),
    ("Windows Vista", 1, .x64, "6.0.6001.22137", "in-place"),
    ("Windows Vista", 1, .x64, "6.0.6001.18145", "other-branch"),
    ("Windows Vista", 1, .ia64, "6.0.6001.22136", "older-files"),
    ("Windows Vista", 1, .ia64, "6.0.6001.22137", "in-place"),
  ])
  func kernelOfTheLoadAndUnloadLeak(
    product: String, pack: UInt8, architecture: Architecture, version: String, verdict: String
  ) throws {
    let update = try issue("KB950162").update
    let own = machine(product, pack, architecture, [kernel(version)])
    let found = verify(update, on: own)
    #expect(found.verdict.rawValue == verdict, "\(found.reasons)")
    #expect(!found.everyFile(of: update, on: own).isEmpty)
    let audited = audit(own, updates: [], replacements: [], fixes: [AuditedFix(update)]).updates.first
    switch verdict {
    case "in-place": #expect(audited?.status == .installed)
    case "older-files": #expect(audited?.status == .missing)
    default: #expect(audited?.status != .installed)
    }
  }

  @Test func theSuffixTellsTheBranchOnXP() throws {
    let update = try issue("KB950162").update
    func verdict(_ version: String, _ suffix: String) -> String {
      verify(update, on: machine("Windows XP", 3, .x86, [kernel(version, suffix)])).verdict.rawValue
    }
    #expect(verdict("5.1.2600.5657", "xpsp_sp3_qfe.080814-1242") == "in-place")
    #expect(verdict("5.1.2600.5657", "xpsp_sp3_gdr.080814-1236") == "other-branch")
    #expect(verdict("5.1.2600.5585", "xpsp_sp3_qfe.080401-0000") == "older-files")
  }

  @Test func listedAndOlderIsSaid() throws {
    let update = try issue("KB950162").update
    let own = machine("Windows XP", 3, .x86, [kernel("5.1.2600.5512")], updates: ["KB950162"], complete: true)
    let found = verify(update, on: own)
    #expect(found.verdict == .olderFiles)
    #expect(found.reasons.first?.contains("KB950162 is listed as installed, yet its files are older") == true)
  }

  @Test func notForOtherProducts() throws {
    let update = try issue("KB950162").update
    #expect(verify(update, on: machine("Windows Server 2003", 2, .x86, complete: true)).verdict == .unknown)
    #expect(verify(update, on: machine("Windows XP", 3, .x64, complete: true)).verdict == .unknown)
    #expect(verify(update, on: machine("Windows XP", 3, .x86, updates: ["KB1"], complete: true)).verdict == .missing)
  }

  // MARK: Q315817

  private static let table: [(name: String, size: UInt64)] = [
    ("Tdasync.sys", 12728), ("Tdipx.sys", 18648), ("Tdnetb.sys", 17080), ("Tdpipe.sys", 10360), ("Tdspx.sys", 16248),
    ("Tdtcp.sys", 18488),
  ]

  private func drivers(_ date: String, sizes change: Int64 = 0) -> [ModuleIdentity] {
    Self.table.map {
      ModuleIdentity(name: $0.name.lowercased(), fileSize: UInt64(Int64($0.size) + change), fileDate: date)
    }
  }

  @Test func datesAndSizesWhereTheTableHasNoVersions() throws {
    let update = try issue("Q315817").update
    func verdict(_ files: [ModuleIdentity], pack: UInt8 = 6) -> String {
      verify(update, on: machine("Windows NT 4.0 Terminal Server Edition", pack, .x86, files)).verdict.rawValue
    }
    #expect(verdict(drivers("2002-01-07")) == "in-place")
    #expect(verdict(drivers("2001-06-01", sizes: -200)) == "older-files")
    #expect(verdict(drivers("2002-09-12", sizes: 64)) == "in-place")
    // The listed size with a later date is a copy, and what is older by one file is older.
    #expect(verdict(drivers("2002-09-12")) == "unknown")
    #expect(
      verdict(Array(drivers("2002-01-07").dropLast()) + [drivers("2001-06-01").last].compactMap { $0 }) == "older-files"
    )
    let own = machine("Windows NT 4.0 Terminal Server Edition", 6, .x86, [drivers("2002-01-07")[3]])
    let files = verify(update, on: own).everyFile(of: update, on: own)
    #expect(files.count == 6)
    #expect(files.count { $0.verdict == .notShown } == 5)
    // NT 4.0 itself may or may not be the Terminal Server Edition.
    #expect(
      audit(machine("Windows NT 4.0", 6, .x86), updates: [], replacements: [], fixes: [AuditedFix(update)]).updates
        .first?.status == .unknown)
  }

  // MARK: KB961799

  @Test(arguments: [
    ("Windows Server 2003", 2, Architecture.x86), ("Windows Server 2003", 2, .x64), ("Windows Server 2003", 2, .ia64),
    ("Windows XP Professional x64 Edition", 2, .x64),
  ])
  func replacedFixes(product: String, pack: UInt8, architecture: Architecture) throws {
    let fix = AuditedFix(try issue("KB961799").update, binaries: ["netbt.sys"])
    func statuses(_ updates: [String]) -> [String: AuditedUpdate.Status] {
      let own = machine(product, pack, architecture, updates: updates, complete: true)
      return Dictionary(
        audit(own, updates: [], replacements: [], fixes: [fix]).updates.map { ($0.id, $0.status) }
      ) { first, _ in first }
    }
    #expect(statuses(["KB1"])["KB961799"] == .missing)
    #expect(statuses(["KB1"])["KB955860"] == .missing)
    #expect(statuses(["KB961799"])["KB955860"] == .superseded)
    #expect(statuses(["KB961799"])["KB948354"] == .superseded)
    #expect(statuses(["KB955860", "KB948354"])["KB961799"] == .missing)
    #expect(statuses(["KB955860", "KB948354"])["KB955860"] == .installed)
  }

  @Test func withoutAFixedVersionNothingIsProven() throws {
    let update = try issue("KB961799").update
    let netbt = ModuleIdentity(name: "netbt.sys", version: FileVersion(5, 2, 3790, 4318))
    let own = machine("Windows Server 2003", 2, .x86, [netbt], updates: ["KB961799"], complete: true)
    #expect(verify(update, on: own).verdict == .unknown)
    #expect(
      verify(update, on: machine("Windows Server 2003", 2, .x86, [netbt], updates: ["KB1"], complete: true)).verdict
        == .missing)
  }
}
