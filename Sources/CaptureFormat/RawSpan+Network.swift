import ByteReading

/// Fields of packets. Callers check lengths first; a byte that is not there reads as zero and never traps.
extension RawSpan {
  @inline(__always)
  func byte(_ offset: Int) -> UInt8 { loadIfPresent(at: offset, as: UInt8.self) ?? 0 }

  @inline(__always)
  func big16(_ offset: Int) -> Int { Int((loadIfPresent(at: offset, as: UInt16.self) ?? 0).byteSwapped) }

  @inline(__always)
  func big32(_ offset: Int) -> UInt32 { (loadIfPresent(at: offset, as: UInt32.self) ?? 0).byteSwapped }

  @inline(__always)
  func big64(_ offset: Int) -> UInt64 { (loadIfPresent(at: offset, as: UInt64.self) ?? 0).byteSwapped }

  @inline(__always)
  func little16(_ offset: Int) -> Int { Int(loadIfPresent(at: offset, as: UInt16.self) ?? 0) }

  @inline(__always)
  func little32(_ offset: Int) -> UInt32 { loadIfPresent(at: offset, as: UInt32.self) ?? 0 }

  @inline(__always)
  func little64(_ offset: Int) -> UInt64 { loadIfPresent(at: offset, as: UInt64.self) ?? 0 }

  /// Six bytes of an address on the wire.
  @inline(__always)
  func hardware(_ offset: Int) -> UInt64 { UInt64(big16(offset)) << 32 | UInt64(big32(offset + 2)) }

  /// From `offset` on; empty where that is beyond the end.
  @inline(__always)
  @_lifetime(copy self)
  func from(_ offset: Int) -> RawSpan {
    extracting(Swift.min(Swift.max(0, offset), byteCount)..<byteCount)
  }

  /// At most `count` bytes from the beginning.
  @inline(__always)
  @_lifetime(copy self)
  func first(_ count: Int) -> RawSpan { extracting(0..<Swift.min(Swift.max(0, count), byteCount)) }

  func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
    let from = Swift.min(Swift.max(0, offset), byteCount)
    return array(at: from, count: Swift.min(Swift.max(0, count), byteCount - from)) ?? []
  }
}
