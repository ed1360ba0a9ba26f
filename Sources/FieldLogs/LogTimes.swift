import Facts

/// Dates and times as `date`, `time`, scripts and the debugger print them between snapshots.
struct LogTimes {
  /// A date whose day and month may be exchanged was seen, and not taken.
  private(set) var isAmbiguous = false
  private var date: (year: Int, month: Int, day: Int)?
  /// Which of day and month comes first where both could, as other lines of the same text show.
  private var order: Order?

  private enum Order { case dayFirst, monthFirst }

  /// Beginnings of the months' names in English, German, French, Spanish, Italian and Dutch, with the letters they are told by.
  private static let months: [[String]] = [
    ["jan", "jän", "ene", "gen"], ["feb", "fév", "fev"], ["mar", "mär", "maa", "mrt"], ["apr", "avr", "abr"],
    ["may", "mai", "mag", "mei"], ["jun", "juin", "giu"], ["jul", "juil", "lug"], ["aug", "aoû", "ago"],
    ["sep", "set"], ["oct", "okt", "ott"], ["nov"], ["dec", "dez", "déc", "dic"],
  ]

  private static func month(_ word: String) -> Int? {
    guard (3...12).contains(word.utf8.count), word.first?.isLetter == true else { return nil }
    let name = word.lowercased()
    return months.firstIndex { $0.contains { name.hasPrefix($0) } }.map { $0 + 1 }
  }

  /// Lines that are looked at to learn the order of day and month.
  private static let learnedLines = 20_000

  /// Learns from the whole text in which order its dates are: from a day over 12, from the name of the weekday, which fits one
  /// order only, or from a clock with AM and PM, which goes with the month in front.
  mutating func learn(_ text: LogText) {
    var votes = [0, 0]
    for line in text.lines.prefix(Self.learnedLines) where line.count <= 120 {
      let words = Self.words(text.bytes[line])
      for (index, word) in words.enumerated() {
        guard let parts = Self.slashed(word) else { continue }
        let (first, second, year) = parts
        if first > 12, second <= 12 { votes[0] += 4 }
        if second > 12, first <= 12 { votes[1] += 4 }
        guard first <= 12, second <= 12, first != second else { continue }
        if let weekday = words.prefix(index).last.flatMap(Self.weekday) {
          if Self.weekday(year, second, first) == weekday { votes[0] += 2 }
          if Self.weekday(year, first, second) == weekday { votes[1] += 2 }
        }
        let rest = words[(index + 1)...].prefix(3).map { $0.lowercased() }
        if rest.contains(where: { $0.hasSuffix("am") || $0.hasSuffix("pm") }) { votes[1] += 1 }
      }
    }
    if votes[0] != votes[1] { order = votes[0] > votes[1] ? .dayFirst : .monthFirst }
  }

