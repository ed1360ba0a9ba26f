/// The work queues of a dump as reports print them: `faultline.dump-queues/1`.
public struct QueueListView: Hashable, Sendable {
  public struct Worker: Hashable, Sendable {
    public var thread: VirtualAddress
    public var id: UInt64
    /// `idle`, else the thread's state.
    public var state: String
    public var isIdle: Bool
    /// The routine of the item it runs, as far as its stack tells.
    public var runs: String?
    /// What it waits for: `resource 0x…`, `synchronization-event 0x…`.
    public var waitsFor: String?
    public var stack: [StackFrame] = []

    public init(thread: VirtualAddress, id: UInt64, state: String, isIdle: Bool) {
      self.thread = thread
      self.id = id
      self.state = state
      self.isIdle = isIdle
    }
  }

  public struct Item: Hashable, Sendable {
    public var address: VirtualAddress
    public var routine: VirtualAddress?
    /// `rdbss.sys+0x1234`, or a symbol.
    public var routineName: String?
    public var parameter: VirtualAddress?
    /// `critical`, `priority-9`: of a priority queue.
    public var queue: String?
    public var priority: Int?

    public init(address: VirtualAddress) { self.address = address }
  }

  public struct Queue: Hashable, Sendable {
    /// `critical`, `delayed`, …, `node 0`.
    public var name: String
    /// `executive`, `executive-priority`, `other`.
    public var kind: String
    public var address: VirtualAddress
    public var node: Int?
    public var index: Int?
    public var running: UInt32?
    public var maximumRunning: UInt32
    public var dynamicWorkers: UInt32?
    public var staticWorkers: Int?
    public var maximumWorkers: UInt32?
    public var itemsProcessed: UInt32?
    public var workers: [Worker] = []
    public var items: [Item] = []

    public init(name: String, kind: String, address: VirtualAddress, maximumRunning: UInt32) {
      self.name = name
      self.kind = kind
      self.address = address
      self.maximumRunning = maximumRunning
    }
  }

  public var queues: [Queue] = []
  /// `symbols`, `workers`, `scan`: how the executive's queues were found.
  public var foundBy: String?
  public var graph = WaitGraph()
  public var layoutBuild: Int?
  public var isGuess = false
  public var pointerDigits: Int
  public var missing: [Missing] = []

  public init(pointerDigits: Int) { self.pointerDigits = pointerDigits }
}
