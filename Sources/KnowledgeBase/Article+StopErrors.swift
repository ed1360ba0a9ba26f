import Facts

/// What an article prints of stop errors.
struct StopErrors: Sendable {
  var codes: [StopCode] = []
  var parameters: [[String]] = []
  var names: [String] = []

  mutating func add(_ code: StopCode) { codes.appendNew(code) }
  mutating func add(name: String) { names.appendNew(name) }
  mutating func add(parameters list: [String]) { parameters.appendNew(list) }
}

/// Finds stop codes, their parameters and the bugchecks' names in one passage.
///
/// Forms seen: `STOP 0x00000041`, `Stop 0xA`, `Stop 50" error`, `STOP: 0X00002B (…)`, `STOP (0x00000050 …)`,
/// `Stop 0x000000D1 { … }`, `bugcheck code of 0x0A:`, `0x0000000A blue screen STOP message`, `STOP code 0x7F (NAME)`,
/// `STOP Messages 0x77 and 0x7A`, and a code with its parameters and no word before it.
struct StopErrorScanner {
  let text: FoldedBytes
  /// Titles print codes, not parameters: `STOP 0x00000050 0xe2000000 0x00000000...` is cut.
  let readsParameters: Bool
  let speaksOfStops: Bool
  var result: StopErrors

  private var bytes: [UInt8] { text.bytes }

  init(_ text: FoldedBytes, readsParameters: Bool, speaksOfStops: Bool, into result: StopErrors) {
    self.text = text
    self.readsParameters = readsParameters
    self.speaksOfStops = speaksOfStops
    self.result = result
  }

  mutating func scan() {
    var offset = 0
    while offset < text.count {
      if startsWord(offset), let next = stopWord(at: offset) {
        offset = readCodes(from: next)
      } else if startsWord(offset), let number = hexadecimal(at: offset, needsPrefix: true) {
        offset = readBareCode(number)
      } else {
        offset += 1
      }
    }
  }

  /// `STORE!Open+0x87` is an offset, no code.
  private func startsWord(_ offset: Int) -> Bool {
    offset == 0 || !bytes[offset - 1].isWord && bytes[offset - 1] != 0x2B
  }

  /// End of `STOP`, `bugcheck` or `bug check` here.
  private func stopWord(at offset: Int) -> Int? {
    for word in ["stop", "bugcheck", "bug check"] where text.hasPhrase(word, at: offset) {
      let end = offset + word.utf8.count
      if end == text.count || !bytes[end].isWord { return end }
      // `STOP1E: UNHANDLED KERNEL EXCEPTION`
      if bytes[offset..<end].allSatisfy(\.isUpper), bytes[end].isHexDigit { return end }
    }
    return nil
  }

  /// Words that may stand between `STOP` and its code.
  private static let between: Set<String> = [
    "message", "messages", "error", "errors", "code", "codes", "of", "msg", "err", "a", "the", "is", "screen", "number",
    "with", "as", "text", "value", "display", "displays", "displayed", "appears", "occurs", "following", "may",
  ]

  private mutating func readCodes(from start: Int) -> Int {
    var offset = start
    var wordsBetween = 0
    while offset < text.count {
      let byte = bytes[offset]
      if byte == ASCII.space || byte == ASCII.colon || byte == 0x28 || byte == 0x7B || byte == ASCII.quote
        || byte == ASCII.comma || byte == 0x27 || byte == ASCII.hyphen
      {
        offset += 1
        continue
      }
      if let number = hexadecimal(at: offset, needsPrefix: false), isCode(number, after: start) {
        return readCode(number)
      }
      guard byte.isLetter else { return max(offset, start) }
      var end = offset
      while end < text.count, bytes[end].isWord { end += 1 }
      let word = String(decoding: text.folded[offset..<end], as: UTF8.self)
      guard Self.between.contains(word), wordsBetween < 4 else { return start }
      wordsBetween += 1
      offset = end
    }
    return offset
  }

