import Facts

/// Machines that hang, each in a way of its own; their dumps were forced by somebody.
public enum HangScenario: String, Hashable, Sendable, CaseIterable {
  /// Every worker of the critical queue runs the DFS client's requests and waits for an event that only a redirector's item
  /// in the same queue sets.
  case starvation = "queue-starved"
  /// As in `starvation`, with the items and waits of another driver than the DFS client.
  case otherClient = "other-client"
  /// Two threads hold one resource each and wait for the other's; the workers wait behind them.
  case lockCycle = "lock-cycle"
  /// Every worker waits for a resource whose holder runs.
  case oneHolder = "one-lock-holder"
  /// Every worker waits for requests to one device; items of the same component are pending.
  case slowServer = "slow-server"
  /// Every worker works, one of them on a processor soon; many items are pending.
  case busyQueue = "busy-queue"
  /// As in `starvation`, but one worker's wait ends by time.
  case oneWorkerReturns = "one-worker-returns"
  /// As in `starvation`, without the code of the items' routines.
  case noCode = "no-code"
  /// As in `starvation`, but the items' routines clear the events that they have within reach.
  case otherRoutine = "other-routine"

  /// A description of what was put there.
  public struct Built: Sendable {
    public var machine: WholeMachine
    public var waits: SynthesizedWaits
    /// Of the critical queue, or of node 0.
    public var workers: [UInt64]
    /// The threads of the circle, of the starved queue, or the holder.
    public var culprits: [UInt64]
    public var stop: StopCode
  }

  public func machine(
    _ kernel: SynthesizedKernel, paging: SynthesizedPaging? = nil, seed: UInt64, memoryBytes: UInt64 = 16 << 20
  ) -> Built {
    var builder = HangBuilder(kernel, paging: paging, seed: seed, memoryBytes: memoryBytes)
    builder.build(self)
    return builder.finished()
  }
}

/// Puts a hung machine together.
private struct HangBuilder {
  var whole: WholeMachine
  var waits: SynthesizedWaits
  var random: SplitMix64
  var workers: [UInt64] = []
  var culprits: [UInt64] = []
  let kernel: SynthesizedKernel
  private var drivers: [String: SynthesizedModule] = [:]

  private static let systemProcess: UInt64 = 4

  init(_ kernel: SynthesizedKernel, paging: SynthesizedPaging?, seed: UInt64, memoryBytes: UInt64) {
    self.kernel = kernel
    random = SplitMix64(seed: seed ^ 0x4A46)
    whole = WholeMachine.sample(kernel, paging: paging, memoryBytes: memoryBytes, seed: seed)
    waits = SynthesizedWaits(kernel, seed: seed)
    addDrivers()
    forceDump()
    addQueues()
  }

  /// The modules that the stories need, where the sample did not draw them.
  private mutating func addDrivers() {
    for name in random.shuffled([
      "mup.sys", "rdbss.sys", "mrxsmb.sys", "Ntfs.sys", "tcpip.sys", "i8042prt.sys", "http.sys", "afd.sys",
    ]) {
      if let known = whole.machine.modules.first(where: { $0.name.lowercased() == name.lowercased() }) {
        drivers[name] = known
        continue
      }
      let last = whole.machine.modules.map { $0.base + UInt64($0.size) }.max() ?? 0
      let module = SynthesizedModule(
        name: name, path: "\\SystemRoot\\System32\\drivers\\" + name,
        base: (last + 0xFFF) & ~0xFFF + 0x1000 * random.below(32), size: UInt32(0x1000 * (0x18 + random.below(0x20))),
        timestamp: 1_100_000_000 + UInt32(random.below(60_000_000)), checksum: UInt32(random.below(1 << 20)))
      drivers[name] = module
      whole.machine.modules.append(module)
    }
  }

  /// The keyboard's interrupt, or another way to ask for a dump, stopped whatever ran.
  private mutating func forceDump() {
    var stops: [(UInt32, [UInt64])] = [(0xE2, []), (0x80, [0x4F_4454, 0, 0, 0])]
    if kernel.version.build >= 10240 { stops.append((0x1C8, [])) }
    let (code, parameters) = random.pick(stops) ?? (0xE2, [])
    whole.machine.stop = SynthesizedStop(StopCode(code), parameters)
    let stack = SynthesizedStack(
      frames: [
        SynthesizedFrame(
          "nt!KeBugCheckEx", at: kernelAddress("KeBugCheckEx", 0x2_1120), isAtEntry: kernel.architecture != .x86),
        frame("i8042prt.sys"),
        SynthesizedFrame("nt!KiInterruptDispatch", at: kernelAddress("KiSwapContext", 0x2_4000) + 0x931),
      ], architecture: kernel.architecture, base: whole.machine.stack.base)
    whole.machine.stack = stack
    switch whole.machine.registers {
    case .x86(var registers):
      registers.ebp = UInt32(truncatingIfNeeded: stack.framePointers[0])
      registers.esp = UInt32(truncatingIfNeeded: stack.stackPointers[0])
      whole.machine.registers = .x86(registers)
    case .x64(var registers):
      registers.rsp = stack.stackPointers[0]
      whole.machine.registers = .x64(registers)
    case .arm64: break
    }
    // The processor was idle.
    whole.machine.process = SynthesizedProcess(name: "System", id: 4, parentID: 0, address: 0, threads: 80)
    whole.machine.thread = SynthesizedThread(id: 0, address: waits.threadAddress())
  }

