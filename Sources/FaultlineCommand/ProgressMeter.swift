import Synchronization

/// One line on a terminal's stderr that says how far, how fast and how long still.
final class ProgressMeter: Sendable {
  private let isShown: Bool
  private let start: ContinuousClock.Instant
  private let last: Mutex<ContinuousClock.Instant>

  init(isShown: Bool) {
    self.isShown = isShown
    start = ContinuousClock.now
    last = Mutex(start)
  }

  func show(files: Int, share: Double) {
    guard isShown else { return }
    let now = ContinuousClock.now
    let isDue = last.withLock { last in
      guard now - last >= .milliseconds(200) else { return false }
      last = now
      return true
    }
    guard isDue else { return }
    let seconds = Double((now - start).components.seconds) + Double((now - start).components.attoseconds) / 1e18
    var line = "\(files) files, \(Int(Double(files) / max(seconds, 0.001))) a second"
    if share > 0.02, share < 1 { line += ", \(Int(seconds / share * (1 - share)) + 1) s left" }
    _ = Terminal.write("\r\u{1B}[K" + line, to: 2)
  }

  func end() {
    if isShown { _ = Terminal.write("\r\u{1B}[K", to: 2) }
  }
}
