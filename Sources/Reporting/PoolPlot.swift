import Facts

/// The growth of the leading tags as a picture: lines over time, with what they mean beside them. No script, no outside font.
public enum PoolPlot {
  /// Lines beyond these would not be told apart.
  private static let maximumLines = 8
  /// Told apart by people who do not see all colours (Okabe and Ito's palette, without black and yellow).
  private static let colors = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#666666"]

  private static let width = 960.0
  private static let height = 440.0
  private static let left = 84.0
  private static let right = 262.0
  private static let top = 46.0
  private static let bottom = 54.0

  public static func svg(_ view: PoolGrowthView) -> String {
    let rows = chosen(view)
    let points = rows.flatMap(\.points)
    let end = max(points.map(\.hours).max() ?? 1, 1e-9)
    let high = max(Double(points.map(\.bytes).max() ?? 1), 1)
    let plotWidth = width - left - right
    let plotHeight = height - top - bottom
    func x(_ hours: Double) -> Double { left + hours / end * plotWidth }
    func y(_ bytes: Double) -> Double { top + plotHeight - bytes / high * plotHeight }
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(width)) \(number(height))" role="img" font-family="sans-serif" font-size="13">
      <title>\(escaped(view.headline))</title>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(number(left))" y="24" font-size="16" font-weight="bold">\(escaped(view.headline))</text>

