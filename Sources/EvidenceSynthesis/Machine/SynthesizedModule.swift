/// A loaded image of a described machine.
public struct SynthesizedModule: Hashable, Sendable {
  /// File name: `netbt.sys`.
  public var name: String
  /// Full path as the loader keeps it: `\SystemRoot\system32\DRIVERS\netbt.sys`.
  public var path: String
  public var base: UInt64
  /// SizeOfImage, bytes.
  public var size: UInt32
  /// IMAGE_FILE_HEADER.TimeDateStamp, seconds since 1970.
  public var timestamp: UInt32
  public var checksum: UInt32
  public var entryPoint: UInt64

  public init(
    name: String, path: String? = nil, base: UInt64, size: UInt32, timestamp: UInt32 = 0, checksum: UInt32 = 0,
    entryPoint: UInt64 = 0
  ) {
    self.name = name
    self.path = path ?? "\\SystemRoot\\system32\\DRIVERS\\" + name
    self.base = base
    self.size = size
    self.timestamp = timestamp
    self.checksum = checksum
    self.entryPoint = entryPoint
  }

  public func contains(_ address: UInt64) -> Bool { address >= base && address - base < UInt64(size) }
}

/// A driver that was loaded and is gone; the kernel remembers up to 50 (MmUnloadedDrivers).
public struct SynthesizedUnloadedModule: Hashable, Sendable {
  /// At most 12 characters reach a triage dump: `dump_storport.sys` becomes `dump_storpor` (seen on 10.0.19041).
  public var name: String
  public var start: UInt64
  public var end: UInt64

  public init(name: String, start: UInt64, end: UInt64) {
    self.name = name
    self.start = start
    self.end = end
  }
}
