import CrashDumpFormat
import Facts

/// What the wait graph proves: deadlocks, starved queues, and what only looks like them.
struct HangFinder {
  let builder: WaitGraphBuilder
  private(set) var graph: WaitGraph

  /// So many waiters make one holder or one device worth a word.
  static let manyWaiters = 3
  /// Dynamic workers that the executive adds at most to each queue of its array (Windows Internals, "System worker
  /// threads").
  static let maximumDynamicWorkers = 16

  init(_ builder: WaitGraphBuilder) {
    self.builder = builder
    graph = builder.graph
  }

  mutating func find() {
    // Who will set an event has no part in a deadlock; that a chained waiter waits for a resource may be inferred.
    let held = analysis { $0.kind != .setBy && $0.basis != .sameComponent }
    let inferred = analysis { $0.basis != .sameComponent }
    let completed = completion(of: inferred)
    for index in graph.nodes.indices {
      graph.nodes[index].isStuck = inferred.isStuck[index] || completed.isStuck[index]
    }
    addDeadlocks(held)
    addStarvation(inferred, completed)
    addHolders()
    addDevices()
    addBusyQueues()
  }

  private func analysis(_ isUsed: @escaping (WaitGraph.Edge) -> Bool) -> StuckAnalysis {
    var leads = [Int](repeating: 0, count: graph.nodes.count)
    for edge in graph.edges where isUsed(edge) && edge.kind == .waitsFor { leads[edge.from] += 1 }
    return StuckAnalysis(
      graph, canGoOn: { canGoOn($0, leads: leads[$0]) },
      needsAll: { needsAll($0) }, isUsed: isUsed)
  }

  private func thread(_ node: Int) -> KernelThread? {
    graph.nodes[node].kind == .thread ? builder.threads.thread(at: graph.nodes[node].address.rawValue) : nil
  }

  private func canGoOn(_ node: Int, leads: Int) -> Bool {
    switch graph.nodes[node].kind {
    case .thread:
      guard let thread = thread(node), thread.state.isWaiting else { return true }
      // Waits for a resource end by time to look for deadlocks, and begin again.
      if builder.locks.lock(waitedForBy: thread.address) != nil { return false }
      return thread.hasTimeout || thread.waitsForAny && leads < thread.waits.count
    case .queue: return builder.queueNodes[node]?.workers.contains(where: \.isIdle) ?? true
    default: return false
    }
  }

  private func needsAll(_ node: Int) -> Bool {
    switch graph.nodes[node].kind {
    case .thread: thread(node)?.waitsForAny ?? false
    case .signal, .queue: true
    default: false
    }
  }

  /// Queues of whose workers' events at least half are reached by pending items: there the others' may be set by an item
  /// of the component in which they wait.
  private func completion(of inferred: StuckAnalysis) -> StuckAnalysis {
    let reached = Set(graph.edges.filter { $0.kind == .setBy && $0.basis != .sameComponent }.map(\.from))
    let waiting = Set(graph.edges.filter { $0.kind == .waitsFor && reached.contains($0.to) }.map(\.from))
    var halves: Set<Int> = []
    for node in builder.queueNodes.keys {
      let workers = workers(of: node)
      let count = workers.count { waiting.contains($0) }
      if count > 0, 2 * count >= workers.count { halves.insert(node) }
    }
    guard !halves.isEmpty else { return inferred }
    var queueOfItem: [Int: Int] = [:]
    for edge in graph.edges where edge.kind == .pendingIn { queueOfItem[edge.from] = edge.to }
    return analysis { edge in
      edge.basis != .sameComponent || queueOfItem[edge.to].map(halves.contains) ?? false
    }
  }

  private func workers(of queue: Int) -> [Int] {
    graph.edges.filter { $0.from == queue && $0.kind == .servedBy }.map(\.to)
  }

  // MARK: Verdicts

  private mutating func addDeadlocks(_ held: StuckAnalysis) {
    for members in held.circles() {
      let threads = members.filter { graph.nodes[$0].kind == .thread }
      guard !threads.isEmpty, !members.contains(where: { graph.nodes[$0].kind == .queue }) else { continue }
      let edges = held.edges(within: members)
      let locks = members.filter { graph.nodes[$0].kind == .lock }
      var verdict = WaitGraph.Verdict(
        .deadlock,
        "\(threads.count) threads wait for each other in a circle: "
          + threads.map { graph.nodes[$0].title }.joined(separator: ", ")
          + (locks.isEmpty ? "" : " through " + locks.map { graph.nodes[$0].title }.joined(separator: ", ")) + ".",
        trust: weakest(edges))
      verdict.edges = edges
      verdict.threads = threads.count
      graph.verdicts.append(verdict)
    }
  }

