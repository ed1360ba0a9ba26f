import Facts

/// Lists of files with their versions or sizes and dates: `wmic datafile` as table, list or CSV, PowerShell's `Format-List`,
/// `dir`, and tables that people keep with a column for the name and one for the version.
struct FileLists {
  private(set) var files: [ModuleIdentity] = []

  /// More files than any system's folder has.
  static let maximumFiles = 50_000

  /// Columns of comma-separated values.
  private struct Columns {
    var name: Int
    var version: Int?
    var size: Int?
  }

  private var columns: Columns?
  /// What a block of `key=value` or `key : value` lines has said so far.
  private var open = ModuleIdentity(name: "")
  /// The file a command line asked about, for answers that repeat only its version.
  private var asked: String?
  private var seen: Set<ModuleIdentity> = []
  private var dates = DirectoryDates()

  private static let endings = [".sys", ".exe", ".dll", ".drv", ".ocx", ".cpl", ".inf", ".cat", ".mum"]

  init(_ lines: [String]) {
    dates.learn(lines)
    for line in lines where files.count < Self.maximumFiles { read(line) }
    close()
  }

  private mutating func read(_ line: String) {
    let text = trimming(Substring(line))
    guard !text.isEmpty, text.utf8.count < 2000 else {
      close()
      return
    }
    if readCommand(text) || readPair(text) || readFields(text) || readDirectoryEntry(text) { return }
    readTableRow(text)
  }

  private mutating func add(_ file: ModuleIdentity) {
    guard !file.name.isEmpty, file.version != nil || file.fileSize != nil, seen.insert(file).inserted else { return }
    files.append(file)
  }

  private mutating func close() {
    add(open)
    open = ModuleIdentity(name: "")
  }

  // MARK: Commands and their answers

  /// `wmic datafile where name="C:\\Windows\\System32\\ntoskrnl.exe" get Version` as it stands above its answer.
  private mutating func readCommand(_ text: Substring) -> Bool {
    guard text.lowercased().contains("datafile") else { return false }
    close()
    asked = text.split(whereSeparator: { "\"'=()".contains($0) }).first { Self.isBinary($0) }.map(String.init)
    return true
  }

  /// `Name=c:\windows\system32\ntoskrnl.exe`, `FileVersion : 6.0.6001.22137 (vistasp1_ldr.080314-1524)`.
  private mutating func readPair(_ text: Substring) -> Bool {
    guard let mark = text.firstIndex(where: { $0 == "=" || $0 == ":" }), mark != text.startIndex else { return false }
    let key = trimming(text[..<mark]).lowercased()
    let value = trimming(text[text.index(after: mark)...])
    guard !key.isEmpty, key.utf8.count <= 24, key.allSatisfy({ $0.isLetter || $0 == " " || $0 == "_" }), !value.isEmpty
    else { return false }
    switch key {
    case "name", "filename", "fullname", "originalfilename", "file name", "path", "pspath":
      guard Self.isBinary(value) else { return false }
      if !open.name.isEmpty, open.version != nil { close() }
      let file = ModuleIdentity(path: value)
      if open.name.isEmpty || file.path != nil { (open.name, open.path) = (file.name, file.path) }
      return true
    case "version", "fileversion", "file version", "versioninfo":
      guard let version = FileVersion(value) else { return false }
      if open.name.isEmpty, let asked { (open.name, open.path) = (ModuleIdentity(path: Substring(asked)).name, asked) }
      open.version = version
      open.branchSuffix = Self.suffix(value)
      return true
    case "filesize", "length", "size":
      guard let size = UInt64(value), !open.name.isEmpty else { return false }
      open.fileSize = size
      return true
    default:
      return false
    }
  }

  // MARK: Comma-separated values

  private mutating func readFields(_ text: Substring) -> Bool {
    guard text.contains(",") else { return false }
    let fields = commaSeparated(String(text)).map { String(trimming(Substring($0))) }
    let names = fields.map { $0.lowercased() }
    if let name = names.firstIndex(where: {
      ["name", "filename", "file name", "fullname", "path", "file"].contains($0)
    }),
      let version = names.firstIndex(where: {
        ["version", "fileversion", "file version", "versioninfo.fileversion"].contains($0)
      })
    {
      columns = Columns(
        name: name, version: version,
        size: names.firstIndex { ["filesize", "length", "size"].contains($0) })
      return true
    }
    guard let columns, columns.name < fields.count, Self.isBinary(fields[columns.name]) else { return false }
    var file = ModuleIdentity(path: Substring(fields[columns.name]))
    if let column = columns.version, column < fields.count {
      file.version = FileVersion(fields[column])
      file.branchSuffix = Self.suffix(Substring(fields[column]))
    }
    if let column = columns.size, column < fields.count { file.fileSize = UInt64(fields[column]) }
    add(file)
    return true
  }

  // MARK: dir

