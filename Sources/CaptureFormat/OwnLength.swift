import ByteReading

/// Where an SMB message ends by what its own fields say, whatever the header before it claims.
enum OwnLength: Equatable {
  /// More of its beginning is needed to tell.
  case needsMore
  /// The command's fields do not say.
  case unknown
  case ends(Int)

  /// `bytes`: the message from its signature on, as far as it is there; `stated`: as long as the header says.
  init(_ bytes: RawSpan, stated: Int, limit: Int) {
    self = .needsMore
    guard bytes.byteCount >= 4 else { return }
    switch bytes.byte(0) {
    case 0xFF: self = Self.first(bytes, limit)
    case 0xFE: self = Self.second(bytes, stated, limit)
    case 0xFD:
      // [MS-SMB2] 2.2.41: the size of the message inside.
      self = bytes.byteCount >= 40 ? .ends(52 + Int(bytes.little32(36))) : .needsMore
    default: self = .unknown
    }
  }

  private static func short(_ bytes: RawSpan, _ limit: Int) -> OwnLength {
    bytes.byteCount >= limit ? .unknown : .needsMore
  }

  /// SMB1: blocks of words and bytes, chained where the command allows it ([MS-CIFS] 2.2.3).
  private static func first(_ bytes: RawSpan, _ limit: Int) -> OwnLength {
    guard bytes.byteCount >= 33 else { return short(bytes, limit) }
    let isResponse = bytes.byte(9) & 0x80 != 0
    var command = bytes.byte(4)
    var block = 32
    var end = 0
    for _ in 0..<CaptureLimits.chainedCommands {
      guard bytes.byteCount > block else { return short(bytes, limit) }
      let words = Int(bytes.byte(block))
      let count = block + 1 + 2 * words
      guard bytes.byteCount >= count + 2 else { return short(bytes, limit) }
      let byteCount = bytes.little16(count)
      end = max(end, count + 2 + byteCount)
      let word = block + 1
      // Data behind what 16 bits can count: reads and writes of large blocks.
      if command == 0x2E, isResponse, words == 12 {
        let data = bytes.little16(word + 10) | bytes.little16(word + 14) << 16
        end = max(end, bytes.little16(word + 12) + data)
      } else if command == 0x2F, !isResponse, words == 12 || words == 14 {
        let data = bytes.little16(word + 20) | bytes.little16(word + 18) << 16
        end = max(end, bytes.little16(word + 22) + data)
      }
      guard SMB1.isChained(command), words >= 2, bytes.byte(word) != 0xFF else { return .ends(end) }
      let next = bytes.little16(word + 2)
      guard next >= count + 2 else { return .ends(end) }
      command = bytes.byte(word)
      block = next
    }
    return .unknown
  }

  /// SMB2: only reads and writes say how much follows; of a chain the last command counts.
  private static func second(_ bytes: RawSpan, _ stated: Int, _ limit: Int) -> OwnLength {
    var start = 0
    for _ in 0..<CaptureLimits.chainedCommands {
      guard bytes.byteCount >= start + 72 else { return short(bytes, limit) }
      let next = Int(bytes.little32(start + 20))
      if next == 0 { break }
      guard next >= 64, next <= stated - start else { return .unknown }
      start += next
    }
    guard bytes.byteCount >= start + 72 else { return short(bytes, limit) }
    let command = bytes.little16(start + 12)
    let isResponse = bytes.byte(start + 16) & 1 != 0
    let body = start + 64
    let size = bytes.little16(body)
    if command == 8, isResponse, size == 17, bytes.little32(start + 8) == 0 {
      return .ends(start + Int(bytes.byte(body + 2)) + Int(bytes.little32(body + 4)))
    }
    if command == 9, !isResponse, size == 49, bytes.byte(body + 2) != 0 || bytes.byte(body + 3) != 0 {
      return .ends(start + bytes.little16(body + 2) + Int(bytes.little32(body + 4)))
    }
    return .unknown
  }
}
