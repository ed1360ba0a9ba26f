import Facts

/// Which service pack a system file was built on, told from its version alone.
///
/// Hotfixes are built on a service pack, and numbers of two service packs overlap in meaning: kernel 5.1.2600.5512 (the one
/// XP SP3 came with) is a later number than the SP2 hotfix 5.1.2600.3357 and lacks it all the same.
@frozen
public enum FileBaseline: Hashable, Sendable {
  /// The system keeps one line of numbers over all its service packs (NT 4.0, 2000), or nothing is known of it.
  case single
  case servicePack(UInt8)

  /// Revisions the service packs of XP and Server 2003 came with; later hotfixes for each count on from there and never reach the
  /// next one's number (seen in the file tables of these systems' articles).
  private static let revisions: [UInt16: [(first: UInt16, servicePack: UInt8)]] = [
    2600: [(0, 0), (1106, 1), (2180, 2), (5512, 3)],
    3790: [(0, 0), (1830, 1), (3959, 2)],
  ]

  /// From Vista on the build number itself tells the service pack.
  private static let builds: [UInt16: UInt8] = [6000: 0, 6001: 1, 6002: 2, 6003: 2, 7600: 0, 7601: 1]

  public init(of version: FileVersion) {
    if version.major == 5, let steps = Self.revisions[version.build],
      let step = steps.last(where: { $0.first <= version.revision })
    {
      self = .servicePack(step.servicePack)
    } else if version.major == 6, let servicePack = Self.builds[version.build] {
      self = .servicePack(servicePack)
    } else {
      self = .single
    }
  }

  /// The revision a service pack itself brought; a file at or below it has had no hotfix.
  static func firstRevision(of version: FileVersion) -> UInt16? {
    if version.major == 5 { return revisions[version.build]?.last { $0.first <= version.revision }?.first }
    return firstGeneralRevisions[version.build]
  }

  private static let firstGeneralRevisions: [UInt16: UInt16] = [
    6000: 16386, 6001: 18000, 6002: 18005, 7600: 16385, 7601: 17514, 9200: 16384,
  ]
}

extension ServicingBranch {
  /// The branch a file comes from: by its number from Vista on, by the version string's suffix on XP and Server 2003.
  /// nil where neither tells. Systems before XP kept one line; so do those since Windows 8.1.
  public init?(of version: FileVersion, suffix: String?) {
    if let suffix, let named = ServicingBranch(named: suffix) {
      self = named
    } else if version.major == 6, (6000...6002).contains(version.build) || (7600...9200).contains(version.build) {
      // General builds count on from 16xxx to 19xxx, limited ones from 20xxx (MSDN, "File version numbers" of Vista's updates).
      // The monthly rollups since October 2016 number 7601 from 23xxx on for everybody; they contain both lines.
      self = version.revision < 20000 ? .general : .limited
    } else {
      return nil
    }
  }

  /// Whether the system a version belongs to has two lines at all.
  static func hasTwoLines(_ version: FileVersion) -> Bool {
    switch (version.major, version.minor) {
    case (5, 1), (5, 2): true
    case (6, 0...2): true
    default: false
    }
  }
}
