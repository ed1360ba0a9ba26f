import Facts

/// Threads of a described machine, what they wait for, and the work queues they serve.
///
/// Everything has its address before it is written, so that structures can name each other: `SynthesizedWaits` hands them out.
public struct SynthesizedWaits: Sendable {
  /// KTHREAD.State.
  public enum State: UInt8, Hashable, Sendable {
    case ready = 1
    case running = 2
    case waiting = 5
    case gateWait = 8
  }

  /// KTHREAD.WaitReason, as far as described machines need it.
  public enum Reason: UInt8, Hashable, Sendable {
    case executive = 0
    case userRequest = 6
    case queue = 15
    case resource = 27
    case pushLock = 28
    case mutex = 29
    case fastMutex = 34
    case guardedMutex = 35
  }

  /// First byte of a DISPATCHER_HEADER.
  public enum ObjectKind: UInt8, Hashable, Sendable {
    case notificationEvent = 0
    case synchronizationEvent = 1
    case mutant = 2
    case semaphore = 5
    case gate = 7
  }

  public struct Object: Hashable, Sendable {
    public var address: UInt64
    public var kind: ObjectKind
    /// Of a mutant.
    public var owner: UInt64?
  }

  public struct Thread: Sendable {
    public var address: UInt64
    public var id: UInt64
    public var processID: UInt64
    public var state: State
    public var reason: Reason
    public var priority: UInt8
    public var startAddress: UInt64
    /// Innermost first, without KiSwapContext.
    public var stack: SynthesizedStack
    /// What it waits for; a queue that it serves idly is among them.
    public var objects: [UInt64] = []
    public var waitsForAny = false
    public var hasTimeout = false
    /// The wait began so many ticks ago.
    public var ticks: UInt32
    public var queue: UInt64?
    public var requests: [Request] = []
  }

  public struct Request: Hashable, Sendable {
    public var address: UInt64
    public var event: UInt64
    public var device: UInt64
  }

  public struct Device: Hashable, Sendable {
    public var address: UInt64
    public var driverObject: UInt64
    /// Base of the driver's image.
    public var driverStart: UInt64
  }

  /// An ERESOURCE.
  public struct Resource: Hashable, Sendable {
    public var address: UInt64
    public var owners: [UInt64] = []
    public var isExclusive = true
    public var exclusiveWaiters: [UInt64] = []
    public var sharedWaiters: [UInt64] = []
    /// The event and the semaphore that waiters wait for.
    public var event: UInt64
    public var semaphore: UInt64
  }

  /// FAST_MUTEX or KGUARDED_MUTEX.
  public struct FastMutex: Hashable, Sendable {
    public var address: UInt64
    public var owner: UInt64
    public var isGuarded: Bool
    /// The event or gate inside.
    public var object: UInt64
  }

  public struct Item: Hashable, Sendable {
    public var address: UInt64
    public var routine: UInt64
    public var parameter: UInt64
    /// Index of the executive's queue, WORK_QUEUE_TYPE: 0 critical, 1 delayed, 2 hypercritical.
    public var queue: Int
  }

  public struct Queue: Hashable, Sendable {
    public var address: UInt64
    /// Of the workers, how many were added because nothing progressed.
    public var dynamicWorkers: UInt32 = 0
  }

  public var threads: [Thread] = []
  public var objects: [Object] = []
  public var resources: [Resource] = []
  public var fastMutexes: [FastMutex] = []
  public var items: [Item] = []
  public var devices: [Device] = []
  /// The executive's: three of the array, or one priority queue of node 0.
  public var queues: [Queue] = []
  /// Further bytes: structures that items work on.
  public var memory: [SynthesizedMemory] = []

  let kernel: SynthesizedKernel
  let layout: KernelLayoutOffsets
  var random: SplitMix64
  private var nextObject: UInt64
  private var nextStack: UInt64
  private var nextID: UInt64 = 0x40

  /// Priorities of the three first types since Windows 8.1 (Microsoft's documentation of WORK_QUEUE_TYPE).
  static let priorities = [13, 12, 15]

  public init(_ kernel: SynthesizedKernel, seed: UInt64) {
    self.kernel = kernel
    layout = KernelLayoutOffsets(kernel)
    random = SplitMix64(seed: seed ^ 0x7A17)
    let wide = kernel.architecture != .x86
    nextObject = (wide ? 0xFFFF_FA80_0400_0000 : 0x8680_0000) + 0x1000 * random.below(0x200)
    nextStack = (wide ? 0xFFFF_F880_0500_0000 : 0xF600_0000) + 0x8000 * random.below(0x20)
  }

  var width: Int { kernel.architecture == .x86 ? 4 : 8 }
  public var usesPriorities: Bool { layout.offset("_EX_WORK_QUEUE", "WorkPriQueue") != nil }

  /// Room for a structure of nonpaged memory.
  public mutating func room(_ bytes: Int) -> UInt64 {
    let place = nextObject
    nextObject = (place + UInt64(bytes) + 16 * (1 + random.below(24)) + 15) & ~15
    return place
  }

  public mutating func object(_ kind: ObjectKind, owner: UInt64? = nil) -> UInt64 {
    let address = room(0x40)
    objects.append(Object(address: address, kind: kind, owner: owner))
    return address
  }

  /// An object at a place of its own, such as a thread's stack.
  public mutating func object(_ kind: ObjectKind, at address: UInt64) {
    objects.append(Object(address: address, kind: kind, owner: nil))
  }

  /// Room for a thread that is described later: locks can name it before.
  public mutating func threadAddress() -> UInt64 { room(layout.size("_ETHREAD") ?? 0x600) }

  /// First address above a new stack.
  public mutating func stackBase() -> UInt64 {
    nextStack += 0x8000
    return nextStack
  }

  public mutating func threadID() -> UInt64 {
    nextID += 4 * (1 + random.below(8))
    return nextID
  }

  public mutating func resource() -> Resource {
    let resource = Resource(
      address: room(layout.size("_ERESOURCE") ?? 0x80), event: object(.synchronizationEvent),
      semaphore: object(.semaphore))
    return resource
  }

  public mutating func fastMutex(owner: UInt64, isGuarded: Bool = false) -> FastMutex {
    let type = isGuarded ? "_KGUARDED_MUTEX" : "_FAST_MUTEX"
    let address = room(layout.size(type) ?? 0x40)
    let inside = UInt64(layout.offset(type, isGuarded ? "Gate" : "Event") ?? 0)
    // Server 2003 SP1 to Vista have a gate in both.
    let isGate = isGuarded || (3790...6002).contains(Int(kernel.version.build)) && kernel.version.servicePack != 0
    object(isGate ? .gate : .synchronizationEvent, at: address + inside)
    let mutex = FastMutex(address: address, owner: owner, isGuarded: isGuarded, object: address + inside)
    fastMutexes.append(mutex)
    return mutex
  }

  public mutating func device(of driver: SynthesizedModule) -> Device {
    let device = Device(
      address: room(0x180), driverObject: room(layout.size("_DRIVER_OBJECT") ?? 0x150), driverStart: driver.base)
    devices.append(device)
    return device
  }

  public mutating func request(event: UInt64, to device: Device) -> Request {
    Request(address: room((layout.size("_IRP") ?? 0xD0) + 0x60), event: event, device: device.address)
  }
}
