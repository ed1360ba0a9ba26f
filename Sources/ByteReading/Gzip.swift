import Facts

/// Files compressed by gzip (RFC 1952), which capture tools write and read as they do plain ones.
public enum Gzip {
  /// What one file may unpack to; stops a decompression bomb.
  public static let maximumBytes = 1 << 30

  public static func matches(firstBytes bytes: RawSpan) -> Bool {
    bytes.loadIfPresent(at: 0, as: UInt16.self) == 0x8B1F && bytes.loadIfPresent(at: 2, as: UInt8.self) == 8
  }

  /// The content of the first member, or its first `limit` bytes. Length and CRC-32 are checked where the whole is unpacked.
  public static func unpack(_ file: RawSpan, limit: Int = maximumBytes) throws(ReadError) -> [UInt8] {
    guard matches(firstBytes: file) else {
      throw ReadError(.malformed, reading: "gzip header", at: .file(0), expected: "1f 8b 08", found: "other bytes")
    }
    var inflater = Inflater(file, at: try headerLength(file), limit: max(0, limit))
    guard try inflater.run() else { return inflater.output }
    let trailer = inflater.position
    let checksum = try file.load(at: trailer, as: UInt32.self, reading: "gzip CRC32")
    let length = try file.load(at: trailer + 4, as: UInt32.self, reading: "gzip ISIZE")
    guard length == UInt32(truncatingIfNeeded: inflater.output.count) else {
      throw ReadError(
        .malformed, reading: "gzip ISIZE", at: .file(UInt64(trailer + 4)), expected: "\(length) bytes",
        found: "\(inflater.output.count)")
    }
    let actual = crc32(inflater.output)
    guard checksum == actual else {
      throw ReadError(
        .malformed, reading: "gzip CRC32", at: .file(UInt64(trailer)),
        expected: hexadecimal(UInt64(checksum), digits: 8),
        found: hexadecimal(UInt64(actual), digits: 8))
    }
    return inflater.output
  }

  /// Ten fixed bytes, then what the flags announce: extra field, name, comment, header checksum.
  private static func headerLength(_ file: RawSpan) throws(ReadError) -> Int {
    let flags = try file.load(at: 3, as: UInt8.self, reading: "gzip FLG")
    var length = 10
    if flags & 4 != 0 { length += 2 + Int(try file.load(at: length, as: UInt16.self, reading: "gzip XLEN")) }
    for flag in [8, 16] as [UInt8] where flags & flag != 0 {
      while try file.load(at: length, as: UInt8.self, reading: "gzip name") != 0 { length += 1 }
      length += 1
    }
    return flags & 2 != 0 ? length + 2 : length
  }

  private static let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    let table = crcTable
    return ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }
}
