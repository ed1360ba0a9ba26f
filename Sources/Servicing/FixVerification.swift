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

/// A fix's file on a machine.
public struct VerifiedFile: Hashable, Sendable {
  public enum Verdict: String, Hashable, Sendable, CaseIterable {
    case atOrAbove = "at-or-above"
    case older
    case otherBranch = "other-branch"
    case unknown
    /// The evidence does not show the file.
    case notShown = "not-shown"
  }

  public var name: String
  /// The row it is compared with, or the first of those that could be.
  public var wanted: FixedFile?
  public var found: ModuleIdentity?
  public var branch: ServicingBranch?
  public var verdict: Verdict
  public var reason: String

  public init(
    name: String, wanted: FixedFile?, found: ModuleIdentity?, branch: ServicingBranch?, verdict: Verdict, reason: String
  ) {
    self.name = name
    self.wanted = wanted
    self.found = found
    self.branch = branch
    self.verdict = verdict
    self.reason = reason
  }
}

/// Only files prove that a fix is in place; a list of updates says at most that it was installed once.
public func verify(
  _ update: UpdateDescription, on machine: Machine, supersedence: Supersedence = .none
) -> FixVerification {
  let judged = applicability(of: update, to: machine, supersedence: supersedence)
  let listed = machine.updates.first { update.isNamed($0) }
  func result(_ verdict: FixVerification.Verdict, _ reasons: [String]) -> FixVerification {
    FixVerification(update.id, verdict, reasons: reasons, files: judged.files)
  }
  if judged.status == .notApplicable { return result(.unknown, judged.reasons) }
  func reasons(_ verdict: FileJudgement.Verdict) -> [String] {
    judged.files.filter { $0.verdict == verdict }.map(\.reason)
  }
  if !reasons(.older).isEmpty {
    let note =
      listed.map {
        ["\($0) is listed as installed, yet its files are older: something put them back, or the installation failed"]
      }
      ?? []
    return result(.olderFiles, note + reasons(.older))
  }
  if !reasons(.otherBranch).isEmpty { return result(.otherBranch, reasons(.otherBranch)) }
  if !reasons(.unknown).isEmpty {
    // Where the number does not tell, a list that lacks the fix does.
    return result(.unknown, reasons(.unknown) + (listed.map { ["\($0) is listed as installed"] } ?? []))
  }
  if !reasons(.atOrAbove).isEmpty { return result(.inPlace, reasons(.atOrAbove)) }
  if judged.basis == .servicePack && judged.status == .superseded { return result(.inPlace, judged.reasons) }
  if judged.basis == .updateList {
    let lacks =
      update.files.isEmpty
      ? "no fixed version is known to compare files with" : "the evidence shows none of its files"
    return result(.unknown, judged.reasons + [lacks])
  }
  if machine.updatesAreComplete, let number = update.listedAs {
    return result(.missing, ["\(number) is not among the installed updates"])
  }
  return result(.unknown, ["the evidence shows none of its files and no complete list of updates"])
}

extension FixVerification {
  /// Every file that the fix brings to this machine, those that the evidence does not show included; the kernel's four names are
  /// one file.
  public func everyFile(of update: UpdateDescription, on machine: Machine) -> [VerifiedFile] {
    var told: Set<String> = []
    var all = files.map { judgement in
      told.insert(Self.key(judgement.installed.name))
      let verdict: VerifiedFile.Verdict =
        switch judgement.verdict {
        case .atOrAbove: .atOrAbove
        case .older: .older
        case .otherBranch: .otherBranch
        case .unknown: .unknown
        }
      return VerifiedFile(
        name: judgement.installed.name, wanted: judgement.wanted, found: judgement.installed, branch: judgement.branch,
        verdict: verdict, reason: judgement.reason)
    }
    let fitting = update.files.filter { row in
      (row.architecture == nil || machine.architecture == nil || row.architecture == machine.architecture)
        && (row.product.map { ProductNames.relation(of: machine, to: $0) != .other } ?? true)
        && (row.servicePack == nil || machine.servicePack == nil
          || row.servicePack?.number == machine.servicePack?.number)
    }
    for row in fitting where Self.isBinary(row.name) && told.insert(Self.key(row.name)).inserted {
      all.append(
        VerifiedFile(
          name: row.name, wanted: row, found: nil, branch: nil, verdict: .notShown,
          reason: "the evidence does not show \(row.name)"))
    }
    return all
  }

  private static func key(_ name: String) -> String {
    let name = name.lowercased()
    return ModuleIdentity.kernelNames.contains(name) ? "nt" : name
  }

  /// Packages, catalogues and manifests that tables list beside the binaries.
  private static func isBinary(_ name: String) -> Bool {
    let name = name.lowercased()
    return ![".mum", ".cat", ".manifest", ".man", ".inf", ".txt"].contains { name.hasSuffix($0) }
  }
}
