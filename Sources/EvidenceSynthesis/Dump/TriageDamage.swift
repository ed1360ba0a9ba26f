/// What is wrong with a triage dump, on purpose. The empty value is an intact dump.
public struct TriageDamage: Hashable, Sendable {
  /// DebuggerDataOffset and DebuggerDataSize are zero and the block is not there.
  public var omitsDebuggerData = false
  /// CallStackOffset and SizeOfCallStack are zero.
  public var omitsStack = false
  /// ServicePackBuild is zero though the machine has a service pack.
  public var omitsServicePack = false
  /// DriverCount and DriverListOffset are zero.
  public var omitsDrivers = false
  /// The word at ValidOffset is `PAGE` instead of `TRGD`: the writer did not finish.
  public var isUnfinished = false
  /// The file ends here though the header promises more.
  public var truncatedAt: Int?
  /// Every driver stands twice in the list.
  public var duplicatesDrivers = false
  /// Counts that are not true.
  public var driverCount: UInt32?
  public var dataBlockCount: UInt32?
  public var unloadedCount: UInt32?
  /// Character count of the first driver's name.
  public var nameLength: UInt32?
  /// SizeOfCallStack.
  public var stackSize: UInt32?

  public init() {}

  /// Named damages for tests that try them all.
  public static let named: [(name: String, damage: TriageDamage)] = [
    ("no debugger data", .init { $0.omitsDebuggerData = true }), ("no stack", .init { $0.omitsStack = true }),
    ("no service-pack word", .init { $0.omitsServicePack = true }), ("no drivers", .init { $0.omitsDrivers = true }),
    ("unfinished", .init { $0.isUnfinished = true }), ("cut in the header", .init { $0.truncatedAt = 0x600 }),
    ("cut behind the header", .init { $0.truncatedAt = 0x2010 }),
    ("cut in the middle", .init { $0.truncatedAt = 0x4000 }),
    ("duplicate drivers", .init { $0.duplicatesDrivers = true }),
    ("absurd driver count", .init { $0.driverCount = 0xFFFF_FFFF }),
    ("absurd block count", .init { $0.dataBlockCount = 0x7FFF_FFFF }),
    ("absurd unloaded count", .init { $0.unloadedCount = 0x4000_0000 }),
    ("absurd name length", .init { $0.nameLength = 0x8000_0000 }),
    ("absurd stack size", .init { $0.stackSize = 0xFFFF_F000 }),
  ]

  private init(_ change: (inout TriageDamage) -> Void) { change(&self) }
}