  /// Without `0x`, eight digits are a code behind the word, and one to three where a quotation mark, a bracket or
  /// `error`/`message` follows.
  private func isCode(_ number: Number, after word: Int) -> Bool {
    if number.hasPrefix { return true }
    if number.digits == 8 { return true }
    let digits = bytes[number.start..<number.end]
    guard number.digits <= 3, bytes[word - 1].folded == 0x70, bytes[word - 4].isUpper, number.start - word <= 2 else {
      return false
    }
    // `STOP 7B`, `STOP 21a`: no count of things.
    if number.digits >= 2, digits.contains(where: \.isLetter), digits.contains(where: \.isDigit) { return true }
    guard number.end < text.count, digits.allSatisfy({ $0.isDigit || $0.isUpper }) else { return false }
    if bytes[number.end] == ASCII.quote || bytes[number.end] == 0x27 { return true }
    return text.hasPhrase(" error", at: number.end) || text.hasPhrase(" message", at: number.end)
      || text.hasPhrase(" (", at: number.end)
  }

  /// A code after `STOP`: what follows may be parameters, a name, or further codes.
  private mutating func readCode(_ number: Number) -> Int {
    guard let value = number.value else { return number.end }
    result.add(StopCode(value))
    let opened = number.start > 0 && (bytes[number.start - 1] == 0x28 || bytes[number.start - 1] == 0x7B)
    var offset = readParameters(from: number.end, alreadyOpen: opened) ?? number.end
    offset = readName(from: offset)
    if offset == number.end || result.parameters.isEmpty || bytes[offset - 1] != 0x29 {
      // `STOP 0x1E: NAME (a, b, c, d)`, `STOP: 0000001E : (…)`, `Stop 0x7B Inaccessible Boot Device (…)`.
      if let open = openingBehind(offset), let end = readParameters(from: open, alreadyOpen: false) {
        offset = readName(from: end)
      } else if let end = readBareParameters(from: number.end) {
        offset = readName(from: end)
      }
    }
    // `0x00000077 and 0x0000007A`
    for word in [" and ", " or ", ", and ", ", or ", ", "] where text.hasPhrase(word, at: offset) {
      let next = offset + word.utf8.count
      if let further = hexadecimal(at: next, needsPrefix: true), further.value.map({ $0 < 0x1000 }) == true {
        return readCode(further)
      }
    }
    return max(offset, number.end)
  }

  /// A code without the word before it: with parameters or a bugcheck's name behind it, or the word behind it.
  private mutating func readBareCode(_ number: Number) -> Int {
    guard let value = number.value else { return number.end }
    let before = result
    let afterParameters = readParameters(from: number.end, alreadyOpen: false)
    let afterName = readName(from: afterParameters ?? number.end, onlyKnown: true)
    let isNamed = afterName > (afterParameters ?? number.end)
    let isTold =
      afterParameters != nil && speaksOfStops || isNamed || announcesStop(number.end) || isNamedBefore(number.start)
    if value != 0, isStopNumber(value), isTold {
      let added = result
      result = before
      result.add(StopCode(value))
      for list in added.parameters { result.add(parameters: list) }
      for name in added.names { result.add(name: name) }
      return afterName
    }
    result = before
    return number.end
  }

  /// Bugchecks have small numbers; 0xC000021A and its like are status values that stop the system, 0x1000007E variants.
  private func isStopNumber(_ value: UInt32) -> Bool {
    value < 0x1000 || value >> 12 == 0x10000 || value >> 12 == 0xC0000 && value & 0xFFF >= 0x200 || value == 0xDEAD_DEAD
  }

  /// `0x0000000A Blue Screen STOP Message`, `(0x0000001E in SFMSRV.SYS)` after `STOP message appears`.
  private func announcesStop(_ end: Int) -> Bool {
    [" stop", " blue screen", " bugcheck", "\" stop", " error on a blue screen"].contains { phrase in
      let behind = end + phrase.utf8.count
      return text.hasPhrase(phrase, at: end) && (behind == text.count || !bytes[behind].isWord)
    }
  }

  private func isNamedBefore(_ start: Int) -> Bool {
    var end = start
    while end > 0, bytes[end - 1] == ASCII.space || bytes[end - 1] == 0x28 { end -= 1 }
    var first = end
    while first > 0, bytes[first - 1].isWord { first -= 1 }
    return first < end && BugcheckNames.isKnown(bytes[first..<end])
  }

  // MARK: Numbers

  struct Number {
    var start: Int
    var end: Int
    var digits: Int
    var hasPrefix: Bool
    /// nil where it has more than 32 bits.
    var value: UInt32?
  }

