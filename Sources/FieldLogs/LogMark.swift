import Facts
import KernelLayouts

/// Something in a log that has its meaning wherever it stands: lines may be wrapped, joined, indented or quoted.
struct LogMark {
  enum Kind {
    /// `IRQL_NOT_LESS_OR_EQUAL (a)`.
    case stop(name: String, code: UInt32?)
    /// `BugCheck D1, {…}`, `STOP: 0x000000d1 (…)`: code and parameters at one place.
    case short(code: UInt32, parameters: [UInt64])
    /// `Arg1: 00000000`, whatever the word before the number is called.
    case argument(Int, UInt64)
    /// `IMAGE_NAME:`.
    case label(String)
    /// `Key  : Failure.Bucket`.
    case key(String)
    /// `Loading Dump File [`.
    case dumpFile
    /// The heading of a stack that is not `STACK_TEXT`.
    case stackHeading
    /// `Probably caused by :`.
    case cause
    /// `Kernel Version 2600`.
    case system
  }

  var kind: Kind
  var start: Int
  /// Behind the mark, where its value begins.
  var end: Int
}

/// Finds every mark in one pass. Each looks ahead a bounded number of bytes.
struct MarkFinder {
  /// Bytes that a code with its parameters takes, with room for wrapping.
  private static let shortForm = 240
  /// More marks than any debugger prints in one session of a day.
  static let limit = 400_000

  private let text: LogText
  private(set) var marks: [LogMark] = []

  init(_ text: LogText) {
    self.text = text
    find()
  }

  private var bytes: [UInt8] { text.bytes }

  private mutating func find() {
    var place = 0
    let count = text.bytes.count
    while place < count, marks.count < Self.limit {
      let byte = text.bytes[place]
      if byte.isUpper, place == 0 || !(text.bytes[place - 1].isUpper || text.bytes[place - 1] == UInt8(ascii: "_")) {
        place = capital(at: place)
      } else {
        switch byte {
        case UInt8(ascii: "1")...UInt8(ascii: "4"): argument(at: place)
        case UInt8(ascii: "0"): number(at: place)
        case UInt8(ascii: "n"):
          if text.has("nknown bugcheck code (", at: place) { unknownStop(at: place) }
        default: break
        }
        place += 1
      }
    }
  }

  private mutating func add(_ kind: LogMark.Kind, _ start: Int, _ end: Int) {
    marks.append(LogMark(kind: kind, start: start, end: end))
  }

  // MARK: Names in capitals

  /// At a capital letter with none before it: a label, a stop, or a phrase. Returns where to go on.
  private mutating func capital(at start: Int) -> Int {
    let bytes = text.bytes
    var end = start
    var hasUnderscore = false
    while end < bytes.count, bytes[end].isLabelPart, end - start < 128 {
      if bytes[end] == UInt8(ascii: "_") { hasUnderscore = true }
      end += 1
    }
    // `CONTEXT:` and `BLACKBOXBSD:` have no underscore.
    if !hasUnderscore, end - start >= 7, let value = colon(at: end) {
      add(.label(text.string(start..<end)), start, value)
      return end
    }
    if hasUnderscore, end - start >= 4 {
      if let value = colon(at: end) {
        add(.label(text.string(start..<end)), start, value)
        return end
      }
      if let (code, behind) = parenthesized(at: end) {
        add(.stop(name: text.string(start..<end), code: code), start, behind)
        return behind
      }
      if end < bytes.count, bytes[end] != UInt8(ascii: "!"), endsLine(start, end),
        StopCodes.code(named: text.string(start..<end)) != nil
      {
        // The code in parentheses may be cut off; the name alone on its line still says it.
        add(.stop(name: text.string(start..<end), code: nil), start, end)
      }
      return end
    }
    phrase(at: start)
    // Nothing may begin inside the run: `AF` in `FF`.
    return max(end, start + 1)
  }

