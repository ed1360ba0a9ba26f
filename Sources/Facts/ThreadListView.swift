/// The threads of a dump as reports print them: `faultline.dump-threads/1`.
public struct ThreadListView: Hashable, Sendable {
  /// An object that a thread waits for.
  public struct Wait: Hashable, Sendable {
    public var address: VirtualAddress
    /// `synchronization-event`, `mutant`, `queue`, …; nil where the object is not in the dump.
    public var type: String?
    public var signalState: Int32?
    /// The lock it belongs to, `resource 0x…`; the queue it is, `critical queue`; the thread it is.
    public var name: String?
    /// The thread that owns it.
    public var owner: VirtualAddress?
    public var ownerID: UInt64?

    public init(address: VirtualAddress) { self.address = address }
  }

  public struct Row: Hashable, Sendable {
    /// Of the thread's ETHREAD.
    public var address: VirtualAddress
    public var id: UInt64
    public var process: String?
    public var processID: UInt64?
    public var session: UInt32?
    public var state: String
    public var isWaiting = false
    public var processor: Int?
    /// Microsoft's name; nil where the thread does not wait.
    public var waitReason: String?
    public var waitedMilliseconds: UInt64?
    public var priority: Int8?
    public var basePriority: Int8?
    public var startAddress: VirtualAddress?
    /// `nt!ExpWorkerThread`, `srv.sys+0x1234`.
    public var start: String?
    public var waits: [Wait] = []
    public var waitsForAny = false
    public var hasTimeout = false
    /// Devices of requests that are not completed: `device 0x… of disk.sys`.
    public var requests: [String] = []
    public var stack: [StackFrame] = []

    public init(address: VirtualAddress, id: UInt64, state: String) {
      self.address = address
      self.id = id
      self.state = state
    }
  }

  public var rows: [Row] = []
  /// The build whose structure offsets were used, and whether it is the dump's own.
  public var layoutBuild: Int?
  public var isGuess = false
  public var pointerDigits: Int
  public var missing: [Missing] = []

  public init(pointerDigits: Int) { self.pointerDigits = pointerDigits }

  /// The threads of processes that a pattern names (`*` and `?`, whatever the letters' case) or whose id it is, and of these
  /// those that wait.
  public func selecting(processes: [String], waitingOnly: Bool) -> ThreadListView {
    var view = self
    view.rows = rows.filter { row in
      (!waitingOnly || row.isWaiting)
        && (processes.isEmpty
          || processes.contains { pattern in
            if let id = UInt64(pattern), row.processID == id { return true }
            return PoolView.matches((row.process ?? "").lowercased(), pattern.lowercased())
          })
    }
    return view
  }
}
