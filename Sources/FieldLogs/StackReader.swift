import Facts

/// Frames from the text behind `STACK_TEXT:` or the heading of a `k` command, word by word: lines may be wrapped or joined.
struct StackReader {
  /// Deeper stacks are cut.
  static let maximumFrames = 512
  /// Words between two frames that are no part of either: the debugger's warnings are shorter.
  private static let maximumNoise = 60

  private let text: LogText
  private var place: Int
  private let end: Int
  private var frames: [DebuggerLogView.Frame] = []
  private var numbers: [UInt64?] = []
  private var words: [String] = []
  private var noise = 0
  private var isSkipping = false
  private var isDoubtful = false

  private init(_ text: LogText, _ range: Range<Int>) {
    self.text = text
    place = range.lowerBound
    end = range.upperBound
  }

  static func read(_ text: LogText, in range: Range<Int>) -> [DebuggerLogView.Frame] {
    var reader = StackReader(text, range)
    reader.read()
    return reader.addressed()
  }

  private mutating func read() {
    var isLineStart = true
    while frames.count < Self.maximumFrames {
      while place < end, text.bytes[place].isBlank {
        if text.bytes[place] == 0x0A { isLineStart = true }
        place += 1
      }
      guard place < end else { break }
      var stop = place
      while stop < end, !text.bytes[stop].isBlank, stop - place < 4096 { stop += 1 }
      let range = place..<stop
      place = stop
      guard take(range, isLineStart: isLineStart) else { break }
      isLineStart = false
    }
    flush()
  }

