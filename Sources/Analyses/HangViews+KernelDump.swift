import Facts
import WindowsKernel

extension KernelDump {
  private var pointerDigits: Int { architecture.pointerSize == 4 ? 8 : 16 }

  func place(of address: UInt64) -> String {
    modules.frame(address, stackPointer: nil, trust: .context).place
  }

  /// Every thread, with what it waits for; stacks where asked for, because walking thousands takes seconds.
  public func threadListView(stacks: Bool = true) -> ThreadListView {
    var view = ThreadListView(pointerDigits: pointerDigits)
    let (found, missing) = hang()
    view.missing = missing
    guard let found else { return view }
    view.layoutBuild = found.threads.layoutBuild
    view.isGuess = found.threads.isGuess
    let queues = Dictionary(found.queues.queues.map { ($0.address, $0.name) }) { first, _ in first }
    view.rows = found.threads.threads.map { thread in
      var row = ThreadListView.Row(
        address: VirtualAddress(thread.address), id: thread.id, state: thread.state.name)
      row.process = thread.processName
      row.processID = thread.processID
      row.session = thread.session
      row.isWaiting = thread.state.isWaiting
      row.processor = thread.processor
      if thread.state.isWaiting { row.waitReason = thread.waitReason?.name }
      row.waitedMilliseconds = thread.waitedMilliseconds
      row.priority = thread.priority
      row.basePriority = thread.basePriority
      row.startAddress = thread.startAddress.map { VirtualAddress($0) }
      row.start = thread.startAddress.flatMap { modules.entry(at: $0) == nil ? nil : place(of: $0) }
      row.waitsForAny = thread.waitsForAny
      row.hasTimeout = thread.hasTimeout
      row.waits = thread.waits.map { wait($0, of: thread, found, queues) }
      row.requests = thread.requests.compactMap { request in
        request.device.map { "device \(hexadecimal($0))" + (request.driver.map { " of \($0)" } ?? "") }
      }
      if stacks { row.stack = found.stacks[thread.address] ?? stack(of: thread) }
      return row
    }
    return view
  }

  private func wait(
    _ wait: KernelThread.Wait, of thread: KernelThread, _ found: KernelHang, _ queues: [UInt64: String]
  ) -> ThreadListView.Wait {
    var row = ThreadListView.Wait(address: VirtualAddress(wait.address))
    row.type = wait.object?.kind.name
    row.signalState = wait.object?.signalState
    func own(_ address: UInt64) {
      row.owner = VirtualAddress(address)
      row.ownerID = found.threads.thread(at: address)?.id
    }
    if let owner = wait.object?.owner { own(owner) }
    if let queue = queues[wait.address] {
      row.name = "\(queue) queue"
    } else if wait.object?.kind == .thread, let other = found.threads.thread(at: wait.address) {
      row.name = "thread \(String(other.id, radix: 16))" + (other.processName.map { " of \($0)" } ?? "")
    } else if let lock = found.locks.lock(waitedForBy: thread.address), lock.kind != .mutant {
      row.name = "\(lock.kind.rawValue) \(hexadecimal(lock.address))"
      if let owner = lock.owners.first { own(owner) }
    }
    return row
  }

  /// The work queues, with their workers and what is pending.
  public func queueListView() -> QueueListView {
    var view = QueueListView(pointerDigits: pointerDigits)
    let (found, missing) = hang()
    view.missing = missing
    guard let found else { return view }
    view.layoutBuild = found.threads.layoutBuild
    view.isGuess = found.threads.isGuess
    view.foundBy = found.queues.means?.rawValue
    view.graph = found.graph
    view.queues = found.queues.queues.map { queue($0, found) }
    return view
  }

