import Facts

/// A queue of work items and the threads that serve it.
public struct WorkQueue: Hashable, Sendable {
  @frozen
  public enum Kind: String, Hashable, Sendable {
    /// One of the executive's array: EX_WORK_QUEUE over KQUEUE, up to Windows 8.
    case executive
    /// The executive's queue of one node, with 32 priorities: EX_WORK_QUEUE over KPRIQUEUE, from Windows 8.1 on.
    case executivePriority = "executive-priority"
    /// A driver's own KQUEUE that threads of the System process serve.
    case other
  }

  public struct Worker: Hashable, Sendable {
    public var thread: UInt64
    /// It waits for the queue itself.
    public var isIdle: Bool
  }

  public struct Item: Hashable, Sendable {
    public var address: UInt64
    public var routine: UInt64?
    public var parameter: UInt64?
    /// The driver's routine behind an IO_WORKITEM, with what it gets.
    public var driverRoutine: UInt64?
    public var driverContext: UInt64?
    /// Of a priority queue.
    public var priority: Int?

    /// The routine that does the work.
    public var worker: UInt64? { driverRoutine ?? routine }
  }

  public var kind: Kind
  /// Of the KQUEUE or KPRIQUEUE, which begins the EX_WORK_QUEUE.
  public var address: UInt64
  /// Index in the executive's array (WORK_QUEUE_TYPE), or EXQUEUEINDEX.
  public var index: Int?
  public var node: Int?
  public var module: String?
  public var currentCount: UInt32 = 0
  public var maximumCount: UInt32 = 0
  /// Threads that were added because the queue made no progress; they are among the workers.
  public var dynamicThreads: UInt32?
  public var threadCount: UInt32?
  public var maximumThreads: UInt32?
  public var itemsProcessed: UInt32?
  public var workers: [Worker] = []
  public var items: [Item] = []
  /// More items than are read, or a list that leads nowhere.
  public var isCut = false

  /// WORK_QUEUE_TYPE (public header wdm.h); arrays up to Windows 7 have the first three, Windows 8 all seven.
  static let names = [
    "critical", "delayed", "hypercritical", "normal", "background", "real-time", "supercritical",
  ]

  /// The priority that each type became in Windows 8.1 (Microsoft's documentation of WORK_QUEUE_TYPE).
  static let namesByPriority = [
    7: "background", 8: "normal", 12: "delayed", 13: "critical", 14: "supercritical", 15: "hypercritical",
    18: "real-time",
  ]

  /// `critical`, `delayed`, …; `node 0` of a priority queue; a driver's by where it lies.
  public var name: String {
    switch kind {
    case .executive: index.flatMap { $0 < Self.names.count ? Self.names[$0] : nil } ?? "queue \(hexadecimal(address))"
    case .executivePriority: "node \(node.map(String.init) ?? "?")" + (index ?? 0 == 0 ? "" : ", pool \(index ?? 0)")
    case .other: module.map { "\($0) queue \(hexadecimal(address))" } ?? "queue \(hexadecimal(address))"
    }
  }

  /// What the queue, or the part of it that an item stands in, is called: `critical`, `priority-9`.
  public func name(of item: Item) -> String {
    guard kind == .executivePriority, let priority = item.priority else { return name }
    return Self.namesByPriority[priority] ?? "priority-\(priority)"
  }
}
