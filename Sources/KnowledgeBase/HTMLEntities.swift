import ByteReading

/// Characters that a page spells out: `&amp;`, `&#8211;`, `&#x2013;`.
enum HTMLEntities {
  /// Those that articles were seen to use, and the letters of western languages. Source: the HTML standard, "Named character
  /// references".
  private static let named: [String: UInt32] = {
    var table: [String: UInt32] = [
      "amp": 0x26, "lt": 0x3C, "gt": 0x3E, "quot": 0x22, "apos": 0x27, "nbsp": 0xA0, "bull": 0x2022, "hellip": 0x2026,
      "ndash": 0x2013, "mdash": 0x2014, "lsquo": 0x2018, "rsquo": 0x2019, "ldquo": 0x201C, "rdquo": 0x201D,
      "sbquo": 0x201A, "bdquo": 0x201E, "lsaquo": 0x2039, "rsaquo": 0x203A, "trade": 0x2122, "euro": 0x20AC,
      "larr": 0x2190, "uarr": 0x2191, "rarr": 0x2192, "darr": 0x2193, "le": 0x2264, "ge": 0x2265, "ne": 0x2260,
      "minus": 0x2212, "ensp": 0x2002, "emsp": 0x2003, "thinsp": 0x2009, "infin": 0x221E,
    ]
    let latin = [
      "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy", "reg",
      "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm", "raquo",
      "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil",
      "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute",
      "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig",
      "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml",
      "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide",
      "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
    ]
    for (index, name) in latin.enumerated() { table[name] = 0xA1 + UInt32(index) }
    return table
  }()

  /// The character that begins with the `&` at an offset, and where it ends; nil where the sign stands for itself. The
  /// semicolon may be missing, as browsers allow, where no letter or digit follows.
  static func read(_ bytes: [UInt8], _ start: Int) -> (Unicode.Scalar, end: Int)? {
    var offset = start + 1
    guard offset < bytes.count else { return nil }
    if bytes[offset] == 0x23 {
      offset += 1
      let isHex = offset < bytes.count && bytes[offset].folded == 0x78
      if isHex { offset += 1 }
      var value: UInt32 = 0
      let first = offset
      while offset < bytes.count, offset - first < 8, isHex ? bytes[offset].isHexDigit : bytes[offset].isDigit {
        let digit = bytes[offset].isDigit ? UInt32(bytes[offset] - 0x30) : UInt32(bytes[offset].folded - 0x61) + 10
        value = value * (isHex ? 16 : 10) + digit
        offset += 1
      }
      guard offset > first else { return nil }
      return (scalar(value), end(bytes, offset))
    }
    while offset < bytes.count, offset - start <= 8, bytes[offset].isAlphanumeric { offset += 1 }
    let name = String(decoding: bytes[(start + 1)..<offset], as: UTF8.self)
    guard let value = named[name] ?? named[name.lowercased()] else { return nil }
    return (scalar(value), end(bytes, offset))
  }

  private static func end(_ bytes: [UInt8], _ offset: Int) -> Int {
    offset < bytes.count && bytes[offset] == 0x3B ? offset + 1 : offset
  }

  /// Numbers 128 to 159 mean code page 1252, as pages of the time wrote them and browsers read them.
  private static func scalar(_ value: UInt32) -> Unicode.Scalar {
    if (0x80...0x9F).contains(value), let byte = UInt8(exactly: value) {
      return decodeWindows1252([byte]).unicodeScalars.first ?? "\u{FFFD}"
    }
    guard value >= 0x20 || value == 0x0A || value == 0x09 else { return " " }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}
