/// Whether something that grew is still growing: by when the growth came, not by how much it was.
///
/// Three things tell a leak from what only looks like one:
/// - it does not come at once (a table that a driver allocates when a session begins);
/// - where it comes in steps, the pause since the last step is no longer than the pauses before;
/// - where it comes evenly, it does not slow down (a cache fills to its limit and stays there).
struct GrowthShape {
  enum Course { case goesOn, hasEnded, cameAtOnce }

  var course: Course
  /// Area under the growth from 0 to 1: ½ for an even one, more where most came early.
  var area: Double
  /// The place of the largest step, as an index into the values.
  var largestStep: Int

  /// One step with this share of all growth is one event.
  private static let singleStep = 0.62
  /// The same for two neighbours, where there are enough values.
  private static let doubleStep = 0.75
  /// Pauses may differ by this factor before the last one is too long.
  private static let longerPause = 2.0
  /// Rate in the last third against the mean rate, below which growth has slowed down.
  private static let slowRate = 0.45

  /// - Parameters:
  ///   - places: from 0 to 1 over the time watched.
  ///   - levels: what was held at each place.
  ///   - noise: standard deviation of one level.
  init(places u: [Double], levels: [Double], from low: Double, to high: Double, noise: Double) {
    let growth = high - low
    let v = levels.map { ($0 - low) / growth }
    let n = u.count
    let width = max(u[n - 1] - u[0], .leastNonzeroMagnitude)
    var area = 0.0
    for i in 0..<(n - 1) { area += (v[i] + v[i + 1]) / 2 * (u[i + 1] - u[i]) }
    area /= width
    self.area = area
    func at(_ place: Double) -> Double {
      for i in 0..<(n - 1) where u[i + 1] >= place {
        let step = u[i + 1] - u[i]
        return v[i] + (v[i + 1] - v[i]) * (step > 0 ? (place - u[i]) / step : 1)
      }
      return v[n - 1]
    }
    let lateRate = (at(u[0] + width) - at(u[0] + width * 2 / 3)) * 3
    let steps = (0..<(n - 1)).map { v[$0 + 1] - v[$0] }
    let largest = steps.max() ?? 0
    largestStep = steps.firstIndex(of: largest) ?? 0
    let pairs = zip(steps, steps.dropFirst()).map { $0 + $1 }.max() ?? largest

    if n >= 7, largest * growth > 7 * noise, largest > Self.singleStep || (pairs > Self.doubleStep && n > 12) {
      course = .cameAtOnce
      return
    }
    let clear = max(4 * noise / growth, 0.02)
    let big = steps.indices.filter { steps[$0] > max(clear, largest * 0.15) }
    let share = big.reduce(0) { $0 + steps[$1] }
    let doubt = noise / growth * 1.2
    if big.count >= 3, Double(big.count) <= 0.55 * Double(n - 1), share > 0.6 {
      let slowed = area > 0.66 + doubt && lateRate < 0.55
      course = !slowed && Self.stepsGoOn(u, steps, big) ? .goesOn : .hasEnded
      return
    }
    let slowed = lateRate < Self.slowRate + doubt && area > 0.58 + doubt
    let early = area > 0.7 + doubt && lateRate < 0.6
    course = slowed || early || lateRate < 0.12 - 3 * doubt ? .hasEnded : .goesOn
  }

  /// Growth in steps with pauses between: it has ended when the last pause is far longer than any before, or the steps shrink.
  private static func stepsGoOn(_ u: [Double], _ steps: [Double], _ big: [Int]) -> Bool {
    let places = big.map { u[$0 + 1] }
    let pauses = [places[0] - u[0]] + zip(places, places.dropFirst()).map { $1 - $0 }
    let last = u[u.count - 1] - places[places.count - 1]
    let half = big.count / 2
    let early = RobustStatistics.median(big[..<max(1, half)].map { steps[$0] })
    let late = RobustStatistics.median(big[half...].map { steps[$0] })
    return last <= longerPause * (pauses.max() ?? 0) && late >= 0.4 * early
  }
}
