import Facts
import KernelLayouts

/// The output of `systeminfo`, in whatever language: labels are translated, the order of the lines and the shape of their
/// values are not. The line with a version and, behind it, its build is the anchor; the line before it names the product.
struct SystemReport {
  private(set) var machine = Machine()
  private(set) var productName: String?
  private(set) var updates: [String] = []
  private(set) var otherEntries: [String] = []
  private(set) var stated: Int?
  private(set) var listed = 0
  /// The lines it takes of the text.
  private(set) var lines: Range<Int>

  /// A longer list has been seen to end early without a word: the tool's own count and its entries then agree with each other
  /// and not with `wmic qfe` on the same machine (219 of 276, 73 of 93).
  static let wholeList = 50

  /// Whether the list of updates is all the tool knows.
  var isWhole: Bool { stated == listed && listed <= Self.wholeList && listed > 0 }

  init?(_ text: [String]) {
    guard let anchor = text.indices.first(where: { Self.version(in: text[$0]) != nil }) else { return nil }
    lines = anchor..<anchor + 1
    if text[anchor].contains("\",\"") {
      readFields(commaSeparated(text[anchor]))
    } else {
      readLines(text, anchor)
    }
  }

  // MARK: Forms

  private mutating func readLines(_ text: [String], _ anchor: Int) {
    let name = anchor > 0 ? Self.value(text[anchor - 1]) : ""
    var end = anchor + 1
    var groups = Groups()
    while end < text.count, Self.version(in: text[end]) == nil {
      let line = text[end]
      if let entry = numberedEntry(line) {
        groups.add(entry.number, String(entry.text), heading: end > 0 ? text[end - 1] : "")
      } else {
        examine(Self.value(line))
        // What follows the indented lines of the last part is another text.
        if groups.hasUpdates, Self.isForeign(line) { break }
      }
      end += 1
    }
    lines = max(0, anchor - 2)..<end
    if anchor > 1 { machine.computerName = computerName(Self.value(text[anchor - 2])) }
    finish(name, Self.version(in: text[anchor]), groups)
  }

  /// A heading of another tool's table.
  private static func isForeign(_ line: String) -> Bool { line.contains("HotFixID") }

  /// `/fo csv`: one line of values.
  private mutating func readFields(_ fields: [String]) {
    guard let anchor = fields.firstIndex(where: { Self.version(in: $0) != nil }) else { return }
    var groups = Groups()
    for field in fields[(anchor + 1)...] {
      let parts = Self.entries(of: field)
      if parts.count > 1 {
        for part in parts.dropFirst() {
          if let entry = numberedEntry(part) {
            groups.add(entry.number, String(entry.text), heading: ": " + parts[0])
          }
        }
      } else {
        examine(Substring(field))
      }
    }
    if anchor > 1 { machine.computerName = computerName(Substring(fields[anchor - 2])) }
    finish(anchor > 0 ? Substring(fields[anchor - 1]) : "", Self.version(in: fields[anchor]), groups)
  }

  /// `3 Hotfix(s) Installed.,[01]: File 1,[02]: Q147222` at the commas before brackets.
  private static func entries(of field: String) -> [String] {
    var parts: [String] = [""]
    let characters = Array(field)
    for (index, character) in characters.enumerated() {
      if character == ",", index + 1 < characters.count, characters[index + 1] == "[" || characters[index + 1] == " " {
        let next = characters[(index + 1)...].first { $0 != " " }
        if next == "[" {
          parts.append("")
          continue
        }
      }
      parts[parts.count - 1].append(character)
    }
    return parts
  }

