/// SMB messages as [MS-CIFS] and [MS-SMB2] lay them out, little-endian; without the session header.
public enum SMBWriter {
  private static func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

  static func little16(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
  }

  static func little32(_ value: UInt32) -> [UInt8] {
    [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }

  static func utf16(_ text: String) -> [UInt8] { (text + "\0").utf16.flatMap { little16(Int($0)) } }

  /// A session header: 17 bits of length on port 139, 24 bits on 445.
  public static func framed(_ message: [UInt8], type: UInt8 = 0, direct: Bool = false) -> [UInt8] {
    let length = message.count
    return join(
      [type, UInt8(truncatingIfNeeded: (length >> 16) & (direct ? 0xFF : 1))], PacketWriter.big16(length & 0xFFFF),
      message)
  }

  /// Header, words and bytes of one command. Strings are UTF-16.
  public static func first(
    _ command: UInt8, isResponse: Bool, id: Int = 0, status: UInt32 = 0, words: [UInt8], bytes: [UInt8],
    byteCount: Int? = nil
  ) -> [UInt8] {
    var header: [UInt8] = [0xFF, 0x53, 0x4D, 0x42, command]
    header += little32(status)
    header += join([isResponse ? 0x88 : 0x08], little16(0xC801), [UInt8](repeating: 0, count: 12))
    header += join(little16(1), little16(0xFEFF), little16(2048), little16(id))
    return join(header, [UInt8(words.count / 2)], words, little16(byteCount ?? bytes.count), bytes)
  }

  public static func echo(_ bytes: [UInt8], isResponse: Bool, id: Int) -> [UInt8] {
    first(0x2B, isResponse: isResponse, id: id, words: [1, 0], bytes: bytes)
  }

  /// WRITE_ANDX with 14 words: the data's length has 32 bits.
  public static func write(_ data: [UInt8], id: Int) -> [UInt8] {
    var words: [UInt8] = join([0xFF, 0, 0, 0], little16(0x4001), little32(0), little32(0), little16(0), little16(0))
    words += join(little16(data.count >> 16), little16(data.count & 0xFFFF), little16(64), little32(0))
    // 32 and 1 and 28 and 2 bytes, and one of padding.
    return first(
      0x2F, isResponse: false, id: id, words: words, bytes: [0] + data, byteCount: (data.count + 1) & 0xFFFF)
  }

  public static func read(_ data: [UInt8], id: Int) -> [UInt8] {
    var words: [UInt8] = join([0xFF, 0, 0, 0], little16(0xFFFF), little16(0), little16(0))
    words += join(little16(data.count & 0xFFFF), little16(60), little16(data.count >> 16))
    words += [UInt8](repeating: 0, count: 8)
    return first(0x2E, isResponse: true, id: id, words: words, bytes: [0] + data, byteCount: (data.count + 1) & 0xFFFF)
  }

  /// SESSION_SETUP_ANDX as a server answers it, with three words.
  public static func sessionSetupResponse(os: String, lanManager: String, id: Int) -> [UInt8] {
    // The bytes begin at an odd offset: one of padding.
    let bytes = join([0], utf16(os), utf16(lanManager), utf16("WORKGROUP"))
    return first(0x73, isResponse: true, id: id, words: [0xFF, 0, 0, 0, 0, 0], bytes: bytes)
  }

  public static func sessionSetupRequest(os: String, lanManager: String, id: Int) -> [UInt8] {
    let words: [UInt8] = join(
      [0xFF, 0, 0, 0], little16(4356), little16(50), little16(0), little32(0), little16(1), little16(0), little32(0),
      little32(0xD4))
    let bytes: [UInt8] = join([0], utf16(""), utf16(""), utf16(os), utf16(lanManager))
    return first(0x73, isResponse: false, id: id, words: words, bytes: bytes)
  }

  public static func treeConnect(_ path: String, id: Int) -> [UInt8] {
    let words: [UInt8] = join([0xFF, 0, 0, 0], little16(8), little16(1))
    return first(0x75, isResponse: false, id: id, words: words, bytes: [0] + utf16(path) + Array("?????\0".utf8))
  }

  /// TRANS2_GET_DFS_REFERRAL.
  public static func referralRequest(_ path: String, id: Int) -> [UInt8] {
    let parameters = join(little16(3), utf16(path))
    // Header 32, count 1, words 30, count of bytes 2, padding 3.
    let offset = 68
    var words = join(little16(parameters.count), little16(0), little16(8), little16(4096), [0, 0], little16(0))
    words += join(little32(0), little16(0), little16(parameters.count), little16(offset), little16(0), little16(offset))
    words += join([1, 0], little16(0x10))
    return first(0x32, isResponse: false, id: id, words: words, bytes: [0, 0, 0] + parameters)
  }

  public static func referralResponse(_ target: String, id: Int) -> [UInt8] {
    let text = utf16(target)
    // Version 1: size, server type, flags, the share's name.
    let entry = join(little16(1), little16(8 + text.count), little16(0), little16(0), text)
    let data = join(little16(target.utf16.count * 2), little16(1), little32(2), entry)
    let offset = 56
    var words = join(little16(0), little16(data.count), little16(0), little16(0), little16(offset), little16(0))
    words += join(little16(data.count), little16(offset), little16(0), [0, 0])
    // Header 32, count 1, words 20, count of bytes 2, padding 1.
    return first(0x32, isResponse: true, id: id, words: words, bytes: [0] + data)
  }

  /// NT_TRANSACT_NOTIFY_CHANGE.
  public static func notifyRequest(isRecursive: Bool, id: Int) -> [UInt8] {
    var words: [UInt8] = join([0, 0, 0], little32(0), little32(0), little32(32), little32(0))
    words += join(little32(0), little32(0), little32(0), little32(0), [4], little16(4))
    words += join(little32(0x17), little16(0x4001), [isRecursive ? 1 : 0, 0])
    return first(0xA0, isResponse: false, id: id, words: words, bytes: [])
  }

  /// An SMB2 header of 64 bytes and a body.
  public static func second(
    _ command: Int, isResponse: Bool, id: UInt64, status: UInt32 = 0, body: [UInt8], next: Int = 0
  ) -> [UInt8] {
    var header: [UInt8] = join([0xFE, 0x53, 0x4D, 0x42], little16(64), little16(1), little32(status))
    header += join(little16(command), little16(1), little32(isResponse ? 1 : 0), little32(UInt32(next)))
    header += join(little32(UInt32(truncatingIfNeeded: id)), little32(UInt32(truncatingIfNeeded: id >> 32)))
    header += join(little32(0xFEFF), little32(1), little32(1), little32(0), [UInt8](repeating: 0, count: 16))
    return header + body
  }

  public static func secondWrite(_ data: [UInt8], id: UInt64) -> [UInt8] {
    let body = join(little16(49), little16(112), little32(UInt32(data.count)), [UInt8](repeating: 0, count: 40), data)
    return second(9, isResponse: false, id: id, body: body)
  }

  public static func secondEcho(isResponse: Bool, id: UInt64) -> [UInt8] {
    second(13, isResponse: isResponse, id: id, body: [4, 0, 0, 0])
  }
}
