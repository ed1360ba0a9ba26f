import Facts
import Servicing
import Testing

@Suite struct ApplicabilityTests {
  static let netbt = UpdateDescription(
    id: "KB961799",
    affected: [
      AffectedProduct(
        product: "Windows Server 2003", servicePacks: [ServicePack(2)], architectures: [.x86, .x64, .ia64]),
      AffectedProduct(
        product: "Windows XP Professional x64 Edition", servicePacks: [ServicePack(2)], architectures: [.x64]),
    ],
    requires: [Prerequisite(product: "Windows Server 2003", servicePack: ServicePack(2))],
    replaces: ["KB955860", "KB948354"])
  static let mup = UpdateDescription(
    id: "FL-0004",
    affected: [
      AffectedProduct(
        product: "Windows Server 2003", servicePacks: [ServicePack(0)], architectures: [.x86, .ia64],
        fixedIn: ServicePack(1))
    ],
    files: [FixedFile(name: "Mup.sys", version: FileVersion(5, 2, 3790, 71), architecture: .x86)])

  static func machine(
    _ product: String?, _ pack: UInt8? = nil, _ architecture: Architecture? = .x86, version: String? = nil,
    updates: [String] = [], complete: Bool = false, files: [ModuleIdentity] = []
  ) -> Machine {
    Machine(
      product: product, servicePack: pack.map { ServicePack($0) }, architecture: architecture, version: version,
      updates: updates, updatesAreComplete: complete, files: files)
  }

  static func status(_ update: UpdateDescription, _ machine: Machine) -> String {
    let judged = applicability(of: update, to: machine)
    #expect(!judged.reasons.isEmpty)
    return "\(judged.status.rawValue)/\(judged.basis.rawValue)"
  }

