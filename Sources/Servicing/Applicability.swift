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
public func applicability(
  of update: UpdateDescription, to machine: Machine, supersedence: Supersedence = .none
) -> Applicability {
  let fit = ProductFit(update.affected, machine)
  if let outside = fit.outside { return Applicability(.notApplicable, basis: outside.basis, reasons: [outside.reason]) }

  var seen: [String] = []
  let judgements = machine.files
    .filter { file in update.files.contains { $0.isSameFile(as: file) } }
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

  let listed = machine.updates.first { ArticleNumber.same($0, update.id) }
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
  if let doubt = fit.servicePackDoubt { return result(.unknown, .servicePack, [doubt]) }
  var reasons = [fit.agreement] + undecided.map(\.reason)
  if machine.updatesAreComplete && ArticleNumber(update.id) != nil {
    reasons.append("\(update.id) is not among the installed updates")
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

extension Prerequisite {
  /// Why it is counted as missing.
  func reason(_ machine: Machine) -> String {
    if let servicePack {
      let own =
        machine.servicePack.map { $0 == ServicePack(0) ? "no service pack" : "service pack \($0)" } ?? "an unknown one"
      return "it needs service pack \(servicePack) first; the machine has \(own)"
    }
    return "it needs \(update ?? "another update") first, which is not listed as installed"
  }
}
