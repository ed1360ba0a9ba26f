import ByteReading
import Facts

/// Reads what people collect about a machine by hand: `systeminfo`, lists of hotfixes, lists of updates on offer; also several
/// of them in one text.
public enum InventoryText {
  /// More text than any tool prints is not looked at.
  public static let maximumBytes = 64 << 20

  /// The text of bytes in which UTF-16 follows other text; nil where they do not look like that.
  public static func mixedText(_ bytes: [UInt8]) -> String? {
    let lines = MixedText.lines(bytes)
    // Binary data have zeros that belong to no character.
    guard !lines.isEmpty, !lines.contains(where: { $0.utf8.contains(0) }) else { return nil }
    return lines.joined(separator: "\n")
  }

  /// Never fails: a text in which nothing is recognized gives a view without forms.
  public static func read(_ bytes: [UInt8]) -> InventoryView {
    let lines = MixedText.lines(bytes.count > maximumBytes ? Array(bytes[..<maximumBytes]) : bytes)
    var view = InventoryView()
    var updates = UpdateList()
    let report = SystemReport(lines)
    if let report {
      view.forms.append(.systemInformation)
      view.machine = report.machine
      view.productName = report.productName
      view.otherEntries = report.otherEntries
      view.statedUpdates = report.stated
      view.listedUpdates = report.listed
      for id in report.updates { updates.add(id) }
    }
    let lists = UpdateTables(lines, without: report?.lines ?? 0..<0)
    if lists.isInstalledList {
      view.forms.append(.installedUpdates)
      for id in lists.installed { updates.add(id) }
      for entry in lists.otherEntries where !view.otherEntries.contains(entry) { view.otherEntries.append(entry) }
    }
    if !lists.offered.isEmpty {
      view.forms.append(.offeredUpdates)
      view.offered = lists.offered
      view.machine.architecture = view.machine.architecture ?? lists.offeredArchitecture
      view.machine.product = view.machine.product ?? lists.offeredProduct
    }
    let files = FileLists(lines)
    if !files.files.isEmpty {
      view.forms.append(.files)
      view.machine.files = files.files
    }
    view.machine.computerName = view.machine.computerName ?? lists.computerName
    view.machine.offered = view.offered
    view.machine.updates = updates.ids
    view.machine.updatesAreComplete = lists.isWhole || report?.isWhole ?? false
    return view
  }
}

/// The number at the beginning of an entry such as `[01]: KB976902`, and the text behind it; nil for other lines.
func numberedEntry(_ line: some StringProtocol) -> (number: Int, text: Substring)? {
  let trimmed = Substring(line).drop { $0 == " " || $0 == "\t" }
  guard trimmed.first == "[", let end = trimmed.firstIndex(of: "]") else { return nil }
  guard let number = Int(trimmed[trimmed.index(after: trimmed.startIndex)..<end]), number >= 0 else { return nil }
  // French puts a space before the colon.
  let rest = trimmed[trimmed.index(after: end)...].drop { $0 == " " || $0 == "\u{A0}" || $0 == "\u{FF}" }
  guard rest.first == ":" else { return nil }
  return (number, trimming(rest.dropFirst()))
}

func trimming(_ text: Substring) -> Substring {
  var text = text.drop { $0.isWhitespace }
  while text.last?.isWhitespace == true { text.removeLast() }
  return text
}

/// The fields of one line of comma-separated values; quotes may hold commas, and stand twice for themselves.
func commaSeparated(_ line: String) -> [String] {
  var fields: [String] = []
  var field = String.UnicodeScalarView()
  var isQuoted = false
  var wasQuote = false
  for scalar in line.unicodeScalars {
    if scalar == "\"" {
      if isQuoted {
        isQuoted = false
        wasQuote = true
      } else {
        if wasQuote { field.append(scalar) }
        isQuoted = true
        wasQuote = false
      }
    } else if scalar == ",", !isQuoted {
      fields.append(String(field))
      field = .init()
      wasQuote = false
    } else {
      wasQuote = false
      field.append(scalar)
    }
  }
  fields.append(String(field))
  return fields
}
