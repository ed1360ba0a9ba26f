/// The system's folder of a mounted or copied volume, as far as files tell.
public struct VolumeView: Hashable, Sendable {
  /// `…/Windows`, as named or found.
  public var root: String
  /// Binaries of the system and its drivers, in the order of their paths.
  public var files: [ModuleIdentity]
  /// Updates that catalogues and manifests of packages name. A package that is there was put on the system once; whether it is
  /// installed the registry says.
  public var updates: [String]
  /// Catalogues and manifests seen.
  public var packages: Int
  public var architecture: Architecture?

  public init(root: String, files: [ModuleIdentity] = [], updates: [String] = [], packages: Int = 0) {
    self.root = root
    self.files = files
    self.updates = updates
    self.packages = packages
  }

  public var machine: Machine { Machine(architecture: architecture, updates: updates, files: files) }
}
