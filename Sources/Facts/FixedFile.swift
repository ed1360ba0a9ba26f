/// One file as a fix delivers it: what a machine's copy is compared with. Every part an article may leave out is optional.
public struct FixedFile: Hashable, Sendable {
  /// As printed (`Ntkrnlmp.exe`).
  public var name: String
  public var version: FileVersion?
  /// Bytes.
  public var size: UInt64?
  /// `YYYY-MM-DD` and `HH:MM`, both UTC as printed.
  public var date: String?
  public var time: String?
  public var architecture: Architecture?
  /// The product's canonical name, where the row holds for one product only.
  public var product: String?
  /// The service pack the file is built on; 0 for none. nil where the article does not tell.
  public var servicePack: ServicePack?
  /// nil where the article prints no branch; from Vista on the version's number tells.
  public var branch: ServicingBranch?

  public init(
    name: String, version: FileVersion? = nil, size: UInt64? = nil, date: String? = nil, time: String? = nil,
    architecture: Architecture? = nil, product: String? = nil, servicePack: ServicePack? = nil,
    branch: ServicingBranch? = nil
  ) {
    self.name = name
    self.version = version
    self.size = size
    self.date = date
    self.time = time
    self.architecture = architecture
    self.product = product
    self.servicePack = servicePack
    self.branch = branch
  }

  /// The kernel is one file under four names, so a row for any of them speaks for the kernel a machine runs.
  public func isSameFile(as module: ModuleIdentity) -> Bool {
    module.isNamed(name) || (module.isKernel && ModuleIdentity.kernelNames.contains(name.lowercased()))
  }
}
