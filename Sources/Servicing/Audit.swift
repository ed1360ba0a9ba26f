import Facts

/// One update in the light of one machine.
public struct AuditedUpdate: Hashable, Sendable {
  /// The contract's names.
  @frozen
  public enum Status: String, Hashable, Sendable, CaseIterable {
    case missing, unknown, superseded, installed
    case notApplicable = "not-applicable"
  }

  @frozen
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Of a catalogue of security updates.
    case security
    /// A fix that an article describes, for machines that show its failure.
    case hotfix
    /// On the machine's list, and in no catalogue or article at hand.
    case other
  }

  public var id: String
  public var kind: Kind
  public var status: Status
  /// Sentences for people, the deciding one first.
  public var because: [String]
  /// What brings the same: installed where the status is `superseded`, else the newest of those that the machine lacks too.
  public var supersededBy: [String]
  public var title: String?
  public var published: String?
  public var severity: String?

  public init(
    _ id: String, _ kind: Kind, _ status: Status, because: [String], supersededBy: [String] = [], title: String? = nil,
    published: String? = nil, severity: String? = nil
  ) {
    self.id = id
    self.kind = kind
    self.status = status
    self.because = because
    self.supersededBy = supersededBy
    self.title = title
    self.published = published
    self.severity = severity
  }
}

/// A machine's updates against what is known of its product.
public struct Audit: Hashable, Sendable {
  public var machine: Machine
  /// What is missing first, then what is not known, superseded, installed.
  public var updates: [AuditedUpdate]
  public var missing: [Missing]
  /// One service pack in place of several of the updates that are missing.
  public var servicePack: ServicePackProposal?

  public init(
    machine: Machine, updates: [AuditedUpdate] = [], missing: [Missing] = [], servicePack: ServicePackProposal? = nil
  ) {
    self.machine = machine
    self.servicePack = servicePack
    self.updates = updates
    self.missing = missing
  }

  public func count(_ status: AuditedUpdate.Status) -> Int { updates.count { $0.status == status } }
}

/// Audits a machine against catalogues of security updates and against fixes that articles describe.
///
/// - Parameters:
///   - updates: those of the machine's product, service pack and architecture.
///   - replacements: between any updates of the machine's system.
///   - fixes: those whose articles name the machine's product, or any others that shall be told about.
///   - later: service packs of the machine's product that it does not have.
public func audit(
  _ machine: Machine, updates: [CatalogueUpdate], replacements: [Replacement], fixes: [AuditedFix] = [],
  later: [LaterServicePack] = []
) -> Audit {
  var auditor = Auditor(machine, updates, replacements, fixes, later)
  return auditor.audit()
}

/// A fix that an article describes.
public struct AuditedFix: Hashable, Sendable {
  public var update: UpdateDescription
  public var title: String?
  /// Binaries it is known to change where its file table is not known.
  public var binaries: [String]
  /// Somebody asked for this one: it is told even where it is not for the machine.
  public var isAskedFor: Bool

  public init(_ update: UpdateDescription, title: String? = nil, binaries: [String] = [], isAskedFor: Bool = false) {
    self.update = update
    self.title = title
    self.binaries = binaries
    self.isAskedFor = isAskedFor
  }
}

private struct Auditor {
  let machine: Machine
  let updates: [CatalogueUpdate]
  let fixes: [AuditedFix]
  private let chains: ReplacementChains
  private let offered: Set<String>
  private let components: ComponentPresence
  private var result: [AuditedUpdate] = []
  private var told: Set<String> = []
  private var choice: ServicePackChoice

