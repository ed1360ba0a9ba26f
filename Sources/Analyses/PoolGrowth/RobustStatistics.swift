/// Statistics that a few wild values do not move. Sorted copies, no randomness: the same values give the same bits.
enum RobustStatistics {
  static func median(_ values: [Double]) -> Double { median(sorted: values.sorted()) }

  static func median(sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Linear between neighbours.
  static func quantile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    guard sorted.count > 1 else { return sorted.first ?? 0 }
    let place = Double(sorted.count - 1) * share
    let below = min(Int(place), sorted.count - 2)
    return sorted[below] + (sorted[below + 1] - sorted[below]) * (place - Double(below))
  }

  /// The median distance from the median, as the standard deviation of a normal distribution with it.
  static func deviation(_ values: [Double]) -> Double {
    let middle = median(values)
    return normalScale * median(values.map { abs($0 - middle) })
  }

  static let normalScale = 1.4826

  /// Theil and Sen's slope, with the interval that Sen derived from Kendall's statistic (95 %).
  static func slope(_ x: [Double], _ y: [Double]) -> (slope: Double, range: ClosedRange<Double>) {
    var slopes: [Double] = []
    slopes.reserveCapacity(x.count * (x.count - 1) / 2)
    for i in x.indices {
      for j in (i + 1)..<max(i + 1, x.count) where x[j] > x[i] { slopes.append((y[j] - y[i]) / (x[j] - x[i])) }
    }
    guard !slopes.isEmpty else { return (0, 0...0) }
    slopes.sort()
    let n = Double(x.count)
    let width = 1.96 * (n * (n - 1) * (2 * n + 5) / 18).squareRoot()
    let count = Double(slopes.count)
    let low = max(0, Int((count - width) / 2))
    let high = min(slopes.count - 1, Int(((count + width) / 2).rounded(.up)))
    return (median(sorted: slopes), slopes[min(low, high)]...slopes[max(low, high)])
  }

  /// Pairs in order less pairs out of order.
  static func kendallSum(_ values: [Double]) -> Int {
    var sum = 0
    for i in values.indices {
      for j in (i + 1)..<max(i + 1, values.count) {
        if values[j] > values[i] { sum += 1 } else if values[j] < values[i] { sum -= 1 }
      }
    }
    return sum
  }

  /// Goodman and Kruskal's gamma: of the pairs that differ, how far the rising ones outnumber the falling ones. −1…1.
  static func order(_ values: [Double]) -> Double {
    var rising = 0
    var falling = 0
    for i in values.indices {
      for j in (i + 1)..<max(i + 1, values.count) {
        if values[j] > values[i] { rising += 1 } else if values[j] < values[i] { falling += 1 }
      }
    }
    return rising + falling == 0 ? 0 : Double(rising - falling) / Double(rising + falling)
  }

  /// Noise from one value to the next: how far each lies from the line between its neighbours. Trends and steps do not count.
  static func noise(_ x: [Double], _ y: [Double]) -> Double {
    guard x.count > 2 else { return 0 }
    var distances: [Double] = []
    for i in 1..<(x.count - 1) where x[i + 1] > x[i - 1] {
      let weight = (x[i] - x[i - 1]) / (x[i + 1] - x[i - 1])
      let distance = y[i] - (y[i - 1] * (1 - weight) + y[i + 1] * weight)
      distances.append(abs(distance) / (1 + weight * weight + (1 - weight) * (1 - weight)).squareRoot())
    }
    return normalScale * median(distances)
  }

  /// Without peaks of one or two values: what stands above both its neighbours, then what stands above two on either side.
  static func withoutPeaks(_ y: [Double]) -> [Double] {
    guard y.count > 4 else { return y }
    var once = y
    for i in 1..<(y.count - 1) { once[i] = min(y[i], max(y[i - 1], y[i + 1])) }
    var twice = once
    for i in 2..<(y.count - 2) {
      twice[i] = min(once[i], max(min(once[i - 2], once[i - 1]), min(once[i + 1], once[i + 2])))
    }
    return twice
  }

  /// How alike neighbours are: −1…1, 0 for independent values.
  static func autocorrelation(_ values: [Double]) -> Double {
    guard values.count > 2 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    guard variance > 0 else { return 0 }
    return zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / variance
  }
}
