import Facts

/// The snapshots of one or more logs in the order of time.
struct PoolSnapshots {
  struct Moment {
    var snapshot: PoolLogView.Snapshot
    /// Hours since the first; steps where times are not known.
    var hours: Double
    /// Seconds since 1970.
    var seconds: Double?
  }

  private(set) var moments: [Moment] = []
  /// Whether `hours` are hours.
  private(set) var isTimed = false
  private(set) var notes: [String] = []

  private struct Entry {
    var snapshot: PoolLogView.Snapshot
    var seconds: Double?
  }

  /// - Parameters:
  ///   - logs: each with its path, which may hold a time or a number.
  ///   - interval: hours between snapshots that state no time.
  init(_ logs: [(path: String, view: PoolLogView)], interval: Double?) {
    let sorted = logs.enumerated().sorted { a, b in
      NaturalOrder.compare(a.element.path, b.element.path).map { $0 } ?? (a.offset < b.offset)
    }.map(\.element)
    var entries: [Entry] = []
    for log in sorted {
      let named = log.view.snapshots.count == 1 ? PathTime.seconds(in: log.path) : nil
      for snapshot in log.view.snapshots {
        entries.append(Entry(snapshot: snapshot, seconds: snapshot.time.map { Double($0.unixSeconds) } ?? named))
      }
    }
    // Of several scopes (all of the system, one session) the one seen most often; the system's own where it is a tie.
    let scopes = Dictionary(grouping: entries, by: \.snapshot.scope)
    if scopes.count > 1 {
      let best = scopes.max {
        ($0.value.count, $0.key == nil ? 1 : 0, $1.key ?? "") < ($1.value.count, $1.key == nil ? 1 : 0, $0.key ?? "")
      }
      entries.removeAll { $0.snapshot.scope != best?.key }
      notes.append("Of several scopes only \(best?.key ?? "the system's") is followed.")
    }
    let timed = entries.count { $0.seconds != nil }
    if timed > 0, timed * 10 >= entries.count * 6 {
      if timed < entries.count { notes.append("\(entries.count - timed) snapshots without a time were left out.") }
      entries.removeAll { $0.seconds == nil }
      entries = entries.enumerated().sorted { a, b in
        (a.element.seconds ?? 0, a.offset) < (b.element.seconds ?? 0, b.offset)
      }.map(\.element)
      let start = entries.first?.seconds ?? 0
      moments = entries.map {
        Moment(snapshot: $0.snapshot, hours: (($0.seconds ?? 0) - start) / 3600, seconds: $0.seconds)
      }
      // Every screen of one moment has the same time; apart they tell nothing.
      let distinct = Set(moments.map(\.hours)).count
      if distinct > 1 || moments.count == 1 {
        isTimed = distinct > 1
        return
      }
      notes.append("All snapshots state the same time.")
    }
    isTimed = interval != nil
    moments = entries.enumerated().map {
      Moment(snapshot: $1.snapshot, hours: Double($0) * (interval ?? 1), seconds: nil)
    }
  }
}

/// `pool2.txt` before `pool10.txt`.
enum NaturalOrder {
  /// nil where two paths are the same.
  static func compare(_ a: String, _ b: String) -> Bool? {
    let (x, y) = (Array(a.utf8), Array(b.utf8))
    var (i, j) = (0, 0)
    while i < x.count, j < y.count {
      if isDigit(x[i]), isDigit(y[j]) {
        let (first, second) = (digits(x, &i), digits(y, &j))
        if first.count != second.count { return first.count < second.count }
        if first != second { return first.lexicographicallyPrecedes(second) }
      } else {
        if x[i] != y[j] { return x[i] < y[j] }
        i += 1
        j += 1
      }
    }
    if i < x.count || j < y.count { return j < y.count }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Without zeros in front.
  private static func digits(_ bytes: [UInt8], _ place: inout Int) -> ArraySlice<UInt8> {
    let start = place
    while place < bytes.count, isDigit(bytes[place]) { place += 1 }
    return bytes[start..<place].drop { $0 == 0x30 }
  }
}

/// A moment in a file's name: `pool-2009-03-04-1530.txt`, `20090304_153000.log`.
enum PathTime {
  static func seconds(in path: String) -> Double? {
    let name = path.split(separator: "/").last ?? ""
    var digits: [Int] = []
    var best: Double?
    // The digits of the name in order, with what stands between them; a moment is twelve or fourteen of them from a year on.
    let groups = name.split { !($0.isASCII && $0.isNumber) }.map(String.init)
    for start in groups.indices {
      digits = groups[start...].prefix(6).joined().compactMap(\.wholeNumberValue)
      guard best == nil, digits.count >= 12 else { continue }
      func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
      let second = digits.count >= 14 ? number(12..<14) : 0
      guard (1990...2100).contains(number(0..<4)), (1...12).contains(number(4..<6)), (1...31).contains(number(6..<8)),
        number(8..<10) < 24, number(10..<12) < 60, second < 60
      else { continue }
      best = Double(
        CivilTime(
          year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10), minute: number(10..<12),
          second: second
        ).unixSeconds)
    }
    return best
  }
}
