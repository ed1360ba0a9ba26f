import Facts
import KernelLayouts

/// Threads with their stacks and wait blocks, the objects they wait for, resources, work queues and requests, where the
/// build's layout puts their fields.
extension KernelWriter {
  private func offset(_ type: String, _ field: String) -> UInt64? { layout?.offset(type, field).map { UInt64($0) } }
  private func size(_ type: String) -> Int { layout?.size(of: type) ?? 0 }

  private mutating func pointer(_ value: UInt64, _ type: String, _ field: String, in address: UInt64) {
    if let place = offset(type, field) { putPointer(value, at: address + place) }
  }

  private mutating func number<T: FixedWidthInteger>(_ value: T, _ type: String, _ field: String, in address: UInt64) {
    if let place = offset(type, field) { put(value, at: address + place) }
  }

  private mutating func zeros(_ type: String, at address: UInt64) {
    put([UInt8](repeating: 0, count: size(type)), at: address)
  }

  mutating func write(_ waits: SynthesizedWaits, _ processes: [SynthesizedProcess]) {
    clock()
    for block in waits.memory { put(block.bytes, at: block.address) }
    for device in waits.devices { write(device) }
    for mutex in waits.fastMutexes { write(mutex) }
    // Object → wait blocks that hang on it, in the order of arrival.
    var blocks: [UInt64: [UInt64]] = [:]
    for thread in waits.threads { write(thread, waits, &blocks) }
    for object in waits.objects { write(object, blocks[object.address] ?? []) }
    for resource in waits.resources { write(resource) }
    link(
      head: kernel.address(of: "ExpSystemResourcesList"),
      waits.resources.map { $0.address + (offset("_ERESOURCE", "SystemResourcesList") ?? 0) })
    queues(waits, blocks)
    let links = offset("_ETHREAD", "ThreadListEntry") ?? 0
    for process in processes {
      guard let head = offset("_EPROCESS", "ThreadListHead") else { continue }
      let own = waits.threads.filter { $0.processID == process.id }
      link(head: process.address + head, own.map { $0.address + links })
      for thread in own {
        pointer(process.address, "_KTHREAD", "Process", in: thread.address)
        pointer(process.address, "_ETHREAD", "ThreadsProcess", in: thread.address)
        pointer(process.address, "_KTHREAD", "ApcState.Process", in: thread.address)
      }
    }
  }

  /// Ticks since the start, and milliseconds in a tick times 2^24 (public header ntddk.h): 15.625 ms.
  private var ticks: UInt32 { UInt32(truncatingIfNeeded: machine.upTime / 156_250) }

  private mutating func clock() {
    let place: UInt64 = width == 4 ? 0xFFDF_0000 : 0xFFFF_F780_0000_0000
    put(0x0FA0_0000 as UInt32, at: place + 4)
    // TickCountLow before Server 2003, TickCount from there on.
    if whole.kernel.version.build < 3790 { put(ticks, at: place) } else { put(UInt64(ticks), at: place + 0x320) }
  }

  // MARK: Threads

  private mutating func write(
    _ thread: SynthesizedWaits.Thread, _ waits: SynthesizedWaits, _ blocks: inout [UInt64: [UInt64]]
  ) {
    let address = thread.address
    zeros("_ETHREAD", at: address)
    put(6 as UInt8, at: address)
    pointer(thread.processID, "_ETHREAD", "Cid.UniqueProcess", in: address)
    pointer(thread.id, "_ETHREAD", "Cid.UniqueThread", in: address)
    pointer(thread.startAddress, "_ETHREAD", "StartAddress", in: address)
    for request in thread.requests { write(request, of: address) }
    if let place = offset("_ETHREAD", "IrpList") {
      link(
        head: address + place, thread.requests.map { $0.address + (offset("_IRP", "ThreadListEntry") ?? 0) })
    }
    pointer(thread.stack.base, "_KTHREAD", "InitialStack", in: address)
    pointer(thread.stack.base, "_KTHREAD", "StackBase", in: address)
    pointer(thread.stack.limit, "_KTHREAD", "StackLimit", in: address)
    pointer(stack(of: thread), "_KTHREAD", "KernelStack", in: address)
    // KTIMER: type 8, in the table of timers where the wait has a time.
    if let timer = offset("_KTHREAD", "Timer") {
      put(8 as UInt8, at: address + timer)
      let inTable: UInt8 = whole.kernel.version.build < 7600 ? 1 : 0x40
      put(thread.hasTimeout ? inTable : 0, at: address + timer + 3)
    }
    waitBlocks(thread, &blocks)
    // Behind the wait blocks: on x64 State, WaitTime and others lie in their spare bytes.
    number(thread.state.rawValue, "_KTHREAD", "State", in: address)
    number(thread.reason.rawValue, "_KTHREAD", "WaitReason", in: address)
    number(thread.priority, "_KTHREAD", "Priority", in: address)
    number(thread.priority, "_KTHREAD", "BasePriority", in: address)
    number(ticks &- thread.ticks, "_KTHREAD", "WaitTime", in: address)
    pointer(thread.queue ?? 0, "_KTHREAD", "Queue", in: address)
  }