  @Test func productServicePackAndArchitecture() {
    #expect(Self.status(Self.netbt, Self.machine("Windows Server 2003", 2)) == "applies/product")
    #expect(
      Self.status(Self.netbt, Self.machine("Microsoft(R) Windows(R) Server 2003, Enterprise Edition", 2))
        == "applies/product")
    #expect(Self.status(Self.netbt, Self.machine("Windows XP", 3)) == "not-applicable/product")
    #expect(Self.status(Self.netbt, Self.machine("Windows XP Professional x64 Edition", 2, .x64)) == "applies/product")
    #expect(Self.status(Self.netbt, Self.machine("Windows 10", nil, .x64)) == "not-applicable/product")
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, .x64)) == "not-applicable/architecture")
    #expect(Self.status(Self.netbt, Self.machine("Windows Server 2003", nil)) == "unknown/service-pack")
    #expect(Self.status(Self.netbt, Self.machine("Windows Server 2003", 3)) == "unknown/service-pack")
    #expect(Self.status(Self.netbt, Self.machine(nil, 2)) == "unknown/product")
    #expect(Self.status(Self.netbt, Self.machine(nil, 2, .x86, version: "5.2.3790")) == "unknown/product")
    #expect(Self.status(Self.netbt, Self.machine(nil, 2, .x86, version: "6.1.7601")) == "not-applicable/product")
    #expect(Self.status(Self.netbt, Self.machine("Some OS", 2)) == "unknown/product")
  }

  @Test func missingServicePackIsNamed() {
    let judged = applicability(of: Self.netbt, to: Self.machine("Windows Server 2003", 1))
    #expect(judged.status == .applies)
    #expect(judged.missing == Self.netbt.requires)
    #expect(judged.reasons.contains("it needs service pack 2 first; the machine has service pack 1"))
    #expect(
      judged.reasons.first
        == "the article names Windows Server 2003, but this machine, service pack 1, is below what the fix needs")
    #expect(!judged.reasons.contains { $0.contains("is one of the products") })
    let other = applicability(of: Self.netbt, to: Self.machine("Windows XP Professional x64 Edition", 1, .x64))
    #expect(other.missing.isEmpty)
    // No prerequisite is known for it, and the article names a later service pack only.
    #expect(other.status == .unknown && other.basis == .servicePack)
    #expect(other.reasons.first?.contains("from service pack 2 on") == true)
  }

  @Test func prerequisiteOfAnUnknownServicePack() {
    let update = UpdateDescription(
      id: "KB100001", affected: [AffectedProduct(product: "Windows XP")],
      requires: [Prerequisite(product: "Windows XP", servicePack: ServicePack(2))])
    #expect(Self.status(update, Self.machine("Windows XP", nil)) == "unknown/service-pack")
    #expect(Self.status(update, Self.machine("Windows XP", 2)) == "applies/product")
    #expect(Self.status(update, Self.machine("Windows XP", 1)) == "applies/product")
  }

  @Test func letterOfAServicePackIsOftenLeftOut() {
    let update = UpdateDescription(
      id: "Q315817", affected: [AffectedProduct(product: "Windows NT 4.0 Terminal Server Edition")],
      requires: [Prerequisite(servicePack: ServicePack("6a"))])
    let judged = applicability(of: update, to: Self.machine("Windows NT 4.0 Terminal Server Edition", 6))
    #expect(judged.reasons.contains { $0.hasSuffix("(evidence often prints 6a without its letter)") })
  }

  @Test func aVersionWithoutAFixedOneTellsNothing() {
    func judged(_ version: FileVersion, _ pack: UInt8 = 2, complete: Bool = false) -> Applicability {
      applicability(
        of: Self.netbt,
        to: Self.machine(
          "Windows Server 2003", pack, complete: complete, files: [ModuleIdentity(name: "NETBT.SYS", version: version)]),
        concerning: ["netbt.sys"])
    }
    let later = judged(FileVersion(5, 2, 3790, 4400))
    #expect(later.status == .unknown && later.basis == .files)
    #expect(
      later.reasons == [
        "NETBT.SYS is 5.2.3790.4400 here, and no fixed version of it is known, so it may have the fix or not"
      ])
    // The service pack's own file has had no hotfix.
    let original = judged(FileVersion(5, 2, 3790, 3959))
    #expect(original.status == .applies && original.basis == .files)
    #expect(judged(FileVersion(5, 2, 3790, 1830)).status == .unknown)
    #expect(judged(FileVersion(5, 2, 3790, 4400), complete: true).status == .applies)
    let other = Self.machine(
      "Windows Server 2003", 2, files: [ModuleIdentity(name: "afd.sys", version: FileVersion(5, 2, 3790, 4400))])
    #expect(applicability(of: Self.netbt, to: other, concerning: ["netbt.sys"]).status == .applies)
  }

  @Test func updatesInstalledOrReplaced() {
    for id in ["KB961799", "Q961799", "961799"] {
      #expect(Self.status(Self.netbt, Self.machine("Windows Server 2003", 2, updates: [id])) == "installed/update-list")
    }
    var older = Self.netbt
    older.id = "KB948354"
    let supersedence = Supersedence([Self.netbt])
    let machine = Self.machine("Windows Server 2003", 2, updates: ["KB961799"])
    let judged = applicability(of: older, to: machine, supersedence: supersedence)
    #expect(judged.status == .superseded)
    #expect(judged.reasons == ["KB961799, which is installed, contains the fix"])
    #expect(Self.status(older, machine) == "applies/product")
  }

  @Test func filesProveMoreThanLists() {
    let old = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 0))
    let new = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 71))
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, files: [old])) == "applies/files")
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, files: [new])) == "installed/files")
    // Service pack 1 contains the fix; an older file shows that this machine lost it.
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 1)) == "superseded/service-pack")
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 1, files: [old])) == "applies/files")
    let listed = applicability(
      of: Self.mup, to: Self.machine("Windows Server 2003", 0, updates: ["FL-0004"], files: [old]))
    #expect(listed.reasons.contains("FL-0004 is listed as installed, yet the file is older"))
  }

  @Test func unknownBranchLeavesTheStatusUnknown() {
    let later = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 300))
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, files: [later])) == "unknown/files")
  }

  @Test func terminalServerAndPlainNTAreNotToldApart() {
    let update = UpdateDescription(
      id: "Q315817", affected: [AffectedProduct(product: "Windows NT 4.0 Terminal Server Edition")])
    #expect(Self.status(update, Self.machine("Windows NT Server 4.0, Terminal Server Edition", 6)) == "applies/product")
    #expect(Self.status(update, Self.machine("Windows NT 4.0", 6)) == "unknown/product")
    let reasons = applicability(of: update, to: Self.machine("Windows NT 4.0", 6)).reasons
    #expect(reasons.first?.hasPrefix("from Windows NT 4.0 alone it cannot be told") == true)
    let plain = UpdateDescription(id: "Q1000001", affected: [AffectedProduct(product: "Windows NT 4.0")])
    #expect(Self.status(plain, Self.machine("Windows NT 4.0 Terminal Server Edition", 6)) == "unknown/product")
  }

  @Test(arguments: [
    ("Windows NT Server versions 3.51, 4.0", "Windows NT 4.0", ProductRelation.same),
    ("Windows NT Server versions 3.51, 4.0", "Windows 2000", .other), ("Windows NT", "Windows NT 4.0", .unclear),
    ("Windows NT", "Windows 2000", .other), ("Windows NT 3.51", "Windows NT 4.0", .other),
    ("Windows NT 4.0", "Windows NT 4.0 Terminal Server Edition", .unclear),
    ("Windows Server 2003", "BeOS", .unclear), ("Microsoft SNA Server, version 4.0", "Windows 2000", .unclear),
  ])
  func relations(named: String, own: String, relation: ProductRelation) {
    #expect(ProductNames.relation(of: Machine(product: own), to: named) == relation)
  }

  @Test(arguments: [
    ("Windows Server 2003", "5.2.3790", ProductRelation.unclear), ("Windows 2000", "5.0.2195", .same),
    ("Windows 2000", "5.2.3790", .other), ("Windows 2000", "5.9", .unclear),
    ("Windows NT 4.0 Terminal Server Edition", "4.0.1381", .unclear),
  ])
  func relationsByVersionAlone(named: String, version: String, relation: ProductRelation) {
    #expect(ProductNames.relation(of: Machine(version: version), to: named) == relation)
  }

  @Test(arguments: [
    ("Microsoft Windows XP Professional", "Windows XP"),
    ("Windows XP Professional x64 Edition", "Windows XP Professional x64 Edition"),
    ("Windows Vista Home Basic 64-bit Edition", "Windows Vista"),
    ("Windows Server 2008 R2 Standard", "Windows Server 2008 R2"),
    ("Microsoft® Windows Server® 2008 Enterprise", "Windows Server 2008"), ("Windows NT Server 4.0", "Windows NT 4.0"),
    ("Windows NT Server 4.0, Terminal Server Edition", "Windows NT 4.0 Terminal Server Edition"),
    ("Microsoft Windows 10 Enterprise N", "Windows 10"), ("Windows 8.1 Pro", "Windows 8.1"),
    ("Windows 7 Ultimate", "Windows 7"),
    ("Microsoft Windows 2000 Advanced Server", "Windows 2000"),
    ("Windows Small Business Server 2003", "Windows Server 2003"),
  ])
  func namesAreReducedToTheProduct(text: String, name: String) {
    #expect(ProductNames.canonical(text) == name)
    #expect(ProductNames.canonical(name) == name)
  }

  @Test func supersedenceEndsInCircles() {
    let circle = Supersedence([
      UpdateDescription(id: "KB100001", replaces: ["KB100002"]),
      UpdateDescription(id: "KB100002", replaces: ["KB100001"]),
      UpdateDescription(id: "KB100003", replaces: ["Q100001"]),
    ])
    #expect(circle.covers("KB100003", "KB100002"))
    #expect(!circle.covers("KB100009", "KB100002"))
    #expect(!circle.covers("KB100002", "KB100003"))
  }

  /// A dump names the driver, a list beside it gives its version.
  @Test func aModuleWithoutAVersionHidesNoListedFile() {
    let loaded = ModuleIdentity(name: "Mup.sys", base: VirtualAddress(0xF7A0_0000), size: 0x1A000)
    let new = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 71))
    let old = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 0))
    for files in [[loaded, new], [new, loaded]] {
      #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, files: files)) == "installed/files")
    }
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, files: [loaded, old])) == "applies/files")
    #expect(Self.status(Self.mup, Self.machine("Windows Server 2003", 0, files: [loaded])) != "installed/files")
  }

  @Test func verification() {
    func verdict(_ machine: Machine, _ update: UpdateDescription = Self.mup) -> String {
      verify(update, on: machine).verdict.rawValue
    }
    let old = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 0))
    let new = ModuleIdentity(name: "mup.sys", version: FileVersion(5, 2, 3790, 71))
    let general = ModuleIdentity(
      name: "mup.sys", version: FileVersion(5, 2, 3790, 90), branchSuffix: "srv03_gdr.030722-1234")
    #expect(verdict(Self.machine("Windows Server 2003", 0, files: [new])) == "in-place")
    #expect(verdict(Self.machine("Windows Server 2003", 0, files: [old, new])) == "older-files")
    #expect(verdict(Self.machine("Windows Server 2003", 0, files: [general])) == "other-branch")
    #expect(verdict(Self.machine("Windows Server 2003", 0)) == "unknown")
    #expect(verdict(Self.machine("Windows Server 2003", 2, complete: true), Self.netbt) == "missing")
    #expect(verdict(Self.machine("Windows Server 2003", 2, updates: ["KB961799"]), Self.netbt) == "unknown")
    #expect(verdict(Self.machine("Windows 10"), Self.netbt) == "unknown")
  }
}
