import Facts
import Servicing
import Testing

@Suite struct AuditTests {
  static let target = UpdateTarget(
    name: "Windows 7 for x64-based Systems Service Pack 1", product: "Windows 7", build: 7601,
    servicePack: ServicePack(1), architecture: .x64)

  private func update(_ id: String, component: String? = nil, isCore: Bool = false) -> CatalogueUpdate {
    var target = Self.target
    target.component = component
    target.isCore = isCore
    return CatalogueUpdate(id: id, title: "about \(id)", published: "2015-01-01", targets: [target])
  }

  private func machine(_ updates: [String], complete: Bool = true, offered: [String] = []) -> Machine {
    var machine = Machine(
      product: "Windows 7", servicePack: ServicePack(1), architecture: .x64, version: "6.1.7601", updates: updates,
      updatesAreComplete: complete)
    machine.offered = offered
    return machine
  }

  private func status(_ audit: Audit, _ id: String) -> AuditedUpdate.Status? {
    audit.updates.first { $0.id == id }?.status
  }

  @Test func whatOnlyOtherMissingUpdatesReplaceIsMissing() throws {
    let replacements = [
      Replacement(older: "KB100001", newer: "KB100002"), Replacement(older: "KB100002", newer: "KB100003"),
    ]
    let updates = ["KB100001", "KB100002", "KB100003"].map { update($0) }
    let none = audit(machine(["KB999999"]), updates: updates, replacements: replacements)
    #expect(none.count(.missing) == 3)
    let first = try #require(none.updates.first { $0.id == "KB100001" })
    #expect(first.supersededBy == ["KB100003"])
    #expect(first.because.contains { $0.contains("KB100003, which the machine lacks too") })
    // Over a step that is missing itself.
    let last = audit(machine(["KB100003"]), updates: updates, replacements: replacements)
    #expect(status(last, "KB100001") == .superseded && status(last, "KB100002") == .superseded)
    #expect(last.updates.first { $0.id == "KB100001" }?.because.first?.contains("over KB100002") == true)
    let middle = audit(machine(["Q100002"]), updates: updates, replacements: replacements)
    #expect(status(middle, "KB100001") == .superseded && status(middle, "KB100002") == .installed)
    #expect(status(middle, "KB100003") == .missing)
  }

  @Test func inferredStepsAreCalledSo() throws {
    let result = audit(
      machine(["KB100002"]), updates: [update("KB100001")],
      replacements: [Replacement(older: "KB100001", newer: "KB100002", isInferred: true)])
    #expect(result.updates.first { $0.id == "KB100001" }?.because.first?.contains("inferred") == true)
  }

  @Test func ringsEnd() {
    let result = audit(
      machine(["KB999999"]), updates: [update("KB100001"), update("KB100002")],
      replacements: [
        Replacement(older: "KB100001", newer: "KB100002"), Replacement(older: "KB100002", newer: "KB100001"),
      ])
    #expect(result.count(.missing) == 2)
  }

  @Test func aListThatMayBeCutLeavesItOpen() {
    let cut = audit(
      machine(["KB100002"], complete: false), updates: [update("KB100001"), update("KB100002")], replacements: [])
    #expect(status(cut, "KB100001") == .unknown && status(cut, "KB100002") == .installed)
    #expect(cut.missing.contains { $0.what == "machine.updates" })
    let offered = audit(
      machine(["KB100002"], complete: false, offered: ["KB100001"]), updates: [update("KB100001")], replacements: [])
    #expect(status(offered, "KB100001") == .missing)
  }

  @Test func partsThatNeedNotBeThere() {
    let updates = [
      update("KB100001", component: "Microsoft .NET Framework 4.5.2"),
      update("KB100002", component: "Microsoft .NET Framework 4.5.2"), update("KB100003", isCore: true),
    ]
    #expect(status(audit(machine(["KB999999"]), updates: updates, replacements: []), "KB100001") == .unknown)
    // An update for nothing else is installed, so the part is there.
    #expect(status(audit(machine(["KB100002"]), updates: updates, replacements: []), "KB100001") == .missing)
    #expect(status(audit(machine(["KB100002"]), updates: updates, replacements: []), "KB100003") == .unknown)
  }

  static let netbt = AuditedFix(ApplicabilityTests.netbt, title: "NetBT")

  private func server(_ updates: [String], pack: UInt8 = 2, complete: Bool = true) -> Machine {
    ApplicabilityTests.machine(
      "Windows Server 2003", pack, .x86, version: "5.2.3790", updates: updates, complete: complete)
  }

  @Test func fixesOfArticles() {
    let without = audit(server(["KB999999"]), updates: [], replacements: [], fixes: [Self.netbt])
    #expect(status(without, "KB961799") == .missing)
    #expect(
      without.updates.first { $0.id == "KB961799" }?.because.contains { $0.contains("only for machines that show") }
        == true)
    // The two it replaces are missing as long as it is.
    #expect(status(without, "KB955860") == .missing && status(without, "KB948354") == .missing)
    let with = audit(server(["KB961799"]), updates: [], replacements: [], fixes: [Self.netbt])
    #expect(status(with, "KB961799") == .installed)
    #expect(status(with, "KB955860") == .superseded && status(with, "KB948354") == .superseded)
    let older = audit(server(["KB955860"]), updates: [], replacements: [], fixes: [Self.netbt])
    #expect(status(older, "KB955860") == .installed && status(older, "KB961799") == .missing)
    #expect(status(older, "KB948354") == .missing)
    let cut = audit(server(["KB999999"], complete: false), updates: [], replacements: [], fixes: [Self.netbt])
    #expect(status(cut, "KB961799") == .unknown)
    // Not for Windows XP, and told only where somebody asks.
    let xp = ApplicabilityTests.machine(
      "Windows XP", 3, .x86, version: "5.1.2600", updates: ["KB999999"], complete: true)
    #expect(status(audit(xp, updates: [], replacements: [], fixes: [Self.netbt]), "KB961799") == nil)
    var asked = Self.netbt
    asked.isAskedFor = true
    #expect(status(audit(xp, updates: [], replacements: [], fixes: [asked]), "KB961799") == .notApplicable)
  }
}