  private mutating func waitBlocks(_ thread: SynthesizedWaits.Thread, _ blocks: inout [UInt64: [UInt64]]) {
    let address = thread.address
    guard thread.state != .ready, thread.state != .running else { return }
    if thread.state == .gateWait {
      pointer(thread.objects.first ?? 0, "_KTHREAD", "GateObject", in: address)
      return
    }
    guard let first = offset("_KTHREAD", "WaitBlock") else { return }
    let size = UInt64(size("_KWAIT_BLOCK"))
    // Three blocks in the thread, then the timer's; more objects take an array of the caller's.
    let array = thread.objects.count > 3 ? room(thread.objects.count * Int(size)) : address + first
    pointer(array, "_KTHREAD", "WaitBlockList", in: address)
    number(UInt8(thread.objects.count), "_KTHREAD", "WaitBlockCount", in: address)
    var ring = thread.objects.indices.map { array + UInt64($0) * size }
    for (index, object) in thread.objects.enumerated() {
      let block = array + UInt64(index) * size
      put([UInt8](repeating: 0, count: Int(size)), at: block)
      pointer(address, "_KWAIT_BLOCK", "Thread", in: block)
      pointer(object, "_KWAIT_BLOCK", "Object", in: block)
      // 0 all, 1 any: a wait for one object is one for any.
      number(thread.waitsForAny || thread.objects.count == 1 ? 1 as UInt8 : 0, "_KWAIT_BLOCK", "WaitType", in: block)
      blocks[object, default: []].append(block + (offset("_KWAIT_BLOCK", "WaitListEntry") ?? 0))
    }
    if thread.hasTimeout, whole.kernel.version.build < 7600, let timer = offset("_KTHREAD", "Timer") {
      let block = address + first + 3 * size
      pointer(address, "_KWAIT_BLOCK", "Thread", in: block)
      pointer(address + timer, "_KWAIT_BLOCK", "Object", in: block)
      number(1 as UInt8, "_KWAIT_BLOCK", "WaitType", in: block)
      ring.append(block)
    }
    for (index, block) in ring.enumerated() {
      pointer(ring[(index + 1) % ring.count], "_KWAIT_BLOCK", "NextWaitBlock", in: block)
    }
  }

  /// Writes the stack with what the switch to another thread left below it; KTHREAD.KernelStack.
  private mutating func stack(of thread: SynthesizedWaits.Thread) -> UInt64 {
    let stack = thread.stack
    put(stack.bytes, at: stack.top)
    guard let resume = stack.frames.first?.address else { return stack.top }
    if width == 8 {
      // KSWITCH_FRAME: five home words, the APC flag, RBP, the return address.
      let place = stack.top - 0x40
      put([UInt8](repeating: 0, count: 0x40), at: place)
      put(stack.framePointers.first ?? 0, at: place + 0x30)
      put(resume, at: place + 0x38)
      return place
    }
    // Exception list, flags, return address; above it EBP, EDI, ESI, EBX as KiSwapContext saved them.
    let place = stack.top - 0xC
    putPointer(0xFFFF_FFFF, at: place)
    putPointer(0x246, at: place + 4)
    putPointer(resume, at: place + 8)
    putPointer(stack.framePointers.count > 1 ? stack.framePointers[1] : 0, at: stack.top)
    return place
  }

  private mutating func write(_ request: SynthesizedWaits.Request, of thread: UInt64) {
    let bytes = size("_IRP")
    put([UInt8](repeating: 0, count: bytes + size("_IO_STACK_LOCATION")), at: request.address)
    put(6 as UInt16, at: request.address)
    number(UInt16(bytes + size("_IO_STACK_LOCATION")), "_IRP", "Size", in: request.address)
    number(1 as UInt8, "_IRP", "StackCount", in: request.address)
    number(1 as UInt8, "_IRP", "CurrentLocation", in: request.address)
    pointer(request.event, "_IRP", "UserEvent", in: request.address)
    let location = request.address + UInt64(bytes)
    pointer(location, "_IRP", "Tail.Overlay.CurrentStackLocation", in: request.address)
    pointer(thread, "_IRP", "Tail.Overlay.Thread", in: request.address)
    // IRP_MJ_INTERNAL_DEVICE_CONTROL.
    number(0x0F as UInt8, "_IO_STACK_LOCATION", "MajorFunction", in: location)
    pointer(request.device, "_IO_STACK_LOCATION", "DeviceObject", in: location)
  }

