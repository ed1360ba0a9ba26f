/// One kind of machine that an update of a catalogue is for, from the product's name as the catalogue prints it.
public struct UpdateTarget: Hashable, Sendable {
  /// As printed (`Internet Explorer 11 on Windows 7 for x64-based Systems Service Pack 1`).
  public var name: String
  /// Canonical name of the Windows (`Windows 7`).
  public var product: String
  /// The build that the name means (7601); nil where the table of products has none for it.
  public var build: Int?
  public var servicePack: ServicePack?
  public var architecture: Architecture
  /// What on that Windows it is for, where it is not Windows itself (`Internet Explorer 11`).
  public var component: String?
  /// For installations without the graphical shell.
  public var isCore: Bool

  public init(
    name: String, product: String, build: Int? = nil, servicePack: ServicePack? = nil, architecture: Architecture,
    component: String? = nil, isCore: Bool = false
  ) {
    self.name = name
    self.product = product
    self.build = build
    self.servicePack = servicePack
    self.architecture = architecture
    self.component = component
    self.isCore = isCore
  }
}

/// An update as a catalogue lists it.
public struct CatalogueUpdate: Hashable, Sendable {
  /// As people write it: `KB4012212`, `MS08-067`.
  public var id: String
  public var title: String?
  /// `YYYY-MM-DD`.
  public var published: String?
  public var severity: String?
  public var targets: [UpdateTarget]

  public init(
    id: String, title: String? = nil, published: String? = nil, severity: String? = nil, targets: [UpdateTarget] = []
  ) {
    self.id = id
    self.title = title
    self.published = published
    self.severity = severity
    self.targets = targets
  }
}

/// One update that brings what another brought.
public struct Replacement: Hashable, Sendable {
  public var older: String
  public var newer: String
  /// Nobody states it: it follows from both being cumulative.
  public var isInferred: Bool

  public init(older: String, newer: String, isInferred: Bool = false) {
    self.older = older
    self.newer = newer
    self.isInferred = isInferred
  }
}

/// A service pack later than a machine's, with the updates that a catalogue lists for machines which have it.
public struct LaterServicePack: Hashable, Sendable {
  public var servicePack: ServicePack
  /// Ids as people write them.
  public var listed: [String]
  /// The latest of their dates, `YYYY-MM-DD`: of what was published after it the catalogue says nothing.
  public var lastPublished: String

  public init(_ servicePack: ServicePack, listed: [String], lastPublished: String) {
    self.servicePack = servicePack
    self.listed = listed
    self.lastPublished = lastPublished
  }
}
