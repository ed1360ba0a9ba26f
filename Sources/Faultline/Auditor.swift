import Facts
import KnowledgeBase
import KnowledgeStore
import Servicing

/// Audits machines against the knowledge at hand: the bundled issues, imported catalogues of updates, imported articles.
public struct MachineAuditor: Sendable {
  private let catalogue: Catalogue
  private let store: KnowledgeStore?
  /// Updates somebody asked about: told even where they are not for the machine.
  private let asked: [String]

  public init(catalogue: Catalogue, store: KnowledgeStore?, asked: [String] = []) {
    self.catalogue = catalogue
    self.store = store
    self.asked = asked
  }

  public func audit(_ described: DescribedMachine) throws(StoreError) -> Audit {
    var machine = described.machine
    machine.updates = machine.updates.filter { !$0.isEmpty }
    let knowledge = try store?.auditKnowledge(of: machine) ?? KnowledgeStore.AuditKnowledge()
    var fixes = catalogue.issues.filter {
      $0.fixes.contains { $0.kind == .hotfix } && $0.update.id.hasPrefix("FL-") == false
    }
    .map { AuditedFix($0.update, title: $0.title, binaries: $0.drivers, isAskedFor: isAsked($0.id)) }
    let known = Set(fixes.map { ParsedID.key($0.update.id) })
    fixes += try store?.hotfixes(of: machine, asked: asked).filter { !known.contains(ParsedID.key($0.update.id)) } ?? []
    var audit = Servicing.audit(
      machine, updates: knowledge.updates, replacements: knowledge.replacements, fixes: fixes,
      later: knowledge.later)
    if !asked.isEmpty { try answer(&audit, machine) }
    return audit
  }

  private func isAsked(_ id: String) -> Bool { asked.contains { ArticleNumber.same($0, id) } }

  /// Of an audit only what was asked for, with an answer for each.
  private func answer(_ audit: inout Audit, _ machine: Machine) throws(StoreError) {
    var answers: [AuditedUpdate] = []
    for id in asked {
      if let found = audit.updates.first(where: { ArticleNumber.same($0.id, id) }) {
        answers.append(found)
        continue
      }
      guard let stored = try store?.update(id) else {
        answers.append(
          AuditedUpdate(id, .other, .unknown, because: ["no catalogue or article at hand describes it"]))
        continue
      }
      let products = stored.products.prefix(4).joined(separator: "; ")
      let more = stored.products.count > 4 ? " and \(stored.products.count - 4) more" : ""
      answers.append(
        AuditedUpdate(
          stored.id, .security, .notApplicable,
          because: [
            stored.products.isEmpty
              ? "the catalogue names no product it is for"
              : "the catalogue lists it for \(products)\(more), not for this machine"
          ], title: stored.title, published: stored.published, severity: stored.severity))
    }
    audit.updates = answers
    // A service pack for what nobody asked about is no answer.
    audit.servicePack = nil
  }
}

enum ParsedID {
  static func key(_ id: String) -> String { ArticleNumber(id).map { String($0.rawValue) } ?? id.lowercased() }
}
