import Facts

/// Whether a fix is for this machine, and why. Reasons are sentences for people, the deciding one first.
public struct Applicability: Hashable, Sendable {
  /// The contract's names.
  @frozen
  public enum Status: String, Hashable, Sendable, CaseIterable {
    case applies, installed, superseded
    case notApplicable = "not-applicable"
    case unknown
  }

  /// What the status rests on, for those who must weigh it: a file in place proves more than an entry in a list.
  @frozen
  public enum Basis: String, Hashable, Sendable, CaseIterable {
    case product
    case architecture
    case servicePack = "service-pack"
    case files
    case updateList = "update-list"
    /// Nothing of the above told.
    case none
  }

  public var status: Status
  public var basis: Basis
  public var reasons: [String]
  /// Prerequisites the machine does not meet, or is not known to meet.
  public var missing: [Prerequisite]
  /// One per file of the fix that the machine shows.
  public var files: [FileJudgement]

  public init(
    _ status: Status, basis: Basis, reasons: [String], missing: [Prerequisite] = [], files: [FileJudgement] = []
  ) {
    self.status = status
    self.basis = basis
    self.reasons = reasons
    self.missing = missing
    self.files = files
  }
}

/// Judges one fix against one machine.
///
/// Order of proof: product and architecture, then the files themselves, then the service pack that contains the fix, then the
/// list of installed updates. Files come before lists because lists are cut, and because a later fix may have put an older file
/// back.
///
/// - Parameter concerning: the binaries the fix is known to change where its file table is not known; a machine's versions of
///   them leave the answer open.
public func applicability(
  of update: UpdateDescription, to machine: Machine, supersedence: Supersedence = .none, concerning: [String] = []
) -> Applicability {
  let fit = ProductFit(update.affected, machine)
  if let outside = fit.outside { return Applicability(.notApplicable, basis: outside.basis, reasons: [outside.reason]) }

  var seen: [String] = []
  let shown = machine.files.filter { file in update.files.contains { $0.isSameFile(as: file) } }
  // A module that a dump names without a version adds nothing to a list that gives the file's version or date.
  func key(_ file: ModuleIdentity) -> String { file.isKernel ? "nt" : file.name.lowercased() }
  let versioned = Set(shown.filter { $0.version != nil || $0.fileDate != nil }.map(key))
  let judgements =
    shown
    .filter { $0.version != nil || $0.fileDate != nil || !versioned.contains(key($0)) }
    .map { judge(installed: $0, against: update.files, machine: machine) }
    .filter { judgement in
      defer { seen.append(judgement.reason) }
      return !seen.contains(judgement.reason)
    }
  let older = judgements.filter { $0.verdict == .older }
  let current = judgements.filter { $0.verdict == .atOrAbove }
  let missing = missingPrerequisites(update, machine)
  func result(_ status: Applicability.Status, _ basis: Applicability.Basis, _ reasons: [String]) -> Applicability {
    Applicability(
      status, basis: basis,
      reasons: reasons + missing.map { $0.reason(machine) }.filter { _ in status == .applies || status == .unknown },
      missing: missing, files: judgements)
  }

  let listed = machine.updates.first { update.isNamed($0) }
  if !older.isEmpty {
    let note = listed.map { ["\($0) is listed as installed, yet the file is older"] } ?? []
    if fit.relation == .unclear { return result(.unknown, .product, [fit.doubt] + older.map(\.reason) + note) }
    return result(.applies, .files, older.map(\.reason) + note)
  }
  let undecided = judgements.filter { $0.verdict == .unknown || $0.verdict == .otherBranch }
  if !current.isEmpty && undecided.isEmpty { return result(.installed, .files, current.map(\.reason)) }
  if let pack = fit.containingServicePack {
    return result(.superseded, .servicePack, ["service pack \(pack), which the machine has, contains the fix"])
  }
  if let listed { return result(.installed, .updateList, ["\(listed) is in the list of installed updates"]) }
  let later = machine.updates.first { id in
    update.supersededBy.contains { ArticleNumber.same($0, id) } || supersedence.covers(id, update.id)
  }
  if let later {
    return result(.superseded, .updateList, ["\(later), which is installed, contains the fix"])
  }

  if fit.relation == .unclear { return result(.unknown, .product, [fit.doubt] + undecided.map(\.reason)) }
  if undecided.contains(where: { $0.verdict == .unknown && $0.installed.version != nil && $0.wanted?.version != nil }) {
    return result(.unknown, .files, undecided.map(\.reason))
  }
  let number = machine.updatesAreComplete ? update.listedAs : nil
  if update.files.isEmpty && number == nil, let file = machine.files.first(where: { $0.isVersioned(among: concerning) })
  {
    return result(
      file.isServicePackOriginal(on: machine) ? .applies : .unknown, .files, [file.withoutFixedVersion(machine)])
  }
  if let doubt = fit.servicePackDoubt { return result(.unknown, .servicePack, [doubt]) }
  if machine.servicePack == nil, let pack = update.requires.servicePack(for: machine) {
    return result(
      .unknown, .servicePack, ["the fix needs service pack \(pack), and the machine's service pack is not known"])
  }
  let below = missing.contains { $0.servicePack != nil }
  if !below, let earlier = fit.earlierServicePack { return result(.unknown, .servicePack, [earlier]) }
  var reasons = [below ? fit.agreementBelowPrerequisite : fit.agreement] + undecided.map(\.reason)
  if let number {
    reasons.append("\(number) is not among the installed updates")
  } else if judgements.isEmpty {
    reasons.append(
      "whether the fix is already in place is not known: the evidence names none of its files' versions and no complete list of updates"
    )
  }
  return result(.applies, .product, reasons)
}

