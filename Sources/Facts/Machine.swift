/// The machine the evidence comes from, merged from all pieces that describe it.
public struct Machine: Hashable, Sendable {
  /// Product name as `KernelLayouts` lists it (`Windows Server 2003`).
  public var product: String?
  public var servicePack: ServicePack?
  public var architecture: Architecture?
  /// `5.2.3790`, with the revision where it is known (`10.0.19041.804`).
  public var version: String?
  /// Language of the installation (`en-US`), where stated.
  public var language: String?
  /// Installed updates, ids as printed (`KB950162`).
  public var updates: [String]
  /// True when `updates` is known to be the whole list, so that an id's absence means something.
  public var updatesAreComplete: Bool
  /// Binaries whose version, size or date the evidence gives: loaded modules and files of a mounted volume.
  public var files: [ModuleIdentity]

  public init(
    product: String? = nil, servicePack: ServicePack? = nil, architecture: Architecture? = nil, version: String? = nil,
    language: String? = nil, updates: [String] = [], updatesAreComplete: Bool = false, files: [ModuleIdentity] = []
  ) {
    self.product = product
    self.servicePack = servicePack
    self.architecture = architecture
    self.version = version
    self.language = language
    self.updates = updates
    self.updatesAreComplete = updatesAreComplete
    self.files = files
  }
}
