import Facts

/// The known issues that come with Faultline.
public struct Catalogue: Sendable {
  public let issues: [KnownIssue]

  public init(_ issues: [KnownIssue]) { self.issues = issues }

  /// Every bundled file by its name. Adding a known issue is one file and one line here; a test compares this list with the
  /// folder.
  static let files: [(name: String, bytes: [UInt8])] = [
    ("FL-0001.yaml", PackageResources.FL_0001_yaml),
    ("FL-0004.yaml", PackageResources.FL_0004_yaml),
    ("KB950162.yaml", PackageResources.KB950162_yaml),
    ("KB961799.yaml", PackageResources.KB961799_yaml),
    ("Q315817.yaml", PackageResources.Q315817_yaml),
  ]

  /// Read once, from `Catalogue/catalogue.coded` where that is of this version and from the YAML files otherwise; the error
  /// names the file and line and can only be one of ours, because a test reads them all.
  public static func bundled() throws(KnownIssueError) -> Catalogue { try loaded.get() }

  private static let loaded: Result<Catalogue, KnownIssueError> = Result { () throws(KnownIssueError) in
    if let issues = KnownIssueCoding.decode(PackageResources.catalogue_coded) { return Catalogue(issues) }
    return try fromFiles()
  }

  /// The catalogue as its YAML files say.
  package static func fromFiles() throws(KnownIssueError) -> Catalogue {
    var issues: [KnownIssue] = []
    for file in files { issues.append(try KnownIssue(yaml: file.bytes, file: file.name)) }
    return Catalogue(issues)
  }

  /// By id in any form: `950162`, `KB950162`, `Q950162`, `fl-0001`.
  public subscript(id: String) -> KnownIssue? { issues.first { ArticleNumber.same($0.id, id) } }

  /// What the catalogue holds, for `kb stats`.
  public var statistics: Statistics {
    var statistics = Statistics()
    statistics.issues = issues.count
    for issue in issues {
      statistics.mechanisms[issue.mechanism, default: 0] += 1
      for condition in issue.conditions { statistics.conditions[condition.effect, default: 0] += 1 }
      statistics.files += issue.files.count
      statistics.withoutFileTable += issue.fileTable == .lost ? 1 : 0
    }
    statistics.products = Set(issues.flatMap { $0.affected.map(\.product) }).count
    return statistics
  }

  public struct Statistics: Hashable, Sendable {
    public var issues = 0
    public var mechanisms: [Mechanism: Int] = [:]
    public var conditions: [Effect: Int] = [:]
    public var files = 0
    /// Issues whose article printed a table that the text at hand has lost.
    public var withoutFileTable = 0
    public var products = 0
  }
}
