/// What a debugger's output states, as reports print it. Plain values, no bytes.
public struct DebuggerLogView: Hashable, Sendable {
  /// One line of a stack as the debugger printed it.
  public struct Frame: Hashable, Sendable {
    /// `nt`, `win32k`: as printed, without an ending.
    public var module: String?
    /// `nt!KeBugCheckEx+0x1b` or `acme+0x334c`, as printed; a bare address where no module holds it.
    public var place: String
    /// The instruction pointer: the return address of the frame above, or the faulting instruction.
    public var address: VirtualAddress?
    /// The first column: the frame pointer on x86, the stack pointer elsewhere.
    public var stackPointer: VirtualAddress?
    public var returnAddress: VirtualAddress?
    /// The words the debugger prints as arguments; on x64 not always what was passed.
    public var arguments: [UInt64] = []
    /// Behind a warning of the debugger that frames may be wrong.
    public var isDoubtful = false

    public init(place: String, module: String? = nil) {
      self.place = place
      self.module = module
    }

    /// `nt!KeBugCheckEx` without the offset; nil where only a module and an offset are known.
    public var symbol: String? {
      place.utf8.contains(UInt8(ascii: "!")) ? String(place.prefix { $0 != "+" }) : nil
    }

    /// User-mode frames lie in the lower half of the address space.
    public var isUserMode: Bool {
      guard let address = address ?? stackPointer else { return false }
      return address.rawValue < 0x8000_0000 || (address.rawValue > 0xFFFF_FFFF && address.rawValue >> 63 == 0)
    }
  }

  /// One line of the list of modules (`lm`).
  public struct Module: Hashable, Sendable {
    public var name: String
    public var file: String?
    public var start: VirtualAddress
    public var end: VirtualAddress
    public var timestamp: UInt32?
    public var isUnloaded: Bool

    public init(
      name: String, file: String?, start: VirtualAddress, end: VirtualAddress, timestamp: UInt32?, isUnloaded: Bool
    ) {
      self.name = name
      self.file = file
      self.start = start
      self.end = end
      self.timestamp = timestamp
      self.isUnloaded = isUnloaded
    }
  }

  /// One resource that `!locks` found in use.
  public struct Lock: Hashable, Sendable {
    public var address: VirtualAddress?
    public var name: String?
    public var isExclusive = false
    public var contention: UInt64?
    public var exclusiveWaiters: UInt64?
    public var sharedWaiters: UInt64?
    /// Threads that hold it, then those that the debugger lists as waiting.
    public var owners: [VirtualAddress] = []
    public var waiters: [VirtualAddress] = []

    public init() {}
  }

  /// One queue of system worker threads (`!exqueue`).
  public struct WorkQueue: Hashable, Sendable {
    /// `Critical`, `Delayed`, `HyperCritical`, as printed.
    public var name: String
    public var threads: [VirtualAddress] = []
    /// Routines of the items that wait, as printed.
    public var pending: [String] = []

    public init(name: String) { self.name = name }
  }

  // bugcheck
  public var code: StopCode?
  public var name: String?
  /// In order; fewer than four where the log is cut.
  public var parameters: [UInt64] = []
  public var image: String?
  public var module: String?
  /// `acme!Read+0x31`: where the debugger lays the blame.
  public var blamedSymbol: String?
  public var process: String?
  public var failureBucket: String?
  public var irql: UInt64?
  public var exceptionCode: NTStatus?
  /// The failing instruction, where stated.
  public var faultingAddress: VirtualAddress?
  /// `win32k!bComputeIDs+28`, as printed.
  public var faultingPlace: String?
  public var referenced: VirtualAddress?
  public var access: String?
  public var stack: [Frame] = []
  /// Index of the frame where the failing code is: behind the stop's own machinery.
  public var topFrame: Int?
  /// Index of the first frame of the kernel's half whose module has a name that Windows does not ship.
  public var foreignFrame: Int?
  public var modules: [Module] = []
  public var locks: [Lock] = []
  public var queues: [WorkQueue] = []

  // machine
  public var architecture: Architecture?
  public var version: String?
  public var build: UInt32?
  public var servicePack: ServicePack?
  /// `WinNt`, `Server`, `LanManNt`, as printed.
  public var productType: String?
  public var processors: UInt32?
  public var dumpFile: String?
  /// Sentences about what the log says against itself.
  public var notes: [String] = []
  /// Further stops in the same file, in its order.
  public var others: [DebuggerLogView] = []

  public init() {}

  /// True where nothing was found that any report could use.
  public var saysNothing: Bool {
    code == nil && stack.isEmpty && modules.isEmpty && locks.isEmpty && queues.isEmpty && image == nil && process == nil
      && failureBucket == nil && faultingPlace == nil && version == nil && build == nil
  }

  public var pointerDigits: Int {
    if let architecture { return architecture.pointerSize == 4 ? 8 : 16 }
    return parameters.contains { $0 > 0xFFFF_FFFF } ? 16 : 8
  }
}
