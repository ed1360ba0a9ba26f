import Facts

/// How many events of one kind there had been at each moment.
struct EventCount {
  var name: String
  /// By hours, as the series have them.
  var counts: [Double: Double]
  /// Of driver loads: driver objects that were freed again, and those that are there, by the same counter.
  var completed: [Double: UInt64] = [:]
  var held: [Double: UInt64] = [:]

  /// The tag of driver objects: one is allocated for each driver that is loaded (listed as such in Microsoft's list of tags).
  private static let driverObject = "Driv"

  /// Events of a list, up to each snapshot.
  static func listed(_ events: [PoolEvent], _ moments: [PoolSnapshots.Moment]) -> [EventCount] {
    let names = Set(events.map(\.name)).sorted()
    return names.compactMap { name in
      let own = events.filter { $0.name == name }.sorted { $0.time < $1.time }
      var counts: [Double: Double] = [:]
      var next = 0
      var sum = 0.0
      // Moments are in the order of time.
      for moment in moments {
        guard let seconds = moment.seconds else { return nil }
        while next < own.count, own[next].time <= seconds {
          sum += own[next].count
          next += 1
        }
        counts[moment.hours] = sum
      }
      return EventCount(name: name, counts: counts)
    }
  }

  /// Drivers loaded, as the log itself counts them.
  static func driverLoads(in series: [PoolSeries]) -> EventCount? {
    guard let driver = series.first(where: { $0.tag == driverObject }) else { return nil }
    let rises = zip(driver.allocations, driver.allocations.dropFirst()).count { $1 > $0 }
    guard rises >= 3 else { return nil }
    return EventCount(
      name: "driver-load",
      counts: Dictionary(zip(driver.hours, driver.allocations.map { Double($0) })) { first, _ in first },
      completed: Dictionary(
        zip(driver.hours, zip(driver.allocations, driver.live).map { $0 >= $1 ? $0 - $1 : 0 })
      ) { first, _ in first },
      held: Dictionary(zip(driver.hours, driver.live)) { first, _ in first })
  }

  /// Fewer events may agree by chance.
  private static let fewestCompleted: UInt64 = 20

  /// Blocks that each completed event leaves behind; what a driver holds that is still loaded is no leak, so loads alone do not count.
  func blocks(of series: PoolSeries, _ run: [Int]) -> UInt64? { Self.ratio(series, run, by: completed) }

  /// Whether the blocks come with the drivers that are loaded and stay, so many with each.
  func isHeld(_ series: PoolSeries, _ run: [Int]) -> Bool { Self.ratio(series, run, by: held) != nil }

  /// Blocks for each of what is counted, where that is one whole number at every step of a run; nil where it is not, or where fewer
  /// than four moments or twenty of what is counted tell.
  private static func ratio(_ series: PoolSeries, _ run: [Int], by counts: [Double: UInt64]) -> UInt64? {
    var each: UInt64?
    var steps = 0
    var total: UInt64 = 0
    for (before, after) in zip(run, run.dropFirst()) {
      guard let first = counts[series.hours[before]], let last = counts[series.hours[after]], last >= first,
        series.live[after] >= series.live[before]
      else { return nil }
      let (more, events) = (series.live[after] - series.live[before], last - first)
      guard events > 0 else {
        if more > 0 { return nil }
        continue
      }
      guard more > 0, more % events == 0, each.map({ $0 == more / events }) ?? true else { return nil }
      each = more / events
      steps += 1
      total &+= events
    }
    return steps >= 3 && total >= fewestCompleted ? each : nil
  }

