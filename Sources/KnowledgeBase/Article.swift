import Facts

/// A knowledge-base article: what its text states, nothing more. The fields of `faultline.article/1`.
///
/// nil and empty both mean that the text does not say it; texts keep the article's own spelling.
public struct Article: Hashable, Sendable {
  /// As printed: `Q315817`, `KB950162`. nil when the number does not stand in the text.
  public var id: String?
  public var title: String?
  public var layout: ArticleLayout
  /// The sign by which the layout was told.
  public var layoutReason: String = ""
  public var products: [String] = []
  /// The article's own stop errors, not those in titles of articles it refers to.
  public var stopCodes: [StopCode] = []
  /// One list per printed line of parameters, wildcards kept as printed (`parameter`, `0x<nnnnnnnn>`).
  public var stopParameters: [[String]] = []
  public var bugcheckNames: [String] = []
  /// As spelled (`IoSe`, `Pp`, `Mdl`).
  public var poolTags: [String] = []
  /// Kernel binaries named in title, symptoms, cause or prose as faulty or fixed; lower-case.
  public var drivers: [String] = []
  /// `netbt!NbtCopyToStartOfIndicate`, without offsets.
  public var symbols: [String] = []
  public var mechanism: Mechanism = .none
  /// The words by which the mechanism was told.
  public var mechanismReason: String = ""
  public var fixKind: [FixKind] = []
  /// nil where the text is cut before it says.
  public var hotfixAvailable: Bool?
  /// Prerequisites as printed.
  public var requires: [String] = []
  public var replaces: [String] = []
  public var supersededBy: [String] = []
  public var restartRequired: Bool?
  public var registryChange: Bool?
  /// Number of distinct workarounds.
  public var workarounds: Int = 0
  public var files: [ArticleFile] = []
  /// Ids of every other article mentioned, replaced ones included: archive form `Qnnnnnn`, web form `KBnnnnnn`.
  public var references: [String] = []
  /// `YYYY-MM-DD`.
  public var lastReviewed: String?
  public var revision: String?
  /// `YYYY-MM-DD` of the archive's DOCUMENT line.
  public var documentDate: String?
  public var keywords: [String] = []
  public var hardware: [String] = []
  public var technology: [String] = []
  public var issueType: String?
  public var solutionType: String?
  public var languages: [String] = []
  /// Service packs that contain the fix.
  public var correctedIn: [CorrectedIn] = []
  /// Ids of event-log entries the text tells of.
  public var eventIDs: [String] = []
  /// What of the text was not read because it has too much of it, in sentences; empty where all was read.
  public var limitsReached: [String] = []

  public init(layout: ArticleLayout) { self.layout = layout }
}

/// How an article's text is laid out. Open: later layouts keep their name.
@frozen
public struct ArticleLayout: RawRepresentable, Hashable, Sendable {
  public var rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }
  /// `DOCUMENT:Q315817  08-MAY-2002  [winnt]` and underlined headings.
  public static let archive = ArticleLayout(rawValue: "archive-txt")
  /// Paragraphs without any heading.
  public static let prose = ArticleLayout(rawValue: "prose-no-headings")
  /// A "Help and Support" page whose table cells touch each other.
  public static let gluedTable = ArticleLayout(rawValue: "help-and-support-glued-table")
  /// Text wrapped at a fixed width, headings on lines of their own.
  public static let hardWrapped = ArticleLayout(rawValue: "hard-wrapped")
  /// A page as one line, headings glued to the sentences around them.
  public static let oneLine = ArticleLayout(rawValue: "one-line-glued-headings")
}

@frozen
public enum FixKind: String, Hashable, Sendable, CaseIterable {
  case hotfix
  case servicePack = "service-pack"
  case workaround, configuration, none
}

/// One row of an article's file table. Date and time are UTC as printed.
public struct ArticleFile: Hashable, Sendable {
  public var name: String
  /// As printed; nil where the cell is blank or "Not Applicable".
  public var version: String?
  /// Bytes; nil where the table prints only a rounded size.
  public var size: UInt64?
  /// `YYYY-MM-DD`.
  public var date: String?
  /// `HH:MM`.
  public var time: String?
  /// As printed: `x86`, `x64`, `IA-64`.
  public var platform: String?
  /// As printed: `SP2`.
  public var servicePack: String?
  /// As printed: `SP2QFE`, `GDR`.
  public var serviceBranch: String?
  /// The heading the table stands under.
  public var group: String?

  public init(
    name: String, version: String? = nil, size: UInt64? = nil, date: String? = nil, time: String? = nil,
    platform: String? = nil, servicePack: String? = nil, serviceBranch: String? = nil, group: String? = nil
  ) {
    self.name = name
    self.version = version
    self.size = size
    self.date = date
    self.time = time
    self.platform = platform
    self.servicePack = servicePack
    self.serviceBranch = serviceBranch
    self.group = group
  }
}
