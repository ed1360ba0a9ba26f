import Facts
import KernelLayouts
import KnowledgeBase

/// What somebody typed, taken apart: names, words, phrases in quotes, and filters.
public struct SearchQuery: Hashable, Sendable {
  struct Named: Hashable, Sendable {
    var kind: TermKind
    var name: String
    /// In words, for the reason: `stop code 0x00000041`.
    var reason: String
    var points: Double
  }

  /// Article numbers asked for, in their one form.
  var numbers: [String] = []
  var named: [Named] = []
  /// Lower-case words.
  var words: [String] = []
  /// Phrases as lists of words; file names are phrases too.
  var phrases: [[String]] = []
  var product: String?
  /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, exclusive.
  var before: String?
  var after: String?
  var mechanism: Mechanism?
  /// Everything that is no filter, for the bundled catalogue's own search.
  public private(set) var plain = ""

  public var hasFilter: Bool { product != nil || before != nil || after != nil || mechanism != nil }
  /// Words that can be pool tags, as typed.
  public var poolTags: [String] { named.filter { $0.kind == .poolTag }.map(\.name) }
  public var isEmpty: Bool { numbers.isEmpty && named.isEmpty && words.isEmpty && phrases.isEmpty && !hasFilter }

  /// Why a query cannot be understood, in one sentence.
  public struct Refusal: Error, Hashable, Sendable {
    public var reason: String
  }

  public init(_ text: String) throws(Refusal) {
    for part in Self.parts(text) {
      if part.isQuoted {
        let words = TextWords.words(of: part.text)
        if words.count == 1 { self.words += words } else if words.count > 1 { phrases.append(words) }
        plain += (plain.isEmpty ? "" : " ") + part.text
      } else if let colon = part.text.firstIndex(of: ":"), try filter(part.text, colon) {
        continue
      } else {
        plain += (plain.isEmpty ? "" : " ") + part.text
        read(part.text)
      }
    }
  }

  /// Words and quoted phrases; a quote may follow a filter's colon: `product:"Windows 2000"`.
  private static func parts(_ text: String) -> [(text: String, isQuoted: Bool)] {
    var parts: [(text: String, isQuoted: Bool)] = []
    var current = ""
    var inQuotes = false
    var startedQuoted = false
    func finish() {
      if !current.isEmpty { parts.append((current, startedQuoted)) }
      current = ""
      startedQuoted = false
    }
    for character in text {
      if character == "\"" {
        if !inQuotes, current.isEmpty { startedQuoted = true }
        inQuotes.toggle()
        if !inQuotes { finish() }
      } else if !inQuotes, character == " " || character == "\t" || character == "\n" || character == "," {
        finish()
      } else {
        current.append(character)
      }
    }
    finish()
    return parts
  }

  private mutating func filter(_ text: String, _ colon: String.Index) throws(Refusal) -> Bool {
    let value = String(text[text.index(after: colon)...])
    switch text[..<colon].lowercased() {
    case "product": product = value
    case "before", "after":
      let digits = value.split(separator: "-", omittingEmptySubsequences: false)
      guard [4, 7, 10].contains(value.utf8.count), digits.allSatisfy({ $0.allSatisfy(\.isNumber) }) else {
        throw Refusal(reason: "'\(text)' names no date: 1999, 1999-06 or 1999-06-30.")
      }
      if text.lowercased().hasPrefix("b") { before = value } else { after = value }
    case "mechanism":
      guard let known = Mechanism(rawValue: value.lowercased()) else {
        let names = Mechanism.allCases.map(\.rawValue).joined(separator: ", ")
        throw Refusal(reason: "'\(value)' is no mechanism: \(names).")
      }
      mechanism = known
    default: return false
    }
    return true
  }

  private static let endings: Set<String> = [
    "sys", "exe", "dll", "ocx", "drv", "vxd", "cpl", "inf", "com", "386", "dat", "ini", "cab", "chm", "hlp", "lib",
    "pdb",
  ]

  private mutating func read(_ raw: String) {
    let text = raw.trimmingMarks
    guard !text.isEmpty else { return }
    if let number = ArticleNumber(text),
      text.lowercased().hasPrefix("q") || text.lowercased().hasPrefix("kb") || text.utf8.count == 6
    {
      numbers.append(String(number.rawValue))
      return
    }
    if let code = Self.stopCode(text) {
      named.append(
        Named(kind: .stopCode, name: code.base.description, reason: "stop code \(code.base)", points: 5))
      return
    }
    if text.contains("!"), let name = TermName.symbols(text).first {
      named.append(Named(kind: .symbol, name: name, reason: "symbol \(text)", points: 8))
      phrases.append(TextWords.words(of: text))
      return
    }
    let halves = text.lowercased().split(separator: ".")
    if halves.count == 2, Self.endings.contains(String(halves[1])) {
      let name = TermName.module(text)
      named.append(Named(kind: .module, name: name, reason: "names \(name)", points: 5))
      named.append(Named(kind: .file, name: name, reason: "file table lists \(name)", points: 4))
      phrases.append(halves.map(String.init))
      return
    }
    // A pool tag is a word as well; whether it is a tag the store tells.
    if (2...4).contains(text.utf8.count), text.contains(where: \.isUppercase) {
      named.append(Named(kind: .poolTag, name: text, reason: "pool tag \(text)", points: 5))
    }
    let parts = TextWords.words(of: text)
    if parts.count > 1 { phrases.append(parts) } else { words += parts }
  }

  /// `0x41`, `41h`, `STOP:0x00000041`, `0000000a`, `IRQL_NOT_LESS_OR_EQUAL`, and the letter O for zero.
  private static func stopCode(_ text: String) -> StopCode? {
    var digits = text.lowercased()[...]
    if let colon = digits.lastIndex(of: ":") { digits = digits[digits.index(after: colon)...] }
    if text.contains("_"), let code = StopCodes.code(named: text) { return code }
    guard digits.hasPrefix("0x") || digits.hasPrefix("ox") || digits.hasSuffix("h") || digits.utf8.count == 8 else {
      return nil
    }
    let plain = digits.hasPrefix("ox") ? "0x" + digits.dropFirst(2) : String(digits)
    let zeros = plain.hasPrefix("0x") ? "0x" + plain.dropFirst(2).map { $0 == "o" ? "0" : String($0) }.joined() : plain
    return parseHexadecimal(zeros).flatMap { UInt32(exactly: $0) }.map { StopCode($0) }
  }
}

extension String {
  fileprivate var trimmingMarks: String {
    let marks: Set<Character> = [".", ",", ";", "?", "(", ")", "'"]
    var text = drop { marks.contains($0) }
    while let last = text.last, marks.contains(last) { text.removeLast() }
    return String(text)
  }
}
