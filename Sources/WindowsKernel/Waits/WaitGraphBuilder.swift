import CrashDumpFormat
import Facts

/// Puts threads, locks and queues together into the graph of who waits for whom.
struct WaitGraphBuilder {
  let dump: KernelDump
  let structures: StructureReader
  let threads: KernelThreadList
  let locks: LockList
  let queues: WorkQueueList

  private(set) var graph = WaitGraph()
  private var index: [Key: Int] = [:]
  /// Threads to look at next.
  private var front: [UInt64] = []
  private(set) var stacks: [UInt64: [StackFrame]] = [:]
  /// Workers that are not idle, by queue node.
  private(set) var queueNodes: [Int: WorkQueue] = [:]

  /// Threads of the graph: a machine on which more wait for each other shows it in these.
  static let maximumThreads = 4096
  /// Items whose routine belongs to the component that waits, shown for each event.
  static let maximumSameComponent = 4

  private var drawn: Set<EdgeKey> = []

  private struct EdgeKey: Hashable {
    var from: Int
    var to: Int
    var kind: WaitGraph.EdgeKind
  }

  private struct Key: Hashable {
    var kind: WaitGraph.NodeKind
    var address: UInt64
  }

  init(
    _ dump: KernelDump, _ structures: StructureReader, _ threads: KernelThreadList, _ locks: LockList,
    _ queues: WorkQueueList
  ) {
    self.dump = dump
    self.structures = structures
    self.threads = threads
    self.locks = locks
    self.queues = queues
  }

  mutating func build() {
    addQueues()
    for lock in locks.locks where !lock.waiters.isEmpty { addLock(lock) }
    addRequestWaiters()
    while let next = front.popLast() { addWaits(of: next) }
    addSetters()
  }

  // MARK: Nodes

  private func known(_ kind: WaitGraph.NodeKind, _ address: UInt64) -> Int? {
    index[Key(kind: kind, address: address)]
  }

  private mutating func add(
    _ kind: WaitGraph.NodeKind, _ address: UInt64, _ title: String, _ detail: String?
  ) -> Int {
    index[Key(kind: kind, address: address)] = graph.nodes.count
    graph.nodes.append(WaitGraph.Node(kind, address: VirtualAddress(address), title: title, detail: detail))
    return graph.nodes.count - 1
  }

  private mutating func edge(
    _ from: Int, _ to: Int, _ kind: WaitGraph.EdgeKind, basis: WaitGraph.Basis = .stated, _ evidence: String
  ) {
    let trust: Trust =
      switch basis {
      case .stated, .code: .observed
      case .reachable: .inferred
      case .sameComponent: .guessed
      }
    guard drawn.insert(EdgeKey(from: from, to: to, kind: kind)).inserted else { return }
    graph.edges.append(
      WaitGraph.Edge(
        from: from, to: to, kind: kind, basis: basis, trust: threads.isGuess ? .guessed : trust, evidence: evidence))
  }

  /// nil where the thread is not in the list, or the graph is full.
  private mutating func threadNode(_ address: UInt64) -> Int? {
    if let known = known(.thread, address) { return known }
    guard let thread = threads.thread(at: address), stacks.count < Self.maximumThreads else { return nil }
    let frames = dump.stack(of: thread)
    stacks[address] = frames
    front.append(address)
    let place = frames.first { frame in frame.module.map { !ModuleIdentity(name: $0).isKernel } ?? false }
    var detail = thread.state.name
    if thread.state.isWaiting, let reason = thread.waitReason { detail += ", \(reason.name)" }
    if let place { detail += ", in \(place.placeText)" }
    return add(.thread, address, thread.title, detail)
  }

  private mutating func signalNode(_ object: DispatcherObject, of thread: KernelThread) -> Int {
    if let known = known(.signal, object.address) { return known }
    return add(
      .signal, object.address, "\(object.kind.name) \(hexadecimal(object.address))",
      thread.holdsOnStack(object.address)
        ? "on the stack of \(thread.title)"
        : dump.modules.entry(at: object.address).map { "in \($0.identity.name)" })
  }