  private func hexadecimal(at offset: Int, needsPrefix: Bool) -> Number? {
    let hasPrefix = offset + 2 < text.count && bytes[offset] == 0x30 && text.folded[offset + 1] == 0x78
    guard hasPrefix || !needsPrefix else { return nil }
    let first = hasPrefix ? offset + 2 : offset
    var end = first
    while end < text.count, bytes[end].isHexDigit { end += 1 }
    guard end > first, end - first <= 16, end == text.count || !bytes[end].isWord else { return nil }
    let value = UInt32(String(decoding: bytes[first..<end], as: UTF8.self), radix: 16)
    return Number(start: offset, end: end, digits: end - first, hasPrefix: hasPrefix, value: value)
  }

  // MARK: Parameters

  /// A longer list is no list of parameters.
  private static let maximumParameters = 5
  private static let maximumParameterLength = 24

  /// `(a, b, c, d)`, `{a b c d}`, `(a,b,c)`; nil where no list of three or more stands there.
  private mutating func readParameters(from start: Int, alreadyOpen: Bool) -> Int? {
    var offset = start
    while offset < text.count, bytes[offset] == ASCII.space { offset += 1 }
    if !alreadyOpen {
      guard offset < text.count, bytes[offset] == 0x28 || bytes[offset] == 0x7B else { return nil }
      offset += 1
    }
    let limit = min(text.count, offset + Self.maximumParameters * (Self.maximumParameterLength + 2))
    guard let close = bytes[offset..<limit].firstIndex(where: { $0 == 0x29 || $0 == 0x7D }) else { return nil }
    let inner = trimmed(bytes, offset..<close)
    guard !inner.isEmpty else { return nil }
    var parts = bytes[inner].split(separator: ASCII.comma, omittingEmptySubsequences: false).map { part in
      bytes[trimmed(bytes, part.startIndex..<part.endIndex)]
    }
    if parts.count == 1 { parts = words(bytes, inner).map { bytes[$0] } }
    guard (3...Self.maximumParameters).contains(parts.count), parts.allSatisfy({ isParameter($0) }) else { return nil }
    if readsParameters { result.add(parameters: parts.map { String(decoding: $0, as: UTF8.self) }) }
    return close + 1
  }

  /// The bracket behind a code's name: a few words may stand before it, no sentence's end.
  private func openingBehind(_ start: Int) -> Int? {
    for offset in start..<min(text.count, start + 48) {
      let byte = bytes[offset]
      if byte == 0x28 || byte == 0x7B { return offset }
      guard byte.isLetter || byte.isSpace || byte == ASCII.colon || byte == ASCII.hyphen || byte == 0x29 else {
        return nil
      }
    }
    return nil
  }

  /// `0x0000003E 0x00000000 0x00000000 0x00000000 0x00000000`, `0000000a : 00000024 00000004 00000000 80668c70`: four numbers
  /// and no bracket.
  private mutating func readBareParameters(from start: Int) -> Int? {
    var list: [String] = []
    var offset = start
    while list.count < 4 {
      while offset < text.count,
        bytes[offset] == ASCII.space || bytes[offset] == ASCII.comma || bytes[offset] == ASCII.colon && list.isEmpty
      {
        offset += 1
      }
      guard let number = hexadecimal(at: offset, needsPrefix: false), number.hasPrefix || number.digits == 8 else {
        return nil
      }
      list.append(text.string(number.start..<number.end))
      offset = number.end
    }
    guard offset == text.count || bytes[offset] != ASCII.dot else { return nil }
    if readsParameters { result.add(parameters: list) }
    return offset
  }

  /// A number, or the wildcard that stands for one: `parameter1`, `0x<nnnnnnnn>`, `xxxxxxxx`, `Parameter 2`.
  private func isParameter(_ text: ArraySlice<UInt8>) -> Bool {
    guard !text.isEmpty, text.count <= Self.maximumParameterLength else { return false }
    let folded = text.map(\.folded)
    if folded.allSatisfy(\.isHexDigit) { return true }
    // The letter O for the zero: `Ox14`.
    if folded.starts(with: [0x30, 0x78]) || folded.starts(with: [0x6F, 0x78]) {
      return folded.dropFirst(2).allSatisfy { $0.isAlphanumeric || $0 == 0x3C || $0 == 0x3E || $0 == 0x3F }
    }
    if folded.starts(with: Array("param".utf8)) { return folded.allSatisfy { $0.isWord || $0 == ASCII.space } }
    guard let first = folded.first else { return false }
    let marks = folded.filter { $0 != 0x3C && $0 != 0x3E }
    return marks.count >= 1 && marks.allSatisfy { $0 == 0x78 || $0 == 0x79 || $0 == 0x6E || $0 == 0x3F || $0 == 0x2A }
      || first == 0x3C && folded.last == 0x3E
  }

