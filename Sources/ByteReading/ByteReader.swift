import Facts

/// A cursor over bytes that knows where in the file it stands; every read is bounds-checked and moves on only when it succeeds.
public struct ByteReader: ~Escapable {
  public let bytes: RawSpan
  /// Where `bytes` begins in the file.
  public let start: UInt64
  /// Bytes from the beginning of `bytes`.
  public var offset: Int { cursor }
  @usableFromInline var cursor: Int

  @inlinable
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, start: UInt64 = 0) {
    self.bytes = bytes
    self.start = start
    cursor = 0
  }

  public var position: UInt64 { start &+ UInt64(clamping: offset) }
  public var remaining: Int { bytes.byteCount - offset }

  @_lifetime(self: copy self)
  public mutating func seek(to offset: Int, reading: @autoclosure () -> String = "offset") throws(ReadError) {
    guard offset >= 0, offset <= bytes.byteCount else {
      throw ReadError(
        .malformed, reading: reading(), at: .file(position), expected: "an offset within \(bytes.byteCount) bytes",
        found: String(offset))
    }
    cursor = offset
  }

  @_lifetime(self: copy self)
  public mutating func skip(_ count: Int, reading: @autoclosure () -> String = "padding") throws(ReadError) {
    guard count >= 0, count <= remaining else { throw short(count, reading()) }
    cursor += count
  }

  @_lifetime(self: copy self)
  public mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type = T.self, _ reading: @autoclosure () -> String = "integer"
  ) throws(ReadError) -> T {
    guard let value = bytes.loadIfPresent(at: offset, as: T.self) else {
      throw short(MemoryLayout<T>.size, reading())
    }
    cursor += MemoryLayout<T>.size
    return value
  }

  /// A pointer of 4 or 8 bytes, zero-extended.
  @_lifetime(self: copy self)
  public mutating func readPointer(
    size: Int, _ reading: @autoclosure () -> String = "pointer"
  ) throws(ReadError) -> UInt64 {
    size == 4 ? UInt64(try read(UInt32.self, reading())) : try read(UInt64.self, reading())
  }

  private func short(_ count: Int, _ reading: String) -> ReadError {
    ReadError(
      .malformed, reading: reading, at: .file(position), expected: "\(count) bytes", found: "\(remaining) to the end")
  }
}
