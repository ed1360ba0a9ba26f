/// Little-endian bytes of a file in the making. Writing past the end grows it with zeros; it never traps.
struct ByteBuilder {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// Filled with the four bytes `PAGE`, as the kernel leaves every part of a dump header that it does not write
  /// (all three real dumps at hand: the header's unused fields read 50 41 47 45).
  init(pageFilled count: Int) {
    bytes.reserveCapacity(count)
    let page = Array("PAGE".utf8)
    for index in 0..<max(0, count) { bytes.append(page[index % 4]) }
  }

  init(zeros count: Int) { bytes = [UInt8](repeating: 0, count: max(0, count)) }

  var count: Int { bytes.count }

  mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    grow(to: offset + MemoryLayout<T>.size)
    var rest = value
    for index in 0..<MemoryLayout<T>.size {
      bytes[offset + index] = UInt8(truncatingIfNeeded: rest)
      rest = MemoryLayout<T>.size == 1 ? 0 : rest >> 8
    }
  }

  /// The low four bytes where `width` is 4: a 32-bit kernel's pointer.
  mutating func putPointer(_ value: UInt64, width: Int, at offset: Int) {
    if width == 4 {
      put(UInt32(truncatingIfNeeded: value), at: offset)
    } else {
      put(value, at: offset)
    }
  }

  mutating func put(_ content: some Collection<UInt8>, at offset: Int) {
    grow(to: offset + content.count)
    bytes.replaceSubrange(offset..<offset + content.count, with: content)
  }

  mutating func append<T: FixedWidthInteger>(_ value: T) { put(value, at: count) }

  mutating func append(_ content: some Collection<UInt8>) { bytes.append(contentsOf: content) }

  /// Zeros up to the next multiple; the offset reached.
  @discardableResult
  mutating func align(to multiple: Int) -> Int {
    while count % multiple != 0 { bytes.append(0) }
    return count
  }

  mutating func grow(to size: Int) {
    if size > bytes.count { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
  }

  mutating func truncate(to size: Int) {
    if size < bytes.count { bytes.removeLast(bytes.count - max(0, size)) }
  }
}
