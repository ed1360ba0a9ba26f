import Facts

/// A version against the rows for the same file, per service pack and branch.
struct VersionComparison {
  let installed: ModuleIdentity
  let version: FileVersion
  /// All with a version.
  let rows: [FixedFile]
  let machine: Machine

  var judgement: FileJudgement {
    let sameSystem = rows.filter { $0.version.map { ($0.major, $0.minor) == (version.major, version.minor) } ?? false }
    guard let lowest = sameSystem.min(by: Self.ascending), let highest = sameSystem.max(by: Self.ascending),
      let lowestVersion = lowest.version, let highestVersion = highest.version
    else {
      return result(.unknown, "\(version) belongs to another Windows version than the listed files", rows.first)
    }
    let baseline = FileBaseline(of: version)
    let same = sameSystem.filter { $0.version.map(FileBaseline.init(of:)) == baseline }
    if same.isEmpty {
      if version < lowestVersion { return result(.older, "\(version) is older than every listed version", lowest) }
      if version > highestVersion {
        return result(.atOrAbove, "\(version) comes from a later service pack than any the fix lists", highest)
      }
      return result(.unknown, "\(version) belongs to a service pack between those the fix lists", lowest)
    }
    return ServicingBranch.hasTwoLines(version) ? compareBranches(same) : compare(same, "")
  }

  /// Same service pack, two lines of builds.
  private func compareBranches(_ rows: [FixedFile]) -> FileJudgement {
    let branch = ServicingBranch(of: version, suffix: installed.branchSuffix)
    func branchOf(_ row: FixedFile) -> ServicingBranch? {
      row.branch ?? row.version.flatMap { ServicingBranch(of: $0, suffix: nil) }
    }
    if let exact = rows.first(where: { $0.version == version }),
      branch == nil || branchOf(exact) == nil || branchOf(exact) == branch
    {
      return result(.atOrAbove, "\(version) is the listed version", exact, branch)
    }
    if let branch {
      let own = rows.filter { branchOf($0) == branch }
      if !own.isEmpty { return compare(own, " of the same branch (\(branch.name(for: version)))", branch) }
    }
    let below = rows.allSatisfy { row in row.version.map { version < $0 } ?? false }
    let untouched = FileBaseline.firstRevision(of: version).map { version.revision <= $0 } ?? false
    // A general build's lower number says nothing against a limited one, unless the service pack itself brought the file.
    let numbersShared = version.major == 5
    if below && (numbersShared || untouched) {
      return result(
        .older, "\(version) is older than every version listed for its service pack", rows.min(by: Self.ascending),
        branch)
    }
    guard let branch else {
      if let highest = rows.max(by: Self.ascending), rows.contains(where: { $0.branch != nil }),
        Set(rows.compactMap(\.branch)) == Set(ServicingBranch.allCases), let top = highest.version, version >= top
      {
        return result(.atOrAbove, "\(version) is at or above the listed versions of both branches", highest)
      }
      return result(
        .unknown,
        "\(version) is not older by number, but both servicing branches share numbers on this system and the file's branch is not known",
        rows.max(by: Self.ascending))
    }
    if branch == .limited && numbersShared {
      // A row without a branch column is a hotfix, and hotfixes are of the limited line.
      return compare(rows, " (\(branch.name(for: version)))", branch)
    }
    return result(
      .otherBranch,
      "\(version) is of the branch \(branch.name(for: version)), for which the fix lists no file; numbers of the two branches cannot be compared",
      rows.max(by: Self.ascending), branch)
  }

  private func compare(_ rows: [FixedFile], _ which: String, _ branch: ServicingBranch? = nil) -> FileJudgement {
    guard let row = rows.max(by: Self.ascending), let wanted = row.version else {
      return result(.unknown, "the fix lists no version", nil, branch)
    }
    return version >= wanted
      ? result(.atOrAbove, "\(version) is at or above the listed \(wanted)\(which)", row, branch)
      : result(.older, "\(version) is older than the listed \(wanted)\(which)", row, branch)
  }

  private func result(
    _ verdict: FileJudgement.Verdict, _ reason: String, _ wanted: FixedFile?, _ branch: ServicingBranch? = nil
  ) -> FileJudgement {
    FileJudgement(verdict, "\(installed.name) \(reason)", installed: installed, wanted: wanted, branch: branch)
  }

  private static func ascending(_ a: FixedFile, _ b: FixedFile) -> Bool {
    guard let first = a.version, let second = b.version else { return a.version == nil && b.version != nil }
    return first < second
  }
}

extension ServicingBranch {
  /// Microsoft's name for it on that system.
  func name(for version: FileVersion) -> String {
    switch self {
    case .general: "GDR"
    case .limited: version.major >= 6 ? "LDR" : "QFE"
    }
  }
}
