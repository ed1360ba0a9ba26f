import ByteReading

/// The internet checksum (RFC 1071), as a sum that is folded at the end.
enum Checksum {
  /// Sum of 16-bit words as they lie in memory, an odd last byte padded with zero.
  @inline(__always)
  static func sum(_ bytes: RawSpan, _ initial: UInt64 = 0) -> UInt64 {
    var sum = initial
    var offset = 0
    let count = bytes.byteCount
    // Words of 32 bits into 64: no carry is lost below 4 GiB of input.
    while count - offset >= 16 {
      let a = UInt64(bytes.little32(offset)) &+ UInt64(bytes.little32(offset + 4))
      let b = UInt64(bytes.little32(offset + 8)) &+ UInt64(bytes.little32(offset + 12))
      sum &+= a &+ b
      offset += 16
    }
    while count - offset >= 2 {
      sum &+= UInt64(bytes.little16(offset))
      offset += 2
    }
    if offset < count { sum &+= UInt64(bytes.byte(offset)) }
    return sum
  }

  /// Folded to 16 bits in network byte order.
  @inline(__always)
  static func folded(_ sum: UInt64) -> UInt16 {
    var sum = (sum & 0xFFFF_FFFF) &+ (sum >> 32)
    while sum >> 16 != 0 { sum = (sum & 0xFFFF) &+ (sum >> 16) }
    return UInt16(truncatingIfNeeded: sum).byteSwapped
  }

  /// Addresses, protocol and length in front of TCP and UDP, as words in memory order.
  @inline(__always)
  static func pseudoHeader(_ source: NetworkAddress, _ destination: NetworkAddress, _ number: Int, _ length: Int)
    -> UInt64
  {
    func words(_ value: UInt64) -> UInt64 {
      let swapped = value.byteSwapped
      return (swapped & 0xFFFF_FFFF) &+ (swapped >> 32)
    }
    return words(source.high) &+ words(source.low) &+ words(destination.high) &+ words(destination.low)
      &+ words(UInt64(number)) &+ words(UInt64(length))
  }
}
