import Facts
import KernelLayouts

extension PoolGrowthView {
  /// What is known beside the logs.
  public struct Context: Sendable {
    /// Hours between snapshots that state no time.
    public var interval: Double?
    public var events: [PoolEvent]
    /// Decides the limits of the pools.
    public var machine: Machine
    /// Owners that an imported list names, by tag.
    public var importedOwners: [String: String]

    public init(
      interval: Double? = nil, events: [PoolEvent] = [], machine: Machine = Machine(),
      importedOwners: [String: String] = [:]
    ) {
      self.interval = interval
      self.events = events
      self.machine = machine
      self.importedOwners = importedOwners
    }
  }

  /// Growth per tag and pool over the snapshots of all logs, and of each pool as a whole.
  public init(_ logs: [(path: String, view: PoolLogView)], _ context: Context = Context()) {
    self.init()
    let ordered = PoolSnapshots(logs, interval: context.interval)
    let moments = ordered.moments
    snapshots = moments.count
    notes = ordered.notes + Self.notes(of: logs)
    taggingIsOff = logs.contains { $0.view.taggingIsOff }
    if let first = moments.first?.seconds, let last = moments.last?.seconds {
      start = CivilTime(unixSeconds: Int64(first)).rfc3339
      end = CivilTime(unixSeconds: Int64(last)).rfc3339
    }
    if ordered.isTimed, let first = moments.first, let last = moments.last { hours = last.hours - first.hours }
    let whole = PoolTotals(logs, moments, isTimed: ordered.isTimed)
    if moments.isEmpty, let span = whole.span {
      snapshots = whole.samples
      start = CivilTime(unixSeconds: Int64(span.lowerBound)).rfc3339
      end = CivilTime(unixSeconds: Int64(span.upperBound)).rfc3339
      hours = (span.upperBound - span.lowerBound) / 3600
    }
    let (series, restarts) = PoolSeries.all(moments)
    self.restarts = restarts
    if restarts > 0 {
      notes.append(
        "The counters began again \(restarts) time\(restarts == 1 ? "" : "s"): the system was restarted between snapshots."
      )
    }
    let wrapped = series.filter(\.hasWrapped).map(\.tag)
    if !wrapped.isEmpty {
      notes.append("Counters of 32 bits that ran over were counted on: \(wrapped.prefix(5).joined(separator: ", ")).")
    }
    limits = Self.limits(context.machine, memory: moments.compactMap(\.snapshot.memoryBytes).max())
    let loads = EventCount.driverLoads(in: series)
    let counts = EventCount.listed(context.events, moments) + (loads.map { [$0] } ?? [])
    let last = moments.last?.snapshot
    for one in series {
      var row = Self.row(one, isTimed: ordered.isTimed, counts)
      name(&row, context)
      if let last { exhaust(&row, used: max(last.total(row.pool).bytes, row.last)) }
      rows.append(row)
    }
    rows.sort(by: Self.before)
    judge(whole, isTimed: ordered.isTimed)
    inStep = StepSearch.pairs(
      series.filter { one in
        rows.contains { $0.tag == one.tag && $0.pool == one.pool && $0.verdict == .leak }
      })
    tellMissing(ordered.isTimed || moments.isEmpty && whole.span != nil)
  }

  private static func notes(of logs: [(path: String, view: PoolLogView)]) -> [String] {
    var notes: [String] = []
    for log in logs { for note in log.view.notes where !notes.contains(note) { notes.append(note) } }
    return notes
  }

  static func before(_ a: Row, _ b: Row) -> Bool {
    let order: [Verdict] = [.leak, .growingCache, .burst, .tooLittleData, .steady]
    let (first, second) = (order.firstIndex(of: a.verdict) ?? 0, order.firstIndex(of: b.verdict) ?? 0)
    if first != second { return first < second }
    let (growth, other) = (a.bytesPerHour ?? a.bytesPerSnapshot ?? 0, b.bytesPerHour ?? b.bytesPerSnapshot ?? 0)
    if growth != other { return growth > other }
    if a.last != b.last { return a.last > b.last }
    return (a.tag, a.pool) < (b.tag, b.pool)
  }