  // MARK: Names

  /// `: IRQL_NOT_LESS_OR_EQUAL`, `(PNP_DETECTED_FATAL_ERROR)`, ` PAGE_FAULT_IN_NONPAGED_AREA` behind a code.
  private mutating func readName(from start: Int, onlyKnown: Bool = false) -> Int {
    var offset = start
    while offset < text.count,
      [ASCII.space, ASCII.colon, 0x28, ASCII.hyphen, ASCII.quote, ASCII.comma, 0x2A, 0x3D].contains(bytes[offset])
    {
      offset += 1
    }
    var end = offset
    while end < text.count, bytes[end].isWord || isHyphenInName(end, from: offset) { end += 1 }
    let name = bytes[offset..<end]
    guard name.count >= 5, name.contains(ASCII.underscore), name.first?.isUpper == true, !BugcheckNames.isStatus(name)
    else { return start }
    let isCapital = name.allSatisfy { !$0.isLower }
    let isNameLike = isCapital || name.filter { $0 == ASCII.underscore }.count >= 2
    guard BugcheckNames.isKnown(name) || isNameLike && !onlyKnown else { return start }
    result.add(name: String(decoding: name, as: UTF8.self))
    return end
  }
}

extension StopErrorScanner {
  /// `Page_Fault_in_Non-Paged_Area`
  fileprivate func isHyphenInName(_ offset: Int, from start: Int) -> Bool {
    guard text.bytes[offset] == ASCII.hyphen, offset + 1 < text.count, text.bytes[offset + 1].isLetter else {
      return false
    }
    return text.bytes[start..<offset].contains(ASCII.underscore)
  }

  /// Whether a text is about stop errors at all: lists of numbers in brackets stand in other articles as well.
  static func speaksOfStops(_ text: FoldedBytes) -> Bool {
    text.containsAny(aboutStops)
  }

  static let aboutStops = [
    "blue screen", "bugcheck", "bug check", "stop error", "stop message", "stop screen", "stop code", "stop 0x",
    "stop: 0x", "error message", "stop: ", "stop)", "\"stop\"",
  ]

  /// A passage without any of these holds nothing to scan for: `scan` begins at one of them.
  static let signs = ["stop", "bugcheck", "bug check", "0x"]
}

extension ArticleDocument {
  /// The article's own stop errors: those of its title first, then in the order of the text.
  func stopErrors(title: String?, _ paragraphs: [ArticleParagraph]) -> StopErrors {
    var errors = StopErrors()
    let heading = title.map { FoldedBytes($0) }
    let speaksOfStops =
      heading.map { StopErrorScanner.speaksOfStops($0) } == true
      || paragraphs.contains { $0.phrases.holdsAny(PassagePhrases.aboutStops) }
    if let heading {
      var scanner = StopErrorScanner(heading, readsParameters: false, speaksOfStops: speaksOfStops, into: errors)
      scanner.scan()
      errors = scanner.result
    }
    var announced = false
    for paragraph in paragraphs where paragraph.section != .appliesTo {
      if paragraph.phrases.holdsAny(PassagePhrases.stopSigns) {
        var scanner = StopErrorScanner(
          paragraph.text, readsParameters: true, speaksOfStops: speaksOfStops, into: errors)
        scanner.scan()
        errors = scanner.result
      }
      if announced, let list = parameterLine(paragraph.bytes) { errors.add(parameters: list) }
      announced = paragraph.phrases.holdsAny(PassagePhrases.parameters) || announced && paragraph.isListing
      guard paragraph.phrases.holdsAny(PassagePhrases.underscore) else { continue }
      for name in BugcheckNames.known(in: paragraph.text) { errors.add(name: name) }
    }
    return errors
  }

  /// A line of nothing but three or four numbers, after a sentence that announces parameters.
  private func parameterLine(_ bytes: [UInt8]) -> [String]? {
    guard bytes.count <= 80 else { return nil }
    let parts = bytes.split(separator: ASCII.comma).map { bytes[trimmed(bytes, $0.startIndex..<$0.endIndex)] }
    guard (3...4).contains(parts.count) else { return nil }
    for part in parts {
      let digits = part.starts(with: [0x30, 0x78]) || part.starts(with: [0x30, 0x58]) ? part.dropFirst(2) : part
      guard (1...16).contains(digits.count), digits.allSatisfy(\.isHexDigit) else { return nil }
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }
}
