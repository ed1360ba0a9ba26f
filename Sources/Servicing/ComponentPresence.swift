import Facts
import KernelLayouts

/// Which parts that need not be there (browsers, frameworks) a machine is known to have.
struct ComponentPresence {
  private let present: Set<String>
  private let product: String?
  private let isLongTerm: Bool

  /// A part is there where an update was installed that is for this part alone.
  init(_ machine: Machine, _ updates: [CatalogueUpdate]) {
    product = machine.product
    // Editions for long-term servicing come without what is replaced often.
    isLongTerm = machine.edition.map { $0.contains("LTSC") || $0.contains("LTSB") } ?? false
    let installed = Set(machine.updates.map(updateKey))
    var present: Set<String> = []
    for update in updates where installed.contains(updateKey(update.id)) {
      let names = Set(update.targets.compactMap(\.component))
      if names.count == 1, !update.targets.contains(where: { $0.component == nil }), let name = names.first {
        present.insert(name)
      }
    }
    self.present = present
  }

  func isPresent(_ component: String) -> Bool {
    if present.contains(component) { return true }
    guard let product else { return false }
    return BuiltInComponents.comes(component, with: product, isLongTerm: isLongTerm)
  }
}
