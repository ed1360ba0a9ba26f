import Facts

/// What one series of one run of the system shows.
///
/// A leak is memory that is never given back and of which there is more all the time. So what counts is not how a series
/// rises but what it falls back to: the floor, the least that is held at any later moment. What lies above the floor comes and
/// goes. On the floor three questions are asked: did it rise by more than noise and chance explain, does it rise throughout, and
/// does it still rise at the end (`GrowthShape`).
struct GrowthJudgement {
  var verdict: PoolGrowthView.Verdict
  var confidence: Double
  /// Bytes per unit of time, over what the verdict rests on.
  var slope: Double
  var slopeRange: ClosedRange<Double>
  var reason: String
  /// How early the growth came (`GrowthShape.area`).
  private var area = 0.5

  /// Fewer moments tell nothing about what goes on.
  static let fewest = 5
  /// From here on a verdict rests on enough moments to be called sure.
  static let enough = 12
  /// Longer series are thinned to this many moments: slopes are taken over all pairs.
  static let most = 240

  /// - Parameters:
  ///   - times: in hours, rising.
  ///   - values: bytes.
  init(times: [Double], values: [Double]) {
    var (x, y) = Self.thinned(times, values)
    // The same moment twice says nothing more.
    var kept: [Int] = []
    for i in x.indices where kept.isEmpty || x[i] > x[kept[kept.count - 1]] { kept.append(i) }
    x = kept.map { x[$0] }
    y = kept.map { y[$0] }
    self = Self.judge(x, y, depth: 0)
    if verdict == .steady || verdict == .burst, Self.risesDayByDay(x, y) {
      (verdict, confidence) = (.leak, 0.85)
      reason = "at the same hour it holds more each day"
    }
  }

  private init(
    _ verdict: PoolGrowthView.Verdict, _ confidence: Double, _ reason: String, _ x: [Double], _ y: [Double]
  ) {
    self.verdict = verdict
    self.confidence = confidence
    self.reason = reason
    (slope, slopeRange) = RobustStatistics.slope(x, y)
  }

  /// Medians over equal shares of the moments.
  private static func thinned(_ x: [Double], _ y: [Double]) -> ([Double], [Double]) {
    guard x.count > most else { return (x, y) }
    let parts = (0..<most).map { ($0 * x.count / most)..<(($0 + 1) * x.count / most) }
    return (parts.map { RobustStatistics.median(Array(x[$0])) }, parts.map { RobustStatistics.median(Array(y[$0])) })
  }

  private static func judge(_ x: [Double], _ y: [Double], depth: Int) -> GrowthJudgement {
    let n = x.count
    guard n >= fewest, let lowest = y.min(), let highest = y.max() else {
      return GrowthJudgement(
        .tooLittleData, 1, n == 1 ? "1 moment is too little to tell" : "\(n) moments are too few to tell", x, y)
    }
    guard highest > lowest else { return GrowthJudgement(.steady, 1, "it never changes", x, y) }
    // Short peaks are no noise; without them white noise looks smaller by about that factor.
    let waver = min(RobustStatistics.noise(x, y), 1.4 * RobustStatistics.noise(x, RobustStatistics.withoutPeaks(y)))
    let noise = max(waver, 1e-4 * RobustStatistics.median(y), smallestNoise)
    let (slope, _) = RobustStatistics.slope(x, y)
    let residuals = x.indices.map { y[$0] - slope * x[$0] }
    let spread = RobustStatistics.quantile(residuals, 0.9) - RobustStatistics.quantile(residuals, 0.1)
    let falls = Falls(y, by: max(6 * noise, 0.4 * spread))
    let floor = Self.floor(y)
    let onFloor = y.indices.filter { y[$0] <= floor[$0] + 3 * noise }
    guard let lastTrough = falls.troughs.last else {
      return trend(x, y, Array(y.indices), whole: (x, y), noise: noise, depth: depth)
    }
    // The rise behind the last fall counts where it lasts longer than those that were followed by a fall.
    let longest = excursions(x, y, floor, noise, through: lastTrough).max() ?? 0
    let end = x[n - 1] - x[lastTrough] <= 1.6 * longest ? lastTrough : n - 1
    if Double(onFloor.count) < 0.45 * Double(n) {
      return troughs(x, y, floor, falls, end: end, startsOnFloor: onFloor.first == 0, noise: noise)
    }
    return trend(x, y, onFloor.filter { $0 <= end }, whole: (x, y), noise: noise, depth: depth)
  }

