import Facts

/// Where one file of a machine stands against the files a fix brings, and why.
public struct FileJudgement: Hashable, Sendable {
  @frozen
  public enum Verdict: String, Hashable, Sendable, CaseIterable {
    case atOrAbove = "at-or-above"
    case older
    /// From the other servicing branch, whose numbers cannot be compared; the fix was not listed for it.
    case otherBranch = "other-branch"
    case unknown
  }

  public var verdict: Verdict
  public var reason: String
  public var installed: ModuleIdentity
  /// The row it was compared with; nil where none fits.
  public var wanted: FixedFile?
  /// The machine's file's branch, where it is known.
  public var branch: ServicingBranch?

  public init(
    _ verdict: Verdict, _ reason: String, installed: ModuleIdentity, wanted: FixedFile? = nil,
    branch: ServicingBranch? = nil
  ) {
    self.verdict = verdict
    self.reason = reason
    self.installed = installed
    self.wanted = wanted
    self.branch = branch
  }
}

/// Judges a machine's file against a fix's file table.
public func judge(installed: ModuleIdentity, against files: [FixedFile], machine: Machine) -> FileJudgement {
  let fitting = files.filter { row in
    row.isSameFile(as: installed)
      && (row.architecture == nil || machine.architecture == nil || row.architecture == machine.architecture)
      && (row.product.map { ProductNames.relation(of: machine, to: $0) != .other } ?? true)
  }
  // Of rows that say the same, the one of this very name is shown.
  let rows = fitting.filter { installed.isNamed($0.name) } + fitting.filter { !installed.isNamed($0.name) }
  guard !rows.isEmpty else {
    return FileJudgement(.unknown, "the fix lists no \(installed.name) for this system", installed: installed)
  }
  let versioned = rows.filter { $0.version != nil }
  if let version = installed.version, !versioned.isEmpty {
    return VersionComparison(installed: installed, version: version, rows: versioned, machine: machine).judgement
  }
  // A kernel runs under a name that need not be its file's, so that sizes of its four files cannot be told apart.
  let dated = rows.filter { installed.isNamed($0.name) && $0.date != nil && $0.size != nil }
  if !dated.isEmpty { return judgeByDate(installed: installed, rows: dated) }
  let lacks = installed.version == nil ? "the version of \(installed.name) is not known" : "the fix lists no version"
  return FileJudgement(.unknown, lacks, installed: installed, wanted: rows.first)
}

/// For articles that print dates and sizes only. `fileDate` alone counts: an image's time stamp may be a build hash.
private func judgeByDate(installed: ModuleIdentity, rows: [FixedFile]) -> FileJudgement {
  guard let row = rows.max(by: { ($0.date ?? "") < ($1.date ?? "") }), let wanted = row.date, let size = row.size else {
    return FileJudgement(.unknown, "the fix lists neither version nor date", installed: installed)
  }
  func result(_ verdict: FileJudgement.Verdict, _ reason: String) -> FileJudgement {
    FileJudgement(verdict, "\(installed.name) \(reason)", installed: installed, wanted: row)
  }
  guard let date = installed.fileDate else {
    return result(.unknown, "has no known file date, and the fix lists dates and sizes only")
  }
  if date < wanted { return result(.older, "of \(date) is older than the listed one of \(wanted)") }
  guard let found = installed.fileSize else {
    return result(.unknown, "of \(date) has no known size, so its date alone does not tell")
  }
  if date == wanted && found == size {
    return result(.atOrAbove, "has the listed date (\(wanted)) and size (\(size) bytes)")
  }
  if date > wanted && found != size {
    return result(
      .atOrAbove, "of \(date) is later than the listed one of \(wanted) and has another size (\(found) bytes)")
  }
  return result(
    .unknown, "of \(date), \(found) bytes, fits neither the listed file (\(wanted), \(size) bytes) nor a later one")
}
