extension JSONValue {
  /// Deeper parts are indented as far as this: a document of a hostile server costs no more than its own size.
  private static let maximumDepth = 32

  /// A document that was printed on one line, indented by two spaces as ``text(pretty:)`` does.
  public static func indented(_ document: [UInt8]) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(document.count * 2)
    var depth = 0
    var isText = false
    var isEscaped = false
    func newline(_ out: inout [UInt8]) {
      out.append(0x0A)
      out += repeatElement(UInt8(0x20), count: 2 * min(max(0, depth), maximumDepth))
    }
    for (index, byte) in document.enumerated() {
      if isText {
        out.append(byte)
        isText = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isText = true
        out.append(byte)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        out.append(byte)
        depth += 1
        // An empty one stays on its line.
        let next = index + 1 < document.count ? document[index + 1] : byte
        if next != UInt8(ascii: "}"), next != UInt8(ascii: "]") { newline(&out) }
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if let last = out.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") { newline(&out) }
        out.append(byte)
      case UInt8(ascii: ","):
        out.append(byte)
        newline(&out)
      case UInt8(ascii: ":"): out += [byte, 0x20]
      default: out.append(byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
