import Facts

/// A list of events that growth is counted by: one a line, with a time in any form that logs have, then optionally a name and a
/// number, parted by commas, semicolons or tabs.
///
/// ```
/// time,event,count
/// 2009-03-04 12:00:00,driver-load,1
/// ```
public enum EventList {
  /// Events beyond this number are not read.
  public static let maximumEvents = 1_000_000
  /// For lines that name none.
  static let plainName = "event"

  /// Lines without a time are left out; a list without any gives no event.
  public static func read(_ bytes: [UInt8]) -> [PoolEvent] {
    let text = LogText(bytes)
    var times = LogTimes()
    times.learn(text)
    var events: [PoolEvent] = []
    for line in text.lines where events.count < maximumEvents {
      guard let time = times.read(text, line) else { continue }
      let fields = text.bytes[line].split(whereSeparator: {
        [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].contains($0)
      })
      .map { field in
        var text = String(decoding: field, as: UTF8.self)[...]
        text = text.drop { $0.isWhitespace || $0 == "\"" }
        while text.last.map({ $0.isWhitespace || $0 == "\"" }) == true { text.removeLast() }
        return String(text)
      }
      var event = PoolEvent(time: Double(time.unixSeconds), name: plainName)
      // Behind the time: a word is the name, a number the count.
      for field in fields.dropFirst() where !field.isEmpty {
        if let number = Double(field), number.isFinite, number >= 0, number < 1e12 {
          event.count = number
        } else if !field.contains(":"), field.contains(where: \.isLetter), event.name == plainName {
          event.name = normalized(field)
        }
      }
      events.append(event)
    }
    return events.sorted { ($0.time, $0.name) < ($1.time, $1.name) }
  }

  /// `Driver Load` as `driver-load`.
  private static func normalized(_ name: String) -> String {
    name.lowercased().split { !($0.isLetter || $0.isNumber) }.joined(separator: "-")
  }
}
