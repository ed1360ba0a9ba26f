/// Writes histories of tags as poolmon writes its snapshots: one heading and one table per moment.
public struct PoolmonText: Sendable {
  public struct Tag: Sendable {
    public var name: String
    public var isPaged: Bool
    public var history: SynthesizedPoolHistory

    public init(_ name: String, isPaged: Bool = false, _ history: SynthesizedPoolHistory) {
      self.name = name
      self.isPaged = isPaged
      self.history = history
    }
  }

  public var tags: [Tag]
  /// Seconds since 1970 of the first moment; nil for a log without times.
  public var start: Int64?

  public init(_ tags: [Tag], start: Int64? = 1_236_340_800) {
    self.tags = tags
    self.start = start
  }

  /// All moments of the first tag, one after the other, each with the rows of all tags.
  public func text() -> String {
    guard let first = tags.first else { return "" }
    var out = ""
    var states = tags.map { (allocations: $0.history.allocationsBefore, live: UInt64(0), run: 0) }
    for moment in first.history.hours.indices {
      if let start { out += date(start + Int64(first.history.hours[moment] * 3600)) + "\r\n" }
      out += " Memory: 2096620K Avail: 1096364K  PageFlts:     0   InRam Krnl: 1916K P:17856K\r\n"
      out += " Commit: 203500K Limit: 640916K Peak: 260632K            Pool N: 8332K P:27220K\r\n"
      out += " System pool information\r\n"
      out += " Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n"
      for index in tags.indices where moment < tags[index].history.bytes.count {
        out += row(tags[index], moment, &states[index])
      }
      out += "\r\n"
    }
    return out
  }

  private func row(_ tag: Tag, _ moment: Int, _ state: inout (allocations: UInt64, live: UInt64, run: Int)) -> String {
    let history = tag.history
    let bytes = UInt64(history.bytes[moment])
    let live = max(1, UInt64(history.bytes[moment] / history.blockBytes))
    if history.runs[moment] != state.run {
      state = (0, 0, history.runs[moment])
    }
    // Between two moments as many blocks come and go as change, and some more.
    let change = live > state.live ? live - state.live : 0
    state.allocations += change + 7
    state.live = live
    let allocations = state.allocations & 0xFFFF_FFFF
    let frees = (state.allocations &- live) & 0xFFFF_FFFF
    func field(_ value: UInt64, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }
    let name = tag.name + String(repeating: " ", count: max(0, 4 - tag.name.count))
    return " \(name) \(tag.isPaged ? "Paged" : "Nonp ") \(field(allocations, 10)) (   0) \(field(frees, 10)) (   0) "
      + "\(field(live, 9)) \(field(bytes, 10)) (     0) \(field(bytes / live, 6))\r\n"
  }

  private func date(_ seconds: Int64) -> String {
    // Days since 1970 as a civil date, counted up year by year.
    var days = seconds / 86_400
    var year: Int64 = 1970
    func length(_ year: Int64) -> Int64 { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365 }
    while days >= length(year) {
      days -= length(year)
      year += 1
    }
    let months: [Int64] = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while days >= months[month] {
      days -= months[month]
      month += 1
    }
    let rest = seconds % 86_400
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return
      "\(year)-\(two(Int64(month) + 1))-\(two(days + 1)) \(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
  }
}
