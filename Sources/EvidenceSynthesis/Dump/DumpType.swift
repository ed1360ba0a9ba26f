/// DumpType in a dump's header. Open: a number nobody knows is written as it is.
public struct DumpType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let full = DumpType(rawValue: 1)
  public static let summary = DumpType(rawValue: 2)
  public static let header = DumpType(rawValue: 3)
  public static let triage = DumpType(rawValue: 4)
  public static let bitmapFull = DumpType(rawValue: 5)
  public static let bitmapKernel = DumpType(rawValue: 6)
  public static let automatic = DumpType(rawValue: 7)
  /// What systems before Windows 2000 leave in the field: `PAGE`. Their dumps hold all memory.
  public static let unwritten = DumpType(rawValue: 0x4547_4150)
}

/// A row of physical pages in a header's PHYSICAL_MEMORY_DESCRIPTOR.
public struct PhysicalRun: Hashable, Sendable {
  public var basePage: UInt64
  public var pageCount: UInt64

  public init(basePage: UInt64, pageCount: UInt64) {
    self.basePage = basePage
    self.pageCount = pageCount
  }
}

/// What a header states beside the machine itself.
public struct HeaderOptions: Hashable, Sendable {
  public var type: DumpType
  /// IMAGE_FILE_HEADER.Machine; nil: that of the machine's architecture.
  public var machineType: UInt32?
  /// nil leaves the field as kernels without the information do, filled with `PAGE`.
  public var physicalRuns: [PhysicalRun]?
  public var miniDumpFields: UInt32
  public var requiredDumpSpace: UInt64

  public init(
    type: DumpType, machineType: UInt32? = nil, physicalRuns: [PhysicalRun]? = nil, miniDumpFields: UInt32 = 0,
    requiredDumpSpace: UInt64 = 0
  ) {
    self.type = type
    self.machineType = machineType
    self.physicalRuns = physicalRuns
    self.miniDumpFields = miniDumpFields
    self.requiredDumpSpace = requiredDumpSpace
  }
}
