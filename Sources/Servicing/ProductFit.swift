import Facts

/// A machine's product, service pack and architecture against an article's list.
struct ProductFit {
  private(set) var relation = ProductRelation.unclear
  /// Set when the machine is certainly not one of those listed.
  private(set) var outside: (basis: Applicability.Basis, reason: String)?
  /// The service pack that contains the fix, if the machine has it or a later one.
  private(set) var containingServicePack: ServicePack?
  /// Why it cannot be said whether the machine is one of those listed.
  private(set) var doubt = "the article names no product"
  private(set) var servicePackDoubt: String?
  private(set) var agreement = ""
  /// The same for a machine whose service pack is too low for the fix.
  private(set) var agreementBelowPrerequisite = ""
  /// Set when the article names service packs and all of them are later than the machine's.
  private(set) var earlierServicePack: String?

  init(_ affected: [AffectedProduct], _ machine: Machine) {
    guard !affected.isEmpty else { return }
    let name =
      machine.product.map(ProductNames.canonical) ?? machine.version.map { "Windows \($0)" } ?? "the machine's product"
    // Thousands of articles are tried against one machine: sentences are made only where they are needed.
    var listed: String { Set(affected.map(\.product)).sorted().joined(separator: ", ") }
    let related = affected.map { (entry: $0, relation: ProductNames.relation(of: machine, to: $0.product)) }
      .filter { $0.relation != .other }
    guard !related.isEmpty else {
      relation = .other
      outside = (.product, "the article is about \(listed), not about \(name)")
      return
    }
    let fitting = related.filter { candidate in
      guard let own = machine.architecture, !candidate.entry.architectures.isEmpty else { return true }
      return candidate.entry.architectures.contains(own)
    }
    guard !fitting.isEmpty else {
      relation = .other
      let wanted = Set(related.flatMap { $0.entry.architectures.map(\.rawValue) }).sorted().joined(separator: ", ")
      let own = machine.architecture?.rawValue ?? "of unknown architecture"
      outside = (.architecture, "the fix exists for \(wanted), the machine is \(own)")
      return
    }

    let certain = fitting.contains { $0.relation == .same && !$0.entry.implied }
    relation = certain ? .same : .unclear
    if !certain {
      doubt =
        fitting.contains { $0.entry.implied && $0.relation == .same }
        ? "the article's list does not name \(name); only its file tables do"
        : machine.product == nil
          ? "the machine's product is not known well enough to compare it with \(listed)"
          : "from \(name) alone it cannot be told whether the machine is one of those the article names (\(listed))"
    }
    let packs = fitting.flatMap(\.entry.servicePacks)
    if let own = machine.servicePack {
      containingServicePack =
        fitting.lazy.filter { $0.relation == .same && !$0.entry.implied }.compactMap(\.entry.fixedIn).first {
          own >= $0
        }
      if let highest = packs.max(), own > highest {
        servicePackDoubt =
          "the machine has service pack \(own), later than those the article names; later ones usually contain earlier fixes"
      }
    } else if !packs.isEmpty {
      servicePackDoubt = "the machine's service pack is not known"
    }
    let pack = machine.servicePack.map { $0 == ServicePack(0) ? " without service pack" : " service pack \($0)" } ?? ""
    agreement = "\(name)\(pack) is one of the products the article names"
    agreementBelowPrerequisite =
      "the article names \(name), but this machine\(pack.isEmpty ? "" : ",\(pack),") is below what the fix needs"
    if let own = machine.servicePack, let lowest = packs.min(), own < lowest {
      earlierServicePack =
        "the article names \(name) from service pack \(lowest) on, and the machine has \(own == ServicePack(0) ? "none" : "service pack \(own)")"
    }
  }
}
