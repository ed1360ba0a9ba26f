import ByteReading
import Facts

/// Names in the encoding of RFC 1001, 14: sixteen bytes as 32 letters from A to P, then labels of a scope.
enum NetBIOSName {
  enum Fault: Equatable {
    case label(Int)
    case letter(UInt8)
    case pointer
    case cut
  }

  enum Result {
    /// The name without padding and its last byte, and where the bytes behind it begin.
    case name([UInt8], suffix: UInt8, end: Int)
    /// Where the bytes behind it begin is known where only its letters are wrong.
    case fault(Fault, at: Int, end: Int?)
  }

  static let longest = 255

  /// Reads the name at an offset; pointers lead backwards only.
  static func read(_ bytes: RawSpan, at start: Int, allowsPointers: Bool) -> Result {
    var offset = start
    var end: Int?
    var jumps = 0
    while bytes.byte(offset) & 0xC0 == 0xC0 {
      guard allowsPointers, offset + 2 <= bytes.byteCount else { return .fault(.pointer, at: offset, end: nil) }
      let target = bytes.big16(offset) & 0x3FFF
      end = end ?? offset + 2
      jumps += 1
      guard target < offset, jumps <= 8 else { return .fault(.pointer, at: offset, end: nil) }
      offset = target
    }
    guard offset < bytes.byteCount else { return .fault(.cut, at: offset, end: nil) }
    let length = Int(bytes.byte(offset))
    guard length == 32 else { return .fault(.label(length), at: offset, end: nil) }
    guard offset + 33 <= bytes.byteCount else { return .fault(.cut, at: offset, end: nil) }
    var name: [UInt8] = []
    var wrong: (Fault, Int)?
    for index in 0..<16 {
      let high = bytes.byte(offset + 1 + 2 * index)
      let low = bytes.byte(offset + 2 + 2 * index)
      if !(0x41...0x50).contains(high) { wrong = wrong ?? (.letter(high), offset + 1 + 2 * index) }
      if !(0x41...0x50).contains(low) { wrong = wrong ?? (.letter(low), offset + 2 + 2 * index) }
      name.append((high &- 0x41) << 4 | (low &- 0x41) & 15)
    }
    offset += 33
    // The scope: labels up to an empty one or a pointer.
    while true {
      guard offset < bytes.byteCount, offset - start <= longest || end != nil else {
        return .fault(.cut, at: offset, end: nil)
      }
      let label = bytes.byte(offset)
      if label == 0 {
        offset += 1
        break
      }
      if label & 0xC0 == 0xC0 {
        offset += 2
        break
      }
      guard label < 64 else { return .fault(.label(Int(label)), at: offset, end: nil) }
      offset += 1 + Int(label)
    }
    if let (fault, at) = wrong { return .fault(fault, at: at, end: end ?? offset) }
    let suffix = name.removeLast()
    while let last = name.last, last == 0x20 || last == 0 { name.removeLast() }
    return .name(name, suffix: suffix, end: end ?? offset)
  }

  static func expected(_ fault: Fault) -> (expected: String, found: String) {
    switch fault {
    case .label(let length): ("a first label of 32 bytes", "\(length)")
    case .letter(let byte): ("a letter from A to P", hexadecimal(UInt64(byte), digits: 2))
    case .pointer: ("a pointer to earlier bytes", "one that leads elsewhere")
    case .cut: ("a whole name", "the end of the message")
    }
  }
}
