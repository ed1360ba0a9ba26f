import Facts

/// Series of whole pools and of what processes are charged with: performance counters, and what poolmon's heading states.
struct PoolTotals {
  struct One {
    var series: PoolSeries
    var quantity: PoolLogView.Counter.Quantity
    var process: String?
  }

  private struct Key: Hashable {
    var name: String
    var counter: String
    var process: String?
    var pool: String?
    var quantity: PoolLogView.Counter.Quantity
  }

  private(set) var all: [One] = []
  /// Whether performance counters are among them.
  private(set) var hasCounters = false
  /// Seconds since 1970 of the first and last sample.
  private(set) var span: ClosedRange<Double>?
  /// Of the counter with most of them.
  private(set) var samples = 0

  static let nonpaged = "all of nonpaged pool"
  static let paged = "all of paged pool"

  init(_ logs: [(path: String, view: PoolLogView)], _ moments: [PoolSnapshots.Moment], isTimed: Bool) {
    let counters = logs.flatMap(\.view.counters)
    hasCounters = !counters.isEmpty
    let stated = moments.first?.seconds
    var low = stated
    for counter in counters {
      guard let first = counter.samples.first?.seconds, let last = counter.samples.last?.seconds else { continue }
      low = min(low ?? first, first)
      span = min(span?.lowerBound ?? first, first)...max(span?.upperBound ?? last, last)
    }
    var merged: [Key: [PoolLogView.Counter]] = [:]
    var order: [Key] = []
    for counter in counters {
      let name = Self.name(counter)
      let key = Key(
        name: name, counter: counter.name, process: counter.process, pool: counter.pool, quantity: counter.quantity)
      if merged[key] == nil { order.append(key) }
      merged[key, default: []].append(counter)
    }
    for key in order {
      var series = PoolSeries(tag: key.name, pool: key.pool ?? "")
      // Logs that follow each other are one series.
      let parts = (merged[key] ?? []).sorted { ($0.samples.first?.seconds ?? 0) < ($1.samples.first?.seconds ?? 0) }
      var samples = parts.flatMap(\.samples)
      if parts.count > 1 { samples.sort { $0.seconds < $1.seconds } }
      for sample in samples {
        series.hours.append((sample.seconds - (low ?? 0)) / 3600)
        series.bytes.append(sample.value)
        series.runs.append(sample.run)
      }
      self.samples = max(self.samples, samples.count)
      all.append(One(series: series, quantity: key.quantity, process: key.process))
    }
    // poolmon's heading counts the same; beside counters it would be said twice.
    guard !all.contains(where: { $0.process == nil && $0.quantity == .bytes }), isTimed || counters.isEmpty else {
      return
    }
    for (name, pool) in [(Self.nonpaged, "nonpaged"), (Self.paged, "paged")] {
      var series = PoolSeries(tag: name, pool: pool)
      let shift = (moments.first?.seconds).flatMap { first in low.map { (first - $0) / 3600 } } ?? 0
      for moment in moments {
        guard let bytes = pool == "paged" ? moment.snapshot.pagedBytes : moment.snapshot.nonpagedBytes else { continue }
        series.hours.append(moment.hours + shift)
        series.bytes.append(bytes)
        series.runs.append(0)
      }
      if series.bytes.count > 1 { all.append(One(series: series, quantity: .bytes, process: nil)) }
    }
  }

  private static func name(_ counter: PoolLogView.Counter) -> String {
    if let process = counter.process {
      return counter.pool == nil && counter.quantity == .bytes ? "\(process) \(counter.name)" : process
    }
    switch (counter.pool, counter.quantity) {
    case ("nonpaged", .bytes): return nonpaged
    case ("paged", .bytes): return paged
    case (let pool?, .allocations): return "allocations of \(pool) pool"
    default: return counter.name
    }
  }
}

extension PoolGrowthView {
  /// What each pool as a whole does, and who is charged with it.
  mutating func judge(_ found: PoolTotals, isTimed: Bool) {
    for one in found.all {
      var row = Self.row(one.series, isTimed: isTimed || found.hasCounters, [])
      row.quantity = one.quantity
      row.process = one.process
      if one.process == nil, one.quantity == .bytes { exhaust(&row, used: row.last) }
      totals.append(row)
    }
    totals.sort(by: Self.before)
    guard found.hasCounters else { return }
    if rows.isEmpty {
      missing.append(
        Missing(
          "pool.tags", because: .notPresent,
          detail:
            "Performance counters count pools as a whole and what processes are charged with, not whose allocations they are. Pool by tag settles it: poolmon -b -n pool1.txt, again every 15 minutes under another name, or a kernel dump."
        ))
    }
    tellHolder()
  }

  /// A process that leaks handles makes a pool grow as a driver does.
  private mutating func tellHolder() {
    let leaking = Set(
      totals.filter { $0.process == nil && $0.quantity == .bytes && $0.verdict == .leak }.map(\.pool))
    let processes = totals.filter { $0.process != nil }
    guard !leaking.isEmpty, !processes.isEmpty else { return }
    let suspects = processes.filter { $0.verdict == .leak }
    if suspects.isEmpty {
      notes.append(
        "No process in the log grows with it: what grows is a driver's or the system's own, or of a process that the log leaves out."
      )
    } else {
      var names: [String] = []
      for row in suspects where !names.contains(row.tag) { names.append(row.tag) }
      notes.append(
        "\(names.prefix(3).joined(separator: ", ")) grow\(names.count == 1 ? "s" : "") with it: what the process opens or is charged with may be what the pool fills with. Stopping it shows whether the pool gives its memory back."
      )
    }
  }
}
