/// Archives spelled out byte by byte, so that the tests need no program and no second reader. Sources: PKWARE's APPNOTE.TXT 4.3,
/// POSIX ustar, "The .xz File Format" 1.2.
enum PackedFiles {
  struct Member {
    var name: String
    var bytes: [UInt8]
    /// Zip: bit 0 of the flags.
    var isEncrypted = false
    /// Tar: `0` is a file, `1` a hard link, `2` a symbolic link.
    var kind = UInt8(ascii: "0")
    var target = ""

    init(_ name: String, _ text: String) {
      self.name = name
      bytes = Array(text.utf8)
    }
  }

  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
    return ~crc
  }

  private static func little(_ value: some BinaryInteger, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Stored, not compressed.
  static func zip(_ members: [Member]) -> [UInt8] {
    var out: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
      let offset = out.count
      let common =
        little(member.isEncrypted ? 1 : 0, 2) + little(0, 2) + little(0, 4) + little(crc32(member.bytes), 4)
        + little(member.bytes.count, 4) + little(member.bytes.count, 4) + little(member.name.utf8.count, 2)
        + little(0, 2)
      out += [0x50, 0x4B, 3, 4] + little(20, 2) + common + member.name.utf8 + member.bytes
      directory +=
        [0x50, 0x4B, 1, 2] + little(20, 2) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2)
      directory += little(0, 4) + little(offset, 4) + member.name.utf8
    }
    let start = out.count
    return out + directory + [0x50, 0x4B, 5, 6] + little(0, 4) + little(members.count, 2) + little(members.count, 2)
      + little(directory.count, 4) + little(start, 4) + little(0, 2)
  }

  static func tar(_ members: [Member]) -> [UInt8] {
    var out: [UInt8] = []
    for member in members {
      var header = [UInt8](repeating: 0, count: 512)
      func set(_ offset: Int, _ text: String) {
        header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
      }
      func octal(_ value: Int, _ digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
      }
      set(0, member.name)
      set(100, "0000644")
      set(124, octal(member.bytes.count, 11))
      set(136, octal(0, 11))
      header[156] = member.kind
      set(157, member.target)
      set(257, "ustar\u{0}00")
      set(148, "        ")
      set(148, octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ")
      out += header + member.bytes + [UInt8](repeating: 0, count: (512 - member.bytes.count % 512) % 512)
    }
    return out + [UInt8](repeating: 0, count: 1024)
  }

  /// One block of uncompressed LZMA2 chunks.
  static func xz(_ bytes: [UInt8]) -> [UInt8] {
    let flags: [UInt8] = [0, 1]
    var out: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0] + flags + little(crc32(flags), 4)
    let blockHeader: [UInt8] = [2, 0, 0x21, 1, 0x16, 0, 0, 0]
    var data: [UInt8] = []
    var offset = 0
    while offset < bytes.count {
      let count = min(1 << 16, bytes.count - offset)
      data +=
        [offset == 0 ? 1 : 2, UInt8((count - 1) >> 8), UInt8((count - 1) & 0xFF)] + bytes[offset..<(offset + count)]
      offset += count
    }
    data.append(0)
    out += blockHeader + little(crc32(blockHeader), 4) + data
    out += [UInt8](repeating: 0, count: (4 - data.count % 4) % 4) + little(crc32(bytes), 4)
    func number(_ value: Int) -> [UInt8] {
      value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + number(value >> 7)
    }
    var index: [UInt8] = [0, 1] + number(12 + data.count + 4) + number(bytes.count)
    index += [UInt8](repeating: 0, count: (4 - index.count % 4) % 4)
    index += little(crc32(index), 4)
    let footer = little(index.count / 4 - 1, 4) + flags
    return out + index + little(crc32(footer), 4) + footer + Array("YZ".utf8)
  }
}
