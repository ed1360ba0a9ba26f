/// Dates and times as articles print them.
enum ArticleDate {
  private static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
  ]

  /// What the numbers of a date alone say about their order.
  enum Order: Hashable, Sendable {
    /// A month's name, a year in front, or twice the same number.
    case certain
    case dayFirst, monthFirst
    /// Both numbers can be a month.
    case open
  }

  /// `07-Jan-2002`, `07-Sept-02`, `Nov-13-2001`, `11/05/98`, `05-15-2000`, `15.05.2000`, `2000-05-15` as `YYYY-MM-DD`; nil
  /// for anything else. Numbers alone are month, day, year, with dots day, month, year, unless there is no such month;
  /// two-digit years from 70 on are of the last century.
  static func parse(_ text: ArraySlice<UInt8>, dayFirst: Bool = false) -> String? {
    guard let (parts, separator) = parts(text) else { return nil }
    if parts[0].count == 4, let year = number(parts[0]), let month = number(parts[1]), let day = number(parts[2]) {
      return separator == ASCII.dot ? nil : format(year, month, day)
    }
    guard parts[2].count == 2 || parts[2].count == 4, let year = number(parts[2]) else { return nil }
    let fullYear = parts[2].count == 4 ? year : year >= 70 ? 1900 + year : 2000 + year
    if let month = month(parts[1]) { return number(parts[0]).flatMap { format(fullYear, month, $0) } }
    if let month = month(parts[0]) { return number(parts[1]).flatMap { format(fullYear, month, $0) } }
    guard let first = number(parts[0]), let second = number(parts[1]) else { return nil }
    let prefersDay = dayFirst || separator == ASCII.dot
    if first > 12 || prefersDay && second <= 12 { return format(fullYear, second, first) }
    return format(fullYear, first, second)
  }

  /// The order of a date's numbers, where it is a date.
  static func order(_ text: ArraySlice<UInt8>) -> Order {
    guard let (parts, separator) = parts(text), separator != ASCII.dot, parts[0].count <= 2,
      let first = number(parts[0]), let second = number(parts[1]), first != second
    else { return .certain }
    return first > 12 ? .dayFirst : second > 12 ? .monthFirst : .open
  }

  private static func parts(_ text: ArraySlice<UInt8>) -> (parts: [ArraySlice<UInt8>], separator: UInt8)? {
    guard (6...17).contains(text.count), let separator = text.first(where: { !$0.isAlphanumeric }),
      separator == ASCII.hyphen || separator == ASCII.slash || separator == ASCII.dot
    else { return nil }
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    // `4.10.1998` is a version: with dots and no name, day and month have two digits and the year four.
    if separator == ASCII.dot, !parts[1].contains(where: \.isLetter) {
      guard parts[0].count == 2, parts[1].count == 2, parts[2].count == 4 else { return nil }
    }
    guard parts[0].count != 4 || parts[1].count <= 2 && parts[2].count <= 2 else { return nil }
    guard parts[0].count <= 2 || parts[0].count == 4 || parts[0].first?.isLetter == true else { return nil }
    guard parts[1].count <= 2 || parts[1].first?.isLetter == true else { return nil }
    return (parts, separator)
  }

  /// `May 28, 2008` or `11/4/2007`, with anything behind it.
  static func parseLong(_ text: [UInt8]) -> String? {
    let parts = words(text, 0..<min(text.count, 40))
    guard let first = parts.first else { return nil }
    if let date = parse(text[first]) { return date }
    guard parts.count >= 3, let month = month(text[first]) else { return nil }
    var day = text[parts[1]]
    if day.last == ASCII.comma { day = day.dropLast() }
    guard let day = number(day), let year = number(text[parts[2]].prefix { $0.isDigit }) else { return nil }
    return format(year, month, day)
  }

  /// `October 6, 2000` and `7 Jan 2002` as the first of three cells.
  static func parse(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>, _ third: ArraySlice<UInt8>) -> String? {
    func bare(_ cell: ArraySlice<UInt8>) -> [UInt8] { cell.filter { $0 != ASCII.comma && $0 != ASCII.dot } }
    guard month(first) != nil || month(second) != nil else { return nil }
    let joined = bare(first) + [ASCII.hyphen] + bare(second) + [ASCII.hyphen] + bare(third)
    return parse(joined[...])
  }

  /// `17:05`, `05:46p`, `11:14am`, `4:06:25PM` as `HH:MM`; the half of the day may stand in the next cell.
  static func parseTime(_ text: ArraySlice<UInt8>, half: ArraySlice<UInt8> = []) -> String? {
    guard text.count >= 4, text.count <= 10 else { return nil }
    var body = text
    var suffix = half
    if let end = text.firstIndex(where: \.isLetter) {
      body = text[..<end]
      suffix = text[end...]
    }
    let parts = body.split(separator: ASCII.colon, omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, parts[0].count <= 2, parts[1].count == 2 else { return nil }
    guard var hour = number(parts[0]), let minute = number(parts[1]), hour < 24, minute < 60 else { return nil }
    if parts.count == 3 { guard let second = number(parts[2]), second < 60 else { return nil } }
    if !suffix.isEmpty {
      guard let isAfternoon = halfOfDay(suffix), hour <= 12 || isAfternoon else { return nil }
      if isAfternoon, hour < 12 { hour += 12 } else if !isAfternoon, hour == 12 { hour = 0 }
    }
    return pad(hour, 2) + ":" + pad(minute, 2)
  }

  /// true for `p`, `PM` and the like, false for `a`, `AM`; nil for anything else.
  static func halfOfDay(_ text: ArraySlice<UInt8>) -> Bool? {
    let letters = text.map(\.folded).filter { $0 != ASCII.dot }
    guard letters.count <= 2, let first = letters.first, letters.count == 1 || letters[1] == 0x6D else { return nil }
    return first == 0x70 ? true : first == 0x61 ? false : nil
  }

  static func month(_ text: ArraySlice<UInt8>) -> Int? {
    guard text.count >= 3 else { return nil }
    let word = String(decoding: (text.last == ASCII.dot ? text.dropLast() : text).map(\.folded), as: UTF8.self)
    return word.utf8.count < 3 ? nil : months.firstIndex { $0.hasPrefix(word) }.map { $0 + 1 }
  }

  static func number(_ text: ArraySlice<UInt8>) -> Int? {
    guard !text.isEmpty, text.count <= 9, text.allSatisfy(\.isDigit) else { return nil }
    return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  private static func format(_ year: Int, _ month: Int, _ day: Int) -> String? {
    guard (1980...2099).contains(year) || (1970...1979).contains(year), (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2)
  }

  private static func pad(_ value: Int, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
