import Facts

extension CaptureView {
  /// Rows a page lists of each kind; the timeline shows all.
  static let listedRows = 2000
  /// Columns of the timeline.
  static let columns = 240

  /// A page that stands alone: no script, no other file, everything from the capture escaped.
  public func html(path: String) -> String {
    let out = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(Self.escaped(path))</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
      h1 { font-size: 1.3rem; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin-top: 2rem; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
      th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
      td.n, th.n { text-align: right; }
      td:nth-child(2) { white-space: nowrap; }
      svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
      .bad { fill: #c62828; } .hurt { fill: #ef6c00; } .line { stroke: currentColor; stroke-opacity: .3; }
      </style></head><body>
      <h1>\(Self.escaped(path))</h1>

      """
    return out + htmlBody + "</body></html>\n"
  }

  /// What the page shows, for a page of somebody else's.
  public var htmlBody: String {
    var out = ""
    out += "<p>\(Self.escaped(container))\(isPacked ? ", packed by gzip" : ""), \(Self.counted(frames, "frame")), "
    out += "\(Self.counted(streams, "conversation")). "
    if let firstTime, let lastTime {
      out += "\(Self.timestamp(firstTime)) to \(Self.timestamp(lastTime)). "
    }
    if losses > 0 { out += "\(lostBytes) bytes are missing in \(Self.counted(losses, "place")). " }
    out += "</p>\n"
    out += timeline
    for pattern in patterns { out += "<p>\(Self.escaped(pattern.text))</p>\n" }
    out += findingTable("Malformed frames", malformed)
    if !damaged.isEmpty { out += findingTable("Damaged on the way: checksums fail", damaged) }
    let counts = framesByProtocol
    out += Self.section(
      "Frames by protocol", ["protocol", "frames"],
      [
        ["session service", "\(counts.nbss)"], ["name service", "\(counts.nbns)"],
        ["datagram service", "\(counts.nbdgm)"], ["SMB1", "\(counts.smb)"], ["SMB2/3", "\(counts.smb2)"],
        ["NetBIOS frames", "\(counts.netbios)"],
      ])
    for (title, entries) in [("Servers", servers), ("Clients", clients)] where !entries.isEmpty {
      out += Self.section(
        title, ["address", "LAN manager", "operating system", "first frame", "times"],
        entries.map { [$0.address, $0.nativeLanManager ?? "", $0.nativeOS ?? "", "\($0.frame)", "\($0.count)"] })
    }
    if !referrals.isEmpty {
      out += Self.section(
        "DFS referrals", ["frame", "client", "server", "path", "answer", "targets"],
        referrals.map {
          [
            "\($0.frame)", $0.client, $0.server, $0.path, $0.answerFrame.map { "frame \($0)" } ?? "none",
            $0.targets.joined(separator: ", "),
          ]
        })
    }
    if !changeNotify.isEmpty {
      out += Self.section(
        "Change notification", ["client", "requests", "of whole trees", "answers", "bytes"],
        changeNotify.map {
          [$0.client, "\($0.requests)", "\($0.recursive)", "\($0.responses)", "\($0.bytes)"]
        })
    }
    return out
  }

  /// Bad frames over time, or over their numbers where frames have no times; one lane for each sender.
  private var timeline: String {
    let all = malformed.map { ($0, "bad") } + damaged.map { ($0, "hurt") }
    guard !all.isEmpty else { return "" }
    let start = firstTime ?? 0
    let isTimed = firstTime != nil && (lastTime ?? 0) > start && all.allSatisfy { $0.0.time != nil }
    let length = isTimed ? Double(lastTime ?? 0) - Double(start) : Double(max(1, frames - 1))
    func column(_ finding: Finding) -> Int {
      let place = isTimed ? Double(finding.time ?? start) - Double(start) : Double(finding.frame - 1)
      return Int(min(Double(Self.columns - 1), max(0, place / length * Double(Self.columns))))
    }
    var lanes: [String] = []
    for (finding, _) in all {
      let sender = finding.source.address ?? finding.source.mac ?? "unknown"
      if !lanes.contains(sender), lanes.count < 12 { lanes.append(sender) }
    }
    let (left, lane, width) = (170, 22, 960)
    let step = Double(width - left - 10) / Double(Self.columns)
    let height = lanes.count * lane + 26
    var out =
      "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"Bad frames over time\">\n"
    for (index, sender) in lanes.enumerated() {
      let y = index * lane + lane / 2
      out += "<text x=\"0\" y=\"\(y + 4)\">\(Self.escaped(sender))</text>"
      out += "<line class=\"line\" x1=\"\(left)\" x2=\"\(width - 10)\" y1=\"\(y)\" y2=\"\(y)\"/>\n"
      var counts: [String: [Int: (count: Int, frame: Int)]] = [:]
      for (finding, kind) in all where (finding.source.address ?? finding.source.mac ?? "unknown") == sender {
        let at = column(finding)
        let before = counts[kind]?[at]
        counts[kind, default: [:]][at] = ((before?.count ?? 0) + 1, before?.frame ?? finding.frame)
      }
      for kind in ["bad", "hurt"] {
        for (at, entry) in (counts[kind] ?? [:]).sorted(by: { $0.key < $1.key }) {
          let x = left + Int((Double(at) + 0.5) * step)
          let radius = entry.count > 20 ? 7 : entry.count > 4 ? 5 : 4
          out += "<circle class=\"\(kind)\" cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius)\">"
          out += "<title>\(Self.counted(entry.count, "frame")), first \(entry.frame)</title></circle>\n"
        }
      }
    }
    let y = lanes.count * lane + 18
    let ends = isTimed ? (Self.timestamp(start), Self.timestamp(lastTime ?? start)) : ("frame 1", "frame \(frames)")
    out += "<text x=\"\(left)\" y=\"\(y)\">\(ends.0)</text>"
    out += "<text x=\"\(width - 10)\" y=\"\(y)\" text-anchor=\"end\">\(ends.1)</text>\n</svg>\n"
    return "<h2>Timeline</h2>\n" + HTMLText.scrolling("Bad frames over time", out)
  }

  private func findingTable(_ title: String, _ findings: [Finding]) -> String {
    guard !findings.isEmpty else { return "<h2>\(title)</h2>\n<p>None found.</p>\n" }
    return Self.section(
      title, ["frame", "time", "protocol", "field", "kind", "expected", "found", "from", "to", "then"],
      findings.map { finding in
        [
          "\(finding.frame)", finding.time.map { Self.timestamp($0) } ?? "", finding.layer, finding.field,
          finding.fault.rawValue, finding.expected, finding.found, finding.source.description,
          finding.destination.description, finding.follows ?? "",
        ]
      })
  }

  private static func section(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
    var out =
      "<h2>\(title)</h2>\n<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"\(title)\"><table><tr>"
    out += head.map { "<th scope=\"col\">\($0)</th>" }.joined() + "</tr>\n"
    for row in rows.prefix(listedRows) {
      out += "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>\n"
    }
    out += "</table></div>\n"
    if rows.count > listedRows { out += "<p>\(rows.count - listedRows) more rows: JSON has all.</p>\n" }
    return out
  }

  static func escaped(_ text: String) -> String { HTMLText.escaped(text) }
}
