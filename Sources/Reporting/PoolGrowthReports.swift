import Facts

extension PoolGrowthView {
  /// `faultline.pool/1`.
  public var json: JSONValue {
    .members([
      schema("pool"), ("snapshots", .count(snapshots)), ("start", .optional(start)), ("end", .optional(end)),
      ("hours", hours.map { .number($0) }), ("restarts", .count(restarts)), ("tags", .array(rows.map(\.json))),
      ("totals", .some(totals.map(\.json))),
      (
        "inStep",
        .some(
          inStep.map {
            .members([("tags", .strings([$0.first, $0.second])), ("ratio", .number($0.ratio))])
          })
      ),
      (
        "limits",
        .some(
          limits.map {
            .members([("pool", .string($0.pool)), ("bytes", .count($0.bytes)), ("basis", .string($0.basis))])
          })
      ),
      ("taggingIsOff", taggingIsOff ? .bool(true) : nil), ("notes", .some(notes.map { .string($0) })),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  /// One row per tag, for spreadsheets.
  public var csv: String {
    var out = CSVText.row([
      "tag", "pool", "owner", "first", "last", "bytesPerHour", "bytesPerEvent", "event", "verdict", "confidence",
      "notes", "counts",
    ])
    for row in rows + totals {
      out += CSVText.row([
        row.tag, row.pool, row.owner ?? "", "\(row.first)", "\(row.last)",
        row.bytesPerHour.map { "\(Int(clamping: $0))" } ?? "",
        row.bytesPerEvent.map { "\(Int(clamping: $0))" } ?? "", row.event ?? "", row.verdict.rawValue,
        "\(Int((row.confidence * 100).rounded())) %", row.notes.joined(separator: "; "),
        (row.quantity ?? .bytes).rawValue,
      ])
    }
    return out
  }
}

extension PoolGrowthView.Row {
  fileprivate var json: JSONValue {
    .members([
      ("tag", quantity == nil ? .string(tag) : nil), ("name", quantity == nil || process != nil ? nil : .string(tag)),
      ("process", .optional(process)), ("quantity", .optional(quantity?.rawValue)),
      ("pool", pool.isEmpty ? nil : .string(pool)), ("driver", .optional(driver)), ("owner", .optional(owner)),
      ("ownerSource", .optional(ownerSource)), ("first", .count(first)), ("last", .count(last)),
      ("bytesPerHour", bytesPerHour.map { .number($0) }),
      (
        "bytesPerHourRange",
        bytesPerHourRange.map { .array([.number($0.lowerBound), .number($0.upperBound)]) }
      ),
      ("bytesPerSnapshot", bytesPerSnapshot.map { .number($0) }), ("bytesPerEvent", bytesPerEvent.map { .number($0) }),
      ("event", .optional(event)), ("verdict", .string(verdict.rawValue)), ("confidence", .number(confidence)),
      ("hoursLeft", hoursLeft.map { .number($0) }), ("because", .strings(notes)),
    ])
  }
}

extension Int {
  /// A rounded number, held within what an integer can be.
  init(clamping value: Double) {
    self = value.isNaN ? 0 : value >= 9e18 ? .max : value <= -9e18 ? .min : Int(value.rounded())
  }
}

/// Sizes as people read them.
enum ByteText {
  static func text(_ bytes: Double) -> String {
    let size = abs(bytes)
    let sign = bytes < 0 ? "-" : ""
    for (unit, factor) in [("GB", 1_073_741_824.0), ("MB", 1_048_576), ("KB", 1024)] where size >= factor {
      let value = size / factor
      return sign + (value >= 100 ? "\(Int(clamping: value))" : oneDecimal(value)) + " " + unit
    }
    return sign + "\(Int(clamping: size)) B"
  }

  static func oneDecimal(_ value: Double) -> String {
    let tenths = Int(clamping: value * 10)
    return "\(tenths / 10).\(abs(tenths % 10))"
  }

  static func duration(hours: Double) -> String {
    if hours >= 24 * 730 { return "more than \(Int(clamping: hours / 24 / 365)) years" }
    if hours >= 48 { return "\(Int(clamping: hours / 24)) days" }
    if hours >= 2 { return "\(Int(clamping: hours)) hours" }
    return "\(Int(clamping: hours * 60)) minutes"
  }
}

extension PoolGrowthView {
  /// A table with a small curve per tag. What stays level is only counted.
  public func text(_ style: TextStyle, limit: Int?) -> String {
    var out = style.paragraph(headline, .strong) + "\n"
    if rows.isEmpty, !totals.isEmpty { return out + totalsText(style, limit: limit, isAlone: true) + remarks(style) }
    let shown = rows.filter { $0.verdict != .steady }
    let few = shown.isEmpty ? Array(rows.prefix(10)) : shown
    let part = limit.map { Array(few.prefix($0)) } ?? few
    if !part.isEmpty { out += "\n" + table(part, style) + "\n" }
    if part.count < few.count {
      out += style.ink("  and \(few.count - part.count) more: --limit shows more", .dim) + "\n"
    }
    let steady = rows.count { $0.verdict == .steady }
    if steady > 0, !shown.isEmpty { out += style.ink("  \(steady) tags stay level", .dim) + "\n" }
    for row in part.prefix(8) where row.verdict != .steady { out += "\n" + details(row, style) }
    out += totalsText(style, limit: limit, isAlone: false)
    for pair in inStep {
      out +=
        "\n"
        + style.wrap(
          "\(pair.first) and \(pair.second) rise in step: \(ByteText.oneDecimal(pair.ratio)) bytes of \(pair.first) for each byte of \(pair.second).",
          hanging: 2) + "\n"
    }
    return out + remarks(style)
  }

  /// Whole pools and processes; beside tags only what moves.
  private func totalsText(_ style: TextStyle, limit: Int?, isAlone: Bool) -> String {
    let moving = totals.filter { $0.verdict != .steady && (isAlone || $0.verdict != .tooLittleData) }
    // A process among a hundred that stays level says nothing; the pools do.
    let level = isAlone ? totals.filter { $0.verdict == .steady && $0.process == nil } : []
    let shown = moving + (moving.isEmpty && level.isEmpty && isAlone ? Array(totals.prefix(10)) : level)
    guard !shown.isEmpty else { return "" }
    let part = limit.map { Array(shown.prefix($0)) } ?? shown
    var out = "\n" + table(part, style, heading: "counter") + "\n"
    if part.count < shown.count {
      out += style.ink("  and \(shown.count - part.count) more: --limit shows more", .dim) + "\n"
    }
    if isAlone, totals.count > shown.count {
      let rest = totals.count - shown.count
      out +=
        style.ink("  \(rest) counter\(rest == 1 ? " of a process stays" : "s of processes stay") level", .dim) + "\n"
    }
    for row in part.prefix(8) where row.verdict != .steady { out += "\n" + details(row, style) }
    return out
  }

  private func remarks(_ style: TextStyle) -> String {
    var out = ""
    if !limits.isEmpty {
      out += "\n"
      for limit in limits {
        out +=
          style.wrap(
            "\(limit.pool) pool holds at most \(ByteText.text(Double(limit.bytes))): \(limit.basis).", hanging: 2)
          + "\n"
      }
    }
    for note in notes { out += "\n" + style.wrap(note, hanging: 2, first: "Note: ") }
    for missing in missing { out += "\n" + style.wrap(missing.detail, hanging: 2, first: "Not known: ") }
    return out + (notes.isEmpty && missing.isEmpty ? "" : "\n")
  }

  var headline: String {
    if rows.isEmpty, !totals.isEmpty { return totalsHeadline }
    let leaks = rows.count { $0.verdict == .leak }
    let span = hours.map { " over \(ByteText.duration(hours: $0))" } ?? ""
    let isTold = rows.contains { $0.verdict != .tooLittleData }
    let found =
      leaks == 0 ? isTold ? "no leak" : "too little to tell" : leaks == 1 ? "1 tag leaks" : "\(leaks) tags leak"
    return "\(snapshots) snapshot\(snapshots == 1 ? "" : "s")\(span), \(rows.count) tags: \(found)"
  }

  private var totalsHeadline: String {
    let span = hours.map { " over \(ByteText.duration(hours: $0))" } ?? ""
    let leaking = totals.filter { $0.verdict == .leak && $0.quantity == .bytes && $0.process == nil }.map {
      $0.pool.isEmpty ? $0.tag : $0.pool + " pool"
    }
    let others = totals.count { $0.verdict == .leak && $0.process != nil }
    let isTold = totals.contains { $0.verdict != .tooLittleData }
    var found = isTold ? "no leak" : "too little to tell"
    if !leaking.isEmpty {
      found = leaking.joined(separator: " and ") + (leaking.count == 1 ? " leaks" : " leak")
    } else if others > 0 {
      found = "\(others) counter\(others == 1 ? " of a process leaks" : "s of processes leak")"
    }
    return
      "\(snapshots) sample\(snapshots == 1 ? "" : "s")\(span), \(totals.count) counter\(totals.count == 1 ? "" : "s"): \(found)"
  }

  private func table(_ rows: [Row], _ style: TextStyle, heading: String = "tag") -> String {
    // On a narrow terminal the curve is short and the first size goes.
    let isWide = style.width >= 110
    let curve = isWide ? min(48, style.width - 92) : 12
    var lines = [
      [heading, "pool"] + (isWide ? ["first"] : []) + ["last", hours == nil ? "per snapshot" : "per hour"]
        + (isWide ? ["per event"] : []) + ["verdict", "sure", "curve"]
    ]
    for row in rows {
      let rate = row.bytesPerHour ?? row.bytesPerSnapshot ?? 0
      lines.append(
        [row.name, row.pool] + (isWide ? [row.amount(Double(row.first))] : [])
          + [row.amount(Double(row.last)), row.amount(rate)]
          + (isWide ? [row.bytesPerEvent.map { ByteText.text($0) } ?? ""] : [])
          + [row.verdict.words, "\(Int(clamping: row.confidence * 100)) %", Sparkline.text(row.points, width: curve)])
    }
    return Reporting.table(lines)
  }

  private func details(_ row: Row, _ style: TextStyle) -> String {
    var sentences = [row.notes.joined(separator: "; ")]
    if let range = row.bytesPerHourRange, row.verdict == .leak {
      sentences.append(
        "by the hour between \(row.amount(range.lowerBound)) and \(row.amount(range.upperBound)) (95 %)")
    }
    if let bytes = row.bytesPerEvent, let event = row.event {
      sentences.append("\(Int(clamping: bytes)) bytes with each \(event)")
    }
    if let owner = row.owner {
      let source =
        row.ownerSource == "log"
        ? "the log" : row.ownerSource == "imported" ? "the imported list of tags" : "the list of tags"
      sentences.append("by \(source) it belongs to \(owner)")
    }
    if let left = row.hoursLeft, let limit = limits.first(where: { $0.pool == row.pool }) {
      sentences.append(
        "\(row.pool) pool (at most \(ByteText.text(Double(limit.bytes)))) would be used up in \(ByteText.duration(hours: left))"
      )
    }
    return style.wrap(sentences.joined(separator: "; "), hanging: 2, first: "\(TextStyle.cleanLine(row.name)): ") + "\n"
  }
}

extension PoolGrowthView.Row {
  /// As tables name it: a process with what is counted of it.
  var name: String {
    guard process != nil, let quantity, quantity == .handles else { return tag }
    return tag + " handles"
  }

  /// Bytes as people read them, or a number of what is counted.
  func amount(_ value: Double) -> String {
    guard let quantity, quantity != .bytes else { return ByteText.text(value) }
    return abs(value) < 100 ? ByteText.oneDecimal(value) : "\(Int(clamping: value))"
  }
}

extension PoolGrowthView.Verdict {
  var words: String { rawValue.replacing("-", with: " ") }
}

/// A curve of one line: eight heights.
enum Sparkline {
  private static let heights: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// As wide as asked where there are as many moments, by time where it is known.
  static func text(_ points: [PoolGrowthView.Point], width: Int) -> String {
    guard let first = points.first, let last = points.last, width > 0 else { return "" }
    let span = last.hours - first.hours
    let columns = min(width, points.count)
    var values = [UInt64?](repeating: nil, count: columns)
    for (index, point) in points.enumerated() {
      let place = span > 0 ? (point.hours - first.hours) / span : Double(index) / Double(max(1, points.count - 1))
      let column = min(columns - 1, max(0, Int(clamping: place * Double(columns - 1))))
      values[column] = max(values[column] ?? 0, point.bytes)
    }
    let low = points.map(\.bytes).min() ?? 0
    let high = points.map(\.bytes).max() ?? 0
    return String(
      values.map { value -> Character in
        guard let value else { return " " }
        guard high > low else { return heights[0] }
        return heights[min(7, Int(Double(value - low) / Double(high - low) * 7.999))]
      })
  }
}
