/// Use of pool by tag at one or more moments, as poolmon, the debugger or other viewers print it, or the pools as a whole as performance
/// counters log them. Plain values, no bytes.
public struct PoolLogView: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    /// As printed, with the spaces inside a tag and without those behind it; bytes outside ASCII as they were decoded.
    public var tag: String
    /// `paged` or `nonpaged`.
    public var pool: String
    /// Since the system started; what is live now where frees are absent.
    public var allocations: UInt64
    public var frees: UInt64?
    public var bytes: UInt64
    /// The column of differences, where it is printed; poolmon's wraps at 32 bits.
    public var difference: Int64?
    /// The driver or the description printed beside it.
    public var driver: String?

    public init(
      tag: String, pool: String, allocations: UInt64, frees: UInt64?, bytes: UInt64, difference: Int64?, driver: String?
    ) {
      self.tag = tag
      self.pool = pool
      self.allocations = allocations
      self.frees = frees
      self.bytes = bytes
      self.difference = difference
      self.driver = driver
    }

    /// Whether allocations less frees give the printed difference, counting that 32-bit systems wrap.
    public var addsUp: Bool {
      guard let frees, let difference else { return true }
      return UInt32(truncatingIfNeeded: allocations &- frees) == UInt32(truncatingIfNeeded: difference)
    }
  }

  public struct Snapshot: Hashable, Sendable {
    /// In UTC as far as the log says: a log without a time zone is taken at its word.
    public var time: CivilTime?
    /// `System`, `All sessions`, `Session 0`: whose pool it is, where stated.
    public var scope: String?
    /// Bytes of the pools as the heading states them.
    public var nonpagedBytes: UInt64?
    public var pagedBytes: UInt64?
    /// Physical memory, where the heading states it.
    public var memoryBytes: UInt64?
    public var rows: [Row] = []
    /// The kernel's own counters, read in its memory, and not a tool's print of them.
    public var isFromMemory = false
    /// Line of its first row, from 1.
    public var line = 0

    public init() {}

    /// What a pool holds in all: as the heading states it, or at least the sum of the rows.
    public func total(_ pool: String) -> (bytes: UInt64, isStated: Bool) {
      let sum = rows.reduce(into: UInt64(0)) {
        if $1.pool == pool { $0 = $0.addingReportingOverflow($1.bytes).partialValue }
      }
      if let stated = pool == "paged" ? pagedBytes : nonpagedBytes, stated >= sum { return (stated, true) }
      return (sum, false)
    }
  }

  /// One performance counter over time: a pool as a whole, or what of it one process is charged with.
  public struct Counter: Hashable, Sendable {
    @frozen
    public enum Quantity: String, Hashable, Sendable, CaseIterable {
      case bytes, allocations, handles
    }

    public struct Sample: Hashable, Sendable {
      /// Since 1970, by the log's own clock.
      public var seconds: Double
      public var value: UInt64
      /// Which run of the system or the process it belongs to.
      public var run: Int

      public init(seconds: Double, value: UInt64, run: Int) {
        self.seconds = seconds
        self.value = value
        self.run = run
      }
    }

    /// As the log names it, in the language of the system.
    public var name: String
    /// The instance of the counter; nil for the whole system.
    public var process: String?
    /// `paged` or `nonpaged`; nil for handles, and where the name's language is not known.
    public var pool: String?
    public var quantity: Quantity
    /// In the order of time.
    public var samples: [Sample] = []

    public init(name: String, process: String?, pool: String?, quantity: Quantity) {
      self.name = name
      self.process = process
      self.pool = pool
      self.quantity = quantity
    }
  }

  public var snapshots: [Snapshot] = []
  /// Of a log of performance counters, which knows no tags.
  public var counters: [Counter] = []
  public var notes: [String] = []
  /// The tool said that the system keeps no tags.
  public var taggingIsOff = false

  public init() {}

  /// Nothing of it can be followed.
  public var isEmpty: Bool { snapshots.isEmpty && counters.isEmpty }
}
