import ByteReading
import Facts

/// Logs of performance counters as text: `typeperf`, `relog`, the Performance console and `Export-Counter` write them.
///
/// The first line names the columns, `"(PDH-CSV 4.0) (Pacific Standard Time)(480)"` before them; each further line is a moment,
/// month first whatever the language, and its values with a point. A sample that failed is blank (documented with
/// `PdhOpenLog` and `typeperf`). Only what counts pool and handles is kept.
public enum CounterLog {
  /// Longer logs are read up to here.
  public static let maximumBytes = 256 << 20
  /// Counters of pool beyond these are not followed.
  public static let maximumCounters = 4096
  /// Values of all counters together.
  public static let maximumValues = 4_000_000
  /// The heading stands at the beginning; before it may stand the command that wrote it.
  static let searched = 4096

  /// Whether the first bytes are such a log's.
  public static func matches(_ bytes: [UInt8]) -> Bool {
    let head = bytes.prefix(searched).filter { $0 != 0 }
    return mark(in: head[...]) != nil
  }

  private static let marks = ["(PDH-CSV", "(PDH-TSV"].map { Array($0.utf8) }

  fileprivate static func mark(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.indices.first { place in bytes[place] == marks[0][0] && marks.contains { bytes[place...].starts(with: $0) } }
  }

  static func read(_ bytes: [UInt8]) -> PoolLogView {
    let isCut = bytes.count > maximumBytes
    let kept = isCut ? Array(bytes[..<maximumBytes]) : bytes
    // Numbers need no decoding, and such logs are long.
    var isUnicode = kept.starts(with: [0xEF, 0xBB, 0xBF])
    var plain = kept
    if kept.prefix(512).contains(0) || kept.starts(with: [0xFF, 0xFE]) || kept.starts(with: [0xFE, 0xFF]) {
      plain = Array(decodeText(kept).text.utf8)
      isUnicode = true
    }
    var reader = CounterLogReader(isUnicode: isUnicode)
    reader.read(plain)
    var view = reader.view()
    if isCut { view.notes.append("Only the first \(maximumBytes >> 20) MiB of the log were read.") }
    return view
  }
}

private struct CounterLogReader {
  private struct Column {
    var cell: Int
    var series: Int
  }

  private struct Value {
    var row: Int
    var value: UInt64
    var run: Int
  }

  private struct Series {
    var counter: PoolLogView.Counter
    /// Column of the process's number, and the number it had last.
    var identity: Int?
    var lastIdentity: UInt64?
    var run = 0
    var values: [Value] = []
  }

  private struct Key: Hashable {
    var name: String
    var instance: String?
  }

  private let isUnicode: Bool
  private var separator: UInt8 = 0x2C
  private var columns: [Column] = []
  private var upTime: Int?
  private var lastUpTime: UInt64?
  private var systemRun = 0
  private var series: [Series] = []
  private var places: [Key: Int] = [:]
  private var times = CounterTimes()
  private var machine: String?
  private var otherMachines: Set<String> = []
  private var zone: String?
  /// Counters that could be pool by their shape, and whose language is not known.
  private var unknown: [String] = []
  private var columnCount = 0
  private var isFull = false
  private var values = 0
  private var identities = false

  init(isUnicode: Bool) { self.isUnicode = isUnicode }

