import Facts

extension CaptureView {
  /// Findings that text shows; JSON has all.
  static let shownFindings = 40

  public func text(_ style: TextStyle) -> String {
    var out: [String] = []
    var head = "\(container)\(isPacked ? ", packed by gzip" : ""), \(Self.counted(frames, "frame"))"
    if let firstTime, let lastTime {
      head += ", \(style.localTime(firstTime / 1_000_000_000)) to \(style.localTime(lastTime / 1_000_000_000))"
    }
    out.append(style.wrap(head, hanging: 2))
    let counts = framesByProtocol
    out.append(
      style.wrap(
        "Frames: session service \(counts.nbss), name service \(counts.nbns), datagram service \(counts.nbdgm), "
          + "SMB1 \(counts.smb), SMB2/3 \(counts.smb2), NetBIOS frames \(counts.netbios); "
          + Self.counted(streams, "conversation") + ".", hanging: 2))
    if losses > 0 {
      out.append(
        style.wrap(
          "The capture lacks \(lostBytes) bytes in \(Self.counted(losses, "place")) of its conversations.", hanging: 2))
    }
    if cutFrames > 0 {
      out.append(
        style.wrap(
          "\(Self.counted(cutFrames, "frame")) cut by the capture: what was cut off is not malformed.",
          hanging: 2))
    }
    out += section(style, "Malformed frames", malformed, none: "None found.")
    if !damaged.isEmpty { out += section(style, "Damaged on the way: checksums fail", damaged, none: "") }
    for pattern in patterns { out.append(style.wrap(pattern.text, hanging: 2)) }
    if !offload.isEmpty {
      out.append(
        style.wrap(
          "Checksums of \(offload.map(\.address).joined(separator: ", ")) were to be filled in by the adapter: that they fail here says nothing.",
          hanging: 2))
    }
    out += announced(style, "Servers", servers) + announced(style, "Clients", clients)
    if !referrals.isEmpty {
      out.append(style.heading("DFS referrals"))
      var rows = [["frame", "client", "path", "answer", "targets"]]
      for referral in referrals.prefix(Self.shownFindings) {
        rows.append([
          "\(referral.frame)", referral.client, referral.path,
          referral.answerFrame.map {
            "frame \($0)" + (referral.status == 0 ? "" : ", " + hexadecimal(UInt64(referral.status ?? 0), digits: 8))
          }
            ?? "none",
          referral.targets.first.map {
            $0 + (referral.targets.count > 1 ? " and \(referral.targets.count - 1) more" : "")
          }
            ?? "-",
        ])
      }
      out.append(captureTable(rows, style))
      more(referrals.count, &out)
    }
    for burst in bursts {
      out.append(
        style.wrap(
          "\(burst.client) asks for \(burst.shares) shares for the first time from frame \(burst.frame) on; "
            + "\(burst.unanswered) of these requests stay unanswered, at most \(burst.mostOutstanding) wait at once."
            + (burst.silence.map { " Then it sends nothing for the \($0 / 1_000_000_000) seconds to the end." } ?? ""),
          hanging: 2)
      )
    }
    if !changeNotify.isEmpty {
      out.append(style.heading("Change notification"))
      out.append(
        captureTable(
          [["client", "requests", "of trees", "answers", "bytes"]]
            + changeNotify.prefix(Self.shownFindings).map {
              [$0.client, "\($0.requests)", "\($0.recursive)", "\($0.responses)", "\($0.bytes)"]
            }, style))
    }
    for note in notes { out.append(style.wrap(note, hanging: 2, first: "note: ")) }
    return out.joined(separator: "\n") + "\n"
  }

  private func section(_ style: TextStyle, _ title: String, _ findings: [Finding], none: String) -> [String] {
    var out = [style.heading(title)]
    guard !findings.isEmpty else { return out + [none] }
    let columns = style.width >= 120
    var rows = [
      columns
        ? ["frame", "time", "protocol", "field", "kind", "expected", "found", "from", "to"]
        : ["frame", "field", "kind", "found", "from", "to"]
    ]
    for finding in findings.prefix(Self.shownFindings) {
      let field = "\(finding.layer) \(finding.field)"
      rows.append(
        columns
          ? [
            "\(finding.frame)", finding.time.map { style.localTime($0 / 1_000_000_000) } ?? "-", finding.layer,
            finding.field, finding.fault.rawValue, finding.expected, finding.found, finding.source.description,
            finding.destination.description,
          ]
          : [
            "\(finding.frame)", field, finding.fault.rawValue, finding.found, finding.source.description,
            finding.destination.description,
          ])
    }
    out.append(captureTable(rows, style))
    more(findings.count, &out)
    return out
  }

  private func announced(_ style: TextStyle, _ title: String, _ entries: [Announcement]) -> [String] {
    guard !entries.isEmpty else { return [] }
    var out = [style.heading(title)]
    out.append(
      captureTable(
        [["address", "LAN manager", "operating system", "frame", "times"]]
          + entries.prefix(Self.shownFindings).map {
            [$0.address, $0.nativeLanManager ?? "-", $0.nativeOS ?? "-", "\($0.frame)", "\($0.count)"]
          }, style))
    more(entries.count, &out)
    return out
  }

  private func more(_ count: Int, _ out: inout [String]) {
    if count > Self.shownFindings { out.append("\(count - Self.shownFindings) more: JSON has all.") }
  }

  static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// A table no wider than the page: the widest cells of text are shortened.
  private func captureTable(_ rows: [[String]], _ style: TextStyle) -> String {
    var rows = rows
    while true {
      let columns = rows.map(\.count).max() ?? 0
      let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
      let excess = 2 + widths.reduce(0, +) + 2 * (columns - 1) - style.width
      guard excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 12 else {
        break
      }
      let next = widths.indices.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
      let target = max(12, max(widths[widest] - excess, min(next, widths[widest] - 1)))
      for row in rows.indices where rows[row][widest].count > target {
        rows[row][widest] = rows[row][widest].prefix(target - 1) + "…"
      }
    }
    return table(rows)
  }
}
