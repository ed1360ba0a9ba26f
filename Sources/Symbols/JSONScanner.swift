import ByteReading
import Facts

/// Reads just the asked parts of a JSON file, in one pass over its bytes.
///
/// Symbol tables are 6 MB of which a tenth is wanted; a decoder that builds the whole tree takes ten times as long.
struct JSONScanner {
  /// Objects and arrays nested deeper than this are refused.
  static let maximumDepth = 64

  private let bytes: [UInt8]
  private var index = 0
  private var depth = 0

  init(_ bytes: [UInt8], at index: Int = 0) {
    self.bytes = bytes
    self.index = index
  }

  /// Where the next byte to be looked at stands.
  var position: Int { index }

  private func failure(_ expected: String) -> ReadError {
    ReadError(
      .malformed, reading: "JSON", at: .file(UInt64(index)), expected: expected,
      found: index < bytes.count ? "byte \(hexadecimal(UInt64(bytes[index]), digits: 2))" : "the end of the file")
  }

  private mutating func next() -> UInt8? {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return bytes[index]
      }
    }
    return nil
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    guard next() == byte else { return false }
    index += 1
    return true
  }

  /// Calls `body` for each member of an object; `body` must consume the member's value.
  mutating func members(
    _ body: (String, inout JSONScanner) throws(ReadError) -> Void
  ) throws(ReadError) {
    guard accept(UInt8(ascii: "{")) else { throw failure("{") }
    depth += 1
    guard depth <= Self.maximumDepth else { throw failure("nesting of at most \(Self.maximumDepth)") }
    defer { depth -= 1 }
    if accept(UInt8(ascii: "}")) { return }
    repeat {
      let key = try string()
      guard accept(UInt8(ascii: ":")) else { throw failure(":") }
      try body(key, &self)
    } while accept(UInt8(ascii: ","))
    guard accept(UInt8(ascii: "}")) else { throw failure(", or }") }
  }

  mutating func unsigned() throws(ReadError) -> UInt64 {
    guard let first = next(), (0x30...0x39).contains(first) else { throw failure("an unsigned integer") }
    var value: UInt64 = 0
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(bytes[index] - 0x30))
      guard !overflow, !carry else { throw failure("an integer of at most 64 bits") }
      value = sum
      index += 1
    }
    return value
  }

  mutating func string() throws(ReadError) -> String {
    guard accept(UInt8(ascii: "\"")) else { throw failure("a string") }
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") { index += 1 }
    guard index < bytes.count else { throw failure("the string's end") }
    if bytes[index] == UInt8(ascii: "\"") {
      defer { index += 1 }
      return String(decoding: bytes[start..<index], as: UTF8.self)
    }
    return try escaped(from: start)
  }

  private mutating func escaped(from start: Int) throws(ReadError) -> String {
    var text = String(decoding: bytes[start..<index], as: UTF8.self)
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        return text
      case UInt8(ascii: "\\"):
        guard index < bytes.count else { throw failure("an escape") }
        let escape = bytes[index]
        index += 1
        switch escape {
        case UInt8(ascii: "n"): text += "\n"
        case UInt8(ascii: "t"): text += "\t"
        case UInt8(ascii: "r"): text += "\r"
        case UInt8(ascii: "b"): text += "\u{8}"
        case UInt8(ascii: "f"): text += "\u{C}"
        case UInt8(ascii: "u"):
          guard bytes.count - index >= 4,
            let unit = UInt32(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16)
          else { throw failure("four hexadecimal digits") }
          index += 4
          // Surrogate pairs do not occur in symbol names: one becomes the replacement character.
          text.unicodeScalars.append(Unicode.Scalar(unit) ?? "\u{FFFD}")
        default: text.unicodeScalars.append(Unicode.Scalar(escape))
        }
      default:
        let run = index - 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") { index += 1 }
        text += String(decoding: bytes[run..<index], as: UTF8.self)
      }
    }
    throw failure("the string's end")
  }

  /// Passes over one value of any kind.
  mutating func skip() throws(ReadError) {
    var open = 0
    repeat {
      guard let byte = next() else { throw failure("a value") }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open += 1
        guard open + depth <= Self.maximumDepth else { throw failure("nesting of at most \(Self.maximumDepth)") }
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard open > 0 else { throw failure("a value") }
        open -= 1
        index += 1
      case UInt8(ascii: "\""):
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < bytes.count else { throw failure("the string's end") }
        index += 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard open > 0 else { throw failure("a value") }
        index += 1
      default:
        let start = index
        while index < bytes.count, !Self.endsScalar(bytes[index]) { index += 1 }
        guard index > start else { throw failure("a value") }
      }
    } while open > 0
  }

  private static func endsScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "{"), UInt8(ascii: "}"),
      UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""):
      true
    default: false
    }
  }
}