  init(
    _ machine: Machine, _ updates: [CatalogueUpdate], _ replacements: [Replacement], _ fixes: [AuditedFix],
    _ later: [LaterServicePack]
  ) {
    choice = ServicePackChoice(machine, later)
    self.machine = machine
    self.updates = updates
    self.fixes = fixes
    let stated = fixes.flatMap { fix in
      fix.update.replaces.map { Replacement(older: $0, newer: fix.update.id) }
        + fix.update.supersededBy.map { Replacement(older: fix.update.id, newer: $0) }
    }
    chains = ReplacementChains(replacements + stated, installed: machine.updates)
    offered = Set(machine.offered.map(updateKey))
    components = ComponentPresence(machine, updates)
  }

  mutating func audit() -> Audit {
    for update in updates where told.insert(updateKey(update.id)).inserted {
      let judged = judge(update)
      if judged.status == .missing { choice.lacks(update) }
      result.append(judged)
    }
    for fix in fixes { judge(fix) }
    for fix in fixes { judgeReplaced(by: fix) }
    for id in machine.updates where told.insert(updateKey(id)).inserted {
      result.append(
        AuditedUpdate(
          id, .other, .installed,
          because: ["it is in the list of installed updates; no catalogue or article at hand describes it"]))
    }
    let order = AuditedUpdate.Status.allCases
    result.sort { a, b in
      let first = order.firstIndex(of: a.status) ?? 0
      let second = order.firstIndex(of: b.status) ?? 0
      if first != second { return first < second }
      if a.kind != b.kind { return a.kind == .security || b.kind == .other }
      // The newest of what is missing brings most.
      if a.published != b.published { return (a.published ?? "") > (b.published ?? "") }
      return a.id < b.id
    }
    return Audit(machine: machine, updates: result, missing: lacks, servicePack: choice.proposal)
  }

  private var lacks: [Missing] {
    var lacks: [Missing] = []
    func add(_ what: String, _ detail: String) { lacks.append(Missing(what, because: .notPresent, detail: detail)) }
    if machine.product == nil { add("machine.product", "Without the product no update can be told to be for it.") }
    if machine.architecture == nil { add("machine.architecture", "Updates differ by architecture.") }
    if machine.version == nil { add("machine.version", "The build tells which updates are for it.") }
    if !machine.updatesAreComplete {
      add(
        "machine.updates",
        machine.updates.isEmpty
          ? "The evidence lists no installed update. The list of the command wmic qfe, or a hive SOFTWARE, settles what is missing."
          : "The list of installed updates is not known to be whole, so what it lacks may be there. The list of the command wmic qfe, or a hive SOFTWARE, settles it."
      )
    }
    return lacks
  }

  // MARK: Catalogues

  private func judge(_ update: CatalogueUpdate) -> AuditedUpdate {
    let key = updateKey(update.id)
    func result(_ status: AuditedUpdate.Status, _ because: [String], by newer: [String] = []) -> AuditedUpdate {
      AuditedUpdate(
        update.id, .security, status, because: because, supersededBy: newer, title: update.title,
        published: update.published, severity: update.severity)
    }
    if chains.isInstalled(key) { return result(.installed, ["it is in the list of installed updates"]) }
    if let chain = chains.installedReplacement(of: key) {
      return result(.superseded, [chain.text(of: update.id)], by: [chain.last])
    }
    let newest = chains.newest(replacing: key)
    let instead =
      newest.isEmpty
      ? [] : ["\(newest.prefix(3).joined(separator: " or ")), which the machine lacks too, brings what it brings"]
    let names = Array(Set(update.targets.compactMap(\.component))).sorted()
    if offered.contains(key) { return result(.missing, ["it was offered to this machine"] + instead, by: newest) }
    if update.targets.allSatisfy({ $0.component != nil }) && !names.contains(where: components.isPresent) {
      let which = names.count == 1 ? names[0] : names.prefix(3).joined(separator: ", ")
      return result(
        .unknown, ["it is for \(which), and the evidence does not tell whether that is on the machine"] + instead,
        by: newest)
    }
    if update.targets.allSatisfy(\.isCore), machine.product != "Windows Server" {
      return result(
        .unknown, ["it is for Server Core installations, and the evidence does not tell whether this is one"] + instead,
        by: newest)
    }
    guard machine.updatesAreComplete else {
      let why =
        machine.updates.isEmpty
        ? "the evidence lists no installed updates"
        : "it is not listed, and the list of installed updates is not known to be whole"
      return result(.unknown, [why] + instead, by: newest)
    }
    let target = update.targets.first { $0.component == nil && !$0.isCore } ?? update.targets.first
    return result(
      .missing, ["it is for \(target?.name ?? "this system") and not among the installed updates"] + instead, by: newest
    )
  }

