/// A bundled text table: one record per line, fields separated by tabs, lines that start with `#` are comments.
///
/// Only the lines' positions are kept; a field becomes text or a number when somebody asks for it. A diagnosis touches a
/// few records of each table, so decoding everything beforehand would be the larger part of its time.
struct EmbeddedTable: Sendable {
  /// A field or a line, as positions in `bytes`.
  typealias Slice = Range<Int>

  let bytes: [UInt8]
  /// The records in file order, without comments, empty lines and line ends.
  let records: [Slice]

  init(_ bytes: [UInt8]) {
    var records: [Slice] = []
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != Self.newline { end += 1 }
      if end > start, bytes[start] != Self.comment { records.append(start..<end) }
      start = end + 1
    }
    self.bytes = bytes
    self.records = records
  }

  /// The fields of one record. A trailing tab gives a trailing empty field.
  func fields(of record: Slice) -> [Slice] {
    var fields: [Slice] = []
    var start = record.lowerBound
    for index in record where bytes[index] == Self.tab {
      fields.append(start..<index)
      start = index + 1
    }
    fields.append(start..<record.upperBound)
    return fields
  }

  /// The first field, without looking at the rest.
  func key(of record: Slice) -> Slice {
    var end = record.lowerBound
    while end < record.upperBound, bytes[end] != Self.tab { end += 1 }
    return record.lowerBound..<end
  }

  /// The field with this number, from 0, without listing the others; nil when the record has fewer.
  func field(_ number: Int, of record: Slice) -> Slice? {
    var start = record.lowerBound
    var left = number
    for index in record where bytes[index] == Self.tab {
      if left == 0 { return start..<index }
      left -= 1
      start = index + 1
    }
    return left == 0 ? start..<record.upperBound : nil
  }

  func text(_ slice: Slice) -> String { String(decoding: bytes[slice], as: UTF8.self) }

  /// Hexadecimal digits without a prefix; nil when empty, longer than 64 bits or anything else.
  func hexadecimal(_ slice: Slice) -> UInt64? {
    guard !slice.isEmpty, slice.count <= 16 else { return nil }
    var value: UInt64 = 0
    for index in slice {
      let digit: UInt8
      switch bytes[index] {
      case 0x30...0x39: digit = bytes[index] - 0x30
      case 0x61...0x66: digit = bytes[index] - 0x61 + 10
      default: return nil
      }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// A decimal number without a sign, at most nine digits.
  func decimal(_ slice: Slice) -> Int? {
    guard !slice.isEmpty, slice.count <= 9 else { return nil }
    var value = 0
    for index in slice {
      guard (0x30...0x39).contains(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index] - 0x30)
    }
    return value
  }

  /// The slice between two positions cut at every `separator`; no element for an empty slice.
  func split(_ slice: Slice, at separator: UInt8) -> [Slice] {
    guard !slice.isEmpty else { return [] }
    var parts: [Slice] = []
    var start = slice.lowerBound
    for index in slice where bytes[index] == separator {
      parts.append(start..<index)
      start = index + 1
    }
    parts.append(start..<slice.upperBound)
    return parts
  }

  private static let newline = UInt8(ascii: "\n")
  private static let tab = UInt8(ascii: "\t")
  private static let comment = UInt8(ascii: "#")
}