  private mutating func write(_ device: SynthesizedWaits.Device) {
    put([UInt8](repeating: 0, count: 0x100), at: device.address)
    zeros("_DRIVER_OBJECT", at: device.driverObject)
    // IO_TYPE_DEVICE and IO_TYPE_DRIVER (public header wdm.h).
    put(3 as UInt16, at: device.address)
    put(4 as UInt16, at: device.driverObject)
    pointer(device.driverObject, "_DEVICE_OBJECT", "DriverObject", in: device.address)
    pointer(device.driverStart, "_DRIVER_OBJECT", "DriverStart", in: device.driverObject)
  }

  // MARK: Objects and locks

  private mutating func write(_ object: SynthesizedWaits.Object, _ waiters: [UInt64]) {
    // The size counts words of four bytes.
    let words = object.kind == .mutant ? size("_KMUTANT") / 4 : (size("_DISPATCHER_HEADER") + 3) / 4
    put(object.kind.rawValue, at: object.address)
    put(UInt8(words), at: object.address + 2)
    number(0 as Int32, "_DISPATCHER_HEADER", "SignalState", in: object.address)
    if let place = offset("_DISPATCHER_HEADER", "WaitListHead") { link(head: object.address + place, waiters) }
    if let owner = object.owner { pointer(owner, "_KMUTANT", "OwnerThread", in: object.address) }
  }

  private mutating func write(_ mutex: SynthesizedWaits.FastMutex) {
    let type = mutex.isGuarded ? "_KGUARDED_MUTEX" : "_FAST_MUTEX"
    zeros(type, at: mutex.address)
    pointer(mutex.owner, type, "Owner", in: mutex.address)
    number(1 as UInt32, type, "Contention", in: mutex.address)
  }

  private mutating func write(_ resource: SynthesizedWaits.Resource) {
    let address = resource.address
    zeros("_ERESOURCE", at: address)
    let build = whole.kernel.version.build
    number(UInt16(resource.owners.count), "_ERESOURCE", "ActiveCount", in: address)
    number(resource.isExclusive && !resource.owners.isEmpty ? 0x80 as UInt16 : 0, "_ERESOURCE", "Flag", in: address)
    number(7 as UInt32, "_ERESOURCE", "ContentionCount", in: address)
    let narrow =
      (offset("_ERESOURCE", "NumberOfExclusiveWaiters") ?? 0)
      == (offset("_ERESOURCE", "NumberOfSharedWaiters") ?? 0) + 2
    func count(_ list: [UInt64], _ field: String) -> (UInt32, String) { (UInt32(list.count), field) }
    for (value, field) in [
      count(resource.sharedWaiters, "NumberOfSharedWaiters"),
      count(resource.exclusiveWaiters, "NumberOfExclusiveWaiters"),
    ] {
      if narrow {
        number(UInt16(value), "_ERESOURCE", field, in: address)
      } else {
        number(value, "_ERESOURCE", field, in: address)
      }
    }
    // Windows 10 and later have chains of blocks on the waiters' stacks, of which nothing is written here.
    if build < 10240 {
      if !resource.sharedWaiters.isEmpty { pointer(resource.semaphore, "_ERESOURCE", "SharedWaiters", in: address) }
      if !resource.exclusiveWaiters.isEmpty { pointer(resource.event, "_ERESOURCE", "ExclusiveWaiters", in: address) }
    }
    let entry = UInt64(size("_OWNER_ENTRY"))
    let shift: UInt32 = build < 7600 ? 0 : build < 14393 ? 2 : 3
    func owner(_ thread: UInt64, at place: UInt64) {
      putPointer(thread, at: place)
      put(UInt32(1) << shift, at: place + UInt64(width))
    }
    var owners = resource.owners
    var places: [UInt64] = []
    if let first = offset("_ERESOURCE", "OwnerThreads") {
      // The first is the exclusive owner's; sharing begins with the second.
      places = resource.isExclusive ? [address + first] : [address + first + entry]
    } else if let only = offset("_ERESOURCE", "OwnerEntry") {
      places = [address + only]
    }
    for place in places where !owners.isEmpty { owner(owners.removeFirst(), at: place) }
    guard !owners.isEmpty else { return }
    let table = room(Int(entry) * (owners.count + 2))
    put([UInt8](repeating: 0, count: Int(entry) * (owners.count + 2)), at: table)
    put(UInt32(owners.count + 2), at: table + UInt64(width))
    for (index, thread) in owners.enumerated() { owner(thread, at: table + entry * UInt64(index + 1)) }
    pointer(table, "_ERESOURCE", "OwnerTable", in: address)
  }

