import Facts
import KnowledgeBase
import KnowledgeStore
import Reporting
import Servicing

/// Checks whether a fix is really in place on machines.
public struct MachineVerifier: Sendable {
  private let catalogue: Catalogue
  private let store: KnowledgeStore?

  public init(catalogue: Catalogue, store: KnowledgeStore?) {
    self.catalogue = catalogue
    self.store = store
  }

  public func verify(_ id: String, _ described: DescribedMachine) throws(StoreError) -> VerificationReport {
    let known = try description(of: id)
    let update = known?.update ?? UpdateDescription(id: id)
    let replacements = try store?.update(id)?.supersededByAll ?? []
    var all = catalogue.issues.map(\.update)
    all.append(UpdateDescription(id: id, supersededBy: replacements.map { KnowledgeStore.StoredUpdate.id($0.name) }))
    let machine = described.machine
    let issue = catalogue.issues.first { ArticleNumber.same($0.id, id) }
    let result = Servicing.verify(update, on: machine, supersedence: Supersedence(all))
    var missing: [Missing] = []
    if known == nil {
      missing.append(
        Missing(
          "update.files", because: .notPresent, detail: "No article on \(id) is at hand, so its files are not known."))
    } else if update.files.isEmpty {
      missing.append(
        Missing("update.files", because: .notPresent, detail: "The text at hand lists no files of \(id)."))
    }
    return VerificationReport(
      verification: result, files: result.everyFile(of: update, on: machine), machine: machine, title: known?.title,
      evidence: described.paths, missing: missing,
      workarounds: issue.map { machine.registryFacts(asking: [$0]).map(\.text) } ?? [])
  }

  /// From the bundled issues, else from an imported article.
  private func description(of id: String) throws(StoreError) -> (update: UpdateDescription, title: String?)? {
    if let issue = catalogue.issues.first(where: { ArticleNumber.same($0.id, id) }) {
      return (issue.update, issue.title)
    }
    guard let article = try store?.article(id)?.article, let issue = KnownIssue(extractedFrom: article, id: id) else {
      return nil
    }
    return (issue.update, article.title)
  }
}
