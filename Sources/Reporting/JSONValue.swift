import Facts

/// A JSON document whose members keep the order they were given in: the same input gives the same bytes.
public indirect enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  /// A file's path. A byte that is no UTF-8 is written as the lone surrogate U+DC00 + byte, as Python reads file names.
  case path(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Hashable, Sendable {
    public var key: String
    public var value: JSONValue

    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// Members whose value is nil are left out: what is not known is absent.
  public static func members(_ members: [(String, JSONValue?)]) -> JSONValue {
    .object(members.compactMap { key, value in value.map { Member(key, $0) } })
  }

  /// An array, or nothing where it is empty.
  static func some(_ values: [JSONValue]) -> JSONValue? { values.isEmpty ? nil : .array(values) }

  static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  /// On one line, or indented by two spaces.
  public func text(pretty: Bool = false) -> String {
    var bytes: [UInt8] = []
    write(to: &bytes, indent: pretty ? 0 : nil)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func write(to out: inout [UInt8], indent: Int?) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let value): out += (value ? "true" : "false").utf8
    case .integer(let value): out += String(value).utf8
    case .number(let value):
      // JSON has no infinity; two decimals are what a confidence or score means.
      out += (value.isFinite ? Self.short(value) : "null").utf8
    case .string(let value): Self.write(value, to: &out)
    case .path(let value): Self.write(path: value, to: &out)
    case .array(let values):
      Self.write(values, open: "[", close: "]", to: &out, indent: indent) { value, out, indent in
        value.write(to: &out, indent: indent)
      }
    case .object(let members):
      Self.write(members, open: "{", close: "}", to: &out, indent: indent) { member, out, indent in
        Self.write(member.key, to: &out)
        out += (indent == nil ? ":" : ": ").utf8
        member.value.write(to: &out, indent: indent)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], open: String, close: String, to out: inout [UInt8], indent: Int?,
    _ body: (Element, inout [UInt8], Int?) -> Void
  ) {
    out += open.utf8
    let inner = indent.map { $0 + 1 }
    for (index, element) in elements.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      if let inner { newline(inner, to: &out) }
      body(element, &out, inner)
    }
    if let indent, !elements.isEmpty { newline(indent, to: &out) }
    out += close.utf8
  }

  private static func newline(_ indent: Int, to out: inout [UInt8]) {
    out.append(0x0A)
    out += repeatElement(UInt8(0x20), count: 2 * indent)
  }

  private static func short(_ value: Double) -> String {
    let scaled = (value * 100).rounded()
    guard abs(scaled) < 1e15 else { return String(value) }
    let hundredths = Int64(scaled)
    let sign = hundredths < 0 ? "-" : ""
    let whole = hundredths.magnitude / 100
    let rest = hundredths.magnitude % 100
    if rest == 0 { return "\(sign)\(whole).0" }
    return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
  }

  private static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      // What needs no escape is copied in one piece.
      var start = 0
      for offset in 0..<bytes.count where needsEscape(bytes[offset]) {
        out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<offset]))
        write(bytes[offset], to: &out)
        start = offset + 1
      }
      out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
  }

  private static func write(path: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for scalar in path.unicodeScalars {
      if let byte = PathText.byte(scalar) {
        out += "\\udc".utf8
        out += hexadecimal(UInt64(byte), digits: 2).dropFirst(2).utf8
      } else {
        for byte in String(scalar).utf8 { write(byte, to: &out) }
      }
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func write(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""): out += "\\\"".utf8
    case UInt8(ascii: "\\"): out += "\\\\".utf8
    case 0x0A: out += "\\n".utf8
    case 0x0D: out += "\\r".utf8
    case 0x09: out += "\\t".utf8
    case 0..<0x20, 0x7F:
      out += "\\u00".utf8
      out += hexadecimal(UInt64(byte), digits: 2).dropFirst(2).utf8
    default: out.append(byte)
    }
  }
}

extension JSONValue {
  static func hex(_ address: VirtualAddress, digits: Int = 0) -> JSONValue {
    .string(hexadecimal(address.rawValue, digits: digits))
  }
  static func optional(_ text: String?) -> JSONValue? { text.map { .string($0) } }
  static func count(_ value: some BinaryInteger) -> JSONValue { .integer(Int64(clamping: value)) }

  /// A service pack is a number, or text where it has a letter.
  static func servicePack(_ pack: ServicePack) -> JSONValue {
    pack.letter == nil ? .integer(Int64(pack.number)) : .string(pack.description)
  }
}

/// The line in every document that says which schema it follows.
func schema(_ name: String) -> (String, JSONValue?) { ("schema", .string("faultline.\(name)/1")) }
