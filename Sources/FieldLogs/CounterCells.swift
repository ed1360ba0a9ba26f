/// Cells of a line, quoted or not.
enum CounterCells {
  /// More are not looked at.
  static let maximum = 65_536

  /// Where the cells' contents lie, without quotation marks around them.
  static func ranges(_ line: ArraySlice<UInt8>, _ separator: UInt8, isOpen: Bool = false) -> [Range<Int>] {
    let quote = UInt8(ascii: "\"")
    var cells: [Range<Int>] = []
    var place = line.startIndex
    var isQuoted = isOpen
    while cells.count < maximum {
      if !isQuoted {
        while place < line.endIndex, line[place] != separator, line[place].isSpace { place += 1 }
        if place < line.endIndex, line[place] == quote {
          isQuoted = true
          place += 1
        }
      }
      let start = place
      if isQuoted {
        // A doubled mark stands for one; the cell goes on behind it.
        while place < line.endIndex {
          if line[place] == quote {
            if place + 1 < line.endIndex, line[place + 1] == quote { place += 1 } else { break }
          }
          place += 1
        }
        cells.append(start..<min(place, line.endIndex))
        while place < line.endIndex, line[place] != separator { place += 1 }
      } else {
        while place < line.endIndex, line[place] != separator { place += 1 }
        cells.append(start..<place)
      }
      isQuoted = false
      guard place < line.endIndex else { break }
      place += 1
    }
    return cells
  }

  /// The cells with doubled marks made single.
  static func all(_ line: ArraySlice<UInt8>, _ separator: UInt8, isOpen: Bool = false) -> [[UInt8]] {
    ranges(line, separator, isOpen: isOpen).map { unquoted(line[$0]) }
  }

  static func unquoted(_ cell: ArraySlice<UInt8>) -> [UInt8] {
    let quote = UInt8(ascii: "\"")
    guard cell.contains(quote) else { return Array(cell) }
    var out: [UInt8] = []
    var wasQuote = false
    for byte in cell {
      if byte == quote, wasQuote {
        wasQuote = false
        continue
      }
      wasQuote = byte == quote
      out.append(byte)
    }
    return out
  }

  /// A whole number of `123456.000000`, `1.5E+9` or, of spreadsheets, `123456,000`; nil for a blank and for what is negative.
  static func number(_ cell: ArraySlice<UInt8>) -> UInt64? {
    var text = cell.drop { $0.isSpace }
    while let last = text.last, last.isSpace { text.removeLast() }
    guard let first = text.first, first.isDigit, text.count <= 40 else { return nil }
    var value: UInt64 = 0
    var place = text.startIndex
    while place < text.endIndex, text[place].isDigit {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(text[place] - 0x30))
      guard !overflow, !carry else { return nil }
      value = sum
      place += 1
    }
    guard place < text.endIndex else { return value }
    guard text[place] == UInt8(ascii: ".") || text[place] == UInt8(ascii: ",") || text[place] | 0x20 == 0x65 else {
      return nil
    }
    if text[place...].dropFirst().allSatisfy(\.isDigit) { return value }
    let plain = String(decoding: text, as: UTF8.self).replacing(",", with: ".")
    guard let real = Double(plain), real >= 0, real < 9e18 else { return nil }
    return UInt64(real)
  }
}
