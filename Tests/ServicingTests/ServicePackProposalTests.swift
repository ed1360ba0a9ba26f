import Facts
import Servicing
import Testing

@Suite struct ServicePackProposalTests {
  private func machine(_ pack: UInt8? = 0, complete: Bool = true, updates: [String] = ["KB900000"]) -> Machine {
    Machine(
      product: "Windows 7", servicePack: pack.map { ServicePack($0) }, architecture: .x64, version: "6.1.7600",
      updates: updates, updatesAreComplete: complete)
  }

  private func update(_ id: String, _ published: String? = "2010-01-01", component: String? = nil) -> CatalogueUpdate {
    let target = UpdateTarget(
      name: "Windows 7 for x64-based Systems", product: "Windows 7", build: 7600, servicePack: ServicePack(0),
      architecture: .x64, component: component)
    return CatalogueUpdate(id: id, title: id, published: published, targets: [target])
  }

  private func fix(_ id: String, _ pack: UInt8, of product: String = "Windows 7", architectures: [Architecture] = [])
    -> AuditedFix
  {
    AuditedFix(
      UpdateDescription(
        id: id,
        affected: [
          AffectedProduct(product: "Windows 7"),
          AffectedProduct(product: product, architectures: architectures, fixedIn: ServicePack(pack)),
        ]))
  }

  private let first = LaterServicePack(ServicePack(1), listed: ["KB100003"], lastPublished: "2012-01-01")

  private func proposal(
    _ machine: Machine, _ updates: [CatalogueUpdate] = [], _ fixes: [AuditedFix] = [], _ later: [LaterServicePack] = []
  ) -> ServicePackProposal? {
    audit(machine, updates: updates, replacements: [], fixes: fixes, later: later).servicePack
  }

  @Test func whatTheCatalogueListsForTheLowerOneOnly() throws {
    let updates = [
      update("KB100001"), update("KB100002"), update("KB100003"), update("KB100004", "2012-01-02"),
      update("KB100005", nil), update("KB100006", component: "Internet Explorer 8"),
    ]
    let found = try #require(proposal(machine(), updates, [], [first]))
    // Listed for both; later than the catalogue's last word on it; without a date; a part: none of them is replaced.
    #expect(found.makesNeedless == ["KB100001", "KB100002"] && found.contains.isEmpty)
    #expect(found.servicePack == ServicePack(1) && found.product == "Windows 7")
    let all = audit(machine(), updates: updates, replacements: [], later: [first])
    #expect(all.count(.missing) == 5)
  }

  @Test func oneAloneIsNoReason() {
    #expect(proposal(machine(), [update("KB100001")], [], [first]) == nil)
    #expect(proposal(machine(), [], [fix("KB200001", 1)]) == nil)
    #expect(proposal(machine(), [update("KB100001")], [fix("KB200001", 1)], [first])?.replaced.count == 2)
  }

  @Test func whatIsInstalledOrNotKnownIsNotReplaced() {
    let updates = [update("KB100001"), update("KB100002")]
    #expect(proposal(machine(updates: ["KB100001"]), updates, [], [first]) == nil)
    #expect(proposal(machine(complete: false), updates, [], [first]) == nil)
    #expect(proposal(machine(nil), updates, [], [first]) == nil)
  }

  @Test func whatArticlesSayItContains() {
    let fixes = [fix("KB200001", 1), fix("KB200002", 1)]
    #expect(proposal(machine(), [], fixes)?.contains == ["KB200001", "KB200002"])
    // The machine has it.
    #expect(proposal(machine(1), [], fixes) == nil)
    // Of another product, another architecture.
    #expect(proposal(machine(), [], [fix("KB200001", 1), fix("KB200002", 1, of: "Windows Vista")]) == nil)
    #expect(proposal(machine(), [], [fix("KB200001", 1), fix("KB200002", 1, architectures: [.ia64])]) == nil)
  }

  @Test func theLowestThatServesAsMuch() {
    let two = [fix("KB200001", 1), fix("KB200002", 1)]
    #expect(proposal(machine(), [], two + [fix("KB200003", 2)])?.servicePack == ServicePack(2))
    let second = LaterServicePack(ServicePack(2), listed: [], lastPublished: "2012-01-01")
    #expect(proposal(machine(), [], two, [second])?.servicePack == ServicePack(1))
  }

  /// Named by an article and missing from the later list, an update counts once.
  @Test func countedOnce() {
    let both = proposal(
      machine(), [update("KB100001"), update("KB100002")], [fix("KB100001", 1), fix("KB200002", 1)], [first])
    #expect(both?.replaced.sorted() == ["KB100001", "KB100002", "KB200002"])
  }
}
