/// The process current on the processor that stopped.
public struct SynthesizedProcess: Hashable, Sendable {
  /// EPROCESS.ImageFileName holds 15 or 16 bytes, so longer names are cut.
  public var name: String
  public var id: UInt64
  public var parentID: UInt64
  /// Terminal-services session; nil where the process belongs to none (System).
  public var session: UInt32?
  /// Address of the EPROCESS.
  public var address: UInt64
  /// Address of the MM_SESSION_SPACE that EPROCESS.Session points to.
  public var sessionSpace: UInt64
  public var peb: UInt64
  /// 100 ns since 1601-01-01 UTC; 0 of the System process, which has no time of creation.
  public var created: UInt64
  public var threads: UInt32

  public init(
    name: String, id: UInt64, parentID: UInt64 = 4, session: UInt32? = nil, address: UInt64, sessionSpace: UInt64 = 0,
    peb: UInt64 = 0, created: UInt64 = 0, threads: UInt32 = 1
  ) {
    self.name = name
    self.id = id
    self.parentID = parentID
    self.session = session
    self.address = address
    self.sessionSpace = sessionSpace
    self.peb = peb
    self.created = created
    self.threads = threads
  }
}

/// The thread that stopped the machine.
public struct SynthesizedThread: Hashable, Sendable {
  public var id: UInt64
  /// Address of the ETHREAD.
  public var address: UInt64
  public var startAddress: UInt64
  public var teb: UInt64

  public init(id: UInt64, address: UInt64, startAddress: UInt64 = 0, teb: UInt64 = 0) {
    self.id = id
    self.address = address
    self.startAddress = startAddress
    self.teb = teb
  }
}
