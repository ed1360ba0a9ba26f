import Facts

/// One tag of one pool over all moments.
struct PoolSeries {
  var tag: String
  var pool: String
  var driver: String?
  var hours: [Double] = []
  /// Without what counters of 32 bits lose.
  var bytes: [UInt64] = []
  var allocations: [UInt64] = []
  /// Blocks in use.
  var live: [UInt64] = []
  /// Number of the run between restarts.
  var runs: [Int] = []
  var hasWrapped = false
  /// Every moment was read in the kernel's memory.
  var isFromMemory = true

  /// Builds all series; tells how often the system restarted.
  static func all(_ moments: [PoolSnapshots.Moment]) -> (series: [PoolSeries], restarts: Int) {
    var builder = Builder()
    for moment in moments { builder.add(moment) }
    return (builder.series, builder.run)
  }

  /// The run with most moments, of which verdict and slope are taken.
  var longestRun: Int {
    var counts: [Int: Int] = [:]
    for run in runs { counts[run, default: 0] += 1 }
    return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
  }

  /// Indices of one run's moments.
  func indices(ofRun run: Int) -> [Int] { runs.indices.filter { runs[$0] == run } }

  private struct Builder {
    private struct Key: Hashable {
      var tag: String
      var pool: String
    }

    private struct Last {
      var allocations: UInt64
      var frees: UInt64
      var bytes: UInt64
    }

    var series: [PoolSeries] = []
    var run = 0
    private var places: [Key: Int] = [:]
    private var last: [Key: Last] = [:]

    /// What wraps: poolmon's counters are unsigned 32-bit numbers.
    private static let wrap: UInt64 = 1 << 32
    /// A fall by more than half of the range is a wrap, not a fall.
    private static let half: UInt64 = 1 << 31

    mutating func add(_ moment: PoolSnapshots.Moment) {
      if hasRestarted(moment.snapshot) {
        run += 1
        last.removeAll(keepingCapacity: true)
      }
      for row in moment.snapshot.rows {
        let key = Key(tag: row.tag, pool: row.pool)
        let place = places[key] ?? series.count
        if place == series.count {
          places[key] = place
          series.append(PoolSeries(tag: row.tag, pool: row.pool))
        }
        if !moment.snapshot.isFromMemory { series[place].isFromMemory = false }
        series[place].append(row, moment.hours, run, after: last[key].map { ($0.allocations, $0.frees, $0.bytes) })
        last[key] = Last(
          allocations: series[place].allocations.last ?? 0,
          frees: (series[place].allocations.last ?? 0) &- (series[place].live.last ?? 0),
          bytes: series[place].bytes.last ?? 0)
      }
    }

    /// Counters only grow while a system runs: where most are less than before it was started again.
    private func hasRestarted(_ snapshot: PoolLogView.Snapshot) -> Bool {
      var compared = 0
      var less = 0
      for row in snapshot.rows {
        guard let before = last[Key(tag: row.tag, pool: row.pool)], row.frees != nil, before.allocations > 0 else {
          continue
        }
        compared += 1
        let counted = before.allocations % Self.wrap
        if row.allocations < counted, counted - row.allocations < Self.half { less += 1 }
      }
      return compared > 0 && Double(less) > 0.5 * Double(compared)
    }
  }

  private mutating func append(
    _ row: PoolLogView.Row, _ hours: Double, _ run: Int,
    after last: (allocations: UInt64, frees: UInt64, bytes: UInt64)?
  ) {
    driver = driver ?? row.driver
    var allocations = row.allocations
    var frees = row.frees ?? 0
    var bytes = row.bytes
    if let last {
      let wrapped = Self.unwrapped(allocations, after: last.allocations)
      if wrapped != allocations { hasWrapped = true }
      allocations = wrapped
      frees = Self.unwrapped(frees, after: last.frees)
      // Bytes go down as well; only a fall that the blocks in use do not share is a wrap.
      let liveBefore = Double(last.allocations &- last.frees)
      let liveNow = Double(allocations >= frees ? allocations - frees : 0)
      if row.frees != nil, row.bytes <= UInt64(UInt32.max), liveNow > 0.8 * liveBefore {
        let candidate = Self.unwrapped(bytes, after: last.bytes)
        if candidate != bytes {
          hasWrapped = true
          bytes = candidate
        }
      }
    }
    self.hours.append(hours)
    self.bytes.append(bytes)
    self.allocations.append(allocations)
    live.append(row.frees == nil ? row.allocations : allocations >= frees ? allocations - frees : 0)
    runs.append(run)
  }

  /// A 32-bit counter that fell by more than half of its range has begun again.
  private static func unwrapped(_ value: UInt64, after last: UInt64) -> UInt64 {
    guard value <= UInt64(UInt32.max), value < last else { return value }
    let turn = last & ~UInt64(UInt32.max)
    var next = turn &+ value
    if next < last, last - next > 1 << 31 { next = next &+ (1 << 32) }
    return turn > 0 || next != value ? next : value
  }
}