  private func kernelAddress(_ symbol: String, _ standard: UInt64) -> UInt64 {
    whole.machine.kernelBase + UInt64(kernel.symbols[symbol].map(UInt64.init) ?? standard)
  }

  private mutating func frame(_ driver: String, locals: Int = 0x40) -> SynthesizedFrame {
    let module = drivers[driver]
    // Not in the last page, which holds what is written of the driver's code.
    let place = 0x1010 + random.below(UInt64(module?.size ?? 0x8000) - 0x2010)
    return SynthesizedFrame(
      driver, at: (module?.base ?? 0) + (place & 0xFFF == 0 ? place + 7 : place),
      locals: [UInt8](repeating: 0, count: locals))
  }

  private mutating func addQueues() {
    let size = UInt64(waits.layout.size("_EX_WORK_QUEUE") ?? 0)
    if waits.usesPriorities {
      // 8.1 keeps the first node's queue in the node itself.
      if let inside = waits.layout.offset("_ENODE", "ExWorkQueue") {
        waits.queues = [
          .init(address: whole.machine.kernelBase + UInt64(kernel.symbols["ExNode0"] ?? 0) + UInt64(inside))
        ]
      } else {
        waits.queues = [.init(address: waits.room(Int(size)))]
      }
    } else {
      let base = whole.machine.kernelBase + UInt64(kernel.symbols["ExWorkerQueue"] ?? 0xD_2020)
      waits.queues = (0..<3).map { .init(address: base + UInt64($0) * size) }
    }
  }

  // MARK: Threads

  /// What stands between a thread's own code and the switch to another.
  private func waitFrames() -> [SynthesizedFrame] {
    let wide = kernel.architecture != .x86
    return [
      SynthesizedFrame(
        "nt!KiSwapContext", at: kernelAddress("KiSwapContext", 0x2_4000) + (wide ? 0x7A : 0x2F),
        locals: [UInt8](repeating: 0, count: wide ? 0x138 : 12)),
      SynthesizedFrame(
        "nt!KeWaitForSingleObject", at: kernelAddress("KeWaitForSingleObject", 0x2_6000) + 0x1C2,
        locals: [UInt8](repeating: 0, count: wide ? 0x60 : 0x30)),
    ]
  }

  private func workerFrames() -> [SynthesizedFrame] {
    [
      SynthesizedFrame(
        "nt!ExpWorkerThread", at: kernelAddress("ExpWorkerThread", 0x3_3000) + 0x111,
        locals: [UInt8](repeating: 0, count: 0x40)),
      SynthesizedFrame(
        "nt!PspSystemThreadStartup", at: kernelAddress("ExpWorkerThread", 0x3_3000) + 0x5_0A41, locals: []),
    ]
  }

  private mutating func stack(_ own: [SynthesizedFrame]) -> SynthesizedStack {
    SynthesizedStack(frames: waitFrames() + own, architecture: kernel.architecture, base: waits.stackBase())
  }

  private mutating func thread(
    _ own: [SynthesizedFrame], address: UInt64? = nil, process: UInt64 = systemProcess, queue: UInt64? = nil,
    reason: SynthesizedWaits.Reason = .executive
  ) -> SynthesizedWaits.Thread {
    SynthesizedWaits.Thread(
      address: address ?? waits.threadAddress(), id: waits.threadID(), processID: process, state: .waiting,
      reason: reason, priority: 13, startAddress: kernelAddress("ExpWorkerThread", 0x3_3000), stack: stack(own),
      ticks: UInt32(random.below(40_000)), queue: queue)
  }

  private func workerCount(_ random: inout SplitMix64) -> Int { 4 + random.index(below: 8) }

