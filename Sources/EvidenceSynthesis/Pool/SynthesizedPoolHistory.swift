/// The pool use of one tag over time, with what is true of it. Described, not measured: every kind is written down as a law of how
/// memory is held, without a look at how growth is judged.
public struct SynthesizedPoolHistory: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    // Memory that is never given back.
    case evenLeak, slowLeak, steppedLeak, sawtoothLeak, dailyLeak, restartedLeak, leakUnderBursts, lateLeak
    case quickeningLeak, workdayLeak, wrappingLeak
    // Memory that is.
    case level, wandering, fillingCache, limitedCache, slowingCache, burst, daily, sawtooth, singleStep, plateau
    case restartedLevel, restartedCache, shrinking

    public var isLeak: Bool {
      switch self {
      case .evenLeak, .slowLeak, .steppedLeak, .sawtoothLeak, .dailyLeak, .restartedLeak, .leakUnderBursts, .lateLeak,
        .quickeningLeak, .workdayLeak, .wrappingLeak:
        true
      default: false
      }
    }
  }

  public var kind: Kind
  /// Hours since the first moment, rising.
  public var hours: [Double] = []
  public var bytes: [Double] = []
  /// Number of the run between restarts, per moment.
  public var runs: [Int] = []
  /// Bytes of one block.
  public var blockBytes: Double = 64
  /// Where the counter of allocations stood at first.
  public var allocationsBefore: UInt64 = 0

  private var random: SplitMix64

  /// - Parameter fewest: moments at least.
  public init(_ kind: Kind, seed: UInt64, fewest: Int = 12) {
    self.kind = kind
    random = SplitMix64(seed: seed)
    build(fewest)
  }

  private mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + Double(random.next() >> 11) / Double(1 << 53) * (range.upperBound - range.lowerBound)
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }

  /// A number whose logarithm is even.
  private mutating func scale(_ range: ClosedRange<Double>) -> Double { power(10, uniform(range)) }

  /// Sum of twelve even numbers: normal enough.
  private mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform(0...1) } }

  private mutating func build(_ fewest: Int) {
    let count = max(fewest, pick([12, 12, 14, 16, 20, 24, 30, 48, 96, 150]))
    var interval = pick([1.0 / 12, 0.25, 0.5, 1, 1, 4])
    if [.dailyLeak, .daily, .workdayLeak].contains(kind) {
      let days = max(kind == .workdayLeak ? 3 : 2.25, Double(count) * pick([1.0, 2, 4]) / 24)
      interval = days * 24 / Double(count)
    }
    let jitter = pick([0, 0, 0.05, 0.3]) * interval
    let base = scale(4.3...8)
    let noise = base * pick([0, 0.001, 0.005, 0.01, 0.02, 0.03])
    let least = max(noise, base * 0.002)
    let law = law(count, interval, base, least)
    let persistence = pick([0, 0, 0, 0.5])
    var deviation = 0.0
    let isSparse = pick([false, false, true])
    for index in 0..<count {
      deviation = persistence * deviation + normal() * (1 - persistence * persistence).squareRoot()
      let isEnd = index == 0 || index == count - 1
      // Some snapshots were never taken.
      if isSparse, !isEnd, count - index > fewest - hours.count, uniform(0...1) < 0.2 { continue }
      hours.append(max((hours.last ?? -1) + 1e-3, Double(index) * interval + uniform(-0.5...0.5) * jitter))
      bytes.append(max(16, law.values[index] + deviation * noise))
      runs.append(law.runs[index])
    }
    blockBytes = pick([32, 64, 128, 512, 4096])
    allocationsBefore = kind == .wrappingLeak ? (1 << 32) - UInt64(uniform(10...5000)) : UInt64(uniform(0...100_000))
  }

  private mutating func law(
    _ count: Int, _ interval: Double, _ base: Double, _ least: Double
  ) -> (values: [Double], runs: [Int]) {
    let places = (0..<count).map { Double($0) / Double(count) }
    var runs = [Int](repeating: 0, count: count)
    func along(_ growth: Double, _ course: (Double) -> Double) -> [Double] { places.map { base + growth * course($0) } }
    switch kind {
    case .evenLeak, .wrappingLeak: return (along(max(base * scale(-0.7...1.3), 10 * least)) { $0 }, runs)
    case .slowLeak: return (along(max(base * uniform(0.04...0.15), 8 * least)) { $0 }, runs)
    case .steppedLeak:
      let steps = 5 + Int(random.next() % 21)
      let isEven = pick([true, false])
      let at = (0..<steps).map { isEven ? (Double($0) + uniform(0...0.3)) / Double(steps) : uniform(0...1) }
      return (
        along(max(base * scale(-0.5...1), 12 * least)) { place in Double(at.count { $0 <= place }) / Double(steps) },
        runs
      )
    case .sawtoothLeak, .sawtooth:
      let period = uniform(3.5...max(3.6, Double(count) / 4))
      let height = base * scale(-0.5...0.5)
      let growth = kind == .sawtooth ? 0 : max(height * uniform(0.6...3), 10 * least)
      let unevenness = pick([0, 0.15])
      var phase = uniform(0...1)
      var values: [Double] = []
      for place in places {
        values.append(base + height * (phase - phase.rounded(.down)) + growth * place)
        phase += (1 + uniform(-unevenness...unevenness)) / period
      }
      return (values, runs)
    case .dailyLeak, .daily:
      let height = base * scale(-1...0.3)
      let growth = kind == .daily ? 0 : max(height * uniform(1.2...6), 10 * least)
      let phase = uniform(0...24)
      let isHalf = pick([true, false])
      return (
        places.enumerated().map { index, place in
          let wave = sine((Double(index) * interval - phase) / 24)
          return base + height * (isHalf ? max(0, wave) : (1 + wave) / 2) + growth * place
        }, runs
      )
    case .restartedLeak, .restartedLevel, .restartedCache:
      let cut = uniform(0.3...0.7)
      let growth = max(base * scale(-0.3...1), 12 * least)
      let speed = uniform(3.5...6) / 0.3
      for index in runs.indices where places[index] >= cut { runs[index] = 1 }
      let kind = kind
      return (
        along(growth) { place in
          let since = place >= cut ? place - cut : place
          return kind == .restartedLeak ? since : kind == .restartedLevel ? 0 : 1 - power(2.718281828, -since * speed)
        }, runs
      )
    case .leakUnderBursts, .burst:
      var values = along(kind == .burst ? 0 : max(base * scale(-0.5...1), 12 * least)) { $0 }
      for _ in 0..<(1 + Int(random.next() % 3)) {
        let (middle, width) = (uniform(0...1), uniform(0.02...0.12))
        let height = base * scale(-0.3...1)
        for index in values.indices where abs(places[index] - middle) < width / 2 {
          values[index] += height * uniform(0.8...1.2)
        }
      }
      return (values, runs)
    case .lateLeak:
      let start = uniform(0.15...0.45)
      return (along(max(base * scale(-0.5...1), 14 * least)) { max(0, $0 - start) / (1 - start) }, runs)
    case .quickeningLeak:
      let exponent = pick([1.3, 1.7, 2])
      return (along(max(base * scale(-0.5...1), 12 * least)) { $0 > 0 ? power($0, exponent) : 0 }, runs)
    case .workdayLeak:
      var worked = 0.0
      let hours = (0..<count).map { index -> Double in
        let hour = (Double(index) * interval).truncatingRemainder(dividingBy: 24)
        if hour >= 8, hour < 18 { worked += 1 }
        return worked
      }
      let growth = max(base * scale(-0.5...1), 12 * least)
      return (hours.map { base + growth * $0 / max(1, worked) }, runs)
    case .level: return (along(0) { $0 }, runs)
    case .wandering:
      let memory = pick([0.5, 0.7, 0.8])
      let width = base * pick([0.02, 0.05, 0.1])
      var deviation = 0.0
      for _ in 0..<50 { deviation = memory * deviation + normal() * (1 - memory * memory).squareRoot() }
      return (
        places.map { _ in
          deviation = memory * deviation + normal() * (1 - memory * memory).squareRoot()
          return base + width * deviation
        }, runs
      )
    case .fillingCache:
      let speed = uniform(3.5...15)
      return (along(base * scale(-0.5...1.3)) { 1 - power(2.718281828, -$0 * speed) }, runs)
    case .limitedCache:
      let full = uniform(0.15...0.62)
      return (along(base * scale(-0.5...1.3)) { min(1, $0 / full) }, runs)
    case .slowingCache:
      let speed = uniform(60...400)
      return (along(base * scale(-0.5...0.7)) { logarithm(1 + speed * $0) / logarithm(1 + speed) }, runs)
    case .singleStep:
      let at = uniform(0.1...0.85)
      return (along(base * scale(-0.7...1)) { $0 > at ? 1 : 0 }, runs)
    case .plateau:
      let ends = [uniform(0.1...0.9), uniform(0.1...0.9)].sorted()
      return (along(base * scale(-0.7...1)) { $0 > ends[0] && $0 < ends[1] ? 1 : 0 }, runs)
    case .shrinking:
      return (along(base * scale(-0.5...1)) { power(2.718281828, -$0 * 3) }, runs)
    }
  }
}

// Without a library of mathematics, whose last digits differ between systems.

private func power(_ base: Double, _ exponent: Double) -> Double { exponential(exponent * logarithm(base)) }

private func exponential(_ x: Double) -> Double {
  // e^x = (e^(x/1024))^1024
  let small = x / 1024
  var result = 1 + small * (1 + small / 2 * (1 + small / 3 * (1 + small / 4)))
  for _ in 0..<10 { result *= result }
  return result
}

private func logarithm(_ x: Double) -> Double {
  let exponent = x.exponent
  let fraction = x.significand
  let z = (fraction - 1) / (fraction + 1)
  var term = z
  var sum = 0.0
  for index in 0..<40 {
    sum += term / Double(2 * index + 1)
    term *= z * z
  }
  return 2 * sum + Double(exponent) * 0.693147180559945
}

/// Of a part of a full turn.
private func sine(_ turns: Double) -> Double {
  var x = (turns - turns.rounded()) * 6.283185307179586
  if x > 1.5707963267948966 { x = 3.141592653589793 - x }
  if x < -1.5707963267948966 { x = -3.141592653589793 - x }
  let square = x * x
  return x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110)))))
}
