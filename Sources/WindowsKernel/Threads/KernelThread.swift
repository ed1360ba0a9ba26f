import CrashDumpFormat
import Facts

/// One thread of a dump of whole pages.
public struct KernelThread: Hashable, Sendable {
  /// KTHREAD.State (public type _KTHREAD_STATE).
  @frozen
  public struct State: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let ready = State(rawValue: 1)
    public static let running = State(rawValue: 2)
    public static let standby = State(rawValue: 3)
    public static let terminated = State(rawValue: 4)
    public static let waiting = State(rawValue: 5)
    public static let transition = State(rawValue: 6)
    public static let deferredReady = State(rawValue: 7)
    /// Server 2003 SP1 to Vista: waiting for a gate, which has no wait block.
    public static let gateWait = State(rawValue: 8)

    public var isWaiting: Bool { self == .waiting || self == .gateWait }

    public var name: String {
      switch rawValue {
      case 0: "initialized"
      case 1: "ready"
      case 2: "running"
      case 3: "standby"
      case 4: "terminated"
      case 5: "waiting"
      case 6: "transition"
      case 7: "deferred-ready"
      case 8: "gate-wait"
      case 9: "waiting-for-process-in-swap"
      default: "state-\(rawValue)"
      }
    }
  }

  /// KTHREAD.WaitReason (public type _KWAIT_REASON); it keeps the last wait's reason while the thread does not wait.
  @frozen
  public struct WaitReason: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let queue = WaitReason(rawValue: 15)
    public static let resource = WaitReason(rawValue: 27)
    public static let pushLock = WaitReason(rawValue: 28)
    /// Also waits for a fast mutex before Windows 7.
    public static let mutex = WaitReason(rawValue: 29)
    public static let fastMutex = WaitReason(rawValue: 34)
    public static let guardedMutex = WaitReason(rawValue: 35)

    private static let names = [
      "Executive", "FreePage", "PageIn", "PoolAllocation", "DelayExecution", "Suspended", "UserRequest", "WrExecutive",
      "WrFreePage", "WrPageIn", "WrPoolAllocation", "WrDelayExecution", "WrSuspended", "WrUserRequest", "WrEventPair",
      "WrQueue", "WrLpcReceive", "WrLpcReply", "WrVirtualMemory", "WrPageOut", "WrRendezvous", "WrKeyedEvent",
      "WrTerminated", "WrProcessInSwap", "WrCpuRateControl", "WrCalloutStack", "WrKernel", "WrResource", "WrPushLock",
      "WrMutex", "WrQuantumEnd", "WrDispatchInt", "WrPreempted", "WrYieldExecution", "WrFastMutex", "WrGuardedMutex",
      "WrRundown", "WrAlertByThreadId", "WrDeferredPreempt", "WrPhysicalFault",
    ]

    /// Microsoft's name; `reason-N` for a number newer than the public types at hand.
    public var name: String { Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "reason-\(rawValue)" }
  }

  /// One object of a wait.
  public struct Wait: Hashable, Sendable {
    /// nil where the header is not in the dump.
    public var object: DispatcherObject?
    public var address: UInt64
  }

  /// A request that a driver has not completed.
  public struct Request: Hashable, Sendable {
    public var irp: UInt64
    /// The event that its completion sets.
    public var event: UInt64?
    public var device: UInt64?
    public var majorFunction: UInt8?
    /// The driver's image, by DRIVER_OBJECT.DriverStart.
    public var driver: String?
  }

  /// Of its ETHREAD.
  public var address: UInt64
  public var id: UInt64
  public var process: UInt64
  public var processID: UInt64?
  public var processName: String?
  public var session: UInt32?
  public var state: State
  public var waitReason: WaitReason?
  /// Milliseconds since the wait began; nil where the tick count is not in the dump.
  public var waitedMilliseconds: UInt64?
  public var priority: Int8?
  public var basePriority: Int8?
  public var startAddress: UInt64?
  public var win32StartAddress: UInt64?
  public var kernelStack: UInt64?
  public var stackLimit: UInt64?
  /// First address above the stack.
  public var stackBase: UInt64?
  /// The queue it serves (KTHREAD.Queue), whether it waits there or not.
  public var queue: UInt64?
  /// What it waits for; empty where it does not wait, or its wait blocks are not in the dump.
  public var waits: [Wait] = []
  /// One of several objects ends the wait, not all of them.
  public var waitsForAny = false
  /// The wait ends by time as well.
  public var hasTimeout = false
  /// The processor it runs on.
  public var processor: Int?
  public var requests: [Request] = []
  /// More objects, or requests, than are read of one thread; or a list that leads nowhere.
  public var isCut = false

  public func holdsOnStack(_ address: UInt64) -> Bool {
    guard let stackLimit, let stackBase, stackLimit < stackBase else { return false }
    return address >= stackLimit && address < stackBase
  }
}
