import Facts

/// Whether a fix is really in place on a machine, file by file.
public struct FixVerification: Hashable, Sendable {
  /// The contract's names.
  @frozen
  public enum Verdict: String, Hashable, Sendable, CaseIterable {
    case inPlace = "in-place"
    case missing
    case olderFiles = "older-files"
    case otherBranch = "other-branch"
    case unknown
  }

  public var update: String
  public var verdict: Verdict
  public var reasons: [String]
  public var files: [FileJudgement]

  public init(_ update: String, _ verdict: Verdict, reasons: [String], files: [FileJudgement] = []) {
    self.update = update
    self.verdict = verdict
    self.reasons = reasons
    self.files = files
  }
}

/// Only files prove that a fix is in place; a list of updates says at most that it was installed once.
public func verify(
  _ update: UpdateDescription, on machine: Machine, supersedence: Supersedence = .none
) -> FixVerification {
  let judged = applicability(of: update, to: machine, supersedence: supersedence)
  func result(_ verdict: FixVerification.Verdict, _ reasons: [String]) -> FixVerification {
    FixVerification(update.id, verdict, reasons: reasons, files: judged.files)
  }
  if judged.status == .notApplicable { return result(.unknown, judged.reasons) }
  func reasons(_ verdict: FileJudgement.Verdict) -> [String] {
    judged.files.filter { $0.verdict == verdict }.map(\.reason)
  }
  if !reasons(.older).isEmpty { return result(.olderFiles, reasons(.older)) }
  if !reasons(.otherBranch).isEmpty { return result(.otherBranch, reasons(.otherBranch)) }
  if !reasons(.unknown).isEmpty { return result(.unknown, reasons(.unknown)) }
  if !reasons(.atOrAbove).isEmpty { return result(.inPlace, reasons(.atOrAbove)) }
  if judged.basis == .servicePack && judged.status == .superseded { return result(.inPlace, judged.reasons) }
  if judged.basis == .updateList {
    let lacks =
      update.files.isEmpty
      ? "no fixed version is known to compare files with" : "the evidence shows none of its files"
    return result(.unknown, judged.reasons + [lacks])
  }
  if machine.updatesAreComplete && ArticleNumber(update.id) != nil {
    return result(.missing, ["\(update.id) is not among the installed updates"])
  }
  return result(.unknown, ["the evidence shows none of its files and no complete list of updates"])
}
