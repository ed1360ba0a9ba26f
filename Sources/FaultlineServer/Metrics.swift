#if Server
import CaseStore
import Synchronization

/// Counts for `/metrics`, in the text form that Prometheus reads.
final class Metrics: Sendable {
  private struct Counts {
    var answers: [Int: Int] = [:]
    var accepted = 0
    var received: Int64 = 0
    var seconds = 0.0
    var buckets = [Int](repeating: 0, count: Metrics.limits.count)
    var requests = 0
  }

  private static let limits = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5]
  private let counts = Mutex(Counts())

  func answered(_ status: Int, seconds: Double) {
    counts.withLock { counts in
      counts.answers[status, default: 0] += 1
      counts.requests += 1
      counts.seconds += seconds
      for (index, limit) in Self.limits.enumerated() where seconds <= limit { counts.buckets[index] += 1 }
    }
  }

  func accepted() { counts.withLock { $0.accepted += 1 } }

  func received(_ bytes: Int) { counts.withLock { $0.received += Int64(bytes) } }

  func text(cases: [CaseState: Int]) -> String {
    let counts = counts.withLock { $0 }
    var out = ""
    func head(_ name: String, _ kind: String, _ help: String) {
      out += "# HELP faultline_\(name) \(help)\n# TYPE faultline_\(name) \(kind)\n"
    }
    head("http_requests_total", "counter", "Answers by status.")
    for (status, count) in counts.answers.sorted(by: { $0.key < $1.key }) {
      out += "faultline_http_requests_total{status=\"\(status)\"} \(count)\n"
    }
    head("http_request_seconds", "histogram", "Time until an answer's head was ready.")
    for (limit, count) in zip(Self.limits, counts.buckets) {
      out += "faultline_http_request_seconds_bucket{le=\"\(limit)\"} \(count)\n"
    }
    out += "faultline_http_request_seconds_bucket{le=\"+Inf\"} \(counts.requests)\n"
    out += "faultline_http_request_seconds_sum \(counts.seconds)\n"
    out += "faultline_http_request_seconds_count \(counts.requests)\n"
    head("cases_accepted_total", "counter", "Cases accepted since the start.")
    out += "faultline_cases_accepted_total \(counts.accepted)\n"
    head("upload_bytes_total", "counter", "Bytes of uploads received since the start.")
    out += "faultline_upload_bytes_total \(counts.received)\n"
    head("cases", "gauge", "Cases by state.")
    for state in CaseState.allCases { out += "faultline_cases{state=\"\(state.rawValue)\"} \(cases[state] ?? 0)\n" }
    return out
  }
}
#endif
