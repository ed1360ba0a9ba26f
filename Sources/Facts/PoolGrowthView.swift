/// How pool grows by tag over several moments. Plain values, no bytes.
public struct PoolGrowthView: Hashable, Sendable {
  /// The contract's names.
  @frozen
  public enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Memory that is not given back, and more of it all the time.
    case leak
    /// It grew, and growth slows down or has ended.
    case growingCache = "growing-cache"
    /// It rose at once, or rises and falls again.
    case burst
    case steady
    /// Too few moments to tell.
    case tooLittleData = "too-little-data"
  }

  public struct Row: Hashable, Sendable {
    public var tag: String
    public var pool: String
    /// The driver or description printed beside the tag.
    public var driver: String?
    /// Who allocates with it, and by which source: `table` (the bundled list), `log`, `imported`.
    public var owner: String?
    public var ownerSource: String?
    public var first: UInt64
    public var last: UInt64
    /// Hours since the first moment, and bytes.
    public var points: [Point] = []
    /// Robust slope; nil where times are not known.
    public var bytesPerHour: Double?
    /// 95 % interval of the slope.
    public var bytesPerHourRange: ClosedRange<Double>?
    /// Bytes that each moment adds, for logs without times.
    public var bytesPerSnapshot: Double?
    public var bytesPerEvent: Double?
    /// Blocks that each event left behind, the same at every step: from counters in the kernel's memory only.
    public var blocksPerEvent: UInt64?
    /// What `bytesPerEvent` counts by: `driver-load`, `loaded-driver` (drivers that stay), `session`, or as the list of events names it.
    public var event: String?
    public var verdict: Verdict
    /// 0…1, in the verdict.
    public var confidence: Double
    /// Sentences: why, and what would settle a doubt.
    public var notes: [String] = []
    /// Hours until the pool's limit at this rate, and the limit it was reckoned against.
    public var hoursLeft: Double?
    /// Of `totals`: what is counted. nil for tags, which hold bytes.
    public var quantity: PoolLogView.Counter.Quantity?
    /// Of `totals`: the process that is charged; nil for the whole system.
    public var process: String?

    public init(
      tag: String, pool: String, first: UInt64, last: UInt64, verdict: Verdict, confidence: Double
    ) {
      self.tag = tag
      self.pool = pool
      self.first = first
      self.last = last
      self.verdict = verdict
      self.confidence = confidence
    }
  }

  public struct Point: Hashable, Sendable {
    public var hours: Double
    public var bytes: UInt64
    /// Which run of the system it belongs to: restarts part them.
    public var run: Int

    public init(hours: Double, bytes: UInt64, run: Int) {
      self.hours = hours
      self.bytes = bytes
      self.run = run
    }
  }

  /// Two tags of which one grows by a fixed multiple of the other.
  public struct InStep: Hashable, Sendable {
    public var first: String
    public var second: String
    /// Bytes of the first for each of the second.
    public var ratio: Double

    public init(first: String, second: String, ratio: Double) {
      self.first = first
      self.second = second
      self.ratio = ratio
    }
  }

  /// The most a pool can hold on the machine.
  public struct Limit: Hashable, Sendable {
    public var pool: String
    public var bytes: UInt64
    /// What the limit rests on, in words.
    public var basis: String

    public init(pool: String, bytes: UInt64, basis: String) {
      self.pool = pool
      self.bytes = bytes
      self.basis = basis
    }
  }

  /// Leaks first, then by growth.
  public var rows: [Row] = []
  /// Each pool as a whole and what processes are charged with, by performance counters or poolmon's heading, in the order of
  /// `rows`. `tag` is the counter's or the process's name.
  public var totals: [Row] = []
  public var inStep: [InStep] = []
  public var snapshots = 0
  /// RFC 3339, where times are known.
  public var start: String?
  public var end: String?
  /// Hours from the first to the last moment; nil where times are not known.
  public var hours: Double?
  public var restarts = 0
  public var limits: [Limit] = []
  public var taggingIsOff = false
  public var notes: [String] = []
  public var missing: [Missing] = []

  public init() {}
}