  private func weakest(_ edges: [Int]) -> Trust { edges.map { graph.edges[$0].trust }.min() ?? .guessed }

  private mutating func addStarvation(_ inferred: StuckAnalysis, _ completed: StuckAnalysis) {
    var done: Set<Int> = []
    for analysis in [inferred, completed] {
      for members in analysis.circles() {
        for node in members where graph.nodes[node].kind == .queue && done.insert(node).inserted {
          guard let queue = builder.queueNodes[node] else { continue }
          graph.verdicts.append(starvation(node, queue, analysis.edges(within: members)))
        }
      }
    }
    for (node, queue) in builder.queueNodes.sorted(by: { $0.key < $1.key })
    where inferred.isStuck[node] && !done.contains(node) {
      let edges = graph.edges.indices.filter { graph.edges[$0].from == node && graph.edges[$0].kind == .servedBy }
      var verdict = WaitGraph.Verdict(
        .blockedByDeadlock,
        "Every worker of the \(queue.name) queue waits behind threads that cannot go on; its own pending items are not what they wait for.",
        trust: weakest(edges))
      describe(&verdict, queue)
      verdict.edges = edges
      graph.verdicts.append(verdict)
    }
  }

  private func describe(_ verdict: inout WaitGraph.Verdict, _ queue: WorkQueue) {
    verdict.queue = queue.name
    verdict.workers = queue.workers.count
    verdict.dynamicWorkers = queue.dynamicThreads.map { Int($0) }
    verdict.pending = queue.items.count
  }

  private func starvation(_ node: Int, _ queue: WorkQueue, _ edges: [Int]) -> WaitGraph.Verdict {
    // The items on which the workers wait, not all that are pending.
    let needed = Set(
      edges.filter { graph.edges[$0].kind == .setBy }.map { graph.nodes[graph.edges[$0].to].address.rawValue })
    let items = queue.items.filter { needed.contains($0.address) }
    let modules = items.compactMap { $0.worker.flatMap { builder.dump.modules.entry(at: $0)?.identity.name } }
    let needs = Self.mostFrequent(modules)
    let client = client(of: queue)
    let name = Self.mostFrequent(items.map(queue.name(of:))) ?? queue.name
    var text = "All \(queue.workers.count) workers of the \(name) queue"
    if queue.kind == .executivePriority { text += " (\(queue.name))" }
    text += client.map { ", which run items of \($0)," } ?? ""
    text += " wait for what only its pending items can finish"
    text += needs.map { ": \(items.count) of \(queue.items.count) pending, of \($0)." } ?? "."
    if let dynamic = queue.dynamicThreads {
      text +=
        dynamic >= UInt32(Self.maximumDynamicWorkers)
        ? " No more dynamic workers are added: there are \(dynamic)."
        : " \(dynamic) of the workers are dynamic; up to \(Self.maximumDynamicWorkers) can be."
    }
    let proven = provenEdges(edges)
    var verdict = WaitGraph.Verdict(
      .starvation,
      text
        + (proven == nil
          ? " That they can is inferred: an event does not record who sets it."
          : " The items' own code sets the events when it runs: it was followed to the calls."),
      trust: proven.map(weakest) ?? min(weakest(edges), .inferred))
    describe(&verdict, queue)
    verdict.queue = name
    verdict.client = client
    verdict.needs = needs
    verdict.threads = queue.workers.count
    verdict.edges = edges
    return verdict
  }

  /// The edges that a starvation rests on where the items' code was followed to the call that sets each event; nil where one of
  /// the events is only known to be within an item's reach.
  private func provenEdges(_ edges: [Int]) -> [Int]? {
    let setters = edges.filter { graph.edges[$0].kind == .setBy }
    let proven = setters.filter { graph.edges[$0].basis == .code }
    guard !setters.isEmpty, Set(setters.map { graph.edges[$0].from }) == Set(proven.map { graph.edges[$0].from }) else {
      return nil
    }
    return edges.filter { graph.edges[$0].kind != .setBy || graph.edges[$0].basis == .code }
  }

