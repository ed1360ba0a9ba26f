import Facts

/// When pieces of evidence were taken, to tell those that need not belong to one failure.
struct EvidenceTimes {
  /// Clocks without a time zone may be a day apart and agree.
  static let agreeing: Int64 = 86_400
  /// Pieces named of each time.
  private static let named = 3

  private struct Span {
    var path: String
    /// Seconds since 1970.
    var from: Int64
    var to: Int64
  }

  private var spans: [Span] = []

  private mutating func add(_ path: String, _ times: [Int64]) {
    guard let from = times.min(), let to = times.max() else { return }
    spans.append(Span(path: path, from: from, to: to))
  }

  mutating func add(_ dump: DumpView, _ path: String) {
    guard let stopped = dump.crashTime.flatMap({ CivilTime(rfc3339: $0) })?.unixSeconds else { return }
    // What happened while the machine ran may belong to how it ended.
    let up = Int64(clamping: dump.uptimeSeconds ?? 0)
    add(path, [stopped, stopped.subtractingReportingOverflow(up).partialValue])
  }

  mutating func add(_ capture: CaptureView, _ path: String) {
    add(path, [capture.firstTime, capture.lastTime].compactMap { $0.map { $0 / 1_000_000_000 } })
  }

  mutating func add(_ log: PoolLogView, _ path: String) { add(path, log.snapshots.compactMap { $0.time?.unixSeconds }) }

  /// What lies more than a day apart; nil where everything is of one time.
  var note: Missing? {
    var groups: [[Span]] = []
    var end = Int64.min
    for span in spans.sorted(by: { ($0.from, $0.path) < ($1.from, $1.path) }) {
      let (gap, overflow) = span.from.subtractingReportingOverflow(end)
      if groups.isEmpty || overflow || gap > Self.agreeing { groups.append([]) }
      groups[groups.count - 1].append(span)
      end = max(end, span.to)
    }
    guard groups.count > 1 else { return nil }
    func date(_ seconds: Int64) -> Substring { CivilTime(unixSeconds: seconds).rfc3339.prefix { $0 != "T" } }
    let texts = groups.prefix(Self.named + 1).map { spans in
      let names = spans.prefix(Self.named).map(\.path).joined(separator: ", ")
      let more = spans.count > Self.named ? " and \(spans.count - Self.named) more" : ""
      let from = date(spans.map(\.from).min() ?? 0)
      let to = date(spans.map(\.to).max() ?? 0)
      return "\(names)\(more) (\(from == to ? String(from) : "\(from) to \(to)"))"
    }
    let more = groups.count > texts.count ? "; and \(groups.count - texts.count) more" : ""
    return Missing(
      "evidence.times", because: .notPresent,
      detail:
        "The evidence is of \(groups.count) times more than a day apart: \(texts.joined(separator: "; "))\(more). What one shows need not belong to the failure of another."
    )
  }
}
