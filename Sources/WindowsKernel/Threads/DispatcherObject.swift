import CrashDumpFormat
import Facts

/// An object that threads wait for: what its DISPATCHER_HEADER says.
public struct DispatcherObject: Hashable, Sendable {
  /// The header's first byte (public type _KOBJECTS of seven kernels; the numbers below are the same in all of them).
  @frozen
  public struct Kind: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let notificationEvent = Kind(rawValue: 0)
    public static let synchronizationEvent = Kind(rawValue: 1)
    public static let mutant = Kind(rawValue: 2)
    public static let process = Kind(rawValue: 3)
    public static let queue = Kind(rawValue: 4)
    public static let semaphore = Kind(rawValue: 5)
    public static let thread = Kind(rawValue: 6)
    public static let gate = Kind(rawValue: 7)
    public static let notificationTimer = Kind(rawValue: 8)
    public static let synchronizationTimer = Kind(rawValue: 9)
    /// From Windows 8.1 on; 21 was EventPairObject before.
    public static let priorityQueue = Kind(rawValue: 21)

    public var isTimer: Bool { self == .notificationTimer || self == .synchronizationTimer }
    /// Somebody signals it, and it does not record who will.
    public var isSignal: Bool {
      self == .notificationEvent || self == .synchronizationEvent || self == .semaphore || self == .gate
    }

    /// As reports print it; `type-N` for a number that has no meaning here.
    public var name: String {
      switch self {
      case .notificationEvent: "notification-event"
      case .synchronizationEvent: "synchronization-event"
      case .mutant: "mutant"
      case .process: "process"
      case .queue: "queue"
      case .semaphore: "semaphore"
      case .thread: "thread"
      case .gate: "gate"
      case .notificationTimer: "notification-timer"
      case .synchronizationTimer: "synchronization-timer"
      case .priorityQueue: "priority-queue"
      default: "type-\(rawValue)"
      }
    }
  }

  public var address: UInt64
  public var kind: Kind
  public var signalState: Int32
  /// The thread that owns a mutant; nil where nobody does.
  public var owner: UInt64?
}

extension StructureReader {
  /// nil where the header is not in the dump.
  func dispatcherObject(at address: UInt64) -> DispatcherObject? {
    guard let type = value("_DISPATCHER_HEADER", "Type", in: address, as: UInt8.self),
      let state = value("_DISPATCHER_HEADER", "SignalState", in: address, as: Int32.self)
    else { return nil }
    // Bit 7 is a lock bit of objects that are being signalled (public type: Lock shares the header's first word).
    let kind = DispatcherObject.Kind(rawValue: type & 0x7F)
    var object = DispatcherObject(address: address, kind: kind, signalState: state)
    if kind == .mutant, let owner = pointer("_KMUTANT", "OwnerThread", in: address), owner != 0 {
      // Bit 0 is a flag from Windows 8 on.
      object.owner = owner & ~1
    }
    return object
  }
}
