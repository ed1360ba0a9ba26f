import Facts

extension DebuggerLogView {
  /// What `inspect` prints of a debugger's log.
  public func text(_ style: TextStyle) -> String {
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ value: String?) { if let value { rows.append((key, value)) } }
    row("stop", code.map { "\($0)" + (name.map { " \($0)" } ?? "") })
    for (index, value) in parameters.enumerated() {
      row("  parameter \(index + 1)", hexadecimal(value, digits: pointerDigits))
    }
    row("image", image)
    row("symbol", blamedSymbol)
    row("process", process)
    row("bucket", failureBucket)
    row("IRQL", irql.map { "\($0)" })
    if exceptionCode != nil || faultingAddress != nil {
      row(
        "exception",
        [exceptionCode?.description, (faultingPlace ?? faultingAddress?.description).map { "at \($0)" }].compactMap {
          $0
        }
        .joined(separator: " "))
    }
    row(
      "system",
      version ?? build.map { "build \($0)" + (servicePack.map { ", Service Pack \($0)" } ?? "") })
    row("architecture", architecture?.rawValue)
    row("dump file", dumpFile)
    row("modules", modules.isEmpty ? nil : "\(modules.count) listed")
    row("locks", locks.isEmpty ? nil : "\(locks.count) listed")
    row(
      "work queues",
      queues.isEmpty ? nil : queues.map { "\($0.name) (\($0.pending.count) pending)" }.joined(separator: ", "))
    var out = style.definitions(rows) + "\n"
    for note in notes { out += style.wrap(note, first: "Note: ") + "\n" }
    if !stack.isEmpty {
      var lines = [["frame", "address", "place"]]
      for (index, frame) in stack.enumerated() {
        lines.append([
          "\(index)" + (index == topFrame ? " *" : ""),
          frame.address.map { hexadecimal($0.rawValue, digits: pointerDigits) } ?? "-",
          frame.place + (frame.isDoubtful ? " (doubtful)" : ""),
        ])
      }
      out += "\n" + table(lines, indent: 0) + "\n"
    }
    for (index, other) in others.enumerated() {
      out += style.heading("Stop \(index + 2) of \(others.count + 1)") + "\n" + other.text(style)
    }
    return out
  }
}

extension PoolLogView {
  /// Rows of one snapshot that `inspect` prints; JSON has them all.
  static let printedRows = 20

  /// What `inspect` prints of a pool log: the last snapshot's largest tags.
  public func text(_ style: TextStyle) -> String {
    guard let last = snapshots.last else { return counterText(style) }
    var out = "\(snapshots.count) snapshot\(snapshots.count == 1 ? "" : "s")"
    if let first = snapshots.first?.time, let time = last.time { out += ", \(first.rfc3339) to \(time.rfc3339)" }
    out += "\n"
    for note in notes { out += style.wrap(note, first: "Note: ") + "\n" }
    var lines = [["tag", "pool", "allocations", "frees", "bytes", "driver"]]
    let rows = last.rows.sorted { ($1.bytes, $0.tag, $0.pool) < ($0.bytes, $1.tag, $1.pool) }
    for row in rows.prefix(Self.printedRows) {
      lines.append([
        row.tag, row.pool, "\(row.allocations)", row.frees.map { "\($0)" } ?? "-", "\(row.bytes)", row.driver ?? "",
      ])
    }
    out += "\n" + table(lines, indent: 0) + "\n"
    if rows.count > Self.printedRows { out += "and \(rows.count - Self.printedRows) more tags\n" }
    return out
  }

  /// The counters of a performance log: whole pools first, then the processes that hold most.
  private func counterText(_ style: TextStyle) -> String {
    let samples = counters.map(\.samples.count).max() ?? 0
    var out = "performance counters, \(samples) sample\(samples == 1 ? "" : "s")"
    let times = counters.flatMap { [$0.samples.first?.seconds, $0.samples.last?.seconds] }.compactMap { $0 }
    if let first = times.min(), let last = times.max() {
      out += ", \(CivilTime(unixSeconds: Int64(first)).rfc3339) to \(CivilTime(unixSeconds: Int64(last)).rfc3339)"
    }
    out += "\n"
    for note in notes { out += style.wrap(note, first: "Note: ") + "\n" }
    var lines = [["process", "counter", "pool", "first", "last"]]
    let order = counters.enumerated().sorted { a, b in
      let (x, y) = (a.element, b.element)
      if (x.process == nil) != (y.process == nil) { return x.process == nil }
      let (first, second) = (x.samples.last?.value ?? 0, y.samples.last?.value ?? 0)
      return x.process == nil || first == second ? a.offset < b.offset : first > second
    }.map(\.element)
    for counter in order.prefix(Self.printedRows) {
      lines.append([
        counter.process ?? "-", counter.name, counter.pool ?? "-", counter.samples.first.map { "\($0.value)" } ?? "-",
        counter.samples.last.map { "\($0.value)" } ?? "-",
      ])
    }
    out += "\n" + table(lines, indent: 0) + "\n"
    if order.count > Self.printedRows { out += "and \(order.count - Self.printedRows) more counters\n" }
    return out
  }
}