  // MARK: Queues

  /// Queues in which items are pending, with their items and their workers.
  private mutating func addQueues() {
    for queue in queues.queues where !queue.items.isEmpty {
      let from = add(
        .queue, queue.address, "\(queue.name) queue",
        "\(queue.workers.count) workers, \(queue.items.count) pending items")
      queueNodes[from] = queue
      for worker in queue.workers where !worker.isIdle {
        guard let to = threadNode(worker.thread) else { continue }
        edge(from, to, .servedBy, "ThreadListHead of the queue")
      }
    }
  }

  private mutating func itemNode(_ item: WorkQueue.Item, in queue: WorkQueue, _ queueNode: Int) -> Int {
    let to =
      known(.item, item.address)
      ?? add(
        .item, item.address, "item \(hexadecimal(item.address)) of \(queue.name(of: item))",
        item.worker.map { dump.modules.frame($0, stackPointer: nil, trust: .context).placeText })
    edge(to, queueNode, .pendingIn, "EntryListHead of the queue")
    return to
  }

  // MARK: Locks

  private func title(of lock: KernelLock) -> String {
    let place = lock.resource?.module.map { " in \($0)" } ?? ""
    return "\(lock.kind.rawValue) \(hexadecimal(lock.address))\(place)"
  }

  @discardableResult
  private mutating func addLock(_ lock: KernelLock) -> Int {
    if let known = known(.lock, lock.address) { return known }
    let at = add(.lock, lock.address, title(of: lock), lock.note ?? (lock.isExclusive ? "held exclusively" : "shared"))
    for owner in lock.owners {
      guard let to = threadNode(owner) else { continue }
      edge(at, to, .heldBy, lock.ownerField)
    }
    for waiter in lock.waiters { _ = threadNode(waiter.thread) }
    return at
  }

  /// Threads that wait for a request's event: enough of them and the device is the matter.
  private mutating func addRequestWaiters() {
    for thread in threads.threads where thread.state.isWaiting && !thread.requests.isEmpty {
      guard thread.waits.contains(where: { wait in thread.requests.contains { $0.event == wait.address } }) else {
        continue
      }
      _ = threadNode(thread.address)
    }
  }

  // MARK: Waits

  private mutating func addWaits(of address: UInt64) {
    guard let thread = threads.thread(at: address), thread.state.isWaiting,
      let from = known(.thread, address)
    else { return }
    if let lock = locks.lock(waitedForBy: address), let waiter = lock.waiters.first(where: { $0.thread == address }) {
      let to = addLock(lock)
      edge(
        from, to, .waitsFor, basis: waiter.isStated ? .stated : .reachable,
        waiter.isStated ? "wait block" : "the waiter's stack holds the resource's address")
      return
    }
    for wait in thread.waits {
      guard let object = wait.object else { continue }
      if object.kind == .thread, let to = threadNode(object.address) {
        edge(from, to, .waitsFor, "wait block, the thread's end")
      } else if object.kind.isSignal || object.kind.isTimer {
        let to = signalNode(object, of: thread)
        edge(from, to, .waitsFor, "wait block")
        addRequests(of: thread, event: object.address, to)
      }
    }
  }

  private mutating func addRequests(of thread: KernelThread, event: UInt64, _ signal: Int) {
    let stated = thread.requests.filter { $0.event == event }
    // A request without an event of its own: what its caller waits for is the driver's business.
    let others = stated.isEmpty ? thread.requests.filter { $0.event == nil } : []
    for request in (stated + others).prefix(Self.maximumSameComponent) {
      guard let device = request.device else { continue }
      let to =
        known(.device, device)
        ?? add(.device, device, "device \(hexadecimal(device))", request.driver.map { "of \($0)" })
      edge(
        signal, to, .completedBy, basis: stated.isEmpty ? .reachable : .stated,
        stated.isEmpty
          ? "request \(hexadecimal(request.irp)) of the thread that waits"
          : "UserEvent of request \(hexadecimal(request.irp))")
    }
  }

