import ByteReading

/// Where an SMB message ends by what its own fields say, whatever the header before it claims.
enum OwnLength: Equatable {
  /// More of its beginning is needed to tell.
  case needsMore
  /// The fields of the last command, which begins here, do not say.
  case unknown(from: Int)
  case ends(Int)

  /// `bytes`: the message from its signature on, as far as it is there; `stated`: as long as the header says.
  init(_ bytes: RawSpan, stated: Int, limit: Int) {
    self = .needsMore
    guard bytes.byteCount >= 4 else { return }
    switch bytes.byte(0) {
    case 0xFF: self = Self.first(bytes, stated, limit)
    case 0xFE: self = Self.second(bytes, stated, limit)
    case 0xFD:
      // [MS-SMB2] 2.2.41: the size of the message inside.
      self = bytes.byteCount >= 40 ? .ends(52 + Int(bytes.little32(36))) : .needsMore
    // Compressed: what is inside may look like anything.
    default: self = .unknown(from: .max)
    }
  }

  private static func short(_ bytes: RawSpan, _ limit: Int, from: Int = 0) -> OwnLength {
    bytes.byteCount >= limit ? .unknown(from: from) : .needsMore
  }

  /// SMB1: blocks of words and bytes, chained where the command allows it ([MS-CIFS] 2.2.3).
  private static func first(_ bytes: RawSpan, _ stated: Int, _ limit: Int) -> OwnLength {
    guard bytes.byteCount >= 33 else { return short(bytes, limit) }
    let isResponse = bytes.byte(9) & 0x80 != 0
    var command = bytes.byte(4)
    var block = 32
    var end = 0
    for _ in 0..<CaptureLimits.chainedCommands {
      guard bytes.byteCount > block else { return short(bytes, limit) }
      let words = Int(bytes.byte(block))
      let count = block + 1 + 2 * words
      // It ends behind its words at the earliest.
      if count + 2 > stated { return .ends(max(end, count + 2)) }
      guard bytes.byteCount >= count + 2 else { return short(bytes, limit) }
      let byteCount = bytes.little16(count)
      // Windows answers NT_CREATE_ANDX with a count of words and bytes that were never set (seen from Server 2003 to 2008).
      if command != 0xA2 || !isResponse { end = max(end, count + 2 + byteCount) }
      let word = block + 1
      // Data behind what 16 bits can count: reads and writes of large blocks.
      if command == 0x2E, isResponse, words == 12 {
        let data = bytes.little16(word + 10) | bytes.little16(word + 14) << 16
        end = max(end, bytes.little16(word + 12) + data)
      } else if command == 0x2F, !isResponse, words == 12 || words == 14 {
        let data = bytes.little16(word + 20) | bytes.little16(word + 18) << 16
        end = max(end, bytes.little16(word + 22) + data)
      }
      guard SMB1.isChained(command), words >= 2, bytes.byte(word) != 0xFF else {
        return command == 0xA2 && isResponse ? .unknown(from: block) : .ends(end)
      }
      let next = bytes.little16(word + 2)
      guard next >= count + 2 else { return .ends(end) }
      command = bytes.byte(word)
      block = next
    }
    return .unknown(from: block)
  }

  /// SMB2: of a chain the last command counts.
  private static func second(_ bytes: RawSpan, _ stated: Int, _ limit: Int) -> OwnLength {
    var start = 0
    for _ in 0..<CaptureLimits.chainedCommands {
      guard bytes.byteCount >= start + 68 else { return short(bytes, limit, from: start) }
      let next = Int(bytes.little32(start + 20))
      if next == 0 { break }
      guard next >= 64, next <= stated - start else { return .unknown(from: start) }
      start += next
    }
    // The fixed part of a body is as long as it says; an odd size counts one byte of what is variable.
    guard bytes.byteCount >= start + 68 else { return short(bytes, limit, from: start) }
    let body = start + 64
    let size = bytes.little16(body)
    guard (2...128).contains(size) else { return .unknown(from: start) }
    guard bytes.byteCount >= body + size & ~1 else { return short(bytes, limit, from: start) }
    let isResponse = bytes.byte(start + 16) & 1 != 0
    guard let parts = SMB2Body.parts(bytes.little16(start + 12), isResponse: isResponse, size: size) else {
      return .unknown(from: start)
    }
    var end = body + size & ~1
    for part in parts {
      let length = part.isWide ? Int(bytes.little32(body + part.length)) : bytes.little16(body + part.length)
      if length == 0 { continue }
      let offset =
        switch part.offset {
        case .byteAt(let place): Int(bytes.byte(body + place))
        case .at(let place): bytes.little16(body + place)
        case .wideAt(let place): Int(bytes.little32(body + place))
        case .fixed(let place): 64 + place
        }
      end = max(end, start + offset + length)
    }
    return .ends(end)
  }
}

/// Where the commands of SMB2 say what follows their fixed part ([MS-SMB2] 2.2.3 to 2.2.40).
enum SMB2Body {
  enum Offset {
    case at(Int)
    case byteAt(Int)
    case wideAt(Int)
    /// No field: right behind, counted from the body.
    case fixed(Int)
  }

  struct Part {
    var offset: Offset
    var length: Int
    var isWide: Bool
  }

  /// Fields from the body on; nil where the command is not known to say, or has another size than it should.
  @inline(__always)
  static func parts(_ command: Int, isResponse: Bool, size: Int) -> [Part]? {
    // Errors: a count, and as many bytes.
    if isResponse, size == 9, command != 1, command != 14, command != 15, command != 16 { return errors }
    switch (command, isResponse, size) {
    case (1, false, 25): return setup
    case (1, true, 9): return share
    // An error's count stands where the length would, and nothing at the offset.
    case (14, true, 9), (15, true, 9), (16, true, 9): return written
    case (3, false, 9): return share
    case (5, false, 57): return create
    case (5, true, 89): return created
    case (8, true, 17): return data
    case (9, false, 49): return written
    case (11, false, 57): return control
    case (11, true, 49): return controlled
    case (14, false, 33): return directory
    case (17, false, 33): return information
    case (2, _, 4), (4, _, 4), (7, true, 4), (12, _, 4), (13, _, 4), (7, false, 24), (6, false, 24), (6, true, 60),
      (3, true, 16), (15, false, 32), (17, true, 2), (9, true, 17):
      return []
    default: return nil
    }
  }

  private static let errors = [Part(offset: .fixed(8), length: 4, isWide: true)]
  private static let setup = [Part(offset: .at(12), length: 14, isWide: false)]
  private static let share = [Part(offset: .at(4), length: 6, isWide: false)]
  private static let create = [
    Part(offset: .at(44), length: 46, isWide: false), Part(offset: .wideAt(48), length: 52, isWide: true),
  ]
  private static let created = [Part(offset: .wideAt(80), length: 84, isWide: true)]
  // One byte, and a reserved one behind it that is not always zero.
  private static let data = [Part(offset: .byteAt(2), length: 4, isWide: true)]
  private static let written = [Part(offset: .at(2), length: 4, isWide: true)]
  private static let control = [
    Part(offset: .wideAt(24), length: 28, isWide: true), Part(offset: .wideAt(36), length: 40, isWide: true),
  ]
  private static let controlled = [
    Part(offset: .wideAt(24), length: 28, isWide: true), Part(offset: .wideAt(32), length: 36, isWide: true),
  ]
  private static let directory = [Part(offset: .at(24), length: 26, isWide: false)]
  private static let information = [Part(offset: .at(8), length: 4, isWide: true)]
}