  private func queue(_ queue: WorkQueue, _ found: KernelHang) -> QueueListView.Queue {
    var row = QueueListView.Queue(
      name: queue.name, kind: queue.kind.rawValue, address: VirtualAddress(queue.address),
      maximumRunning: queue.maximumCount)
    row.node = queue.node
    row.index = queue.index
    row.running = queue.kind == .executivePriority ? nil : queue.currentCount
    row.dynamicWorkers = queue.dynamicThreads
    row.staticWorkers = queue.dynamicThreads.map { max(0, queue.workers.count - Int($0)) }
    row.maximumWorkers = queue.maximumThreads
    row.itemsProcessed = queue.itemsProcessed
    row.workers = queue.workers.compactMap { worker in
      found.threads.thread(at: worker.thread).map { self.worker(worker, $0, found) }
    }
    row.items = queue.items.map { item in
      var row = QueueListView.Item(address: VirtualAddress(item.address))
      row.routine = item.worker.map { VirtualAddress($0) }
      row.routineName = item.worker.map { place(of: $0) }
      row.parameter = (item.driverRoutine == nil ? item.parameter : item.driverContext).map { VirtualAddress($0) }
      row.priority = item.priority
      row.queue = queue.kind == .executivePriority ? queue.name(of: item) : nil
      return row
    }
    return row
  }

  private func worker(
    _ worker: WorkQueue.Worker, _ thread: KernelThread, _ found: KernelHang
  ) -> QueueListView.Worker {
    var row = QueueListView.Worker(
      thread: VirtualAddress(thread.address), id: thread.id, state: worker.isIdle ? "idle" : thread.state.name,
      isIdle: worker.isIdle)
    guard !worker.isIdle else { return row }
    row.stack = found.stacks[thread.address] ?? stack(of: thread)
    row.runs = Self.routineRun(row.stack)
    if let lock = found.locks.lock(waitedForBy: thread.address) {
      row.waitsFor = "\(lock.kind.rawValue) \(hexadecimal(lock.address))"
    } else if let wait = thread.waits.first {
      row.waitsFor = (wait.object?.kind.name ?? "object") + " " + hexadecimal(wait.address)
    }
    return row
  }

  /// The routine that the worker loop called: the frame inside nt!ExpWorkerThread, with IopProcessWorkItem skipped; without
  /// symbols the outermost frame outside the kernel.
  static func routineRun(_ frames: [StackFrame]) -> String? {
    let loop = frames.lastIndex { $0.symbol.map { CulpritAnalysis.routine($0) == "nt!ExpWorkerThread" } ?? false }
    if let loop, loop > 0 {
      let inner = frames[..<loop].last { frame in
        guard let symbol = frame.symbol else { return true }
        return CulpritAnalysis.routine(symbol) != "nt!IopProcessWorkItem"
      }
      if let inner { return inner.place }
    }
    return frames.last { $0.module.map { !ModuleIdentity(name: $0).isKernel } ?? false }?.place
  }

  /// The locks that are held or waited for.
  public func lockListView() -> LockListView {
    var view = LockListView(pointerDigits: pointerDigits)
    let (found, missing) = hang()
    view.missing = missing
    guard let found else { return view }
    view.layoutBuild = found.threads.layoutBuild
    view.isGuess = found.threads.isGuess
    view.resourceCount = found.locks.resourceCount
    view.graph = found.graph
    view.locks = found.locks.locks.map { lock in
      var row = LockListView.Lock(
        kind: lock.kind.rawValue, address: VirtualAddress(lock.address), isExclusive: lock.isExclusive)
      row.module = modules.entry(at: lock.address)?.identity.name
      row.contentions = lock.resource?.contentions
      row.sharedWaiters = lock.resource?.sharedWaiterCount
      row.exclusiveWaiters = lock.resource?.exclusiveWaiterCount
      row.note = lock.note
      row.owners = lock.owners.map { address in
        var holder = LockListView.Holder(thread: VirtualAddress(address))
        let thread = found.threads.thread(at: address)
        holder.id = thread?.id
        holder.process = thread?.processName
        holder.count = lock.resource?.owners.first { $0.thread == address }?.count
        return holder
      }
      row.waiters = lock.waiters.map { waiter in
        var row = LockListView.Waiter(thread: VirtualAddress(waiter.thread), isStated: waiter.isStated)
        let thread = found.threads.thread(at: waiter.thread)
        row.id = thread?.id
        row.process = thread?.processName
        row.isExclusive = waiter.isExclusive
        return row
      }
      return row
    }
    return view
  }
}
