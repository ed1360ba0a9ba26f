/// What a registry hive says, as reports print it.
public struct HiveView: Hashable, Sendable {
  /// A driver or service and when it starts.
  public struct Service: Hashable, Sendable {
    public var name: String
    /// 0 boot, 1 system, 2 automatic, 3 on demand, 4 disabled.
    public var start: UInt32
    /// SERVICE_*: 1 kernel driver, 2 file system driver, 0x10 and 0x20 processes; others are combinations.
    public var type: UInt32
    /// As the registry has it.
    public var image: String?

    public init(name: String, start: UInt32, type: UInt32, image: String?) {
      self.name = name
      self.start = start
      self.type = type
      self.image = image
    }

    public var isDriver: Bool { type & 0xB != 0 }
  }

  /// `system`, `software`, `sam`, `security`, `ntuser`, `usrclass`, `default`, `amcache`, `components`, `bcd`, `drivers` or
  /// `unknown`.
  public var type: String
  /// The end of the path under which it was loaded.
  public var fileName: String
  /// `1.5`.
  public var format: String
  public var primarySequence: UInt32
  public var secondarySequence: UInt32
  /// Transactions taken from logs beside the hive; 0 where it needed or had none.
  public var appliedTransactions: Int
  public var rootKeys: [String]
  public var keys: Int
  public var values: Int
  /// nil where the hive says nothing of its machine.
  public var machine: Machine?
  /// `EditionID`: `Professional`, `ServerStandard`.
  public var edition: String?
  /// `ControlSet001`: the one in use.
  public var controlSet: String?
  public var computerName: String?
  /// Drivers and services of the control set in use, in the hive's order.
  public var services: [Service]

  public init(
    type: String, fileName: String, format: String, primarySequence: UInt32, secondarySequence: UInt32,
    appliedTransactions: Int, rootKeys: [String], keys: Int, values: Int
  ) {
    self.type = type
    self.fileName = fileName
    self.format = format
    self.primarySequence = primarySequence
    self.secondarySequence = secondarySequence
    self.appliedTransactions = appliedTransactions
    self.rootKeys = rootKeys
    self.keys = keys
    self.values = values
    services = []
  }
}