  /// Idle threads of the other queues, and of processes that wait for this or that.
  private mutating func addBystanders() {
    for index in waits.queues.indices.dropFirst() {
      for _ in 0..<(1 + random.index(below: 3)) {
        var idle = thread(workerFrames(), queue: waits.queues[index].address, reason: .queue)
        idle.objects = [waits.queues[index].address]
        waits.threads.append(idle)
      }
    }
    for process in whole.processes where process.id != Self.systemProcess {
      for _ in 0..<(1 + random.index(below: 2)) {
        var other = thread([frame("tcpip.sys")], process: process.id, reason: .userRequest)
        other.objects = (0..<(1 + random.index(below: 5))).map { _ in waits.object(.notificationEvent) }
        other.waitsForAny = true
        other.hasTimeout = random.below(2) == 0
        other.priority = 8
        waits.threads.append(other)
      }
    }
  }

  // MARK: Stories

  mutating func build(_ scenario: HangScenario) {
    addBystanders()
    let queue = waits.queues[0].address
    var count = workerCount(&random)
    if !waits.usesPriorities {
      waits.queues[0].dynamicWorkers = 16
      count += 2
    }
    switch scenario {
    case .starvation: starve(queue, count, code: .sets)
    case .noCode: starve(queue, count, code: .absent)
    case .otherRoutine: starve(queue, count, code: .clears)
    case .otherClient: starve(queue, count, code: .sets, client: "http.sys", server: "afd.sys", between: "tcpip.sys")
    case .oneWorkerReturns:
      starve(queue, count, code: .sets)
      if let last = waits.threads.lastIndex(where: { $0.queue == queue }) { waits.threads[last].hasTimeout = true }
    case .lockCycle: lockCycle(queue, count)
    case .oneHolder: oneHolder(queue, count)
    case .slowServer: slowServer(queue, count)
    case .busyQueue: busyQueue(queue, count)
    }
  }

  private mutating func item(_ driver: String, _ parameter: UInt64, routine: UInt64? = nil) {
    let routine = routine ?? frame(driver).address
    waits.items.append(
      SynthesizedWaits.Item(address: waits.room(0x40), routine: routine, parameter: parameter, queue: 0))
  }

  /// What the dump holds of the code of the items that the workers wait for.
  enum ItemCode { case sets, clears, absent }

  /// Three ways in which a redirector's item can know the event: by address, in its structure, through another.
  private static let ways: [DriverCode.Way] = [.pointer(0x38), .embedded(0x40), .through(0x28, 0x18)]

  /// A work routine of a driver for each way.
  private mutating func workRoutines(_ driver: String, _ code: ItemCode) -> [UInt64] {
    guard code != .absent, let module = drivers[driver] else { return Self.ways.map { _ in frame(driver).address } }
    whole.kernelExports = ["KeSetEvent": 0x2_6A00, "KeClearEvent": 0x2_6B40, "KeWaitForSingleObject": 0x2_6000]
    for name in whole.kernelExports.keys.sorted() {
      if let known = kernel.symbols[name] { whole.kernelExports[name] = known }
    }
    let page = module.base + UInt64(module.size) - 0x1000
    var out = DriverCode(
      isWide: kernel.architecture != .x86, at: page + 0x20 + 16 * random.below(0x40), table: page + 0xF00,
      routines: whole.kernelExports.mapValues { whole.machine.kernelBase + UInt64($0) })
    let routines = Self.ways.map { out.workRoutine($0, sets: code == .sets, &random) }
    whole.contents += out.memory
    return routines
  }

  /// A structure of a driver, with words at places.
  private mutating func structure(_ words: [(Int, UInt64)]) -> UInt64 {
    let header = 2 * waits.width
    let place = waits.room(0x100 + header)
    var bytes = ByteBuilder(zeros: header + 0x100)
    // The pool block's header (public type _POOL_HEADER), in units of its own size.
    let size = UInt32((0x100 + header) / header) << 16
    let inUse: UInt32 = kernel.version.build < 6000 ? 5 : 2
    bytes.put(size | inUse << (waits.width == 8 ? 24 : 25), at: 0)
    bytes.put(Array("RxCx".utf8), at: 4)
    for (offset, value) in words { bytes.putPointer(value, width: waits.width, at: header + offset) }
    waits.memory.append(SynthesizedMemory(address: place, bytes: bytes.bytes))
    return place + UInt64(header)
  }

  private mutating func unrelatedItems(_ driver: String, _ count: Int) {
    for _ in 0..<count {
      let own = waits.object(.notificationEvent)
      item(driver, structure([(0x20, own)]))
    }
  }

