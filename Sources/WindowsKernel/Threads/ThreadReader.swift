import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// Reads ETHREAD with what hangs on it: wait blocks, the objects they lead to, requests that drivers have not completed.
struct ThreadReader {
  let structures: StructureReader
  let modules: ModuleMap
  private let clock: TickClock?

  /// KeWaitForMultipleObjects takes 64 objects (MAXIMUM_WAIT_OBJECTS, public header); the timer comes on top.
  static let maximumWaitBlocks = 65
  /// Requests that are read of one thread; services that read ahead have some hundreds.
  static let maximumRequests = 256
  /// Address of the object that is a thread: type 6 in its header.
  private static let threadType: UInt8 = 6

  init(_ structures: StructureReader, _ modules: ModuleMap) {
    self.structures = structures
    self.modules = modules
    clock = TickClock(structures)
  }

  /// nil where it is not in the dump or is no thread by this layout.
  func thread(at address: UInt64) -> KernelThread? {
    guard structures.isKernelPointer(address),
      let type = structures.value("_DISPATCHER_HEADER", "Type", in: address, as: UInt8.self),
      type & 0x7F == Self.threadType,
      let state = structures.value("_KTHREAD", "State", in: address, as: UInt8.self),
      let id = structures.pointer("_ETHREAD", "Cid.UniqueThread", in: address), id < 1 << 32
    else { return nil }
    var thread = KernelThread(
      address: address, id: id, process: process(of: address) ?? 0, state: KernelThread.State(rawValue: state))
    func own(_ field: String) -> UInt64? {
      structures.pointer("_KTHREAD", field, in: address).flatMap { $0 == 0 ? nil : $0 }
    }
    func number(_ field: String) -> Int8? { structures.value("_KTHREAD", field, in: address, as: Int8.self) }
    thread.waitReason = structures.value("_KTHREAD", "WaitReason", in: address, as: UInt8.self)
      .map(KernelThread.WaitReason.init(rawValue:))
    thread.priority = number("Priority")
    thread.basePriority = number("BasePriority")
    thread.startAddress = structures.pointer("_ETHREAD", "StartAddress", in: address)
    thread.win32StartAddress = structures.pointer("_ETHREAD", "Win32StartAddress", in: address)
      .flatMap { $0 == 0 ? nil : $0 }
    thread.kernelStack = own("KernelStack")
    thread.stackLimit = own("StackLimit")
    thread.stackBase = own("StackBase")
    thread.queue = own("Queue")
    if thread.state.isWaiting {
      readWaits(of: &thread)
      if let since = structures.value("_KTHREAD", "WaitTime", in: address, as: UInt32.self) {
        thread.waitedMilliseconds = clock?.milliseconds(since: since)
      }
    }
    readRequests(of: &thread)
    return thread
  }

  private func process(of thread: UInt64) -> UInt64? {
    structures.pointer("_KTHREAD", "Process", in: thread)
      ?? structures.pointer("_ETHREAD", "ThreadsProcess", in: thread)
      ?? structures.pointer("_KTHREAD", "ApcState.Process", in: thread)
  }

  // MARK: Waits

  private func readWaits(of thread: inout KernelThread) {
    let address = thread.address
    if thread.state == .gateWait {
      if let gate = structures.pointer("_KTHREAD", "GateObject", in: address), gate != 0 { add(gate, to: &thread) }
      return
    }
    guard let first = structures.pointer("_KTHREAD", "WaitBlockList", in: address), structures.isKernelPointer(first)
    else { return }
    let timer = structures.place("_KTHREAD", "Timer", in: address)
    var seen: Set<UInt64> = []
    func take(_ block: UInt64) -> Bool {
      guard seen.insert(block).inserted, let object = structures.pointer("_KWAIT_BLOCK", "Object", in: block),
        // A block that another thread's pointer led to is not this one's.
        structures.pointer("_KWAIT_BLOCK", "Thread", in: block) == address
      else { return false }
      if object == timer {
        thread.hasTimeout = true
      } else if object != 0 {
        add(object, to: &thread)
      }
      // WAIT_TYPE (public header): 0 all, 1 any; 2 is a notification of another kind.
      if structures.value("_KWAIT_BLOCK", "WaitType", in: block, as: UInt8.self) == 1 { thread.waitsForAny = true }
      return true
    }
    if structures.layout.offset("_KWAIT_BLOCK", "NextWaitBlock") != nil {
      // A ring, with the timer's block in it.
      var block = first
      for _ in 0..<Self.maximumWaitBlocks {
        guard take(block), let next = structures.pointer("_KWAIT_BLOCK", "NextWaitBlock", in: block) else {
          thread.isCut = true
          return
        }
        if next == first || next == 0 { return finishTimer(of: &thread, timer) }
        block = next
      }
      thread.isCut = true
    } else {
      // From Windows 8 on an array.
      let size = UInt64(structures.layout.size(of: "_KWAIT_BLOCK") ?? 0)
      let count = structures.value("_KTHREAD", "WaitBlockCount", in: address, as: UInt8.self) ?? 1
      if Int(count) > Self.maximumWaitBlocks { thread.isCut = true }
      for index in 0..<UInt64(min(Int(count), Self.maximumWaitBlocks)) {
        guard take(first &+ index &* size) else {
          thread.isCut = true
          break
        }
      }
      finishTimer(of: &thread, timer)
    }
    if thread.waits.count < 2 { thread.waitsForAny = false }
  }

