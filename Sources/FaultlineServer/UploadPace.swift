#if Server
import CaseStore

/// The least that a request's body has to bring: whoever sends a byte a minute keeps a connection and a file open for ever.
struct UploadPace {
  /// A modem's third, over a minute: nobody's upload is as slow.
  static let bytesPerSecond = 1024
  static let window = Duration.seconds(60)

  private var start: Duration
  private var bytes = 0

  /// - Parameter now: any clock's time; later calls take the same clock's.
  init(now: Duration) { start = now }

  /// Notes what came. Throws where a whole window brought too little.
  mutating func received(_ count: Int, now: Duration) throws(CaseError) {
    bytes += count
    let passed = now - start
    guard passed >= Self.window else { return }
    let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
    guard Double(bytes) >= seconds * Double(Self.bytesPerSecond) else {
      throw CaseError(
        .timedOut, "the request came too slowly: fewer than \(Self.bytesPerSecond) bytes a second for a minute")
    }
    start = now
    bytes = 0
  }
}

/// Time since the first look, for ``UploadPace``.
struct Passed {
  private let start = ContinuousClock.now
  var now: Duration { ContinuousClock.now - start }
}
#endif
