import Facts

extension RawSpan {
  /// A little-endian integer at a byte offset; out of bounds is an error that names the offset.
  @inlinable
  public func load<T: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: T.Type = T.self, reading: @autoclosure () -> String = "integer"
  ) throws(ReadError) -> T {
    guard offset >= 0, offset <= byteCount, byteCount - offset >= MemoryLayout<T>.size else {
      throw ReadError(
        .malformed, reading: reading(), at: .file(UInt64(clamping: offset)), expected: "\(MemoryLayout<T>.size) bytes",
        found: "\(Swift.max(0, byteCount - offset)) bytes to the end")
    }
    return T(littleEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: T.self))
  }

  /// As `load`, for places where out of bounds is no error but simply nothing.
  @inlinable
  public func loadIfPresent<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type = T.self) -> T? {
    guard offset >= 0, offset <= byteCount, byteCount - offset >= MemoryLayout<T>.size else { return nil }
    return T(littleEndian: unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: T.self))
  }

  /// Bytes `offset ..< offset + count`; nil where any of them is not there.
  @inlinable
  @_lifetime(copy self)
  public func part(at offset: Int, count: Int) -> RawSpan? {
    guard offset >= 0, count >= 0, offset <= byteCount, byteCount - offset >= count else { return nil }
    return extracting(offset..<(offset + count))
  }

  @inlinable
  public func starts(with bytes: StaticString, at offset: Int = 0) -> Bool {
    let count = bytes.utf8CodeUnitCount
    guard offset >= 0, offset <= byteCount, byteCount - offset >= count else { return false }
    return bytes.withUTF8Buffer { expected in
      for index in 0..<count {
        if unsafe unsafeLoad(fromUncheckedByteOffset: offset + index, as: UInt8.self) != expected[index] {
          return false
        }
      }
      return true
    }
  }

  @inlinable
  public func array(at offset: Int, count: Int) -> [UInt8]? {
    guard let part = part(at: offset, count: count) else { return nil }
    return part.withUnsafeBytes { unsafe Array($0) }
  }
}