  /// Bytes: an allocation is at least that much.
  private static let smallestNoise = 32.0

  /// The least that is held from each moment on.
  private static func floor(_ y: [Double]) -> [Double] {
    var floor = y
    for i in y.indices.dropLast().reversed() { floor[i] = min(floor[i], floor[i + 1]) }
    return floor
  }

  /// How long the series stays above its floor each time, before a moment.
  private static func excursions(
    _ x: [Double], _ y: [Double], _ floor: [Double], _ noise: Double, through last: Int
  ) -> [Double] {
    var lengths: [Double] = []
    var length = 0.0
    for i in 1..<max(1, last + 1) {
      if y[i] > floor[i] + 3 * noise {
        length += x[i] - x[i - 1]
      } else if length > 0 {
        lengths.append(length)
        length = 0
      }
    }
    return lengths
  }

  /// Area under the growth from which most of it came early, where falls hide part of it.
  private static let clearlyEarly = 0.63

  // MARK: Series that rise and fall again

  /// Where most moments lie above the floor, only what each fall leaves behind is compared.
  private static func troughs(
    _ x: [Double], _ y: [Double], _ floor: [Double], _ falls: Falls, end: Int, startsOnFloor: Bool, noise: Double
  ) -> GrowthJudgement {
    var places = falls.troughs.filter { $0 <= end }
    if startsOnFloor, let first = places.first, first != 0 { places.insert(0, at: 0) }
    let values = places.map { y[$0] }
    let times = places.map { x[$0] }
    func comesAndGoes() -> GrowthJudgement {
      GrowthJudgement(.burst, 0.9, "what it gains it gives back again", times, values)
    }
    guard places.count >= 3 else { return comesAndGoes() }
    let peaks = falls.peaks.map { y[$0] }
    let peakOrder =
      peaks.count >= 3 ? RobustStatistics.order(peaks) : peaks.count < 2 || peaks[peaks.count - 1] >= peaks[0] ? 1 : -1
    let height = RobustStatistics.median(falls.peaks.map { y[$0] - floor[$0] })
    let distances = zip(falls.troughs, falls.troughs.dropFirst()).map { Double($1 - $0) }
    let distance = distances.isEmpty ? Double(x.count) / 2 : RobustStatistics.median(distances)
    let (slope, _) = RobustStatistics.slope(times, values)
    let growth = slope * (times[times.count - 1] - times[0])
    let order = RobustStatistics.order(values)
    let needed = places.count <= 4 ? 0.99 : places.count <= 7 ? 0.6 : 0.4
    // A trough is met only as closely as moments lie: it may be off by what the series rises between two of them.
    let missed = height / distance * (places.count < 6 ? 1 : 0.6)
    guard order >= needed, peakOrder >= needed - 0.35, RobustStatistics.slope(x, y).slope > 0,
      growth >= max(0.08 * height, missed, 6 * noise)
    else { return comesAndGoes() }
    if places.count >= 6, values[values.count - 1] > values[0] {
      let span = x[x.count - 1] - x[0]
      let shape = GrowthShape(
        places: times.map { ($0 - x[0]) / span }, levels: values, from: values[0], to: values[values.count - 1],
        noise: noise)
      if shape.course == .hasEnded, shape.area > clearlyEarly {
        return GrowthJudgement(.growingCache, 0.8, "what it falls back to rose and rises no more", times, values)
      }
      if shape.course == .cameAtOnce {
        return GrowthJudgement(.burst, 0.8, "what it falls back to rose once", times, values)
      }
    }
    return GrowthJudgement(
      .leak, sureness(x.count, order), "each time it falls back it keeps more than before", times, values)
  }

