/// Bytes of memory read as network protocols lay them out: numbers most significant byte first. What is not there is nil.
struct NetworkBytes: Sendable {
  let bytes: [UInt8]

  var count: Int { bytes.count }

  func byte(_ offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

  func big16(_ offset: Int) -> UInt16? {
    guard offset >= 0, offset <= bytes.count - 2 else { return nil }
    return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
  }

  func big32(_ offset: Int) -> UInt32? {
    guard let high = big16(offset), let low = big16(offset + 2) else { return nil }
    return UInt32(high) << 16 | UInt32(low)
  }

  func little16(_ offset: Int) -> UInt16? { big16(offset)?.byteSwapped }
  func little32(_ offset: Int) -> UInt32? { big32(offset)?.byteSwapped }

  func starts(with expected: [UInt8], at offset: Int) -> Bool {
    guard offset >= 0, offset <= bytes.count - expected.count else { return false }
    return expected.indices.allSatisfy { bytes[offset + $0] == expected[$0] }
  }

  func isZero(_ range: Range<Int>) -> Bool {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
    return range.allSatisfy { bytes[$0] == 0 }
  }

  /// The Internet checksum's sum over a range, folded (RFC 1071); 0xFFFF where the bytes hold their own valid checksum.
  func internetSum(_ range: Range<Int>, start: UInt32 = 0) -> UInt16 {
    var sum = UInt64(start)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let low = offset + 1 < range.upperBound ? bytes[offset + 1] : 0
      sum += UInt64(UInt16(bytes[offset]) << 8 | UInt16(low))
      offset += 2
    }
    while sum > 0xFFFF { sum = (sum & 0xFFFF) + sum >> 16 }
    return UInt16(truncatingIfNeeded: sum)
  }
}
