import FieldLogs

/// Signs by which the output of a tool is told from other text: phrases no other tool prints, and the shapes of its lines.
///
/// What depends on the language Windows runs in is left to shapes: `systeminfo` prints its labels in every language, but always
/// a version with the build behind it.
struct TextSigns {
  /// Weight of the signs that makes a text what they are signs of.
  static let enough = 2
  /// The same for a text that is an article otherwise.
  static let enoughInArticle = 8

  private struct Phrase {
    var kind: EvidenceKind
    var weight: Int
    var bytes: [UInt8]

    init(_ kind: EvidenceKind, _ weight: Int, _ text: String) {
      self.kind = kind
      self.weight = weight
      bytes = Array(text.utf8)
    }
  }

  private static let phrases: [Phrase] =
    [
      "!analyze -v", ".analyze -v", "Bugcheck Analysis", "Microsoft (R) Windows Debugger", "Loading Dump File [",
      "BUGCHECK_CODE:",
      "BUGCHECK_STR:", "STACK_TEXT:", "FAILURE_BUCKET_ID:", "DEFAULT_BUCKET_ID:", "FAULTING_IP:", "FOLLOWUP_IP:",
      "IMAGE_NAME:",
      "TRAP_FRAME:", "EXCEPTION_RECORD:", "Probably caused by :", "ChildEBP RetAddr", "Child-SP  ", "FOLLOWUP_NAME:",
    ].map { Phrase(.debuggerLog, 2, $0) }
    + ["Arg1:", "Arguments:", "PROCESS_NAME:", "SYMBOL_NAME:", "MODULE_NAME:", "kd> ", "BugCheck "].map {
      Phrase(.debuggerLog, 1, $0)
    }
    + ["PageFlts:", "!poolused", "Pool Consumed", " pool information"].map { Phrase(.poolLog, 2, $0) }
    // The first words of a log of performance counters, which holds names of anything.
    + ["(PDH-CSV 4", "(PDH-TSV 4"].map { Phrase(.poolLog, 8, $0) }
    + ["InRam Krnl:", "Mapped_Driver"].map { Phrase(.poolLog, 1, $0) }
    + [
      Phrase(.inventory, 2, "HotFixID"), Phrase(.inventory, 2, "datafile where"),
      Phrase(.inventory, 2, "Package_for_KB"), Phrase(.inventory, 1, "?kbid="),
      Phrase(.inventory, 1, "-based PC"),
    ]

  /// A shape that many lines of a report have says no more by occurring more often.
  private static let lineLimit = 3

  private var weights: [EvidenceKind: Int] = [:]
  private var reasons: [EvidenceKind: [String]] = [:]
  private var lines: [String: Int] = [:]