      """
    for step in ticks(high) {
      let place = y(step)
      out +=
        "<line x1=\"\(number(left))\" x2=\"\(number(width - right))\" y1=\"\(number(place))\" y2=\"\(number(place))\" stroke=\"#dddddd\"/>\n"
      out +=
        "<text x=\"\(number(left - 8))\" y=\"\(number(place + 4))\" text-anchor=\"end\" fill=\"#444444\">\(ByteText.text(step))</text>\n"
    }
    let isTimed = view.hours != nil
    for step in 0...4 {
      let hours = end * Double(step) / 4
      let label = isTimed ? timeLabel(hours, end) : "\(Int(clamping: hours) + 1)"
      out +=
        "<text x=\"\(number(x(hours)))\" y=\"\(number(height - bottom + 20))\" text-anchor=\"middle\" fill=\"#444444\">\(label)</text>\n"
    }
    let axis = isTimed ? "time since \(view.start ?? "the first snapshot")" : "snapshot"
    out +=
      "<text x=\"\(number(left + plotWidth / 2))\" y=\"\(number(height - 12))\" text-anchor=\"middle\" fill=\"#444444\">\(escaped(axis))</text>\n"
    out +=
      "<path d=\"M\(number(left)) \(number(top)) V\(number(top + plotHeight)) H\(number(width - right))\" fill=\"none\" stroke=\"#444444\"/>\n"
    for (index, row) in rows.enumerated() {
      let color = colors[index % colors.count]
      let dash = row.verdict == .leak ? "" : " stroke-dasharray=\"5 4\""
      out +=
        "<path d=\"\(path(row.points, x, y))\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(row.verdict == .leak ? 2.5 : 1.5)\"\(dash)/>\n"
      let place = top + 12 + Double(index) * 44
      out +=
        "<line x1=\"\(number(width - right + 16))\" x2=\"\(number(width - right + 40))\" y1=\"\(number(place))\" y2=\"\(number(place))\" stroke=\"\(color)\" stroke-width=\"3\"\(dash)/>\n"
      out +=
        "<text x=\"\(number(width - right + 48))\" y=\"\(number(place + 4))\"><tspan font-weight=\"bold\">\(escaped(row.name))</tspan> \(row.quantity == nil ? escaped(row.pool) + ", " : "")\(row.verdict.words)</text>\n"
      out +=
        "<text x=\"\(number(width - right + 48))\" y=\"\(number(place + 20))\" fill=\"#444444\" font-size=\"12\">\(escaped(rate(row)))</text>\n"
    }
    return out + "</svg>\n"
  }

  /// A page with the picture and the table under it.
  public static func html(_ view: PoolGrowthView) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>Pool growth: \(escaped(view.headline))</title>
    <style>
    body { font-family: sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; color: #222222; background: #ffffff; }
    svg { width: 100%; height: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 0.92em; }
    th, td { text-align: left; padding: 0.35em 0.7em; border-bottom: 1px solid #dddddd; vertical-align: top; }
    td.number { text-align: right; white-space: nowrap; }
    tr.leak td:first-child { border-left: 4px solid #D55E00; }
    </style></head><body>
    <h1>Pool growth</h1>
    \(htmlBody(view))</body></html>

    """
  }

  /// The picture and the table, for a page of somebody else's.
  public static func htmlBody(_ view: PoolGrowthView) -> String {
    var out = """
      \(HTMLText.scrolling("Growth over time", svg(view)))
      <div class="scroll" role="group" tabindex="0" aria-label="Growth by tag"><table><thead><tr><th>tag</th><th>pool</th><th>owner</th><th>first</th><th>last</th><th>\(view.hours == nil ? "per snapshot" : "per hour")</th><th>verdict</th><th>why</th></tr></thead><tbody>

      """
    for row in view.rows + view.totals where row.verdict != .steady || view.rows.count + view.totals.count <= 40 {
      out +=
        "<tr class=\"\(row.verdict.rawValue)\"><td><b>\(escaped(row.name))</b></td><td>\(escaped(row.pool))</td><td>\(escaped(row.owner ?? ""))</td>"
      out +=
        "<td class=\"number\">\(row.amount(Double(row.first)))</td><td class=\"number\">\(row.amount(Double(row.last)))</td>"
      out += "<td class=\"number\">\(row.amount(row.bytesPerHour ?? row.bytesPerSnapshot ?? 0))</td>"
      let left = row.hoursLeft.map { "; the pool's limit would be reached in \(ByteText.duration(hours: $0))" } ?? ""
      out +=
        "<td>\(row.verdict.words), \(Int(clamping: row.confidence * 100)) % sure</td><td>\(escaped(row.notes.joined(separator: "; ") + left))</td></tr>\n"
    }
    out += "</tbody></table></div>\n"
    let remarks = view.notes + view.missing.map(\.detail)
    if !remarks.isEmpty { out += "<ul>" + remarks.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>\n" }
    return out
  }

  private static func chosen(_ view: PoolGrowthView) -> [PoolGrowthView.Row] {
    // One axis for all: what is not counted in bytes has no place on it.
    let rows = view.rows.isEmpty ? view.totals.filter { $0.quantity == .bytes } : view.rows
    let moving = rows.filter { $0.verdict != .steady || $0.quantity != nil && $0.process == nil }
    return Array((moving.isEmpty ? rows : moving).prefix(maximumLines))
  }

  private static func rate(_ row: PoolGrowthView.Row) -> String {
    if let event = row.bytesPerEvent, let name = row.event { return "\(ByteText.text(event)) per \(name)" }
    if let hour = row.bytesPerHour { return "\(ByteText.text(hour)) per hour" }
    return "\(ByteText.text(row.bytesPerSnapshot ?? 0)) per snapshot"
  }

  /// Broken where the system was restarted.
  private static func path(
    _ points: [PoolGrowthView.Point], _ x: (Double) -> Double, _ y: (Double) -> Double
  ) -> String {
    var text = ""
    var run: Int?
    for point in points {
      text += (run == point.run ? "L" : "M") + number(x(point.hours)) + " " + number(y(Double(point.bytes)))
      run = point.run
    }
    return text
  }

  /// Round numbers up to the highest value.
  private static func ticks(_ high: Double) -> [Double] {
    var step = 1.0
    while step * 5 < high { step *= 2 }
    return stride(from: 0, through: high, by: step).map { $0 }
  }

  private static func timeLabel(_ hours: Double, _ end: Double) -> String {
    if end >= 72 { return "\(ByteText.oneDecimal(hours / 24)) d" }
    if end >= 2 { return "\(ByteText.oneDecimal(hours)) h" }
    return "\(Int(clamping: hours * 60)) min"
  }

  private static func number(_ value: Double) -> String { ByteText.oneDecimal(value) }

  private static func escaped(_ text: String) -> String { HTMLText.escaped(text) }
}
