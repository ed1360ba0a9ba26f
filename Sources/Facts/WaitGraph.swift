/// Who waits for whom: threads, locks, signals, work queues, pending work items and devices, and why each is said to wait.
///
/// An edge leads from what waits to what it waits for. Nothing in memory says who will signal an event: edges from an event to
/// the item that sets it are inferences and say so.
public struct WaitGraph: Hashable, Sendable {
  public enum NodeKind: String, Hashable, Sendable, CaseIterable {
    case thread, lock, signal, queue, item, device
  }

  public struct Node: Hashable, Sendable {
    public var kind: NodeKind
    public var address: VirtualAddress
    /// `thread 1a4 (System)`, `resource Ntfs.sys+0x1234`.
    public var title: String
    /// What more is known: a thread's place, an item's routine.
    public var detail: String?
    /// It cannot go on, as far as the edges tell.
    public var isStuck = false

    public init(_ kind: NodeKind, address: VirtualAddress, title: String, detail: String? = nil) {
      self.kind = kind
      self.address = address
      self.title = title
      self.detail = detail
    }
  }

  public enum EdgeKind: String, Hashable, Sendable, CaseIterable {
    /// A thread waits for an object.
    case waitsFor = "waits-for"
    /// A lock is held by a thread.
    case heldBy = "held-by"
    /// An event is set when a pending item has run.
    case setBy = "set-by"
    /// An event is set when a device completes a request.
    case completedBy = "completed-by"
    /// An item waits in a queue.
    case pendingIn = "pending-in"
    /// A queue is served by a thread that is busy.
    case servedBy = "served-by"
  }

  /// What an edge rests on, from strongest to weakest.
  public enum Basis: String, Hashable, Sendable, CaseIterable {
    /// A field of a structure states it.
    case stated
    /// Code that is to run comes to it: an item's routine, followed with the item's parameter, sets the event.
    case code
    /// What waits, or works, has the other's address among its data.
    case reachable
    /// Both belong to one component.
    case sameComponent = "same-component"
  }

  public struct Edge: Hashable, Sendable {
    /// Indices into `nodes`.
    public var from: Int
    public var to: Int
    public var kind: EdgeKind
    public var basis: Basis
    /// `observed` where a field of a structure says so, else an inference or a guess; all are guesses by a guessed layout.
    public var trust: Trust
    /// The field, or the way the inference took.
    public var evidence: String

    public init(from: Int, to: Int, kind: EdgeKind, basis: Basis, trust: Trust, evidence: String) {
      self.from = from
      self.to = to
      self.kind = kind
      self.basis = basis
      self.trust = trust
      self.evidence = evidence
    }
  }

  public enum VerdictKind: String, Hashable, Sendable, CaseIterable {
    /// Threads hold what each other waits for.
    case deadlock
    /// Every worker of a queue waits for what only its pending items can finish.
    case starvation
    /// Every worker waits behind a deadlock that the queue has no part in.
    case blockedByDeadlock = "blocked-by-deadlock"
    /// Many wait for one lock whose holder can go on.
    case oneHolder = "one-holder"
    /// Many wait for requests to one device.
    case oneDevice = "one-device"
    /// No worker is idle and items are pending, but workers can go on.
    case busyQueue = "busy-queue"
  }

  public struct Verdict: Hashable, Sendable {
    public var kind: VerdictKind
    public var text: String
    /// Of its weakest necessary edge.
    public var trust: Trust
    /// Indices into `edges`: what it rests on.
    public var edges: [Int] = []
    /// `critical`, `delayed`, … of the queue concerned.
    public var queue: String?
    /// Module whose items the workers run.
    public var client: String?
    /// Module whose pending items they wait for.
    public var needs: String?
    public var workers: Int?
    public var dynamicWorkers: Int?
    public var pending: Int?
    /// Threads that wait.
    public var threads: Int?

    public init(_ kind: VerdictKind, _ text: String, trust: Trust) {
      self.kind = kind
      self.text = text
      self.trust = trust
    }
  }

  public var nodes: [Node] = []
  public var edges: [Edge] = []
  public var verdicts: [Verdict] = []

  public init() {}
}