  /// Bytes per event over one run; nil where growth does not follow the events.
  func slope(of series: PoolSeries, _ run: [Int]) -> Double? {
    var x: [Double] = []
    var y: [Double] = []
    for index in run {
      guard let count = counts[series.hours[index]] else { continue }
      x.append(count)
      y.append(Double(series.bytes[index]))
    }
    guard x.count >= 4, let first = x.first, let last = x.last, last - first >= 3 else { return nil }
    let (slope, range) = RobustStatistics.slope(x, y)
    guard slope > 0, range.lowerBound > 0 else { return nil }
    // What is left beside the events must be little.
    let rest = RobustStatistics.deviation(x.indices.map { y[$0] - slope * x[$0] })
    return rest < 0.25 * slope * (last - first) ? slope : nil
  }
}

/// Finds tags of which one grows by a fixed multiple of the other.
enum StepSearch {
  /// Pairs beyond those of the largest are not looked at.
  private static let maximumTags = 16

  static func pairs(_ series: [PoolSeries]) -> [PoolGrowthView.InStep] {
    let largest = series.sorted { (growth($0), $1.tag) > (growth($1), $0.tag) }.prefix(maximumTags)
      .sorted { ($0.tag, $0.pool) < ($1.tag, $1.pool) }
    var pairs: [PoolGrowthView.InStep] = []
    for (index, first) in largest.enumerated() {
      for second in largest[(index + 1)...] where first.tag != second.tag {
        if let ratio = ratio(first, second),
          !pairs.contains(where: { $0.first == first.tag && $0.second == second.tag })
        {
          pairs.append(PoolGrowthView.InStep(first: first.tag, second: second.tag, ratio: ratio))
        }
      }
    }
    return pairs
  }

  private static func growth(_ series: PoolSeries) -> UInt64 {
    guard let first = series.bytes.first, let last = series.bytes.last, last > first else { return 0 }
    return last - first
  }

  /// In step where one follows the other closely, and where that is more than both growing evenly in time: their blocks stand in a
  /// ratio of small numbers, or what departs from even growth departs in both.
  private static func ratio(_ a: PoolSeries, _ b: PoolSeries) -> Double? {
    let run = a.longestRun
    var x: [Double] = []
    var y: [Double] = []
    var times: [Double] = []
    var blocks: [(Double, Double)] = []
    var other: [Double: Int] = [:]
    for index in b.indices(ofRun: run) { other[b.hours[index]] = index }
    for index in a.indices(ofRun: run) {
      guard let match = other[a.hours[index]] else { continue }
      times.append(a.hours[index])
      x.append(Double(b.bytes[match]))
      y.append(Double(a.bytes[index]))
      blocks.append((Double(a.live[index]), Double(b.live[match])))
    }
    guard x.count >= GrowthJudgement.fewest, let first = blocks.first, let last = blocks.last else { return nil }
    let (slope, _) = RobustStatistics.slope(x, y)
    guard slope > 0 else { return nil }
    let span = (y.max() ?? 0) - (y.min() ?? 0)
    let rest = RobustStatistics.deviation(x.indices.map { y[$0] - slope * x[$0] })
    guard span > 0, rest < 0.04 * span else { return nil }
    let (more, less) = (last.0 - first.0, last.1 - first.1)
    if more > 8, less > 8 {
      let ratio = more / less
      for numerator in 1...4 {
        for denominator in 1...4 where abs(ratio / (Double(numerator) / Double(denominator)) - 1) < 0.02 {
          return slope
        }
      }
    }
    return agreement(departures(times, x), departures(times, y)) > 0.8 ? slope : nil
  }

  private static func departures(_ x: [Double], _ y: [Double]) -> [Double] {
    let (slope, _) = RobustStatistics.slope(x, y)
    return x.indices.map { y[$0] - slope * x[$0] }
  }

  /// Correlation, −1…1.
  private static func agreement(_ a: [Double], _ b: [Double]) -> Double {
    let (first, second) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    let both = zip(a, b).reduce(0) { $0 + ($1.0 - first) * ($1.1 - second) }
    let size = (a.reduce(0) { $0 + ($1 - first) * ($1 - first) } * b.reduce(0) { $0 + ($1 - second) * ($1 - second) })
      .squareRoot()
    return size > 0 ? both / size : 0
  }
}