  // MARK: Work queues

  private mutating func queues(_ waits: SynthesizedWaits, _ blocks: [UInt64: [UInt64]]) {
    for item in waits.items {
      zeros("_WORK_QUEUE_ITEM", at: item.address)
      pointer(item.routine, "_WORK_QUEUE_ITEM", "WorkerRoutine", in: item.address)
      pointer(item.parameter, "_WORK_QUEUE_ITEM", "Parameter", in: item.address)
    }
    for (index, queue) in waits.queues.enumerated() {
      let type = waits.usesPriorities ? "_KPRIQUEUE" : "_KQUEUE"
      zeros("_EX_WORK_QUEUE", at: queue.address)
      put((waits.usesPriorities ? 21 : 4) as UInt8, at: queue.address)
      put(UInt8(truncatingIfNeeded: size(type) / 4), at: queue.address + 2)
      number(machine.processors, type, "MaximumCount", in: queue.address)
      if let place = offset("_DISPATCHER_HEADER", "WaitListHead") {
        link(head: queue.address + place, blocks[queue.address] ?? [])
      }
      let workers = waits.threads.filter { $0.queue == queue.address }
      let links = offset("_KTHREAD", "QueueListEntry") ?? 0
      link(
        head: queue.address + (offset(type, "ThreadListHead") ?? 0), workers.map { $0.address + links })
      let head = queue.address + (offset(type, "EntryListHead") ?? 0)
      if waits.usesPriorities {
        for priority in 0..<32 {
          let own = waits.items.filter { SynthesizedWaits.priorities[$0.queue] == priority }
          link(head: head + UInt64(2 * width * priority), own.map(\.address))
        }
        number(UInt32(workers.count), "_EX_WORK_QUEUE", "ThreadCount", in: queue.address)
        number(4096 as UInt32, "_EX_WORK_QUEUE", "MaxThreads", in: queue.address)
        if let node = node { pointer(node, "_EX_WORK_QUEUE", "Node", in: queue.address) }
      } else {
        link(head: head, waits.items.filter { $0.queue == index }.map(\.address))
        number(queue.dynamicWorkers, "_EX_WORK_QUEUE", "DynamicThreadCount", in: queue.address)
        number(UInt32(workers.count), "_EX_WORK_QUEUE", "ThreadCount", in: queue.address)
      }
      number(1234 as UInt32, "_EX_WORK_QUEUE", "WorkItemsProcessed", in: queue.address)
    }
    if waits.usesPriorities, let queue = waits.queues.first { variables(queue.address) }
  }

  /// ENODE of node 0 where it is in the kernel's data.
  private var node: UInt64? {
    offset("_ENODE", "ExWorkQueues") == nil ? nil : kernel.address(of: "ExNode0")
  }

  /// What leads to the priority queue: 8.1's node, or the system partition from Windows 10 on.
  private mutating func variables(_ queue: UInt64) {
    if let node, let array = offset("_ENODE", "ExWorkQueues") {
      putPointer(node, at: kernel.address(of: "KeNodeBlock"))
      putPointer(queue, at: node + array)
    } else if let executive = offset("_EPARTITION", "ExPartition"), let field = offset("_EX_PARTITION", "WorkQueues") {
      let partition = room(size("_EPARTITION"))
      let own = room(size("_EX_PARTITION"))
      let nodes = room(16)
      let pools = room(64)
      zeros("_EPARTITION", at: partition)
      zeros("_EX_PARTITION", at: own)
      put([UInt8](repeating: 0, count: 16), at: nodes)
      put([UInt8](repeating: 0, count: 64), at: pools)
      putPointer(partition, at: kernel.address(of: "PspSystemPartition"))
      putPointer(own, at: partition + executive)
      putPointer(nodes, at: own + field)
      putPointer(pools, at: nodes)
      putPointer(queue, at: pools)
    }
  }
}