  private mutating func finish(_ name: Substring, _ found: (version: String, pack: ServicePack?)?, _ groups: Groups) {
    let name = trimming(name)
    productName = name.isEmpty ? nil : String(name)
    machine.edition = productName
    machine.version = found?.version
    let build = found.flatMap { $0.version.split(separator: ".").last.flatMap { Int($0) } }
    machine.product = product(named: productName, build: build, architecture: machine.architecture)
    machine.servicePack = servicePack(stated: found?.pack, build: build)
    guard let group = groups.updates else { return }
    stated = group.stated
    listed = group.entries.count
    var list = UpdateList()
    for entry in group.entries {
      if let id = updateID(entry) {
        list.add(id)
      } else if isOtherUpdate(entry), !otherEntries.contains(entry) {
        otherEntries.append(entry)
      }
    }
    updates = list.ids
  }

  // MARK: Values

  /// Architecture and locale, each by the shape of its value; the first of each counts.
  private mutating func examine(_ value: Substring) {
    if machine.architecture == nil {
      // `x64-based PC`, `X86-basierter PC`, `Itanium-based System`.
      let first = value.prefix { $0 != "-" && $0 != " " }
      if first.count < value.count, first.utf8.count <= 8, let architecture = Architecture(named: first) {
        machine.architecture = architecture
      }
    }
    if machine.language == nil, let end = value.firstIndex(of: ";") {
      machine.language = languageTag(value[..<end])
    }
  }

  /// Behind the last colon that a space follows: labels hold colons too, the values asked for do not.
  private static func value(_ line: String) -> Substring {
    var start: String.Index?
    var previous: Character = " "
    for index in line.indices {
      if line[index] == " ", previous == ":" { start = index }
      previous = line[index]
    }
    return trimming(start.map { line[$0...] } ?? Substring(line))
  }

  /// `10.0.17134 N/A Build 17134`, `5.2.3790 Service Pack 1 Build 3790`: the build stands again behind the version, whatever
  /// the language; a number between them is the service pack.
  static func version(in line: String) -> (version: String, pack: ServicePack?)? {
    guard line.utf8.contains(UInt8(ascii: ".")) else { return nil }
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\"" || $0 == "," || $0 == "\u{A0}" })
    for (index, word) in words.enumerated() {
      let parts = word.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 3, (4...5).contains(parts[2].utf8.count),
        parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 5 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
      else { continue }
      let build = parts[2]
      var pack: ServicePack?
      for later in words[(index + 1)...].prefix(12) {
        if later.hasSuffix(build), later.dropLast(build.count).last?.isNumber != true { return (String(word), pack) }
        if later.utf8.count <= 2, pack == nil { pack = ServicePack(later) }
      }
    }
    return nil
  }
}

/// A computer's name: NetBIOS allows 15 characters and no spaces; DNS names are longer.
func computerName(_ text: Substring) -> String? {
  let name = trimming(text)
  guard (1...63).contains(name.utf8.count), name.contains(where: { $0.isLetter || $0.isNumber }),
    !name.contains(where: { $0.isWhitespace || "\"/\\[]:;|=,+*?<>".contains($0) })
  else { return nil }
  return String(name)
}

/// Whether an entry of a list of updates is one without an article's prefix: `943729`, or a GUID.
func isOtherUpdate(_ text: some StringProtocol) -> Bool {
  if text.first == "{", text.last == "}", text.utf8.count == 38 { return true }
  return (6...7).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
}

/// The numbered lists of a report: processors, updates, network cards.
private struct Groups {
  struct Group {
    var entries: [String] = []
    var stated: Int?
    var isUpdates = false
  }

  private var groups: [Group] = []
  private var last = 0

  var updates: Group? { groups.first { $0.isUpdates } }
  var hasUpdates: Bool { updates != nil }

  mutating func add(_ number: Int, _ text: String, heading: String) {
    if groups.isEmpty || number <= last {
      var group = Group()
      // The heading says how many there are, in words of its language around the number.
      let digits = heading.drop { $0 != ":" }.split(whereSeparator: { !$0.isASCII || !$0.isNumber }).first
      group.stated = digits.flatMap { Int($0) }
      groups.append(group)
    }
    last = number
    groups[groups.count - 1].entries.append(text)
    if updateID(text) != nil || isOtherUpdate(text) || text == "File 1" { groups[groups.count - 1].isUpdates = true }
  }
}
