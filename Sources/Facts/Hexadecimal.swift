/// Lower-case hexadecimal without Foundation: reports print thousands of addresses.
@inlinable
public func hexadecimal(_ value: UInt64, digits: Int = 0) -> String {
  var text = String(value, radix: 16)
  if text.utf8.count < digits { text = String(repeating: "0", count: digits - text.utf8.count) + text }
  return "0x" + text
}

/// Reads `0x41`, `41h`, `00000041`, `fffff807``5c01faa9` as hexadecimal; nil for anything else or more than 64 bits.
public func parseHexadecimal(_ text: some StringProtocol) -> UInt64? {
  var text = Array(text.utf8)[...]
  if text.first == UInt8(ascii: "0"), let mark = text.dropFirst().first, mark | 0x20 == UInt8(ascii: "x") {
    text = text.dropFirst(2)
  } else if let last = text.last, last | 0x20 == UInt8(ascii: "h") {
    text = text.dropLast()
  }
  let digits = text.lazy.filter { $0 != UInt8(ascii: "`") && $0 != UInt8(ascii: "_") }
  guard !digits.isEmpty else { return nil }
  var value: UInt64 = 0
  for digit in digits {
    let nibble: UInt8
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = digit - UInt8(ascii: "A") + 10
    default: return nil
    }
    guard value >> 60 == 0 else { return nil }
    value = value << 4 | UInt64(nibble)
  }
  return value
}
