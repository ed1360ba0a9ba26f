import CrashDumpFormat
import Facts
import KernelLayouts

/// Reads KQUEUE, KPRIQUEUE and EX_WORK_QUEUE, and tells them from other bytes.
struct QueueReader {
  let structures: StructureReader
  let modules: ModuleMap

  /// A queue that nobody serves fills until memory is full; what is read of it is enough to see that.
  static let maximumItems = 1 << 14
  /// More than any queue has: 8.1 and later allow 4096 per node (EX_WORK_QUEUE.MaxThreads of real systems is lower).
  static let maximumWorkers = 1 << 13
  private static let priorities = 32
  private static let queueType: UInt8 = 4
  private static let priorityQueueType: UInt8 = 21

  /// Sizes of the structures, where the layout has them.
  var queueBytes: Int? { structures.layout.size(of: "_KQUEUE") }
  var workQueueBytes: Int? { structures.layout.size(of: "_EX_WORK_QUEUE") }
  var usesPriorities: Bool { structures.layout.offset("_EX_WORK_QUEUE", "WorkPriQueue") != nil }

  /// A KQUEUE's header and lists agree with each other: type, and list heads whose neighbours lead back to them.
  func isQueue(_ address: UInt64) -> Bool { hasShape(address, "_KQUEUE", type: Self.queueType, lists: 1) }

  func isPriorityQueue(_ address: UInt64) -> Bool {
    hasShape(address, "_KPRIQUEUE", type: Self.priorityQueueType, lists: Self.priorities)
  }

  private func hasShape(_ address: UInt64, _ type: String, type number: UInt8, lists: Int) -> Bool {
    guard structures.isKernelPointer(address),
      structures.value("_DISPATCHER_HEADER", "Type", in: address, as: UInt8.self).map({ $0 & 0x7F }) == number,
      let maximum = structures.value(type, "MaximumCount", in: address, as: UInt32.self),
      // As many threads as processors may run at a time; nothing says so of priority queues.
      maximum > 0, lists > 1 || maximum <= UInt32(CrashedProcessor.maximumProcessors),
      let entries = structures.place(type, "EntryListHead", in: address),
      let threads = structures.place(type, "ThreadListHead", in: address),
      let waiters = structures.place("_DISPATCHER_HEADER", "WaitListHead", in: address)
    else { return false }
    let heads = (0..<UInt64(lists)).map { entries &+ $0 &* 2 &* structures.pointerBytes } + [threads, waiters]
    return heads.allSatisfy {
      KernelSpace.isListHead(
        VirtualAddress($0), in: structures.space.memory, pointerBytes: structures.space.pointerBytes)
    }
  }

  func read(_ address: UInt64, _ kind: WorkQueue.Kind, index: Int? = nil, _ threads: KernelThreadList) -> WorkQueue {
    let type = kind == .executivePriority ? "_KPRIQUEUE" : "_KQUEUE"
    var queue = WorkQueue(kind: kind, address: address, index: index)
    queue.module = modules.entry(at: address)?.identity.name
    queue.maximumCount = structures.value(type, "MaximumCount", in: address, as: UInt32.self) ?? 0
    if kind != .executivePriority {
      queue.currentCount = structures.value(type, "CurrentCount", in: address, as: UInt32.self) ?? 0
    }
    if kind != .other {
      func count(_ field: String) -> UInt32? {
        structures.value("_EX_WORK_QUEUE", field, in: address, as: UInt32.self)
      }
      queue.dynamicThreads = count("DynamicThreadCount")
      queue.threadCount = count("ThreadCount")
      queue.maximumThreads = count("MaxThreads")
      queue.itemsProcessed = count("WorkItemsProcessed")
      if kind == .executivePriority { queue.index = index ?? count("QueueIndex").map { Int($0) } }
    }
    readWorkers(of: &queue, type, threads)
    readItems(of: &queue, type)
    return queue
  }

  private func readWorkers(of queue: inout WorkQueue, _ type: String, _ threads: KernelThreadList) {
    guard let head = structures.place(type, "ThreadListHead", in: queue.address),
      let links = structures.layout.offset("_KTHREAD", "QueueListEntry")
    else { return }
    let (entries, isWhole) = structures.space.list(head: VirtualAddress(head), limit: Self.maximumWorkers)
    if !isWhole { queue.isCut = true }
    var seen: Set<UInt64> = []
    func add(_ address: UInt64) {
      guard let thread = threads.thread(at: address), seen.insert(address).inserted else { return }
      let isIdle = thread.state.isWaiting && thread.waits.contains { $0.address == queue.address }
      queue.workers.append(WorkQueue.Worker(thread: address, isIdle: isIdle))
    }
    for entry in entries { add(entry &- UInt64(links)) }
    // Where the list breaks off the threads themselves say whom they serve.
    for thread in threads.serving[queue.address] ?? [] { add(thread) }
  }

  private func readItems(of queue: inout WorkQueue, _ type: String) {
    guard let head = structures.place(type, "EntryListHead", in: queue.address) else { return }
    let links = UInt64(structures.layout.offset("_WORK_QUEUE_ITEM", "List") ?? 0)
    let lists = type == "_KPRIQUEUE" ? Self.priorities : 1
    // The highest priority is served first.
    for priority in (0..<lists).reversed() {
      let place = head &+ UInt64(priority) &* 2 &* structures.pointerBytes
      let room = Self.maximumItems - queue.items.count
      guard room > 0 else {
        queue.isCut = true
        return
      }
      let (entries, isWhole) = structures.space.list(head: VirtualAddress(place), limit: room)
      if !isWhole { queue.isCut = true }
      queue.items += entries.map { entry in
        var item = self.item(at: entry &- links)
        if lists > 1 { item.priority = priority }
        return item
      }
    }
  }

  private func item(at address: UInt64) -> WorkQueue.Item {
    var item = WorkQueue.Item(address: address)
    guard let routine = structures.pointer("_WORK_QUEUE_ITEM", "WorkerRoutine", in: address), modules.isCode(routine)
    else { return item }
    item.routine = routine
    item.parameter = structures.pointer("_WORK_QUEUE_ITEM", "Parameter", in: address)
    // IoQueueWorkItem queues the item that begins an IO_WORKITEM and gives its routine that very structure.
    if item.parameter == address, modules.entry(at: routine)?.identity.isKernel == true,
      let behind = structures.pointer("_IO_WORKITEM", "Routine", in: address), modules.isCode(behind)
    {
      item.driverRoutine = behind
      item.driverContext = structures.pointer("_IO_WORKITEM", "Context", in: address)
    }
    return item
  }
}