  /// Whether a name stands on a line of its own.
  private func endsLine(_ start: Int, _ end: Int) -> Bool {
    var before = start
    while before > 0, text.bytes[before - 1].isSpace, start - before < 200 { before -= 1 }
    guard before == 0 || text.bytes[before - 1] == 0x0A else { return false }
    var behind = end
    while behind < text.bytes.count, text.bytes[behind].isSpace, behind - end < 200 { behind += 1 }
    return behind >= text.bytes.count || text.bytes[behind] == 0x0A
  }

  /// Behind `:`, with the spaces and asterisks that translations and markup put before it; not at `::`.
  private func colon(at place: Int) -> Int? {
    let bytes = text.bytes
    var place = place
    let limit = min(place + 4, bytes.count)
    while place < limit, bytes[place].isSpace || bytes[place] == UInt8(ascii: "*") { place += 1 }
    guard place < bytes.count, bytes[place] == UInt8(ascii: ":") else { return nil }
    guard place + 1 >= bytes.count || bytes[place + 1] != UInt8(ascii: ":") else { return nil }
    return place + 1
  }

  /// `(1000008e)` behind spaces and at most one line's end.
  private func parenthesized(at place: Int) -> (UInt32, Int)? {
    let bytes = text.bytes
    var place = place
    let limit = min(place + 24, bytes.count)
    while place < limit, bytes[place].isBlank || bytes[place] == UInt8(ascii: "*") { place += 1 }
    guard place < bytes.count, bytes[place] == UInt8(ascii: "(") else { return nil }
    place += 1
    while place < limit, bytes[place].isBlank { place += 1 }
    guard let (value, digits, behind) = text.hex(at: place), digits <= 8, let code = UInt32(exactly: value) else {
      return nil
    }
    var close = behind
    while close < bytes.count, close - behind < 8, bytes[close].isBlank { close += 1 }
    guard close < bytes.count, bytes[close] == UInt8(ascii: ")") else { return nil }
    return (code, close + 1)
  }

  private mutating func unknownStop(at place: Int) {
    guard let (code, behind) = parenthesized(at: place + 21) else { return }
    add(.stop(name: "", code: code), place, behind)
  }

  private mutating func phrase(at start: Int) {
    switch text.bytes[start] {
    case UInt8(ascii: "B"):
      if text.has("BugCheck ", at: start) || text.has("Bugcheck code ", at: start) {
        var place = start + 9
        if text.has("code ", at: place) { place += 5 }
        if let (code, digits, behind) = text.hex(at: place), digits <= 8, let code = UInt32(exactly: code) {
          let values = numbers(from: behind, openers: true)
          if values.count == 4 { add(.short(code: code, parameters: values), start, behind) }
        }
      }
    case UInt8(ascii: "L"):
      if text.has("Loading Dump File [", at: start) { add(.dumpFile, start, start + 19) }
    case UInt8(ascii: "C"):
      if text.has("ChildEBP", at: start) || text.has("Child-SP", at: start) { add(.stackHeading, start, start + 8) }
    case UInt8(ascii: "P"):
      if text.has("Probably caused by", at: start) { add(.cause, start, start + 18) }
    case UInt8(ascii: "K"):
      if text.has("Kernel Version ", at: start) { add(.system, start, start + 15) }
      if text.has("Key ", at: start), let value = colon(at: start + 3) {
        if case .label? = marks.last?.kind, marks.last?.start == start { return }
        add(.key(text.word(at: value)), start, value)
      }
    default: break
    }
  }

  // MARK: Numbers

