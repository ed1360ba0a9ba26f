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

  func show(files: Int, share: Double, isFinishing: Bool = false) {
    guard isShown else { return }
    let now = ContinuousClock.now
    let isDue = last.withLock { last in
      guard isFinishing || now - last >= .milliseconds(200) else { return false }
      last = now
      return true
    }
    guard isDue else { return }
    let seconds = Double((now - start).components.seconds) + Double((now - start).components.attoseconds) / 1e18
    let line = Self.line(files: files, share: share, seconds: seconds, isFinishing: isFinishing)
    _ = Terminal.write("\r\u{1B}[K" + line, to: 2)
  }

  /// Shorter than the narrowest terminal: a line that wraps cannot be overwritten.
  static func line(files: Int, share: Double, seconds: Double, isFinishing: Bool) -> String {
    let read = "\(files) files, \(Int(Double(files) / max(seconds, 0.001))) a second"
    if isFinishing { return read + ", writing the index" }
    guard share > 0.02, share < 1 else { return read }
    let left = Int(min(seconds / share * (1 - share), 1e6)) + 1
    return read + ", \(Int(share * 100)) %, "
      + (left < 100 ? "\(left) s left" : "\(left / 60) min \(left % 60) s left")
  }

  func end() {
    if isShown { _ = Terminal.write("\r\u{1B}[K", to: 2) }
  }
}