  /// `04/23/2008  10:03 AM         2,185,984 ntoskrnl.exe`, `23.04.2008  10:03         2.185.984 ntoskrnl.exe`.
  private mutating func readDirectoryEntry(_ text: Substring) -> Bool {
    guard text.first?.isNumber == true, let name = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).last,
      Self.isBinary(name)
    else { return false }
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\u{A0}" || $0 == "\u{202F}" })
    guard words.count >= 4, let date = dates.date(words[0]), words[1].contains(":") else { return false }
    var place = 2
    if place < words.count, words[place].allSatisfy(\.isLetter) { place += 1 }
    let digits = words[place..<(words.count - 1)].joined().filter(\.isNumber)
    guard words[place..<(words.count - 1)].allSatisfy({ $0.allSatisfy { $0.isNumber || $0 == "," || $0 == "." } }),
      let size = UInt64(digits)
    else { return false }
    var file = ModuleIdentity(name: String(name))
    file.fileSize = size
    file.fileDate = date
    add(file)
    return true
  }

  // MARK: Tables

  /// A row that names a file and one version, in whatever columns: `netbt.sys   5.2.3790.4318 (srv03_sp2_qfe.080620-1226)`.
  private mutating func readTableRow(_ text: Substring) {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "|" || $0 == "\"" })
    guard words.count <= 16 else { return }
    if let asked, words.count <= 2, let version = words.first.flatMap({ FileVersion($0) }) {
      var file = ModuleIdentity(path: Substring(asked))
      file.version = version
      file.branchSuffix = Self.suffix(text)
      add(file)
      return
    }
    let versions = words.compactMap { FileVersion($0) }
    guard versions.count == 1, let place = words.firstIndex(where: { Self.isBinary($0) }), !text.contains("!"),
      !text.contains("`")
    else { return }
    var file = ModuleIdentity(path: words[place])
    file.version = versions[0]
    file.branchSuffix = Self.suffix(text)
    add(file)
  }

  private static func isBinary(_ text: some StringProtocol) -> Bool {
    guard text.utf8.count > 4, text.utf8.count < 400 else { return false }
    let end = text.suffix(4).lowercased()
    return endings.contains(end) && !text.contains("*")
  }

  /// What stands in parentheses behind a version.
  private static func suffix(_ text: Substring) -> String? {
    guard let open = text.firstIndex(of: "("), let close = text[open...].firstIndex(of: ")") else { return nil }
    let inside = text[text.index(after: open)..<close]
    return inside.contains("_") && !inside.contains(" ") ? String(inside) : nil
  }
}

extension ModuleIdentity {
  /// From a path as Windows or the tool writes it: doubled backslashes are one.
  fileprivate init(path: Substring) {
    let plain = String(path.replacing("\\\\", with: "\\"))
    let name = plain.split(whereSeparator: { $0 == "\\" || $0 == "/" }).last.map(String.init) ?? plain
    self.init(name: name, path: name.utf8.count < plain.utf8.count ? plain : nil)
  }
}

/// Dates as `dir` prints them in the order of the country that was set; a day over 12 anywhere in the list tells which.
private struct DirectoryDates {
  private var monthFirst: Bool?

  mutating func learn(_ lines: [String]) {
    for line in lines.prefix(20_000) {
      guard let word = line.split(separator: " ").first, let (a, b, _) = Self.numbers(word, "/") else { continue }
      if a > 12, b <= 12 { monthFirst = false }
      if b > 12, a <= 12 { monthFirst = true }
    }
  }

  /// `YYYY-MM-DD`; nil for what is no date or could be two.
  func date(_ word: Substring) -> String? {
    if let (year, month, day) = Self.numbers(word, "-"), year > 1900 { return Self.text(year, month, day) }
    if let (year, month, day) = Self.numbers(word, "/"), year > 1900 { return Self.text(year, month, day) }
    if let (day, month, year) = Self.numbers(word, ".") { return Self.text(year, month, day) }
    if let (day, month, year) = Self.numbers(word, "-") { return Self.text(year, month, day) }
    guard let (a, b, year) = Self.numbers(word, "/") else { return nil }
    if a == b || a > 12 { return Self.text(year, b, a) }
    if b > 12 { return Self.text(year, a, b) }
    return monthFirst.flatMap { $0 ? Self.text(year, a, b) : Self.text(year, b, a) }
  }

  private static func numbers(_ word: Substring, _ separator: Character) -> (Int, Int, Int)? {
    let parts = word.split(separator: separator, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.utf8.count <= 4 ? Int($0) : nil }
    return parts.count == 3 && numbers.count == 3 ? (numbers[0], numbers[1], numbers[2]) : nil
  }

  private static func text(_ year: Int, _ month: Int, _ day: Int) -> String? {
    let year = year < 100 ? year + (year >= 80 ? 1900 : 2000) : year
    guard (1980...2100).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    return "\(year)-\(twoDigits(month))-\(twoDigits(day))"
  }
}
