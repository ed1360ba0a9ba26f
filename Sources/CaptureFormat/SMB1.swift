import ByteReading

/// What of SMB1 is read; numbers of [MS-CIFS] 2.2.2 and 2.2.4.
enum SMB1 {
  static let headerBytes = 32
  /// Header, count of words, count of bytes.
  static let shortest = 35

  static let readRaw: UInt8 = 0x1A
  static let writeRaw: UInt8 = 0x1D
  static let transaction: UInt8 = 0x25
  static let transaction2: UInt8 = 0x32
  static let negotiate: UInt8 = 0x72
  static let sessionSetup: UInt8 = 0x73
  static let treeConnect: UInt8 = 0x75
  static let ntTransact: UInt8 = 0xA0

  static let getReferral = 0x10
  static let notifyChange = 4

  /// Commands whose first words say which command follows in the same message.
  @inline(__always)
  static func isChained(_ command: UInt8) -> Bool {
    switch command {
    case 0x24, 0x2D, 0x2E, 0x2F, 0x73, 0x74, 0x75, 0xA2: true
    default: false
    }
  }
}

/// How much of a message is kept: its content where that is read.
enum SMBContent {
  /// The shortest message behind a signature that begins with this byte.
  static func least(_ first: UInt8) -> Int {
    switch first {
    case 0xFF: SMB1.shortest
    case 0xFE: 64
    case 0xFD: 52
    default: 16
    }
  }

  static func wanted(_ message: RawSpan) -> Int {
    switch message.byte(0) {
    case 0xFF:
      switch message.byte(4) {
      case SMB1.transaction, SMB1.transaction2, SMB1.ntTransact, SMB1.sessionSetup, SMB1.negotiate, SMB1.treeConnect:
        CaptureLimits.messageContent
      default: CaptureLimits.messageHead
      }
    case 0xFE:
      switch message.little16(12) {
      case 0, 1, 3, 11, 15: CaptureLimits.messageContent
      default: CaptureLimits.messageHead
      }
    default: CaptureLimits.messageHead
    }
  }
}

/// Strings of SMB: UTF-16 or a code page, ended by zero.
struct SMBStrings: ~Escapable {
  let bytes: RawSpan
  var offset: Int
  let end: Int
  let isUnicode: Bool

  /// Offsets count from the SMB header, to which UTF-16 is aligned.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at offset: Int, end: Int, isUnicode: Bool) {
    self.bytes = bytes
    self.offset = offset
    self.end = min(end, bytes.byteCount)
    self.isUnicode = isUnicode
  }

  @_lifetime(self: copy self)
  mutating func next() -> String? {
    if isUnicode {
      offset += offset & 1
      guard offset < end else { return nil }
      let (text, count) = SMBText.utf16(bytes, at: offset, end: end)
      offset += count
      return text
    }
    guard offset < end else { return nil }
    let (text, count) = SMBText.narrow(bytes, at: offset, end: end)
    offset += count
    return text
  }
}

enum SMBText {
  /// Text up to a zero or the end, and the bytes it takes with the zero.
  static func utf16(_ bytes: RawSpan, at start: Int, end: Int) -> (String, Int) {
    var units: [UInt16] = []
    var offset = start
    while offset + 2 <= end {
      let unit = UInt16(truncatingIfNeeded: bytes.little16(offset))
      offset += 2
      if unit == 0 { break }
      if units.count < CaptureLimits.nameUnits { units.append(unit) }
    }
    // A last odd byte belongs to nothing.
    if offset + 1 == end, units.isEmpty { offset = end }
    return (String(decoding: units, as: UTF16.self), max(offset - start, 1))
  }

  static func narrow(_ bytes: RawSpan, at start: Int, end: Int) -> (String, Int) {
    var result: [UInt8] = []
    var offset = start
    while offset < end {
      let byte = bytes.byte(offset)
      offset += 1
      if byte == 0 { break }
      if result.count < CaptureLimits.nameUnits { result.append(byte) }
    }
    return (String(validating: result, as: UTF8.self) ?? decodeWindows1252(result), max(offset - start, 1))
  }
}
