import Facts
import KnowledgeBase
import Matching
import Servicing

/// Plans the service pack first that contains the fixes of several findings, and their hotfixes only where it cannot be
/// installed.
///
/// Each plan alone names what fixes its own finding; only together do they show that one installation serves all.
///
/// - Parameter planned: the findings, the strongest first, each with its own plan.
public func planServicePackFirst(_ planned: inout [(finding: Finding, plan: Plan)], machine: Machine) {
  var packs: [Int: ServicePack] = [:]
  for (index, (finding, _)) in planned.enumerated()
  where finding.verdict >= .probable && finding.applicability.status == .applies {
    packs[index] = finding.issue.containingServicePack(for: machine)
  }
  guard packs.count > 1, let pack = packs.values.max(), let product = machine.product else { return }
  let together = packs.keys.sorted()
  guard let first = together.first else { return }
  let ids = together.map { planned[$0].finding.issue.id }.joined(separator: ", ")
  let name = "service pack \(pack)"
  for index in together {
    planned[index].plan.steps.removeAll { step in
      step.kind == .installServicePack && step.servicePack.map { $0 <= pack } == true
    }
    for place in planned[index].plan.steps.indices where planned[index].plan.steps[place].kind.installs {
      let text = planned[index].plan.steps[place].text
      // A plan that has a service pack of its own says so already.
      guard !text.hasPrefix("Or, where ") else { continue }
      planned[index].plan.steps[place].text =
        "Only where \(name) cannot be installed: " + text.prefix(1).lowercased() + text.dropFirst()
    }
    if index != first {
      planned[index].plan.obstacles.append("\(name), which is planned first, contains this fix")
    }
  }
  let step = PlanStep(
    .installServicePack,
    "Install \(name) of \(ProductNames.canonical(product)) or a later one: it contains the fixes of \(ids), so that their hotfixes need not be installed one by one.",
    restart: true, servicePack: pack)
  // What would settle a probable finding is collected before anything is installed.
  let place = planned[first].plan.steps.firstIndex { $0.kind != .collectEvidence } ?? planned[first].plan.steps.endIndex
  planned[first].plan.steps.insert(step, at: place)
}

extension KnownIssue {
  /// The first service pack that contains the fix on this machine's product, where the machine does not have it yet.
  func containingServicePack(for machine: Machine) -> ServicePack? {
    guard let own = machine.servicePack else { return nil }
    let named = fixes.filter { fix in
      fix.kind == .servicePack
        && fix.product.map { ProductNames.relation(of: machine, to: $0) == .same } == true
    }.compactMap(\.servicePack).filter { $0 > own }
    return (named + [affected.containingServicePack(for: machine)].compactMap { $0 }).min()
  }
}
