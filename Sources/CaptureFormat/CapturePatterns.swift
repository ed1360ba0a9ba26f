import Facts

/// What single findings have in common.
enum CapturePatterns {
  /// From so many findings on a common sender or way is said.
  static let least = 2
  /// The share of frames that makes a host or a way the common one.
  static let share = 0.8

  static func patterns(_ malformed: [CaptureView.Finding], _ damaged: [CaptureView.Finding]) -> [CaptureView.Pattern] {
    let all = malformed + damaged
    guard Set(all.map(\.frame)).count >= least else { return [] }
    var result: [CaptureView.Pattern] = []
    func count(_ key: (CaptureView.Finding) -> String?) -> [(value: String, frames: Int, hosts: Int)] {
      var groups: [String: (frames: Set<Int>, hosts: Set<String>)] = [:]
      for finding in all {
        guard let value = key(finding) else { continue }
        groups[value, default: ([], [])].frames.insert(finding.frame)
        groups[value]?.hosts.insert(finding.source.address ?? finding.source.mac ?? "")
      }
      return groups.map { ($0.key, $0.value.frames.count, $0.value.hosts.count) }
        .sorted { ($1.frames, $0.value) < ($0.frames, $1.value) }
    }
    let frames = Set(all.map(\.frame)).count
    func isCommon(_ part: Int) -> Bool { Double(part) >= share * Double(frames) }
    let hosts = count { $0.source.address ?? $0.source.mac }
    if let first = hosts.first, isCommon(first.frames), first.frames >= least {
      result.append(
        .init(
          kind: .host, value: first.value, frames: first.frames, hosts: 1,
          text: "\(first.frames) of \(frames) bad frames come from \(first.value): its network stack or adapter."))
    }
    // One hop's address for several hosts: a router or switch that rewrites what it passes on.
    let paths = count { $0.source.mac }
    if result.isEmpty, let first = paths.first, isCommon(first.frames), first.hosts >= 2 {
      result.append(
        .init(
          kind: .path, value: first.value, frames: first.frames, hosts: first.hosts,
          text:
            "\(first.frames) of \(frames) bad frames of \(first.hosts) hosts came over \(first.value): a switch, router or cable on that way."
        ))
    }
    let targets = count { $0.destination.address ?? $0.destination.mac }
    if result.isEmpty, hosts.count >= 2, let first = targets.first, isCommon(first.frames), first.frames >= least {
      result.append(
        .init(
          kind: .destination, value: first.value, frames: first.frames, hosts: first.hosts,
          text: "\(first.frames) of \(frames) bad frames of \(first.hosts) hosts go to \(first.value): the way there."))
    }
    return result
  }

  /// First requests of a client for shares with no more than this between two of them, in nanoseconds, are one burst.
  static let burstGap: Int64 = 2_000_000_000
  static let leastShares = 3

  /// Bursts of shares asked for the first time, with those that nobody answered. `lastActivity`: when each client last sent
  /// something; `end`: of the capture.
  static func bursts(_ firstTimes: [ShareTable.FirstTime], lastActivity: [String: Int64], end: Int64?)
    -> [CaptureView.Burst]
  {
    var result: [CaptureView.Burst] = []
    var clients: [String] = []
    var byClient: [String: [ShareTable.FirstTime]] = [:]
    for entry in firstTimes {
      if byClient[entry.client] == nil { clients.append(entry.client) }
      byClient[entry.client, default: []].append(entry)
    }
    for client in clients {
      var group: [ShareTable.FirstTime] = []
      func close() {
        defer { group = [] }
        guard group.count >= leastShares, let first = group.first, let last = group.last else { return }
        var silence: Int64?
        if let time = last.place.time, let end, (lastActivity[client] ?? time) <= time { silence = max(0, end &- time) }
        result.append(
          .init(
            client: client, frame: first.place.frame, time: first.place.time, shares: group.count,
            unanswered: group.filter { $0.answerFrame == nil }.count, mostOutstanding: mostOutstanding(group),
            silence: silence))
      }
      for entry in byClient[client] ?? [] {
        if let last = group.last?.place.time, let time = entry.place.time, time &- last > burstGap { close() }
        group.append(entry)
      }
      close()
    }
    return result
  }

  /// How many requests waited for an answer at the same time: as many workers a client needed that keeps one for each.
  private static func mostOutstanding(_ group: [ShareTable.FirstTime]) -> Int {
    let events =
      group.map { ($0.place.frame, 1) } + group.compactMap { entry in entry.answerFrame.map { ($0, -1) } }
    var waiting = 0
    var most = 0
    for event in events.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
      waiting += event.1
      most = max(most, waiting)
    }
    return most
  }
}
