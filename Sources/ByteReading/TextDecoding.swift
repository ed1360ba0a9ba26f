/// Text from bytes whose encoding the evidence does not state.
public enum TextEncoding: String, Hashable, Sendable {
  case utf8 = "UTF-8"
  case utf16LittleEndian = "UTF-16LE"
  case utf16BigEndian = "UTF-16BE"
  case windows1252 = "windows-1252"
}

/// Decodes text as people's files have it: a byte-order mark decides; else valid UTF-8; else UTF-16 where every other byte
/// is zero; else Windows code page 1252. Never fails: cp1252's five undefined bytes become the C1 controls, as browsers do.
public func decodeText(_ bytes: [UInt8]) -> (text: String, encoding: TextEncoding) {
  if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
    return (String(decoding: bytes[3...], as: UTF8.self), .utf8)
  }
  if bytes.starts(with: [0xFF, 0xFE]) { return (decodeUTF16(bytes[2...]), .utf16LittleEndian) }
  if bytes.starts(with: [0xFE, 0xFF]) { return (decodeUTF16(bytes[2...], bigEndian: true), .utf16BigEndian) }
  let head = bytes.prefix(512)
  if head.count >= 8 {
    var zeros = (even: 0, odd: 0)
    for (index, byte) in head.enumerated() where byte == 0 {
      if index & 1 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
    }
    if zeros.odd * 10 > head.count * 4, zeros.even == 0 { return (decodeUTF16(bytes[...]), .utf16LittleEndian) }
    if zeros.even * 10 > head.count * 4, zeros.odd == 0 {
      return (decodeUTF16(bytes[...], bigEndian: true), .utf16BigEndian)
    }
  }
  if let text = String(validating: bytes, as: UTF8.self) { return (text, .utf8) }
  return (decodeWindows1252(bytes), .windows1252)
}

/// UTF-16 code units as text; unpaired surrogates become U+FFFD, a last odd byte is dropped.
public func decodeUTF16(_ bytes: some Collection<UInt8>, bigEndian: Bool = false) -> String {
  var units: [UInt16] = []
  units.reserveCapacity(bytes.count / 2)
  var iterator = bytes.makeIterator()
  while let first = iterator.next(), let second = iterator.next() {
    units.append(bigEndian ? UInt16(first) << 8 | UInt16(second) : UInt16(second) << 8 | UInt16(first))
  }
  return String(decoding: units, as: UTF16.self)
}

/// Code page 1252 (table: public mapping file of the Unicode consortium, CP1252.TXT).
public func decodeWindows1252(_ bytes: some Sequence<UInt8>) -> String {
  var text: [UInt8] = []
  text.reserveCapacity(bytes.underestimatedCount)
  for byte in bytes {
    if byte < 0x80 {
      text.append(byte)
    } else if byte >= 0xA0 {
      text.append(0xC0 | byte >> 6)
      text.append(0x80 | byte & 0x3F)
    } else {
      text.append(contentsOf: windows1252High[Int(byte - 0x80)])
    }
  }
  return String(decoding: text, as: UTF8.self)
}

/// 0x80 to 0x9F in UTF-8.
private let windows1252High: [[UInt8]] = windows1252HighUnits.map { unit in
  Array(String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8)
}

private let windows1252HighUnits: [UInt16] = [
  0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
  0x017D,
  0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153,
  0x009D,
  0x017E, 0x0178,
]