  private mutating func starve(
    _ queue: UInt64, _ count: Int, code: ItemCode, client: String = "mup.sys", server: String = "rdbss.sys",
    between: String = "mrxsmb.sys"
  ) {
    let routines = workRoutines(server, code)
    for index in 0..<count {
      let worker = thread(
        [frame(server), frame(between, locals: 0x60), frame(client)] + workerFrames(), queue: queue)
      var added = worker
      let event: UInt64
      let routine = routines[index % routines.count]
      switch index % 3 {
      case 0:
        // On the waiter's own stack, among mrxsmb's locals.
        event = worker.stack.stackPointers[3] + 0x20
        waits.object(.notificationEvent, at: event)
        item(server, structure([(0x38, event)]), routine: routine)
      case 1:
        let context = structure([])
        event = context + 0x40
        waits.object(.synchronizationEvent, at: event)
        item(server, context, routine: routine)
      default:
        event = waits.object(.notificationEvent)
        let inner = structure([(0x18, event)])
        item(server, structure([(0x28, inner)]), routine: routine)
      }
      added.objects = [event]
      waits.threads.append(added)
      workers.append(added.address)
    }
    unrelatedItems("tcpip.sys", random.index(below: 4))
    culprits = workers
  }

  /// Workers that wait for a resource.
  private mutating func workersBehind(_ resource: inout SynthesizedWaits.Resource, _ queue: UInt64, _ count: Int) {
    for _ in 0..<count {
      var inner = frame("Ntfs.sys", locals: 0x60)
      inner.locals = words([resource.address], 0x60)
      var worker = thread([inner, frame("Ntfs.sys")] + workerFrames(), queue: queue, reason: .resource)
      worker.objects = [resource.event]
      // Such waits end every few seconds, look for deadlocks and begin again.
      worker.hasTimeout = kernel.version.build < 10240
      resource.exclusiveWaiters.append(worker.address)
      waits.threads.append(worker)
      workers.append(worker.address)
    }
  }

  private func words(_ values: [UInt64], _ count: Int) -> [UInt8] {
    var bytes = ByteBuilder(zeros: count)
    for (index, value) in values.enumerated() {
      bytes.putPointer(value, width: waits.width, at: 0x10 + index * 2 * waits.width)
    }
    return bytes.bytes
  }

  private mutating func lockCycle(_ queue: UInt64, _ count: Int) {
    var first = waits.resource()
    var second = waits.resource()
    let a = waits.threadAddress()
    let b = waits.threadAddress()
    first.owners = [a]
    second.owners = [b]
    for (address, wanted) in [(a, second), (b, first)] {
      var inner = frame("Ntfs.sys", locals: 0x60)
      inner.locals = words([wanted.address], 0x60)
      var one = thread([inner, frame("Ntfs.sys")], address: address, reason: .resource)
      one.objects = [wanted.event]
      waits.threads.append(one)
    }
    second.exclusiveWaiters = [a]
    first.exclusiveWaiters = [b]
    workersBehind(&first, queue, count)
    unrelatedItems("rdbss.sys", 3)
    waits.resources = [first, second, waits.resource()]
    culprits = [a, b]
  }

  private mutating func oneHolder(_ queue: UInt64, _ count: Int) {
    var resource = waits.resource()
    let holder = waits.threadAddress()
    resource.owners = [holder]
    var running = thread([frame("Ntfs.sys"), frame("Ntfs.sys")], address: holder)
    running.state = .ready
    waits.threads.append(running)
    workersBehind(&resource, queue, count)
    unrelatedItems("Ntfs.sys", 5)
    waits.resources = [waits.resource(), resource]
    culprits = [holder]
  }

  private mutating func slowServer(_ queue: UInt64, _ count: Int) {
    guard let driver = drivers["tcpip.sys"] else { return }
    let device = waits.device(of: driver)
    for _ in 0..<count {
      var worker = thread([frame("mrxsmb.sys", locals: 0x60), frame("mup.sys")] + workerFrames(), queue: queue)
      let event = worker.stack.stackPointers[2] + 0x10
      waits.object(.notificationEvent, at: event)
      worker.objects = [event]
      worker.requests = [waits.request(event: event, to: device)]
      waits.threads.append(worker)
      workers.append(worker.address)
    }
    // The component in which they wait has items pending as well, about something else.
    unrelatedItems("mrxsmb.sys", 4)
    unrelatedItems("rdbss.sys", 2)
  }

  private mutating func busyQueue(_ queue: UInt64, _ count: Int) {
    for index in 0..<count {
      var worker = thread([frame("Ntfs.sys", locals: 0x40), frame("Ntfs.sys")] + workerFrames(), queue: queue)
      let event = waits.object(.synchronizationEvent)
      worker.objects = [event]
      if index == 0 {
        worker.state = .ready
        worker.objects = []
      } else if index % 2 == 0 {
        // This one's event is an item's to set; the others' are nobody's that is known.
        item("Ntfs.sys", structure([(0x10, event)]))
      }
      waits.threads.append(worker)
      workers.append(worker.address)
    }
    unrelatedItems("Ntfs.sys", 12)
  }

  func finished() -> HangScenario.Built {
    var machine = whole
    machine.waits = waits
    return HangScenario.Built(
      machine: machine, waits: waits, workers: workers, culprits: culprits, stop: whole.machine.stop.code)
  }
}
