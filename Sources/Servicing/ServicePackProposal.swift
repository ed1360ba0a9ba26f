import Facts

/// One service pack in place of several updates that a machine lacks.
public struct ServicePackProposal: Hashable, Sendable {
  public var product: String
  public var servicePack: ServicePack
  /// Ids of updates whose articles say that this service pack contains them.
  public var contains: [String]
  /// Ids of updates that a catalogue lists for the machine's service pack and no longer for this one. This does not say that
  /// it contains them: machines with it may have another update in their place, which the catalogue lists for them.
  public var makesNeedless: [String]

  public init(product: String, servicePack: ServicePack, contains: [String], makesNeedless: [String]) {
    self.product = product
    self.servicePack = servicePack
    self.contains = contains
    self.makesNeedless = makesNeedless
  }

  public var replaced: [String] { contains + makesNeedless }

  /// Below this the updates themselves are less work, and less change, than a service pack.
  static let fewestReplaced = 2
}

/// The service pack that stands for the most of what is missing; of those that stand for as much, the first.
struct ServicePackChoice {
  private let machine: Machine
  private let later: [LaterServicePack]
  private var stated: [(id: String, fixedIn: ServicePack)] = []
  private var listed: [CatalogueUpdate] = []

  init(_ machine: Machine, _ later: [LaterServicePack]) {
    self.machine = machine
    self.later = later
  }

  mutating func lacks(_ update: UpdateDescription) {
    if let pack = update.affected.containingServicePack(for: machine) { stated.append((update.id, pack)) }
  }

  /// Parts of Windows have service packs and updates of their own.
  mutating func lacks(_ update: CatalogueUpdate) {
    if update.targets.contains(where: { $0.component == nil }) { listed.append(update) }
  }

  var proposal: ServicePackProposal? {
    guard let product = machine.product, machine.servicePack != nil else { return nil }
    var best: ServicePackProposal?
    for pack in Set(stated.map(\.fixedIn) + later.map(\.servicePack)).sorted() {
      let contained = stated.filter { $0.fixedIn <= pack }.map(\.id)
      let told = Set(contained.map(updateKey))
      var needless: [String] = []
      if let known = later.first(where: { $0.servicePack == pack }) {
        let kept = Set(known.listed.map(updateKey))
        needless = listed.filter { update in
          guard let published = update.published, published <= known.lastPublished else { return false }
          let key = updateKey(update.id)
          return !kept.contains(key) && !told.contains(key)
        }.map(\.id)
      }
      let proposal = ServicePackProposal(
        product: ProductNames.canonical(product), servicePack: pack, contains: contained, makesNeedless: needless)
      if proposal.replaced.count > best?.replaced.count ?? ServicePackProposal.fewestReplaced - 1 { best = proposal }
    }
    return best
  }
}

extension [AffectedProduct] {
  /// The first service pack that contains the fix on this machine's product, where the machine does not have it yet.
  public func containingServicePack(for machine: Machine) -> ServicePack? {
    guard let own = machine.servicePack else { return nil }
    return filter { entry in
      guard let pack = entry.fixedIn, pack > own, !entry.implied else { return false }
      if let architecture = machine.architecture, !entry.architectures.isEmpty,
        !entry.architectures.contains(architecture)
      {
        return false
      }
      return ProductNames.relation(of: machine, to: entry.product) == .same
    }.compactMap(\.fixedIn).min()
  }
}
