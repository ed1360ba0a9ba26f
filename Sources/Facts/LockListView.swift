/// The locks of a dump, with who waits for whom, as reports print them: `faultline.dump-locks/1`.
public struct LockListView: Hashable, Sendable {
  public struct Holder: Hashable, Sendable {
    public var thread: VirtualAddress
    public var id: UInt64?
    public var process: String?
    /// How often it took a resource.
    public var count: UInt32?

    public init(thread: VirtualAddress) { self.thread = thread }
  }

  public struct Waiter: Hashable, Sendable {
    public var thread: VirtualAddress
    public var id: UInt64?
    public var process: String?
    public var isExclusive: Bool?
    /// False where the thread was found by what its stack holds.
    public var isStated: Bool

    public init(thread: VirtualAddress, isStated: Bool) {
      self.thread = thread
      self.isStated = isStated
    }
  }

  public struct Lock: Hashable, Sendable {
    /// `resource`, `mutant`, `fast-mutex`, `guarded-mutex`, `push-lock`.
    public var kind: String
    public var address: VirtualAddress
    /// The module whose data it lies in.
    public var module: String?
    public var isExclusive: Bool
    public var contentions: UInt32?
    public var owners: [Holder] = []
    public var waiters: [Waiter] = []
    /// What the lock itself counts, which may be more than were found.
    public var sharedWaiters: UInt32?
    public var exclusiveWaiters: UInt32?
    public var note: String?

    public init(kind: String, address: VirtualAddress, isExclusive: Bool) {
      self.kind = kind
      self.address = address
      self.isExclusive = isExclusive
    }
  }

  public var locks: [Lock] = []
  /// Resources that exist, held or not.
  public var resourceCount: Int?
  public var graph = WaitGraph()
  public var layoutBuild: Int?
  public var isGuess = false
  public var pointerDigits: Int
  public var missing: [Missing] = []

  public init(pointerDigits: Int) { self.pointerDigits = pointerDigits }
}
