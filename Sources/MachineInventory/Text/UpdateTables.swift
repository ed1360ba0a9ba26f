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
  /// The machine that every row names, where the table has a column for it.
  var computerName: String? { names.count == 1 ? names.first : nil }

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
  /// The column of the computer's name: of a table by characters, of comma-separated values by number.
  private var nameColumn: Range<Int>?
  private var nameField: Int?
  private var names: Set<String> = []
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
      findNameColumn(line)
    } else {
      readName(line)
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

  /// What the tools call the machine: `CSName` in tables, `Node` in front of comma-separated values, `PSComputerName` and `Source`
  /// of PowerShell.
  private static let nameHeadings = ["CSName", "Node", "PSComputerName", "Source", "__SERVER"]

  private mutating func findNameColumn(_ line: String) {
    nameColumn = nil
    nameField = nil
    if line.contains(",") {
      let fields = commaSeparated(line).map { String(trimming(Substring($0))) }
      nameField = Self.nameHeadings.lazy.compactMap { fields.firstIndex(of: $0) }.first
      return
    }
    let words = line.split(separator: " ")
    guard let heading = Self.nameHeadings.first(where: { words.contains(Substring($0)) }) else { return }
    let characters = Array(line)
    let name = Array(heading)
    guard let start = characters.indices.first(where: { characters[$0...].starts(with: name) }) else { return }
    var end = start + name.count
    while end < characters.count, characters[end] == " " { end += 1 }
    nameColumn = start..<end
  }

  private mutating func readName(_ line: String) {
    guard names.count < 2 else { return }
    if let nameColumn {
      let before = nameColumn.lowerBound > 0 ? line.dropFirst(nameColumn.lowerBound - 1).first : " "
      // A cell that begins in the middle of a word is of another line than the table's.
      guard before == " ", let cell = Self.cell(line, nameColumn), let name = MachineInventory.computerName(cell) else {
        return
      }
      names.insert(name)
    } else if let nameField, line.contains(",") {
      let fields = commaSeparated(line)
      if fields.count > nameField, let name = MachineInventory.computerName(Substring(fields[nameField])) {
        names.insert(name)
      }
    } else if let equals = line.firstIndex(of: "="), line[..<equals].hasSuffix("CSName"),
      let name = MachineInventory.computerName(line[line.index(after: equals)...])
    {
      names.insert(name)
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