  /// `Arg1: c0000005,`: a word, a number from 1 to 4, a colon and a number as long as a pointer.
  private mutating func argument(at place: Int) {
    let bytes = text.bytes
    guard let value = colon(at: place + 1) else { return }
    var before = place
    while before > 0, bytes[before - 1].isSpace || bytes[before - 1] == UInt8(ascii: "."), place - before < 3 {
      before -= 1
    }
    // A letter of any script, and no label: `BUGCHECK_P1:` and `EXCEPTION_PARAMETER1:` are fields of their own.
    guard before > 0, bytes[before - 1].isLetter || bytes[before - 1] >= 0x80 else { return }
    var word = before - 1
    while word > 0, bytes[word - 1].isLetter || bytes[word - 1] >= 0x80, before - word < 40 { word -= 1 }
    guard word == 0 || !(bytes[word - 1].isNamePart || bytes[word - 1] == UInt8(ascii: "!")), before - word >= 2 else {
      return
    }
    var start = value
    while start < bytes.count, bytes[start].isBlank || bytes[start] == UInt8(ascii: "*"), start - value < 80 {
      start += 1
    }
    guard let (number, digits, behind) = text.hex(at: start), digits <= 16 else { return }
    // Shorter numbers are those of another list, unless the word is the debugger's own.
    let isOwn = bytes[word..<before].elementsEqual("Arg".utf8)
    guard digits >= 8 || isOwn else { return }
    add(.argument(Int(bytes[place] - 0x30), number), word, behind)
  }

  /// `0x000000d1 (0x00000000,0x00000002,0x00000000,0xf7a4c2d1)`, behind whatever words.
  private mutating func number(at place: Int) {
    guard text.has("0x", at: place) || text.has("0X", at: place), place == 0 || !text.bytes[place - 1].isNamePart,
      let (value, digits, behind) = text.hex(at: place), digits <= 8, let code = UInt32(exactly: value)
    else { return }
    var open = behind
    while open < text.bytes.count, open - behind < 24,
      text.bytes[open].isBlank || text.bytes[open] == UInt8(ascii: ",") || text.bytes[open] == UInt8(ascii: ":")
    {
      open += 1
    }
    guard open < text.bytes.count, text.bytes[open] == UInt8(ascii: "(") || text.bytes[open] == UInt8(ascii: "{") else {
      return
    }
    let values = numbers(from: open, openers: true)
    if values.count == 4 { add(.short(code: code, parameters: values), place, behind) }
  }

  /// Up to four numbers with only marks, spaces and the word `Arguments` between them.
  private func numbers(from place: Int, openers: Bool) -> [UInt64] {
    var values: [UInt64] = []
    var place = place
    let limit = min(place + Self.shortForm, text.bytes.count)
    while place < limit, values.count < 4 {
      let byte = text.bytes[place]
      if byte.isHex, let (value, digits, behind) = text.hex(at: place), digits <= 16 {
        values.append(value)
        place = behind
      } else if byte == UInt8(ascii: ")") || byte == UInt8(ascii: "}") {
        break
      } else if text.has("Arguments", at: place) {
        place += 9
      } else if byte.isBlank
        || [UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: ":")].contains(byte)
      {
        place += 1
      } else {
        break
      }
    }
    return values
  }
}

extension LogText {
  /// A hexadecimal number with or without `0x`, backquotes and an `h`; its digits counted; the place behind it. nil where a
  /// letter follows, which makes it a word.
  func hex(at place: Int) -> (value: UInt64, digits: Int, behind: Int)? {
    var place = place
    if has("0x", at: place) || has("0X", at: place) { place += 2 }
    var value: UInt64 = 0
    var digits = 0
    while place < bytes.count {
      let byte = bytes[place]
      if byte == UInt8(ascii: "`"), digits > 0, place + 1 < bytes.count, bytes[place + 1].isHex {
        place += 1
        continue
      }
      guard byte.isHex else { break }
      digits += 1
      guard digits <= 16 else { return nil }
      value = value << 4 | UInt64(byte.isDigit ? byte - 0x30 : (byte | 0x20) - 0x57)
      place += 1
    }
    guard digits > 0, place >= bytes.count || !bytes[place].isNamePart else { return nil }
    return (value, digits, place)
  }

  /// The next word on this line or the one below.
  func word(at place: Int) -> String {
    var start = place
    while start < bytes.count, bytes[start].isBlank, start - place < 80 { start += 1 }
    var end = start
    while end < bytes.count, !bytes[end].isBlank, end - start < 512 { end += 1 }
    return string(start..<end)
  }
}
