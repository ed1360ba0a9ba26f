/// A product an article says it is about.
public struct AffectedProduct: Hashable, Sendable {
  /// Canonical name (`Windows Server 2003`).
  public var product: String
  /// The service packs named; 0 stands for none. Empty where the article does not narrow it.
  public var servicePacks: [ServicePack]
  /// Empty where the article does not narrow it.
  public var architectures: [Architecture]
  /// The first service pack that contains the fix, where the article says that one does.
  public var fixedIn: ServicePack?
  /// True when the article's list does not name the product and only its file tables point to it.
  public var implied: Bool

  public init(
    product: String, servicePacks: [ServicePack] = [], architectures: [Architecture] = [], fixedIn: ServicePack? = nil,
    implied: Bool = false
  ) {
    self.product = product
    self.servicePacks = servicePacks
    self.architectures = architectures
    self.fixedIn = fixedIn
    self.implied = implied
  }
}

/// What must be on the machine before a fix can be installed.
public struct Prerequisite: Hashable, Sendable {
  /// The product it is asked of; nil for all of them.
  public var product: String?
  /// At least this service pack.
  public var servicePack: ServicePack?
  /// This update.
  public var update: String?

  public init(product: String? = nil, servicePack: ServicePack? = nil, update: String? = nil) {
    self.product = product
    self.servicePack = servicePack
    self.update = update
  }
}

/// A fix as servicing sees it: where it belongs, what it brings, what it needs and what it stands for.
public struct UpdateDescription: Hashable, Sendable {
  public var id: String
  /// Numbers by which lists of installed updates name it, where its id is one of ours.
  public var numbers: [String]
  public var affected: [AffectedProduct]
  public var files: [FixedFile]
  public var requires: [Prerequisite]
  public var replaces: [String]
  /// Ids that contain this fix.
  public var supersededBy: [String]

  public init(
    id: String, numbers: [String] = [], affected: [AffectedProduct] = [], files: [FixedFile] = [],
    requires: [Prerequisite] = [], replaces: [String] = [], supersededBy: [String] = []
  ) {
    self.id = id
    self.numbers = numbers
    self.affected = affected
    self.files = files
    self.requires = requires
    self.replaces = replaces
    self.supersededBy = supersededBy
  }
}

extension UpdateDescription {
  /// The number by which lists of installed updates name it; nil where it is not known.
  public var listedAs: String? { ([id] + numbers).first { ArticleNumber($0) != nil } }

  /// Whether a list's entry is this update.
  public func isNamed(_ entry: String) -> Bool {
    ArticleNumber.same(entry, id) || numbers.contains { ArticleNumber.same(entry, $0) }
  }
}