  static func row(_ series: PoolSeries, isTimed: Bool, _ counts: [EventCount]) -> Row {
    let run = series.indices(ofRun: series.longestRun)
    let times = run.map { series.hours[$0] }
    let values = run.map { Double(series.bytes[$0]) }
    let judgement = GrowthJudgement(times: times, values: values)
    var row = Row(
      tag: series.tag, pool: series.pool, first: series.bytes.first ?? 0, last: series.bytes.last ?? 0,
      verdict: judgement.verdict, confidence: judgement.confidence)
    row.driver = series.driver
    row.points = series.bytes.indices.map {
      Point(hours: series.hours[$0], bytes: series.bytes[$0], run: series.runs[$0])
    }
    row.notes.append(judgement.reason)
    if judgement.verdict == .tooLittleData {
      row.notes.append(
        "\(GrowthJudgement.fewest) snapshots are the least, and \(GrowthJudgement.enough) tell it surely: take more, over a longer time"
      )
    } else if run.count < GrowthJudgement.enough {
      row.confidence = min(row.confidence, 0.7)
      row.notes.append("only \(run.count) snapshots: \(GrowthJudgement.enough) or more would make it sure")
    }
    if isTimed {
      row.bytesPerHour = judgement.slope
      row.bytesPerHourRange = judgement.slopeRange
    } else {
      row.bytesPerSnapshot = judgement.slope
    }
    if judgement.verdict == .leak {
      for count in counts {
        guard let slope = count.slope(of: series, run) else { continue }
        row.bytesPerEvent = slope
        row.event = count.name
        let left = count.blocks(of: series, run)
        if series.isFromMemory { row.blocksPerEvent = left }
        // What drivers hold while they are loaded is theirs, by whichever counter that is seen.
        if left == nil, count.isHeld(series, run) {
          row.event = "loaded-driver"
          row.notes.append("its blocks come with the drivers that are loaded and stay")
        }
        break
      }
    }
    return row
  }

  private func name(_ row: inout Row, _ context: Context) {
    if let tag = PoolTag(row.tag), let owner = TagOwners.owner(of: tag) {
      (row.owner, row.ownerSource) = (owner, "table")
    } else if let owner = context.importedOwners[row.tag] {
      (row.owner, row.ownerSource) = (owner, "imported")
    } else if let driver = row.driver {
      (row.owner, row.ownerSource) = (driver, "log")
    }
  }

  // MARK: Limits

  private static func limits(_ machine: Machine, memory: UInt64?) -> [Limit] {
    guard let version = machine.version, let architecture = machine.architecture else { return [] }
    return ["nonpaged", "paged"].compactMap { pool in
      PoolLimits.limit(pool: pool, version: version, architecture: architecture, servicePack: machine.servicePack).map {
        let unknown = $0.memoryShare != nil && memory == nil
        return Limit(
          pool: pool, bytes: $0.bytes(memory: memory),
          basis: $0.basis + (unknown ? "; the machine's memory is not known, so it may be less" : ""))
      }
    }
  }

  func exhaust(_ row: inout Row, used: UInt64) {
    guard row.verdict == .leak, let slope = row.bytesPerHour, slope > 0,
      let limit = limits.first(where: { $0.pool == row.pool })
    else { return }
    row.hoursLeft = used >= limit.bytes ? 0 : Double(limit.bytes - used) / slope
  }

  private mutating func tellMissing(_ isTimed: Bool) {
    if taggingIsOff {
      missing.append(
        Missing(
          "pool.tags", because: .notPresent,
          detail:
            "The tool says that pool tagging is off. On Windows NT 4.0, 2000 and XP switch it on with gflags -r +ptg and restart."
        ))
    }
    if !isTimed, snapshots > 1 {
      missing.append(
        Missing(
          "pool.times", because: .notPresent,
          detail:
            "The snapshots state no times, so there is no growth per hour; --interval 15m tells how far apart they are."
        ))
    }
    if snapshots < GrowthJudgement.fewest {
      missing.append(
        Missing(
          "pool.snapshots", because: .notPresent,
          detail:
            "\(snapshots) snapshot\(snapshots == 1 ? "" : "s") cannot show growth; take at least \(GrowthJudgement.fewest), better \(GrowthJudgement.enough)."
        ))
    }
  }
}
