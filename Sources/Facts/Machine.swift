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

  /// The name the machine goes by, where evidence states it.
  public var computerName: String?
  /// The product's name with its edition as printed (`Microsoft Windows 10 Enterprise LTSC`).
  public var edition: String?
  /// Updates offered to the machine, which it therefore lacks.
  public var offered: [String] = []
  /// Drivers and services and when they start, where a hive of the system lists them.
  public var services: [HiveView.Service] = []
  /// Registry values that change how the machine behaves, among those known issues speak of.
  public var settings: [RegistrySetting] = []
  /// Keys that were looked at for settings, whether or not they are there.
  public var settingKeys: [String] = []
  /// Which evidence each part was taken from, in the order of the evidence.
  public var origins: [Origin] = []
  /// Where pieces of evidence say different things, in sentences.
  public var contradictions: [String] = []

  /// Where a part of the machine's description comes from.
  public struct Origin: Hashable, Sendable {
    /// `product`, `servicePack`, `updates`, `files`, …: the description's keys.
    public var part: String
    /// The piece's path.
    public var path: String

    public init(_ part: String, _ path: String) {
      self.part = part
      self.path = path
    }
  }

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

/// A value of the registry and what it does.
public struct RegistrySetting: Hashable, Sendable {
  /// From the hive's root as Windows names it (`HKLM\\SOFTWARE\\…\\NoRemoteRecursiveEvents`).
  public var path: String
  /// Numbers in decimal, texts as they are.
  public var value: String
  /// A text that reads `1` is another setting than the number.
  public var isNumber: Bool

  public init(path: String, value: String, isNumber: Bool) {
    self.path = path
    self.value = value
    self.isNumber = isNumber
  }
}
