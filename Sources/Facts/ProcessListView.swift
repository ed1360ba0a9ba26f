/// The processes of a dump as reports print them: `faultline.dump-processes/1`.
public struct ProcessListView: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    /// Of the process's EPROCESS.
    public var address: VirtualAddress
    public var name: String
    public var id: UInt64
    public var parent: UInt64?
    public var session: UInt32?
    public var directoryTableBase: PhysicalAddress?
    public var threads: UInt32?
    /// RFC 3339, UTC.
    public var created: String?
    public var exited: String?
    /// It was current on the processor that stopped.
    public var isCurrent: Bool

    public init(address: VirtualAddress, name: String, id: UInt64, isCurrent: Bool) {
      self.address = address
      self.name = name
      self.id = id
      self.isCurrent = isCurrent
    }
  }

  public var rows: [Row] = []
  /// The build whose structure offsets were used, and whether it is the dump's own.
  public var layoutBuild: Int?
  public var isGuess = false
  public var pointerDigits: Int
  public var missing: [Missing] = []

  public init(pointerDigits: Int) { self.pointerDigits = pointerDigits }
}