  // MARK: Series on their floor

  private static func trend(
    _ x: [Double], _ y: [Double], _ places: [Int], whole: (x: [Double], y: [Double]), noise: Double, depth: Int
  ) -> GrowthJudgement {
    let times = places.map { x[$0] }
    let values = places.map { y[$0] }
    let count = places.count
    guard count >= 4 else { return GrowthJudgement(.burst, 0.8, "what it gains it gives back again", x, y) }
    let blocks = count >= 8 ? min(count / 2, 8) : count
    let parts = (0..<blocks).map { ($0 * count / blocks)..<(($0 + 1) * count / blocks) }
    let levels = parts.map { RobustStatistics.median(Array(values[$0])) }
    let growth = levels[blocks - 1] - levels[0]
    let order = RobustStatistics.order(levels)
    let (slope, _) = RobustStatistics.slope(times, values)
    let residuals = places.indices.map { values[$0] - slope * times[$0] }
    let deviation = RobustStatistics.deviation(residuals)
    // Of the median of a block.
    let error = noise * 1.25 / (Double(count) / Double(blocks)).squareRoot()
    let n = Double(count)
    let chance = Double(RobustStatistics.kendallSum(values)) / (n * (n - 1) * (2 * n + 5) / 18).squareRoot()
    let likeness = RobustStatistics.autocorrelation(residuals)
    let independent = likeness < 0.05
    // Kendall's test holds for values that do not hang together; where they do more is asked. Of moments chosen by the floor it does
    // not hold at all: the floor rises by itself.
    let isWhole = count == whole.x.count
    let wanders = likeness > 0.25 && growth < 3.6 * deviation && chance < 5
    let isClear =
      isWhole && chance >= 3.2 && order >= 0.8 && growth > 2.5 * error
      || isWhole && chance >= 2.5 && count >= 10 && independent && order >= 0.6 && growth > 1.2 * error
    let isLarge = growth >= max(4.5 * error, 0.004 * RobustStatistics.median(values), 2.5 * deviation)
    let isOrdered =
      order >= 0.55 || order >= 0.4 && chance >= 2.3 && growth >= 6 * error && growth > 3 * deviation
    guard growth > 0, isClear || isLarge, isOrdered, !wanders else {
      let total = slope * (times[count - 1] - times[0])
      let falls = growth < 0 && -total > 4.5 * error
      return GrowthJudgement(.steady, 0.9, falls ? "it becomes less" : "it stays level", times, values)
    }
    return shape(times, values, whole: whole, noise: noise, order: order, depth: depth)
  }