  private static func words(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(whereSeparator: {
      $0.isSpace || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\"")
    })
    .prefix(16).map { String(decoding: $0, as: UTF8.self) }
  }

  /// `03/04/2009`, `03/04/09` or `04-03-2009`.
  private static func slashed(_ word: String) -> (Int, Int, Int)? {
    let mark: Character = word.contains("/") ? "/" : "-"
    let parts = word.split(separator: mark, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.count <= 4 ? Int($0) : nil }
    guard parts.count == 3, numbers.count == 3, parts[0].utf8.count <= 2, parts[1].utf8.count <= 2,
      mark == "/" || parts[2].utf8.count == 4, let year = year(numbers[2], digits: parts[2].utf8.count)
    else { return nil }
    return (numbers[0], numbers[1], year)
  }

  /// Two digits mean the years from 1990 on.
  private static func year(_ number: Int, digits: Int) -> Int? {
    if digits == 4 { return number }
    return digits == 2 ? (number >= 90 ? 1900 : 2000) + number : nil
  }

  /// 0 for Sunday; English, German, French, Italian and Dutch names, as `date` prints them. Spain's of two letters mean other days.
  private static func weekday(_ name: String) -> Int? {
    let name = name.lowercased().prefix { $0.isLetter }
    let names = [
      ["sun", "so", "dim", "dom", "zo"], ["mon", "mo", "lun", "ma"], ["tue", "di", "mar"], ["wed", "mi", "mer", "wo"],
      ["thu", "do", "jeu", "gio"], ["fri", "fr", "ven", "vr"], ["sat", "sa", "sam", "sab", "za"],
    ]
    return names.firstIndex { $0.contains { name == $0 || $0.count == 3 && name.hasPrefix($0) && name.count <= 9 } }
  }

  private static func weekday(_ year: Int, _ month: Int, _ day: Int) -> Int {
    // The first of January 1970 was a Thursday.
    let days = CivilTime(year: year, month: month, day: day).unixSeconds / 86_400
    return Int(((days + 4) % 7 + 7) % 7)
  }

  /// The moment a line states, alone or with the date of a line before it; nil where it states none.
  mutating func read(_ text: LogText, _ line: Range<Int>) -> CivilTime? { read(text.bytes[line]) }

  mutating func read(_ line: ArraySlice<UInt8>) -> CivilTime? {
    guard line.count <= 120, line.contains(where: \.isDigit) else { return nil }
    var words = Self.words(line)
    var found = Self.spaced(words)
    var clock = dotted(line)
    // What is a clock with points is no date.
    if clock != nil { words.removeAll { $0.contains(".") && $0.first?.isNumber == true } }
    for (index, word) in words.enumerated() {
      // `2009-03-04T12:00:00Z`
      if let mark = word.firstIndex(of: "T"), let day = date(String(word[..<mark])) {
        found = day
        clock = time(String(word[word.index(after: mark)...]), nil)
      }
      if found == nil, let day = date(word) { found = day }
      if clock == nil, let moment = time(word, index + 1 < words.count ? words[index + 1].lowercased() : nil) {
        clock = moment
      }
    }
    if found == nil { found = named(words) }
    if let found { date = found }
    guard let clock, let day = date else { return nil }
    return CivilTime(
      year: day.year, month: day.month, day: day.day, hour: clock.hour, minute: clock.minute, second: clock.second)
  }

  /// `2009-03-04`, `2009/03/04`, `04.03.2009`, `13/03/2009`, `03/13/2009`; the order of `03/04/2009` is not known.
  private mutating func date(_ word: String) -> (year: Int, month: Int, day: Int)? {
    for separator in ["-", "/", "."] as [Character] {
      let parts = word.split(separator: separator, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      var numbers = parts.compactMap { $0.utf8.count <= 4 ? Int($0) : nil }
      guard numbers.count == 3 else { continue }
      var day: (year: Int, month: Int, day: Int)
      if parts[0].utf8.count == 4 {
        day = (numbers[0], numbers[1], numbers[2])
      } else if let year = Self.year(numbers[2], digits: parts[2].utf8.count),
        parts[2].utf8.count == 4 || separator != "-"
      {
        // With dashes both orders are common too.
        numbers[2] = year
        if separator == "." || numbers[0] > 12 || numbers[0] == numbers[1] {
          day = (numbers[2], numbers[1], numbers[0])
        } else if numbers[1] > 12 {
          day = (numbers[2], numbers[0], numbers[1])
        } else if let order {
          day = order == .dayFirst ? (numbers[2], numbers[1], numbers[0]) : (numbers[2], numbers[0], numbers[1])
        } else {
          isAmbiguous = true
          continue
        }
      } else {
        continue
      }
      if (1990...2100).contains(day.year), (1...12).contains(day.month), (1...31).contains(day.day) { return day }
    }
    return nil
  }

  /// `04. 03. 2009` and `2009. 03. 04.`, as Czech and Hungarian systems print it.
  private static func spaced(_ words: [String]) -> (year: Int, month: Int, day: Int)? {
    guard words.count >= 3 else { return nil }
    for place in 0...(words.count - 3) {
      guard words[place].hasSuffix("."), words[place + 1].hasSuffix("."), let first = ordinal(words[place], digits: 4),
        let month = ordinal(words[place + 1], digits: 2), let last = ordinal(words[place + 2], digits: 4)
      else { continue }
      let (year, day) = first > 31 ? (first, last) : (last, first)
      if (1990...2100).contains(year), (1...12).contains(month), (1...31).contains(day) { return (year, month, day) }
    }
    return nil
  }

  /// `4.` or `4`.
  private static func ordinal(_ word: String, digits: Int) -> Int? {
    let number = word.hasSuffix(".") ? word.dropLast() : word[...]
    return (1...digits).contains(number.utf8.count) ? Int(number) : nil
  }

  /// `8.15.00,51`: only hundredths behind a comma tell it from a date.
  private func dotted(_ line: ArraySlice<UInt8>) -> (hour: Int, minute: Int, second: Int)? {
    for word in line.split(whereSeparator: \.isSpace).prefix(16) where word.count <= 11 {
      let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      guard parts.count == 3, let comma = parts[2].firstIndex(of: UInt8(ascii: ",")),
        parts[2][comma...].count == 3, parts[2][comma...].dropFirst().allSatisfy(\.isDigit)
      else { continue }
      let plain = [parts[0], parts[1], parts[2][..<comma]].map { String(decoding: $0, as: UTF8.self) }
      if let clock = time(plain.joined(separator: ":"), nil) { return clock }
    }
    return nil
  }

  /// `Fri Oct  3 13:12:55 2025`, `3 Oct 2025`, `4. März 2009`.
  private func named(_ words: [String]) -> (year: Int, month: Int, day: Int)? {
    guard
      let index = words.firstIndex(where: {
        Self.month($0) != nil
      }), let month = Self.month(words[index]),
      let year = words.lazy.compactMap({ $0.utf8.count == 4 ? Int($0) : nil }).first(where: {
        (1990...2100).contains($0)
      })
    else { return nil }
    let near = [index + 1, index - 1].filter { words.indices.contains($0) }
    guard
      let day = near.lazy.compactMap({ Self.ordinal(words[$0], digits: 2) }).first(where: {
        (1...31).contains($0)
      })
    else { return nil }
    return (year, month, day)
  }

  /// `13:12:55.51`, `13:12`, `1:12:55 PM`.
  private func time(_ word: String, _ next: String?) -> (hour: Int, minute: Int, second: Int)? {
    var word = word.lowercased()
    var half = next
    for ending in ["am", "pm"] where word.hasSuffix(ending) {
      word.removeLast(2)
      half = ending
    }
    if word.hasSuffix("z") { word.removeLast() }
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, parts[0].utf8.count <= 2, parts[1].utf8.count == 2,
      var hour = Int(parts[0]), let minute = Int(parts[1])
    else { return nil }
    var second = 0
    if parts.count == 3 {
      guard let whole = Int(parts[2].prefix { $0 != "." && $0 != "," }) else { return nil }
      second = whole
    }
    if half == "pm", hour < 12 { hour += 12 }
    if half == "am", hour == 12 { hour = 0 }
    guard (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second) else { return nil }
    return (hour, minute, second)
  }
}
