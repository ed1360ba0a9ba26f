import KnowledgeBase

/// How weights become a confidence.
///
/// Each condition that holds adds its weight to the log-odds; confidence is the logistic function of the sum. The start, −2.2,
/// stands for one in ten: an article that shares something with a machine's evidence is usually not its cause. From there one
/// decisive condition (5) gives 0.94, two supporting ones (1.5 each) 0.69, one supporting and one weak (0.5) 0.45.
/// All weak ones together add no more than 0.9, so that no number of general symptoms passes for a supporting one.
/// The sum is then held within the verdict's band, so that the two never disagree.
enum MatchingScale {
  static let start = -2.2
  static let weakLimit = 0.9

  static func band(_ verdict: Verdict) -> ClosedRange<Double> {
    switch verdict {
    case .confirmed: 0.9...0.99
    case .probable: 0.6...0.89
    case .possible: 0.06...0.59
    case .ruledOut: 0...0.05
    }
  }

  /// Log-odds from which supporting conditions make a match probable: 0.6.
  static let probable = 0.4054

  /// The probability for log-odds, rounded to two places: more would pretend to be known.
  static func confidence(_ logOdds: Double, _ verdict: Verdict) -> Double {
    let band = band(verdict)
    if verdict == .ruledOut {
      let share = logistic(logOdds - 6)
      return (min(max(share, band.lowerBound), band.upperBound) * 100).rounded() / 100
    }
    return (min(max(logistic(logOdds), band.lowerBound), band.upperBound) * 100).rounded() / 100
  }

  static func logistic(_ x: Double) -> Double { 1 / (1 + exponential(-x)) }

  /// e^x by its series after halving, so that every platform gives the same bytes.
  static func exponential(_ x: Double) -> Double {
    var reduced = x
    var halvings = 0
    while abs(reduced) > 0.5 && halvings < 64 {
      reduced /= 2
      halvings += 1
    }
    var sum = 1.0
    var term = 1.0
    for n in 1...16 {
      term *= reduced / Double(n)
      sum += term
    }
    for _ in 0..<halvings { sum *= sum }
    return sum
  }
}
