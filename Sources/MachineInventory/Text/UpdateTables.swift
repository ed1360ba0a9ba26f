import Facts
import KernelLayouts

/// Lists of updates in every form their tools have: `wmic qfe` as table, list, CSV, HTML and XML, `Get-HotFix`, DISM's packages,
/// plain ids one below the other; and lists of updates on offer.
struct UpdateTables {
  /// A tool's heading or keys were seen, or ids alone.
  private(set) var isInstalledList = false
  private(set) var installed: [String] = []
  private(set) var otherEntries: [String] = []
  private(set) var offered: [String] = []
  private(set) var offeredArchitecture: Architecture?
  private(set) var offeredProduct: String?

  /// Whether it is all the tool knows. One row under a heading may be what somebody filtered out.
  var isWhole: Bool { hasHeading && rows > 1 }

  private var hasHeading = false
  private var rows = 0
  private var list = UpdateList()
  private var offers = UpdateList()
  private var packages = Packages()
  /// Where the column `HotFixID` of a table stands, in characters.
  private var column: Range<Int>?
  private var isOfferTable = false
  private var titles: Set<String> = []
  private var architectures: Set<Architecture> = []

  init(_ lines: [String], without taken: Range<Int>) {
    hasHeading = lines.contains { $0.contains("HotFixID") }
    for index in lines.indices where !taken.contains(index) { read(lines[index]) }
    for id in packages.installed { list.add(id) }
    installed = list.ids
    offered = offers.ids
    if packages.count > 0 {
      hasHeading = true
      rows += packages.count
    }
    isInstalledList = hasHeading || !installed.isEmpty
    if titles.count == 1 { offeredProduct = titles.first }
    if architectures.count == 1 { offeredArchitecture = architectures.first }
  }

  private static let separators: Set<Character> = [
    " ", "\t", ",", ";", "\"", "'", "=", "<", ">", "|", "\u{A0}", "\u{FF}", "\r",
  ]

  private mutating func read(_ line: String) {
    guard line.utf8.count > 4 else { return }
    if line.contains("HotFixID") {
      findColumn(line)
      isOfferTable = false
    }
    if isOffer(line) { return }
    if packages.read(line) { return }
    let words = line.split(whereSeparator: { Self.separators.contains($0) })
    if words.contains("KB"), words.contains("Size"), words.contains("Title") {
      isOfferTable = true
      return
    }
    let ids = words.compactMap { updateID($0) }
    if isOfferTable {
      // The column of states has an I where the update is installed already.
      let state = words.first { $0.contains("-") && $0.utf8.count >= 6 && $0.utf8.count <= 8 && updateID($0) == nil }
      for id in ids { if state?.contains("I") == true { list.add(id) } else { offers.add(id) } }
      return
    }
    // Without a heading, only lines that are an id and little else belong to a list.
    guard hasHeading || words.count <= 3 else { return }
    if !ids.isEmpty {
      rows += 1
      for id in ids { list.add(id) }
    } else if let column, let cell = Self.cell(line, column), isOtherUpdate(cell) {
      rows += 1
      if !otherEntries.contains(String(cell)) { otherEntries.append(String(cell)) }
    }
  }

  private mutating func findColumn(_ line: String) {
    let characters = Array(line)
    let name = Array("HotFixID")
    guard characters.count >= name.count,
      let start = (0...(characters.count - name.count)).first(where: { characters[$0...].starts(with: name) }),
      !line.contains(","), !line.contains("="), !line.contains("<")
    else { return }
    var end = start + name.count
    while end < characters.count, characters[end] == " " { end += 1 }
    column = start..<max(end, start + name.count)
  }

  private static func cell(_ line: String, _ column: Range<Int>) -> Substring? {
    let cell = trimming(line.dropFirst(column.lowerBound).prefix(column.count))
    return cell.isEmpty ? nil : cell
  }

  /// `KB4462930: Update for … (KB4462930)`.
  private mutating func isOffer(_ line: String) -> Bool {
    let line = trimming(Substring(line))
    guard let colon = line.firstIndex(of: ":"), let id = updateID(line[..<colon]),
      id.utf8.count == line[..<colon].utf8.count
    else { return false }
    let title = trimming(line[line.index(after: colon)...])
    guard title.contains(" ") else { return false }
    offers.add(id)
    for word in title.split(separator: " ") where word.contains("-based") {
      if let architecture = Architecture(named: word) { architectures.insert(architecture) }
    }
    if architectures.count == 1, title.contains("-based"), let name = Product.canonical(title) {
      titles.insert(name.product)
    }
    return true
  }
}

/// DISM's and PowerShell's lists of component packages. States are translated: the state of the system's own foundation package
/// is the word for installed.
private struct Packages {
  private var entries: [(id: String?, isFoundation: Bool, state: String)] = []
  /// Lines since the last package's name: its state is the next one.
  private var isOpen = false

  var count: Int { entries.count }

  /// True for lines that belong to such a list.
  mutating func read(_ line: String) -> Bool {
    if let start = line.firstIndex(of: "~"), line.contains("~~") || line[start...].contains("31bf3856ad364e35") {
      let words = line.split(whereSeparator: { $0 == "|" || $0 == " " || $0 == "\t" || $0 == "\"" || $0 == "," })
      guard let name = words.first(where: { $0.contains("~") }) else { return false }
      let columns = line.split(separator: "|")
      let state = columns.count > 1 ? String(trimming(columns[1])) : ""
      entries.append((packageUpdate(name), name.hasPrefix("Microsoft-Windows-Foundation-Package"), state))
      isOpen = state.isEmpty
      return true
    }
    guard isOpen, let colon = line.firstIndex(of: ":") else { return false }
    entries[entries.count - 1].state = String(trimming(line[line.index(after: colon)...]))
    isOpen = false
    return true
  }

  var installed: [String] {
    let words = Set(entries.filter(\.isFoundation).map(\.state)).union(["Installed", ""])
    return entries.compactMap { words.contains($0.state) ? $0.id : nil }
  }
}