  // MARK: Fixes of articles

  private mutating func judge(_ fix: AuditedFix) {
    guard !told.contains(updateKey(fix.update.id)) else { return }
    let judged = applicability(
      of: fix.update, to: machine, supersedence: chains.supersedence, concerning: fix.binaries)
    var status: AuditedUpdate.Status
    switch judged.status {
    case .applies: status = .missing
    case .installed: status = .installed
    case .superseded: status = .superseded
    case .notApplicable: status = .notApplicable
    case .unknown: status = .unknown
    }
    // What needs a service pack that the machine does not have is for another one until then.
    if status == .missing, judged.missing.contains(where: { $0.servicePack != nil }) { status = .notApplicable }
    guard status != .notApplicable || fix.isAskedFor else { return }
    told.insert(updateKey(fix.update.id))
    for number in fix.update.numbers { told.insert(updateKey(number)) }
    var because = judged.reasons
    var newer: [String] = []
    if status == .superseded, let chain = chains.installedReplacement(of: updateKey(fix.update.id)) {
      newer = [chain.last]
    } else if status == .missing || status == .unknown {
      newer = chains.newest(replacing: updateKey(fix.update.id))
    }
    // A list that may be cut does not show that a fix is missing; older files do.
    let isProven = judged.basis == .files || machine.updatesAreComplete
    if status == .missing && isProven { choice.lacks(fix.update) }
    if status == .missing {
      because.append("it is meant only for machines that show the failure its article describes")
    }
    result.append(
      AuditedUpdate(
        fix.update.id, .hotfix, status == .missing && !isProven ? .unknown : status, because: because,
        supersededBy: newer, title: fix.title))
  }

  /// What a fix for this machine replaces, where nothing else is known of it.
  private mutating func judgeReplaced(by fix: AuditedFix) {
    let fit = applicability(of: fix.update, to: machine, supersedence: chains.supersedence, concerning: fix.binaries)
    guard fit.status != .notApplicable, !fit.missing.contains(where: { $0.servicePack != nil }) else { return }
    let isCertain =
      machine.updatesAreComplete && fit.basis != .product || fit.status != .unknown && machine.updatesAreComplete
    for id in fix.update.replaces where told.insert(updateKey(id)).inserted {
      let key = updateKey(id)
      let source = "\(fix.update.id) replaces it; its own article is not at hand"
      if chains.isInstalled(key) {
        result.append(
          AuditedUpdate(id, .hotfix, .installed, because: ["it is in the list of installed updates", source]))
      } else if let chain = chains.installedReplacement(of: key) {
        result.append(
          AuditedUpdate(id, .hotfix, .superseded, because: [chain.text(of: id), source], supersededBy: [chain.last]))
      } else {
        let newest = chains.newest(replacing: key)
        result.append(
          AuditedUpdate(
            id, .hotfix, isCertain ? .missing : .unknown,
            because: [
              isCertain
                ? "it is not among the installed updates, and what replaces it (\(newest.joined(separator: ", "))) is not either"
                : "it is not listed, and the evidence does not tell whether it is for this machine and the list whole",
              source,
            ], supersededBy: newest))
      }
    }
  }
}

/// Ids that mean the same update have one key.
func updateKey(_ id: some StringProtocol) -> String {
  ArticleNumber(id).map { String($0.rawValue) } ?? id.lowercased()
}
