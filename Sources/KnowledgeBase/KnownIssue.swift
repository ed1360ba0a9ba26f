import Facts

/// A known defect as something evidence can be weighed against: written once in the bundled catalogue, or extracted from an
/// article's text into the same type. There is one matcher for both.
public struct KnownIssue: Hashable, Sendable {
  /// The article's id as printed, or one of ours (`FL-0001`) where it prints none.
  public var id: String
  public var title: String
  public var mechanism: Mechanism
  /// One or two sentences in our own words: what goes wrong and why.
  public var summary: String
  public var conditions: [Condition]
  public var affected: [AffectedProduct]
  public var files: [FixedFile]
  public var fileTable: FileTable
  public var fixes: [Fix]
  public var replaces: [String]
  public var supersededBy: [String]
  /// Every other article named, replaced ones included.
  public var references: [String]
  public var restartRequired: Bool?
  /// Whether the fix itself asks for a change in the registry.
  public var registryChange: Bool?
  public var workarounds: [Workaround]
  /// Steps that prove afterwards that the fix is in place and the failure gone.
  public var verification: [VerificationStep]
  /// What evidence would settle a doubtful match, and how to collect it.
  public var settledBy: [SettlingEvidence]
  /// `YYYY-MM-DD`: when the article's text was last looked at. A binary built later may contain the fix already.
  public var lastReviewed: String?
  /// Doubts about the article itself that readers should know (a version that never existed, tables that are lost).
  public var notes: [String]

  public init(id: String, title: String, mechanism: Mechanism = .none, summary: String = "") {
    self.id = id
    self.title = title
    self.mechanism = mechanism
    self.summary = summary
    conditions = []
    affected = []
    files = []
    fileTable = .none
    fixes = []
    replaces = []
    supersededBy = []
    references = []
    workarounds = []
    verification = []
    settledBy = []
    notes = []
  }

  /// The fix as servicing sees it.
  public var update: UpdateDescription {
    UpdateDescription(
      id: id,
      numbers: ArticleNumber(id) == nil
        ? fixes.filter { $0.kind == .hotfix }.compactMap(\.id).filter { ArticleNumber($0) != nil } : [],
      affected: affected, files: files,
      requires: fixes.filter { $0.kind == .hotfix }.flatMap(\.requires), replaces: replaces, supersededBy: supersededBy)
  }
}

/// How much of the article's file table is known. `lost` and `none` differ: a lost table may be found again, and until then
/// no version can be called fixed.
@frozen
public enum FileTable: String, Hashable, Sendable, CaseIterable {
  case complete
  /// Printed, but some rows or the branch are missing in the text at hand.
  case partial
  /// The article printed a table, and the text at hand has lost it.
  case lost
  /// The article prints none.
  case none
}
