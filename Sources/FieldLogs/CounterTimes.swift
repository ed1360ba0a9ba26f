import Facts

/// The moments of a log's lines: `03/04/2009 12:00:00.123`, and as spreadsheets write them again.
struct CounterTimes {
  private struct Moment {
    var first: Int
    var second: Int
    var year: Int
    /// Which of the two is the day is stated by the form.
    var dayFirst: Bool?
    var secondsOfDay: Double
  }

  private var moments: [Moment] = []

  /// Notes the moment of a line and returns its number; nil where the cell states none.
  mutating func add(_ cell: ArraySlice<UInt8>) -> Int? {
    var numbers: [Int] = []
    var marks: [UInt8] = []
    var fraction = 0.0
    var half: Bool?
    var place = cell.startIndex
    while place < cell.endIndex, numbers.count < 7 {
      let byte = cell[place]
      guard byte.isDigit else {
        if byte | 0x20 == UInt8(ascii: "p") { half = true } else if byte | 0x20 == UInt8(ascii: "a") { half = false }
        if numbers.count > marks.count, !byte.isSpace || numbers.count != 6 { marks.append(byte) }
        place += 1
        continue
      }
      let end = cell[place...].firstIndex { !$0.isDigit } ?? cell.endIndex
      guard end - place <= 6 else { return nil }
      let value = cell[place..<end].reduce(0) { $0 * 10 + Int($1 - 0x30) }
      if numbers.count == 6 {
        var scale = 1.0
        for _ in place..<end { scale *= 10 }
        fraction = Double(value) / scale
        break
      }
      numbers.append(value)
      place = end
    }
    guard numbers.count >= 5, marks.count >= 4 else { return nil }
    var hour = numbers[3]
    let (minute, second) = (numbers[4], numbers.count > 5 ? numbers[5] : 0)
    if half == true, hour < 12 { hour += 12 }
    if half == false, hour == 12 { hour = 0 }
    guard hour < 24, minute < 60, second <= 60 else { return nil }
    var moment = Moment(
      first: numbers[0], second: numbers[1], year: numbers[2], dayFirst: nil,
      secondsOfDay: Double(hour * 3600 + minute * 60 + second) + fraction)
    if numbers[0] > 31 {
      (moment.year, moment.first, moment.second) = (numbers[0], numbers[1], numbers[2])
      moment.dayFirst = false
    } else if marks[0] == UInt8(ascii: ".") {
      moment.dayFirst = true
    }
    guard (1990...2100).contains(moment.year), (1...31).contains(moment.first), (1...31).contains(moment.second),
      moment.first <= 12 || moment.second <= 12
    else { return nil }
    moments.append(moment)
    return moments.count - 1
  }

  /// Since 1970. The tools write the month first; a number over 12 in its place shows that a spreadsheet turned the order.
  var seconds: [Double] {
    let isTurned = moments.contains { $0.dayFirst == nil && $0.first > 12 }
    return moments.map { moment in
      let dayFirst = (moment.dayFirst ?? isTurned) != (moment.second > 12 && (moment.dayFirst ?? isTurned))
      let (day, month) =
        dayFirst ? (moment.first, moment.second) : (moment.second, moment.first)
      return Double(CivilTime(year: moment.year, month: min(12, month), day: day).unixSeconds) + moment.secondsOfDay
    }
  }
}