  /// Windows 7 and later leave the timer's block out of the ring: the timer is in the table of timers (DISPATCHER_HEADER's
  /// fourth byte, Inserted, bit 6 of it from Windows 7 on) while it runs.
  private func finishTimer(of thread: inout KernelThread, _ timer: UInt64?) {
    if thread.waits.count < 2 { thread.waitsForAny = false }
    guard !thread.hasTimeout, let timer, let kind = structures.dispatcherObject(at: timer)?.kind, kind.isTimer,
      let flags: UInt8 = structures.load(at: timer &+ 3)
    else { return }
    thread.hasTimeout = structures.space.build >= 7600 ? flags & 0x40 != 0 : flags != 0
  }

  private func add(_ object: UInt64, to thread: inout KernelThread) {
    let found = structures.isKernelPointer(object) ? structures.dispatcherObject(at: object) : nil
    thread.waits.append(KernelThread.Wait(object: found, address: object))
  }

  // MARK: Requests

  private func readRequests(of thread: inout KernelThread) {
    guard let head = structures.place("_ETHREAD", "IrpList", in: thread.address),
      let links = structures.layout.offset("_IRP", "ThreadListEntry"),
      // Most threads have none: the head leads to itself.
      let first = structures.space.pointer(at: head), first != head, structures.isKernelPointer(first)
    else { return }
    let (entries, isWhole) = structures.space.list(head: VirtualAddress(head), limit: Self.maximumRequests)
    if !isWhole { thread.isCut = true }
    thread.requests = entries.compactMap { request(at: $0 &- UInt64(links)) }
  }

  /// IO_TYPE_IRP (public header wdm.h).
  private static let irpType: UInt16 = 6

  private func request(at irp: UInt64) -> KernelThread.Request? {
    guard structures.isKernelPointer(irp), structures.load(at: irp, as: UInt16.self) == Self.irpType else { return nil }
    var request = KernelThread.Request(irp: irp)
    request.event = structures.pointer("_IRP", "UserEvent", in: irp).flatMap { $0 == 0 ? nil : $0 }
    guard let place = structures.pointer("_IRP", "Tail.Overlay.CurrentStackLocation", in: irp),
      structures.isKernelPointer(place)
    else { return request }
    request.majorFunction = structures.value("_IO_STACK_LOCATION", "MajorFunction", in: place, as: UInt8.self)
    guard let device = structures.pointer("_IO_STACK_LOCATION", "DeviceObject", in: place),
      structures.isKernelPointer(device)
    else { return request }
    request.device = device
    if let driver = structures.pointer("_DEVICE_OBJECT", "DriverObject", in: device),
      let start = structures.pointer("_DRIVER_OBJECT", "DriverStart", in: driver)
    {
      request.driver = modules.entry(at: start)?.identity.name
    }
    return request
  }
}

/// The tick count and how long a tick is, from KUSER_SHARED_DATA (public header ntddk.h).
struct TickClock {
  private let now: UInt32
  /// Milliseconds in a tick, times 2^24.
  private let multiplier: UInt32

  init?(_ structures: StructureReader) {
    let shared = TableSearch.SharedData.address(structures.space.architecture)
    guard let multiplier = structures.load(at: shared + 4, as: UInt32.self), multiplier != 0 else { return nil }
    // TickCount at 0x320 came with Server 2003; before, the count stands at the beginning.
    let quad = structures.load(at: shared + 0x320, as: UInt32.self) ?? 0
    let low = structures.load(at: shared, as: UInt32.self) ?? 0
    guard quad != 0 || low != 0 else { return nil }
    now = quad != 0 ? quad : low
    self.multiplier = multiplier
  }

  /// KTHREAD.WaitTime is the low half of the tick count; a start after now is another value.
  func milliseconds(since start: UInt32) -> UInt64? {
    let ticks = now &- start
    guard ticks <= UInt32(Int32.max) else { return nil }
    return (UInt64(ticks) * UInt64(multiplier)) >> 24
  }
}
