/// The four bytes an allocation is tagged with, in memory order: `Mdl ` is 4D 64 6C 20.
@frozen
public struct PoolTag: Hashable, Sendable, CustomStringConvertible {
  /// Little-endian load of the four bytes; in a pool header bit 31 may be set (PROTECTED_POOL), which is not part of the tag.
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// From text of one to four characters; shorter tags are padded with spaces, as the kernel and poolmon do.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard (1...4).contains(bytes.count) else { return nil }
    var value: UInt32 = 0
    for index in 0..<4 {
      value |= UInt32(index < bytes.count ? bytes[index] : 0x20) << UInt32(8 * index)
    }
    rawValue = value
  }

  /// Printable form; bytes outside ASCII's printable range become `.`, trailing spaces go.
  public var description: String {
    var text = ""
    for shift in [0, 8, 16, 24] as [UInt32] {
      let byte = UInt8(truncatingIfNeeded: rawValue >> shift)
      text.unicodeScalars.append(
        (0x20...0x7E).contains(byte) ? Unicode.Scalar(byte) : Unicode.Scalar(UInt8(ascii: ".")))
    }
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}