  private static func shape(
    _ times: [Double], _ values: [Double], whole: (x: [Double], y: [Double]), noise: Double, order: Double, depth: Int
  ) -> GrowthJudgement {
    let count = times.count
    let width = count >= 24 ? max(1, count / 24) : 1
    let parts = stride(from: 0, to: count, by: width).map { $0..<min(count, $0 + width) }
    let x = parts.map { RobustStatistics.median(Array(times[$0])) }
    let y = parts.map { RobustStatistics.median(Array(values[$0])) }
    let margin = max(1, y.count / 8)
    let low = RobustStatistics.median(Array(y[..<margin]))
    let high = RobustStatistics.median(Array(y[(y.count - margin)...]))
    guard high > low else { return GrowthJudgement(.steady, 0.8, "it stays level", times, values) }
    let (start, span) = (whole.x[0], whole.x[whole.x.count - 1] - whole.x[0])
    let places = x.map { ($0 - start) / span }
    let shape = GrowthShape(
      places: places, levels: y, from: low, to: high,
      noise: noise / max(1, Double(count) / Double(y.count)).squareRoot()
    )
    // Moments chosen by the floor end with the last fall, so the late part says less.
    let isEarly = count == whole.x.count || shape.area > clearlyEarly
    switch shape.course {
    case .hasEnded where isEarly:
      return GrowthJudgement(.growingCache, 0.85, "it grew, and growth has slowed down or ended", times, values)
    case .goesOn, .hasEnded:
      var leak = GrowthJudgement(
        .leak, sureness(count, order), "it keeps growing and gives nothing back", times, values)
      leak.area = shape.area
      return leak
    case .cameAtOnce:
      break
    }
    // One step at the very beginning or end hides what the rest does.
    if depth < 2 {
      let step = x[shape.largestStep]
      let place = places[shape.largestStep]
      let isFirst = place < 0.15
      let rest = whole.x.indices.filter { isFirst ? whole.x[$0] > step : place > 0.8 && whole.x[$0] <= step }
      if rest.count >= 8 {
        let again = judge(rest.map { whole.x[$0] }, rest.map { whole.y[$0] }, depth: depth + 1)
        // A cache grows most at first, so what is left of its growth looks even.
        if !(isFirst && again.verdict == .leak) || again.area <= 0.55 { return again }
        return GrowthJudgement(.growingCache, 0.8, "it grew, and growth has slowed down or ended", times, values)
      }
    }
    return GrowthJudgement(.burst, 0.85, "it rose at once and stays there", times, values)
  }

  /// More moments, and more of them in order, make surer.
  private static func sureness(_ count: Int, _ order: Double) -> Double {
    let base = count >= enough ? 0.9 : 0.6
    return min(0.99, base + 0.08 * max(0, order) * min(1, Double(count) / Double(2 * enough)))
  }

  /// Over a daily cycle growth shows in the difference between the same hours of two days.
  private static func risesDayByDay(_ x: [Double], _ y: [Double]) -> Bool {
    guard x.count >= enough, x[x.count - 1] - x[0] > 36 else { return false }
    let interval = RobustStatistics.median(zip(x, x.dropFirst()).map { $1 - $0 })
    let near = 0.26 + 0.1 * interval
    var differences: [Double] = []
    for i in x.indices {
      for j in (i + 1)..<max(i + 1, x.count) where abs(x[j] - x[i] - 24) <= near { differences.append(y[j] - y[i]) }
    }
    // One step between two days is no cycle.
    let largest = zip(y, y.dropFirst()).map { $1 - $0 }.max() ?? 0
    guard differences.count >= 6, largest < 0.5 * ((y.max() ?? 0) - (y.min() ?? 0)) else { return false }
    let (slope, _) = RobustStatistics.slope(x, y)
    let residuals = x.indices.map { y[$0] - slope * x[$0] }
    let spread = RobustStatistics.quantile(residuals, 0.9) - RobustStatistics.quantile(residuals, 0.1)
    let middle = RobustStatistics.median(differences)
    let deviation = RobustStatistics.deviation(differences)
    let noise = RobustStatistics.noise(x, y) / Double(differences.count).squareRoot()
    return Double(differences.count(where: { $0 > 0 })) >= 0.95 * Double(differences.count)
      && middle > max(2.5 * deviation, 2 * noise) && deviation < 0.3 * spread
  }
}

/// Where a series falls from a peak by more than it wavers.
struct Falls {
  private(set) var peaks: [Int] = []
  private(set) var troughs: [Int] = []

  init(_ y: [Double], by threshold: Double) {
    var peak = 0
    var low: Int?
    for i in y.indices.dropFirst() {
      if let trough = low {
        if y[i] < y[trough] {
          low = i
        } else if y[i] - y[trough] > threshold {
          troughs.append(trough)
          low = nil
          peak = i
        }
      } else if y[i] > y[peak] {
        peak = i
      } else if y[peak] - y[i] > threshold {
        peaks.append(peak)
        low = i
      }
    }
    if let low { troughs.append(low) }
  }
}