private func missingPrerequisites(_ update: UpdateDescription, _ machine: Machine) -> [Prerequisite] {
  update.requires.filter { prerequisite in
    if let product = prerequisite.product, ProductNames.relation(of: machine, to: product) == .other { return false }
    if let pack = prerequisite.servicePack, let own = machine.servicePack, own >= pack { return false }
    if prerequisite.servicePack != nil && machine.servicePack == nil { return false }
    if let id = prerequisite.update, machine.updates.contains(where: { ArticleNumber.same($0, id) }) { return false }
    return prerequisite.servicePack != nil || prerequisite.update != nil
  }
}

extension ModuleIdentity {
  fileprivate func isVersioned(among names: [String]) -> Bool { version != nil && names.contains { isNamed($0) } }

  /// Whether the file is the very one that the machine's service pack brought: then no hotfix has replaced it.
  fileprivate func isServicePackOriginal(on machine: Machine) -> Bool {
    guard let version, let pack = machine.servicePack, pack.number > 0, pack.letter == nil else { return false }
    return FileBaseline(of: version) == .servicePack(pack.number)
      && FileBaseline.firstRevision(of: version) == version.revision
  }

  /// What a version tells where no fixed one is known.
  fileprivate func withoutFixedVersion(_ machine: Machine) -> String {
    let found = "\(name) is \(version?.description ?? "of unknown version") here"
    if isServicePackOriginal(on: machine), let pack = machine.servicePack {
      return "\(found), which is the one that service pack \(pack) brought: no hotfix has replaced it"
    }
    return "\(found), and no fixed version of it is known, so it may have the fix or not"
  }
}

extension [Prerequisite] {
  /// The service pack asked of this machine's product, whichever the machine has.
  fileprivate func servicePack(for machine: Machine) -> ServicePack? {
    first { prerequisite in
      guard prerequisite.servicePack != nil else { return false }
      return prerequisite.product.map { ProductNames.relation(of: machine, to: $0) != .other } ?? true
    }?.servicePack
  }
}

extension Prerequisite {
  /// Why it is counted as missing.
  func reason(_ machine: Machine) -> String {
    if let servicePack {
      let own =
        machine.servicePack.map { $0 == ServicePack(0) ? "no service pack" : "service pack \($0)" } ?? "an unknown one"
      // SP6a calls itself 6 in dumps and inventories.
      let doubt =
        servicePack.letter != nil && machine.servicePack == ServicePack(servicePack.number)
        ? " (evidence often prints \(servicePack) without its letter)" : ""
      return "it needs service pack \(servicePack) first; the machine has \(own)\(doubt)"
    }
    return "it needs \(update ?? "another update") first, which is not listed as installed"
  }
}