  /// Takes one word. False where the stack is over.
  private mutating func take(_ range: Range<Int>, isLineStart: Bool) -> Bool {
    let bytes = text.bytes
    if isLineStart, !words.isEmpty, Self.isWhole(words) { flush() }
    if let number = address(range) {
      if !words.isEmpty { flush() }
      // A number alone between frames belongs to the next frame.
      numbers.append(number)
      noise = 0
      isSkipping = false
      return numbers.count < 64
    }
    if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: ":") { return true }
    let word = text.string(range)
    if isEnd(word, range) { return false }
    if word.hasPrefix("WARNING") || word.hasPrefix("***") || word == "Unable" || word == "ERROR:" || word == "NOTE:" {
      flush()
      isSkipping = true
      if word.hasPrefix("WARNING") { isDoubtful = true }
      noise = 0
      return true
    }
    if isSkipping, !Self.isPlace(word) { return makeNoise() }
    if word == "..." { flush() }
    if word == "..." || word == "(Inline" || word == "Function)" { return true }
    if !words.isEmpty, !Self.isOpen(words), Self.isPlace(word) { flush() }
    if !words.isEmpty {
      // Behind the place only remarks follow: `(FPO: [Non-Fpo])`, `[d:\nt\ke\…]`, `(CONV: stdcall)`.
      if isLineStart, !Self.isOpen(words) {
        flush()
        return take(range, isLineStart: true)
      }
      if Self.isRemark(word) { return skipRemark() }
      words.append(word)
      return words.count < 64
    }
    if Self.isRemark(word), !frames.isEmpty, numbers.isEmpty { return skipRemark() }
    if Self.isFrameNumber(word), isLineStart { return true }
    if Self.isPlace(word) {
      // `win32k!bComputeIDs:` begins a listing of code.
      if word.hasSuffix(":") { return false }
      isSkipping = false
      noise = 0
      if word.hasPrefix("0x"), numbers.isEmpty { return makeNoise() }
      words = [word]
      return true
    }
    if !numbers.isEmpty, numbers.count >= 2, !isLineStart {
      // A place of a form not known: `0xfffff880`05a0bfd2` or a bare name.
      words = [word]
      return true
    }
    if isLineStart, !frames.isEmpty, numbers.isEmpty { return false }
    return makeNoise()
  }

  private static func isRemark(_ word: String) -> Bool { word.hasPrefix("(") || word.hasPrefix("[") || word == "@" }

  /// `(FPO: [Non-Fpo])`, `[d:\nt\ke\trap.c @ 12]`: up to the next frame's numbers.
  private mutating func skipRemark() -> Bool {
    flush()
    isSkipping = true
    noise = 0
    return true
  }

  private mutating func makeNoise() -> Bool {
    noise += 1
    return noise < Self.maximumNoise
  }

  /// `fffff880``05a0bfd2`, 16 digits, or 8; dashes where an inlined function has none. nil for other words.
  private func address(_ range: Range<Int>) -> UInt64?? {
    let bytes = text.bytes[range]
    guard let first = bytes.first else { return nil }
    if first == UInt8(ascii: "-"), bytes.count >= 8, bytes.allSatisfy({ $0 == first || $0 == UInt8(ascii: "`") }) {
      // Not a ruler, which ends the stack.
      return bytes.count <= 17 && (bytes.count != 9) ? .some(nil) : nil
    }
    guard first.isHex, bytes.count <= 18 else { return nil }
    var word = range
    if bytes.last == UInt8(ascii: ":") { word = range.lowerBound..<(range.upperBound - 1) }
    guard let (value, digits, behind) = text.hex(at: word.lowerBound), behind == word.upperBound,
      digits == 8 || digits == 16, !text.has("0x", at: word.lowerBound)
    else { return nil }
    return .some(value)
  }

  private func isEnd(_ word: String, _ range: Range<Int>) -> Bool {
    if word.hasSuffix("kd>") || word.hasPrefix("kd>") || word == "Followup:" || word.hasPrefix("Followup:") {
      return true
    }
    if word.utf8.count <= 3, word.utf8.last == UInt8(ascii: ":"), word.utf8.dropLast().allSatisfy(\.isDigit) {
      return true
    }
    if word.hasPrefix("----"), !word.utf8.contains(UInt8(ascii: "`")) { return true }
    guard word.utf8.first.map({ $0.isUpper }) ?? false, let colon = word.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      return false
    }
    let label = word.utf8[..<colon]
    return label.count > 4 && label.contains(UInt8(ascii: "_")) && label.allSatisfy(\.isLabelPart)
      && !word.utf8[colon...].dropFirst().starts(with: [UInt8(ascii: ":")])
  }

  /// `0a`, `1f`: the numbers of `kn`.
  private static func isFrameNumber(_ word: String) -> Bool {
    word == "#" || (1...3).contains(word.utf8.count) && word.utf8.allSatisfy(\.isHex)
  }

  /// `nt!KeBugCheckEx+0x1b`, `acme+0x334c`, `<Unloaded_acme.sys>+0x12`, `0x777070d4`.
  static func isPlace(_ word: String) -> Bool {
    let bytes = word.utf8
    if let mark = bytes.firstIndex(of: UInt8(ascii: "!")) {
      let module = bytes[..<mark]
      return !module.isEmpty && module.allSatisfy { isModulePart($0) } && module.first != UInt8(ascii: "-")
    }
    if bytes.starts(with: "<Unloaded_".utf8) { return true }
    if bytes.starts(with: "0x".utf8) { return parseHexadecimal(word) != nil && bytes.count >= 6 }
    guard let plus = bytes.firstIndex(of: UInt8(ascii: "+")), plus != bytes.startIndex else { return false }
    let offset = bytes[bytes.index(after: plus)...]
    return bytes[..<plus].allSatisfy { isModulePart($0) } && offset.starts(with: "0x".utf8) && offset.count > 2
  }

  private static func isModulePart(_ byte: UInt8) -> Bool {
    byte.isNamePart || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "~")
      || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte >= 0x80
  }

  /// A place that goes on in the next line, because the line was wrapped in its middle.
  private static func isOpen(_ words: [String]) -> Bool {
    guard let last = words.last else { return false }
    return last == "??" || last.hasSuffix("::") || last.hasSuffix("!") || last.hasSuffix("+") || last.hasSuffix("+0x")
      || last.hasSuffix(",")
  }

  private static func isWhole(_ words: [String]) -> Bool { !isOpen(words) }

  private mutating func flush() {
    defer {
      numbers = []
      words = []
      isSkipping = false
    }
    guard !words.isEmpty else { return }
    var place = words.joined(separator: " ")
    while place.hasSuffix(" ...") || place.hasSuffix(" :") {
      place = String(place.dropLast(place.hasSuffix(" :") ? 2 : 4))
    }
    var frame = DebuggerLogView.Frame(place: place, module: Self.module(of: place))
    if let first = numbers.first, let first { frame.stackPointer = VirtualAddress(first) }
    if numbers.count > 1, let second = numbers[1] { frame.returnAddress = VirtualAddress(second) }
    frame.arguments = numbers.dropFirst(2).prefix(4).compactMap { $0 }
    frame.isDoubtful = isDoubtful
    frames.append(frame)
  }

  /// The part before `!` or `+`; nil for a bare address.
  static func module(of place: String) -> String? {
    guard !place.hasPrefix("0x") else { return nil }
    var name = String(place.prefix { $0 != "!" && $0 != "+" })
    if name.hasPrefix("<Unloaded_") { name = String(name.dropFirst(10)) }
    if name.hasSuffix(">") { name.removeLast() }
    return name.isEmpty || name.utf8.contains(UInt8(ascii: " ")) ? nil : name
  }

  /// Every frame runs where the one above it returns to.
  private func addressed() -> [DebuggerLogView.Frame] {
    var frames = frames
    for index in frames.indices.dropFirst() { frames[index].address = frames[index - 1].returnAddress }
    return frames
  }
}
