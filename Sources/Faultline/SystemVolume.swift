import ByteReading
import Facts
import MachineInventory
import PortableExecutable
import Reporting

/// Reads the system's folder of a mounted or copied volume: versions of its binaries, and the names of packages. The registry
/// hives in it are pieces of evidence of their own.
struct SystemVolume {
  private(set) var view: VolumeView
  private(set) var problems: [EvidenceProblem] = []

  /// Binaries beyond this number are not read; a system's folder has three to four thousand.
  static let maximumBinaries = 20_000

  private static let endings: Set<String> = ["sys", "exe", "dll", "drv", "ocx"]

  /// nil for a folder that is no system's: `System32` with a folder `config`.
  init?(systemFolder path: String) {
    guard let system = Self.child("system32", of: path), Self.child("config", of: system) != nil else { return nil }
    view = VolumeView(root: path)
    var unread = 0
    var binaries = Self.binaries(in: system)
    if let drivers = Self.child("drivers", of: system) { binaries += Self.binaries(in: drivers) }
    for file in binaries.prefix(Self.maximumBinaries) {
      if let identity = Self.identity(of: file, &view.architecture) { view.files.append(identity) } else { unread += 1 }
    }
    if unread > 0 || binaries.count > Self.maximumBinaries {
      let left = unread + max(0, binaries.count - Self.maximumBinaries)
      problems.append(
        EvidenceProblem(
          what: "volume > binaries", because: .malformed, expected: "images with a version", found: "\(left) without",
          text: "\(left) of \(binaries.count) binaries could not be read or were left out"))
    }
    readPackages(path, system)
  }

  /// What of a volume is read as evidence beside its system's folder: hives and dumps. nil for folders that hold no Windows.
  static func evidence(under folder: String) -> [String]? {
    for name in ["windows", "winnt"] {
      guard let root = child(name, of: folder) else { continue }
      if let found = evidence(inSystemFolder: root) { return found }
    }
    return evidence(inSystemFolder: folder)
  }

  private static func evidence(inSystemFolder root: String) -> [String]? {
    guard let system = child("system32", of: root), let config = child("config", of: system) else { return nil }
    var found = [root]
    for hive in ["SOFTWARE", "SYSTEM"] { if let path = child(hive, of: config) { found.append(path) } }
    if let dump = child("MEMORY.DMP", of: root) { found.append(dump) }
    if let folder = child("Minidump", of: root) {
      found += ((try? folderNames(folder)) ?? []).filter { $0.lowercased().hasSuffix(".dmp") }.map { folder + "/" + $0 }
    }
    return found
  }

  /// Windows does not care for letter case; the file system that it was copied to does.
  private static func child(_ name: String, of folder: String) -> String? {
    let direct = folder + "/" + name
    if FileStatus.of(direct) != .missing { return direct }
    guard let names = try? folderNames(folder) else { return nil }
    return names.first { $0.lowercased() == name.lowercased() }.map { folder + "/" + $0 }
  }

  private static func binaries(in folder: String) -> [String] {
    ((try? folderNames(folder)) ?? []).filter { name in
      guard let dot = name.lastIndex(of: ".") else { return false }
      return endings.contains(name[name.index(after: dot)...].lowercased())
    }.map { folder + "/" + $0 }.filter { FileStatus.of($0) == .file }
  }

  private static func identity(of path: String, _ architecture: inout Architecture?) -> ModuleIdentity? {
    guard let file = try? MappedFile(path: path), let image = try? PEImage(parsing: file) else { return nil }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let version = try? image.versionInformation()
    if architecture == nil, ModuleIdentity.kernelNames.contains(name.lowercased()) {
      architecture = image.header.architecture
    }
    return ModuleIdentity(
      name: name, path: path, size: UInt64(image.header.imageSize), timestamp: image.header.timestamp,
      checksum: image.header.checksum, version: version?.fileVersion, fileSize: UInt64(file.byteCount),
      fileDate: FileStatus.modified(path).map(day), branchSuffix: version?.branchSuffix)
  }

  private static func day(_ seconds: Int64) -> String { String(CivilTime(unixSeconds: seconds).rfc3339.prefix(10)) }

  /// Catalogues of updates (`KB950162.cat` up to Server 2003, `Package_for_KB950162~…cat` from Vista on) and manifests of packages.
  private mutating func readPackages(_ root: String, _ system: String) {
    var names: [String] = []
    if let catalogues = Self.child("catroot", of: system) {
      for folder in (try? folderNames(catalogues)) ?? [] where folder.hasPrefix("{") {
        names += (try? folderNames(catalogues + "/" + folder)) ?? []
      }
    }
    if let servicing = Self.child("servicing", of: root), let packages = Self.child("Packages", of: servicing) {
      names += (try? folderNames(packages)) ?? []
    }
    let kept = names.filter { $0.lowercased().hasSuffix(".cat") || $0.lowercased().hasSuffix(".mum") }
    view.packages = kept.count
    var seen: Set<String> = []
    for name in kept {
      if let id = PackageName.update(in: name), seen.insert(id).inserted { view.updates.append(id) }
    }
  }
}

extension ImageView {
  /// As a file of a machine.
  func identity(path: String) -> ModuleIdentity {
    ModuleIdentity(
      name: path.split(separator: "/").last.map(String.init) ?? path, path: path, size: UInt64(imageSize),
      timestamp: timestamp, checksum: checksum, version: fileVersion,
      fileSize: UInt64(max(0, FileStatus.size(of: path))),
      fileDate: FileStatus.modified(path).map { String(CivilTime(unixSeconds: $0).rfc3339.prefix(10)) },
      branchSuffix: branchSuffix)
  }
}
