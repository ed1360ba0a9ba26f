/// A loaded or installed binary, as far as the evidence identifies it.
public struct ModuleIdentity: Hashable, Sendable {
  /// File name as the evidence spells it (`netbt.sys`); comparisons fold case, see `isNamed`.
  public var name: String
  /// Full path as the evidence spells it, where it does.
  public var path: String?
  public var base: VirtualAddress?
  /// Bytes the image takes in memory.
  public var size: UInt64?
  /// IMAGE_FILE_HEADER.TimeDateStamp. A build hash, not a date, in images built reproducibly.
  public var timestamp: UInt32?
  public var checksum: UInt32?
  public var version: FileVersion?
  /// Bytes on disk and the file's date (`YYYY-MM-DD`, UTC), where the evidence lists files rather than memory.
  public var fileSize: UInt64?
  public var fileDate: String?
  /// The version string's suffix (`srv03_sp2_qfe.090319-1205`), which names the servicing branch on XP and 2003.
  public var branchSuffix: String?

  public init(
    name: String, path: String? = nil, base: VirtualAddress? = nil, size: UInt64? = nil, timestamp: UInt32? = nil,
    checksum: UInt32? = nil, version: FileVersion? = nil, fileSize: UInt64? = nil, fileDate: String? = nil,
    branchSuffix: String? = nil
  ) {
    self.name = name
    self.path = path
    self.base = base
    self.size = size
    self.timestamp = timestamp
    self.checksum = checksum
    self.version = version
    self.fileSize = fileSize
    self.fileDate = fileDate
    self.branchSuffix = branchSuffix
  }

  /// File names are compared as Windows does, without case.
  public func isNamed(_ other: some StringProtocol) -> Bool { name.lowercased() == other.lowercased() }

  /// Names of the kernel image, which one machine may have under any of the four
  /// (uniprocessor or multiprocessor, with or without PAE).
  public static let kernelNames: Set<String> = ["ntoskrnl.exe", "ntkrnlmp.exe", "ntkrnlpa.exe", "ntkrpamp.exe"]

  public var isKernel: Bool { Self.kernelNames.contains(name.lowercased()) }

  /// The debugger's module name: `nt` for the kernel under any of its names, else the file name without its ending.
  public var moduleName: String {
    if isKernel { return "nt" }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }

  public func contains(_ address: VirtualAddress) -> Bool {
    guard let base, let size, size > 0 else { return false }
    return address >= base && address.rawValue - base.rawValue < size
  }
}
