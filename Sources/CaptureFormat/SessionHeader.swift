import ByteReading

/// The four bytes before every message of the session service (RFC 1002, 4.3) and of direct SMB ([MS-SMB2] 2.1).
struct SessionHeader {
  static let bytes = 4
  /// Header, and the first four bytes of what it carries.
  static let anchoredBytes = 8
  /// The shortest SMB1 header ([MS-CIFS] 2.2.3.1).
  static let shortestSMB = 32
  /// 17 bits: what the session service can say.
  static let largestSession = 0x1_FFFF

  var type: UInt8
  /// Without the bit that extends the length.
  var reservedFlags: UInt8
  var length: Int

  init(_ bytes: RawSpan, at offset: Int, isDirect: Bool) {
    type = bytes.byte(offset)
    let flags = bytes.byte(offset + 1)
    if isDirect {
      reservedFlags = 0
      length = Int(flags) << 16 | bytes.big16(offset + 2)
    } else {
      reservedFlags = flags & 0xFE
      length = Int(flags & 1) << 16 | bytes.big16(offset + 2)
    }
  }

  var isMessage: Bool { type == 0 }
  var isControl: Bool { type >= 0x81 && type <= 0x85 }

  /// Session request: two encoded names; positive response and keep-alive: nothing; negative response: a code; retarget
  /// response: an address and a port.
  var expectedLength: ClosedRange<Int>? {
    switch type {
    // Names without a scope take 34 bytes each; scopes are at most 221 more (RFC 1002, 4.1).
    case 0x81: 2...512
    case 0x82, 0x85: 0...0
    case 0x83: 1...1
    case 0x84: 6...6
    default: nil
    }
  }

  var isWellFormedControl: Bool { reservedFlags == 0 && (expectedLength?.contains(length) ?? false) }
  /// A message whose length can hold an SMB header.
  var isPlainMessage: Bool { isMessage && reservedFlags == 0 && length >= Self.shortestSMB }

  /// 0xFF, 0xFE, 0xFD or 0xFC and `SMB`: SMB1, SMB2, its encrypted and its compressed form.
  @inline(__always)
  static func isSignature(_ word: UInt32) -> Bool { word & 0x00FF_FFFF == 0x0053_4D42 && word >> 24 >= 0xFC }
}