  mutating func read(_ bytes: [UInt8]) {
    var start = 0
    while start < bytes.count, !isFull {
      let end = bytes[start...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
      if end > start { take(bytes[start..<end]) }
      start = end + 1
    }
  }

  private mutating func take(_ line: ArraySlice<UInt8>) {
    if let mark = CounterLog.mark(in: line.prefix(CounterLog.searched)) {
      heading(line[mark...], isQuoted: mark > line.startIndex && line[mark - 1] == UInt8(ascii: "\""))
      return
    }
    guard !columns.isEmpty || !unknown.isEmpty, let row = times.add(firstCell(line)) else { return }
    values(line, row)
  }

  // MARK: Heading

  private mutating func heading(_ line: ArraySlice<UInt8>, isQuoted: Bool) {
    // The separator is what stands behind the first cell: spreadsheets write semicolons.
    let end = isQuoted ? line.firstIndex(of: UInt8(ascii: "\"")) ?? line.endIndex : line.startIndex
    separator =
      line[end...].first { $0 == 0x2C || $0 == 0x09 || $0 == UInt8(ascii: ";") } ?? separator
    let cells = CounterCells.all(line, separator, isOpen: isQuoted)
    columns = []
    upTime = nil
    unknown = []
    columnCount = cells.count
    zone = zone ?? cells.first.flatMap(Self.zone)
    var names: [(cell: Int, name: CounterName)] = []
    for (cell, bytes) in cells.enumerated().dropFirst() {
      guard let name = CounterName(path: text(bytes)) else { continue }
      machine = machine ?? name.machine.lowercased()
      guard name.machine.lowercased() == machine else {
        otherMachines.insert(name.machine)
        continue
      }
      names.append((cell, name))
    }
    var processIDs: [String: Int] = [:]
    for (cell, name) in names {
      switch name.kind(isUnicode: isUnicode) ?? name.kind(isUnicode: true) {
      case .upTime: upTime = cell
      case .processID: if let instance = name.instance { processIDs[instance] = cell }
      case .pool(let pool, let quantity): add(name, cell, pool, quantity)
      case .handles: add(name, cell, nil, .handles)
      case nil: break
      }
    }
    identities = identities || !processIDs.isEmpty
    for column in columns {
      guard let process = series[column.series].counter.process else { continue }
      series[column.series].identity = processIDs[process]
    }
    if columns.isEmpty { byShape(names) }
  }

  /// The two counters of pool are the only ones that the system's memory and every process have by the same name, beside page
  /// faults, which are a rate. So they are found in a language that is not known; which is which is not told.
  private mutating func byShape(_ names: [(cell: Int, name: CounterName)]) {
    let ofProcesses = Set(names.filter { $0.name.instance != nil }.map(\.name.counter))
    let shared = names.filter {
      $0.name.instance == nil && ofProcesses.contains($0.name.counter) && !$0.name.counter.contains("/")
    }
    guard !shared.isEmpty else {
      unknown = Array(names.prefix(5).map(\.name.counter))
      return
    }
    let wanted = Set(shared.map(\.name.counter))
    for (cell, name) in names where wanted.contains(name.counter) { add(name, cell, nil, .bytes) }
  }

  private mutating func add(
    _ name: CounterName, _ cell: Int, _ pool: String?, _ quantity: PoolLogView.Counter.Quantity
  ) {
    // The sum of all processes is no process, and the idle one has nothing.
    if let instance = name.instance, instance.hasPrefix("_") || instance.lowercased() == "idle" { return }
    let key = Key(name: name.counter, instance: name.instance)
    let place = places[key] ?? series.count
    if place == series.count {
      guard series.count < CounterLog.maximumCounters else { return }
      places[key] = place
      series.append(
        Series(
          counter: PoolLogView.Counter(
            name: name.counter, process: name.instance, pool: pool, quantity: quantity)))
    }
    columns.append(Column(cell: cell, series: place))
  }

  private func text(_ bytes: [UInt8]) -> String {
    String(validating: bytes, as: UTF8.self) ?? decodeWindows1252(bytes)
  }

  /// `(PDH-CSV 4.0) (Pacific Standard Time)(480)`: minutes to add for UTC.
  private static func zone(_ cell: [UInt8]) -> String? {
    let text = decodeText(cell).text
    let parts = text.split(separator: "(").map { $0.prefix { $0 != ")" } }
    guard parts.count >= 3, let minutes = Int(parts[2]), abs(minutes) <= 1440, !parts[1].isEmpty else { return nil }
    let sign = minutes > 0 ? "-" : "+"
    return "\(parts[1]), UTC\(sign)\(abs(minutes) / 60):\(twoDigits(abs(minutes) % 60))"
  }

  // MARK: Rows

  private func firstCell(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let trimmed = line.drop { $0.isSpace || $0 == UInt8(ascii: "\"") }
    return trimmed.prefix(40).prefix { $0 != separator && $0 != UInt8(ascii: "\"") }
  }

  private mutating func values(_ line: ArraySlice<UInt8>, _ row: Int) {
    // A line that was cut short states what it still holds.
    let cells = CounterCells.ranges(line, separator)
    func number(_ cell: Int) -> UInt64? { cell < cells.count ? CounterCells.number(line[cells[cell]]) : nil }
    if let upTime, let now = number(upTime) {
      if let lastUpTime, now < lastUpTime { systemRun += 1 }
      lastUpTime = now
    }
    for column in columns {
      guard let value = number(column.cell) else { continue }
      let place = column.series
      if let cell = series[place].identity, let now = number(cell) {
        if let last = series[place].lastIdentity, last != now { series[place].run += 1 }
        series[place].lastIdentity = now
      }
      series[place].values.append(Value(row: row, value: value, run: series[place].run + systemRun))
      values += 1
    }
    if values >= CounterLog.maximumValues { isFull = true }
  }

  // MARK: Result

  func view() -> PoolLogView {
    var view = PoolLogView()
    let seconds = times.seconds
    for one in series where !one.values.isEmpty {
      var counter = one.counter
      counter.samples = one.values.map {
        PoolLogView.Counter.Sample(seconds: seconds[$0.row], value: $0.value, run: $0.run)
      }
      counter.samples.sort { $0.seconds < $1.seconds }
      view.counters.append(counter)
    }
    if isFull { view.notes.append("Only the first \(values) values of the log were read.") }
    if series.count >= CounterLog.maximumCounters {
      view.notes.append("Only the first \(CounterLog.maximumCounters) counters of pool were followed.")
    }
    if let zone, !view.counters.isEmpty { view.notes.append("The log's clock is that of \(zone).") }
    if !otherMachines.isEmpty {
      view.notes.append(
        "The log counts several machines; only \(machine ?? "the first") was followed, not \(otherMachines.sorted().prefix(3).joined(separator: ", "))."
      )
    }
    if view.counters.contains(where: { $0.pool == nil && $0.quantity == .bytes }) {
      let names = Set(view.counters.filter { $0.pool == nil }.map(\.name)).sorted().map { "\"\($0)\"" }
      view.notes.append(
        "\(names.joined(separator: " and ")) count pool by where they stand, for memory and processes alike; which of them is paged pool cannot be told in this language. Logged under English names it can."
      )
    } else if view.counters.isEmpty, columnCount > 1 {
      let names = unknown.isEmpty ? "" : ": " + unknown.map { "\"\($0)\"" }.joined(separator: ", ")
      view.notes.append(
        "None of the log's \(columnCount - 1) counters is known as one of pool\(names). \\Memory\\Pool Nonpaged Bytes and \\Memory\\Pool Paged Bytes are wanted."
      )
    }
    if view.counters.contains(where: { $0.process != nil }), !identities {
      view.notes.append(
        "The log does not hold the processes' numbers, so a process that ended and another under the same name look like one."
      )
    }
    return view
  }
}