  // MARK: Who sets an event

  private mutating func addSetters() {
    var waiters: [UInt64: [UInt64]] = [:]
    for edge in graph.edges where edge.kind == .waitsFor && graph.nodes[edge.to].kind == .signal {
      waiters[graph.nodes[edge.to].address.rawValue, default: []].append(graph.nodes[edge.from].address.rawValue)
    }
    guard !waiters.isEmpty else { return }
    let search = ReachableSignals(structures, events: Set(waiters.keys))
    var setters = EventSetters(dump)
    var left = ReachableSignals.maximumItems
    var reached: Set<UInt64> = []
    var refuted: [UInt64: Set<UInt64>] = [:]
    var byComponent: [String: [(item: WorkQueue.Item, queue: Int)]] = [:]
    for (queueNode, queue) in queueNodes.sorted(by: { $0.key < $1.key }) {
      for item in queue.items.prefix(left) {
        left -= 1
        if let module = item.worker.flatMap({ dump.modules.entry(at: $0)?.identity }), !module.isKernel {
          byComponent[module.name, default: []].append((item, queueNode))
        }
        for way in search.ways(from: item) {
          guard let signal = known(.signal, way.event) else { continue }
          let answer = setters.answer(item, event: way.event)
          if case .setsNot = answer {
            refuted[way.event, default: []].insert(item.address)
            continue
          }
          reached.insert(way.event)
          let to = itemNode(item, in: queue, queueNode)
          if case .sets(let call) = answer {
            edge(signal, to, .setBy, basis: .code, way.text + "; " + call)
          } else {
            edge(signal, to, .setBy, basis: .reachable, way.text)
          }
        }
      }
    }
    for event in waiters.keys.sorted() where !reached.contains(event) {
      guard let signal = known(.signal, event) else { continue }
      for thread in (waiters[event] ?? []).sorted() {
        guard let module = Self.innermost(stacks[thread] ?? []), let items = byComponent[module] else { continue }
        let others = items.lazy.filter { refuted[event]?.contains($0.item.address) != true }
        for (item, queueNode) in others.prefix(Self.maximumSameComponent) {
          guard let queue = queueNodes[queueNode] else { continue }
          let to = itemNode(item, in: queue, queueNode)
          edge(
            signal, to, .setBy, basis: .sameComponent, "the item's routine is of \(module), in which the waiter waits")
        }
      }
    }
  }

  // MARK: Components

  /// The module in which a thread waits: the innermost outside the kernel.
  static func innermost(_ frames: [StackFrame]) -> String? {
    frames.lazy.compactMap(\.module).first { !ModuleIdentity(name: $0).isKernel }
  }

  /// The module whose item a worker runs: the outermost outside the kernel.
  static func outermost(_ frames: [StackFrame]) -> String? {
    frames.reversed().lazy.compactMap(\.module).first { !ModuleIdentity(name: $0).isKernel }
  }
}

extension KernelThread {
  /// `thread 1a4 of System (4)`; ids as debuggers print them.
  var title: String {
    "thread \(String(id, radix: 16))" + (processName.map { " of \($0)" } ?? "")
  }
}

extension KernelLock {
  /// The field that states who holds it.
  var ownerField: String {
    switch kind {
    case .resource: "OWNER_ENTRY of the resource"
    case .mutant: "KMUTANT.OwnerThread"
    case .fastMutex: "FAST_MUTEX.Owner"
    case .guardedMutex: "KGUARDED_MUTEX.Owner"
    case .pushLock: "-"
    }
  }
}

extension StackFrame {
  /// `nt!Name+0x12`, `amdppm.sys+0x334c`, or the bare address.
  var placeText: String {
    if let symbol { return symbol }
    if let module, let offset { return module + "+" + hexadecimal(offset) }
    return address.description
  }
}
