/// File names are bytes, most of them UTF-8. Here a path is text in which each byte that is no part of UTF-8 stands as a scalar
/// of plane 16's private use, so that every path survives being text, and comes out byte for byte.
public enum PathText {
  /// Scalars U+10FE80 … U+10FEFF stand for the bytes 80 … FF.
  private static let base: UInt32 = 0x10FE00

  public static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: { byte($0) != nil }) {
      return text
    }
    var rest = Array(bytes)[...]
    var text = String.UnicodeScalarView()
    while let first = rest.first {
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      if let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first, byte(scalar) == nil
      {
        text.append(scalar)
        rest = rest.dropFirst(length)
      } else {
        // A reserved scalar in a real name goes the same way, byte by byte.
        text.append(Unicode.Scalar(base + UInt32(first)) ?? "\u{FFFD}")
        rest = rest.dropFirst()
      }
    }
    return String(text)
  }

  public static func bytes(_ text: String) -> [UInt8] {
    guard text.unicodeScalars.contains(where: { byte($0) != nil }) else { return Array(text.utf8) }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if let byte = byte(scalar) { bytes.append(byte) } else { bytes += Array(String(scalar).utf8) }
    }
    return bytes
  }

  /// The byte that a scalar stands for; nil for all other scalars.
  public static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    (base + 0x80...base + 0xFF).contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
  }

  /// The path as the system's calls take it.
  public static func withCString<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    // The array's elements stay where they are for the time of the call.
    unsafe body(bytes(text).map { CChar(bitPattern: $0) } + [0])
  }

  /// Order of the bytes, which is the same on every machine.
  public static func precedes(_ a: String, _ b: String) -> Bool { bytes(a).lexicographicallyPrecedes(bytes(b)) }
}
