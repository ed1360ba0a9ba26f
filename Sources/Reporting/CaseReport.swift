import Facts

/// A case as its page shows it: the diagnosis, and the pictures that its evidence gives.
public struct CaseReport: Sendable {
  public struct Capture: Sendable {
    public var path: String
    public var view: CaptureView

    public init(path: String, view: CaptureView) {
      self.path = path
      self.view = view
    }
  }

  public struct Waiting: Sendable {
    public var path: String
    public var graph: WaitGraph

    public init(path: String, graph: WaitGraph) {
      self.path = path
      self.graph = graph
    }
  }

  public var diagnosis: Diagnosis
  public var captures: [Capture] = []
  public var growth: PoolGrowthView?
  public var waiting: [Waiting] = []
  /// One for each machine that the evidence describes.
  public var audits: [AuditReport] = []
  /// Whether the fixes of the leading findings are in place.
  public var verifications: [VerificationReport] = []

  public init(diagnosis: Diagnosis) { self.diagnosis = diagnosis }

  /// A moment that evidence names.
  public struct Moment: Hashable, Sendable {
    /// RFC 3339 in UTC.
    public var time: String
    public var what: String
    public var path: String
  }

  /// Moments listed of one capture: the rest stands in its own section.
  private static let captureMoments = 50

  /// All moments of all evidence, the earliest first.
  public var timeline: [Moment] {
    var moments = dumpMoments
    for capture in captures {
      if let first = capture.view.firstTime {
        moments.append(Moment(time: Self.time(nanoseconds: first), what: "First frame.", path: capture.path))
      }
      for finding in capture.view.malformed.prefix(Self.captureMoments) {
        guard let time = finding.time else { continue }
        moments.append(
          Moment(
            time: Self.time(nanoseconds: time),
            what:
              "Malformed frame \(finding.frame) from \(finding.source.description): \(finding.layer), \(finding.field).",
            path: capture.path))
      }
      if let last = capture.view.lastTime {
        moments.append(Moment(time: Self.time(nanoseconds: last), what: "Last frame.", path: capture.path))
      }
    }
    if let growth {
      if let start = growth.start { moments.append(Moment(time: start, what: "First table of pool tags.", path: "")) }
      if let end = growth.end, end != growth.start {
        moments.append(Moment(time: end, what: "Last table of pool tags.", path: ""))
      }
    }
    return moments.sorted { ($0.time, $0.path, $0.what) < ($1.time, $1.path, $1.what) }
  }

  private var dumpMoments: [Moment] {
    var moments: [Moment] = []
    // Dumps of one run agree in its start.
    var starts: [String: [String]] = [:]
    for (index, dump) in diagnosis.dumps.sorted(by: { $0.key < $1.key }) {
      guard let time = dump.crashTime else { continue }
      let path = diagnosis.path(index)
      if let seconds = dump.uptimeSeconds, let stopped = CivilTime(rfc3339: time) {
        let start = stopped.unixSeconds.subtractingReportingOverflow(Int64(clamping: seconds))
        if !start.overflow { starts[Self.time(start.partialValue), default: []].append(path) }
      }
      let name = "\(dump.bugcheckName ?? "stop") (\(dump.bugcheck))"
      let forced = diagnosis.facts.first { $0.kind == .forcedDump && $0.evidence == index }?["how"]?.description
      let what =
        switch (dump.hasStop, forced) {
        case (false, _): "Memory was taken."
        case (true, "live-dump"?): "Memory was taken while the system ran."
        case (true, .some): "The system was stopped on purpose, to write a dump: \(name)."
        case (true, nil): "The system stopped: \(name)."
        }
      moments.append(Moment(time: time, what: what, path: path))
    }
    for (time, paths) in starts {
      let more = paths.count > 1 ? " and \(paths.count - 1) more" : ""
      moments.append(Moment(time: time, what: "The system was started.", path: (paths.first ?? "") + more))
    }
    return moments
  }

  private static func time(nanoseconds: Int64) -> String {
    // Rounded down, also before 1970.
    time(nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : -((999_999_999 - nanoseconds) / 1_000_000_000))
  }

  private static func time(_ seconds: Int64) -> String { CivilTime(unixSeconds: seconds).rfc3339 }
}