  init(_ text: String) {
    findPhrases(Array(text.utf8))
    for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) { examine(line) }
  }

  /// What the text is, by the heaviest signs.
  func kind(least: Int) -> (EvidenceKind, String)? {
    let order: [EvidenceKind] = [.debuggerLog, .poolLog, .inventory]
    var best: EvidenceKind?
    for kind in order where weights[kind, default: 0] > best.map({ weights[$0, default: 0] }) ?? 0 { best = kind }
    guard let best, weights[best, default: 0] >= least else { return nil }
    return (best, (reasons[best] ?? []).prefix(3).joined(separator: ", "))
  }

  private mutating func add(_ kind: EvidenceKind, _ weight: Int, _ reason: String) {
    weights[kind, default: 0] += weight
    if reasons[kind, default: []].contains(reason) == false { reasons[kind, default: []].append(reason) }
  }

  private mutating func addLine(_ kind: EvidenceKind, _ weight: Int, _ shape: String) {
    lines[shape, default: 0] += 1
    if lines[shape, default: 0] <= Self.lineLimit { add(kind, weight, shape) }
  }

  private mutating func findPhrases(_ bytes: [UInt8]) {
    var byFirst = [[Int]](repeating: [], count: 256)
    for (index, phrase) in Self.phrases.enumerated() {
      if let first = phrase.bytes.first { byFirst[Int(first)].append(index) }
    }
    var found = [Bool](repeating: false, count: Self.phrases.count)
    for place in bytes.indices where !byFirst[Int(bytes[place])].isEmpty {
      for index in byFirst[Int(bytes[place])]
      where !found[index] && bytes[place...].starts(with: Self.phrases[index].bytes) {
        found[index] = true
      }
    }
    for (phrase, isFound) in zip(Self.phrases, found) where isFound {
      add(phrase.kind, phrase.weight, String(decoding: phrase.bytes, as: UTF8.self))
    }
  }

  // MARK: Lines

  private mutating func examine(_ line: Substring.UTF8View.SubSequence) {
    if PoolLog.isTableHeading(Array(line)) { addLine(.poolLog, 2, "a heading of a table of pool tags") }
    let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).prefix(12).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard let first = words.first else { return }
    if words.count >= 4, words.prefix(5).contains("Tag"), words.contains("Type"), words.contains("Allocs"),
      words.contains("Frees")
    {
      addLine(.poolLog, 2, "a heading of pool tags")
    }
    if words.count >= 4, let pool = words.prefix(3).firstIndex(where: { $0 == "Nonp" || $0 == "Paged" }), pool > 0,
      Self.isNumber(words[pool + 1])
    {
      addLine(.poolLog, 1, "lines of pool tags")
    }
    if words.starts(with: ["start", "end", "module", "name"]) { addLine(.debuggerLog, 2, "a heading of modules") }
    if words.count >= 3, words.contains(where: { $0.utf8.contains(UInt8(ascii: "!")) }),
      words.prefix(3).count(where: Self.isAddress) >= 2
    {
      addLine(.debuggerLog, 1, "lines of a stack")
    }
    if Self.isUpdateEntry(first, words.dropFirst().first) { addLine(.inventory, 2, "numbered updates") }
    if Self.isOfferedUpdate(first, words.last) { addLine(.inventory, 2, "updates with their titles") }
    if words.count == 1, Self.isUpdate(first) { addLine(.inventory, 1, "lines of updates") }
    if Self.isFileEntry(words) { addLine(.inventory, 2, "files with versions or sizes") }
    // Values separated by commas stand in quotes.
    let values = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x22 || $0 == 0x2C }).prefix(24).map {
      String(decoding: $0, as: UTF8.self)
    }
    if Self.hasVersionAndBuild(values) { addLine(.inventory, 2, "a version with its build") }
  }

  private static func isNumber(_ word: String) -> Bool {
    !word.isEmpty && word.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// `fffff807``5c01faa9` or `8054be98`.
  private static func isAddress(_ word: String) -> Bool {
    let digits = word.utf8.filter { $0 != UInt8(ascii: "`") }
    return (digits.count == 8 || digits.count == 16)
      && digits.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0) }
  }

  /// `KB4462930` or `Q147222`.
  private static func isUpdate(_ word: some StringProtocol) -> Bool {
    let digits =
      word.hasPrefix("KB") ? word.dropFirst(2) : word.hasPrefix("Q") ? word.dropFirst() : word.dropFirst(word.count)
    return (6...7).contains(digits.utf8.count) && isNumber(String(digits))
  }

  /// `[01]: KB4462930` as systeminfo numbers them.
  private static func isUpdateEntry(_ first: String, _ second: String?) -> Bool {
    guard first.hasPrefix("["), first.hasSuffix("]:"), isNumber(String(first.dropFirst().dropLast(2))), let second
    else { return false }
    return isUpdate(second) || second == "File"
  }

  /// `KB4462930: Update for … (KB4462930)` as the update service lists them.
  private static func isOfferedUpdate(_ first: String, _ last: String?) -> Bool {
    first.hasSuffix(":") && isUpdate(first.dropLast()) && last != first
  }

  /// `Version=5.1.2600.5586`, `ntoskrnl.exe  5.1.2600.5586`, `04/23/2008  10:03 AM  2,185,984 ntoskrnl.exe`: a binary with its
  /// version, or what `dir` prints of it. Lines of stacks and modules have addresses instead.
  private static func isFileEntry(_ words: [String]) -> Bool {
    func isVersion(_ word: Substring) -> Bool {
      let parts = word.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 4 && parts.allSatisfy { (1...5).contains($0.utf8.count) && isNumber(String($0)) }
    }
    if words.count == 1, let mark = words[0].firstIndex(of: "="), words[0][..<mark].lowercased() == "version" {
      return isVersion(words[0][words[0].index(after: mark)...])
    }
    // As `Format-List` prints it, the file's name on a line of its own.
    if words.count > 2, words[0].lowercased() == "fileversion", words[1] == ":" { return isVersion(words[2][...]) }
    let cells = words.flatMap { $0.split(whereSeparator: { $0 == "," || $0 == "\"" }) }
    let isBinary = cells.contains { [".sys", ".exe", ".dll"].contains($0.suffix(4).lowercased()) }
    guard isBinary, !words.contains(where: { isAddress($0) || $0.contains("!") || $0.contains("+") }) else {
      return false
    }
    if cells.contains(where: isVersion) { return true }
    return words.count >= 4 && words[0].first?.isNumber == true && words[1].contains(":")
      && words[0].contains(where: { "/.-".contains($0) })
  }

  /// `10.0.17134 N/A Build 17134`, `5.2.3790 Service Pack 1 Build 3790`: the build behind the version, whatever the language.
  private static func hasVersionAndBuild(_ words: [String]) -> Bool {
    guard
      let place = words.firstIndex(where: { word in
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && (4...5).contains(parts[2].utf8.count) && parts.allSatisfy { isNumber(String($0)) }
      })
    else { return false }
    let build = words[place].split(separator: ".").last.map(String.init)
    return words.dropFirst(place + 1).contains { $0 == build }
  }
}