  /// The module whose items most of the workers run.
  private func client(of queue: WorkQueue) -> String? {
    Self.mostFrequent(queue.workers.compactMap { WaitGraphBuilder.outermost(builder.stacks[$0.thread] ?? []) })
  }

  /// The first of the most frequent ones in the alphabet's order.
  static func mostFrequent(_ names: [String]) -> String? {
    var counts: [String: Int] = [:]
    for name in names { counts[name, default: 0] += 1 }
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// One lock that many wait for and whose holder can go on.
  private mutating func addHolders() {
    for node in graph.nodes.indices where graph.nodes[node].kind == .lock && !graph.nodes[node].isStuck {
      let waits = graph.edges.indices.filter { graph.edges[$0].to == node && graph.edges[$0].kind == .waitsFor }
      let holds = graph.edges.indices.filter { graph.edges[$0].from == node && graph.edges[$0].kind == .heldBy }
      guard waits.count >= Self.manyWaiters, let holder = holds.first.map({ graph.edges[$0].to }) else { continue }
      var verdict = WaitGraph.Verdict(
        .oneHolder,
        "\(waits.count) threads wait for \(graph.nodes[node].title), held by \(graph.nodes[holder].title) (\(graph.nodes[holder].detail ?? "")), which can go on.",
        trust: weakest(waits + holds))
      verdict.threads = waits.count
      verdict.edges = waits + holds
      graph.verdicts.append(verdict)
    }
  }

  private mutating func addDevices() {
    for node in graph.nodes.indices where graph.nodes[node].kind == .device {
      let requests = graph.edges.indices.filter { graph.edges[$0].to == node && graph.edges[$0].kind == .completedBy }
      let signals = Set(requests.map { graph.edges[$0].from })
      let waits = graph.edges.indices.filter {
        graph.edges[$0].kind == .waitsFor && signals.contains(graph.edges[$0].to)
      }
      guard waits.count >= Self.manyWaiters else { continue }
      var verdict = WaitGraph.Verdict(
        .oneDevice,
        "\(waits.count) threads wait for requests to \(graph.nodes[node].title) \(graph.nodes[node].detail ?? "").",
        trust: weakest(waits + requests))
      verdict.threads = waits.count
      verdict.edges = waits + requests
      graph.verdicts.append(verdict)
    }
  }

  private mutating func addBusyQueues() {
    for (node, queue) in builder.queueNodes.sorted(by: { $0.key < $1.key }) where !graph.nodes[node].isStuck {
      guard queue.kind != .other, !queue.workers.isEmpty, !queue.workers.contains(where: \.isIdle) else { continue }
      var verdict = WaitGraph.Verdict(
        .busyQueue,
        "No worker of the \(queue.name) queue is idle and \(queue.items.count) items are pending, but nothing shows that its workers cannot go on.",
        trust: builder.threads.isGuess ? .guessed : .observed)
      describe(&verdict, queue)
      verdict.client = client(of: queue)
      verdict.edges = graph.edges.indices.filter { graph.edges[$0].from == node && graph.edges[$0].kind == .servedBy }
      graph.verdicts.append(verdict)
    }
  }
}

/// Threads, locks, queues and the graph of who waits for whom.
public struct KernelHang: Sendable {
  public var threads: KernelThreadList
  public var locks: LockList
  public var queues: WorkQueueList
  public var graph: WaitGraph
  /// Of the graph's threads.
  public var stacks: [UInt64: [StackFrame]]
  public var missing: [Missing]
}

extension KernelDump {
  /// Who waits for whom; nil, with the reason, where the dump or the layouts do not show it.
  public func hang() -> (found: KernelHang?, missing: [Missing]) {
    let (list, missing) = threads()
    guard let list, let structures else { return (nil, missing) }
    let locks = LockList(self, structures, list)
    let queues = WorkQueueList(self, structures, list)
    var builder = WaitGraphBuilder(self, structures, list, locks, queues)
    builder.build()
    var finder = HangFinder(builder)
    finder.find()
    let all = missing + locks.missing + queues.missing
    return (
      KernelHang(
        threads: list, locks: locks, queues: queues, graph: finder.graph, stacks: builder.stacks, missing: all), all
    )
  }
}
