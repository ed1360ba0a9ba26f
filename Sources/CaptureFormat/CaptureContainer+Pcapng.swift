import ByteReading
import Facts

extension CaptureContainer {
  /// What an interface description block says.
  struct Interface: Hashable, Sendable {
    var link: LinkType
    var snapLength: Int
    /// Units of time a second holds, and seconds to add.
    var unitsPerSecond: Int64
    var offset: Int64
  }

  /// draft-ietf-opsawg-pcapng, 4: types of blocks.
  private enum Block {
    static let section: UInt32 = 0x0A0D_0D0A
    static let interface: UInt32 = 1
    static let packet: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
  }

  private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D

  static func isPcapng(_ bytes: RawSpan) -> Bool {
    bytes.byteCount >= 4 && bytes.big32(0) == Block.section
  }

  mutating func checkFirstSection(_ bytes: RawSpan) throws(ReadError) {
    isBigEndian = bytes.big32(8) == Self.byteOrderMagic
    if isBigEndian { name += ", big-endian" }
    guard bytes.byteCount >= 28 else {
      throw ReadError(
        .malformed, reading: "pcapng section header", at: .file(0), expected: "28 bytes", found: "\(bytes.byteCount)")
    }
  }

  mutating func nextPcapng(_ bytes: RawSpan) -> FrameRecord? {
    while position < bytes.byteCount {
      guard bytes.byteCount - position >= 12 else {
        fail(cut("block header", 12, bytes))
        return nil
      }
      let start = position
      // The section header reads the same in both byte orders and says which one holds from here on.
      if bytes.big32(start) == Block.section {
        if bytes.little32(start + 8) == Self.byteOrderMagic {
          isBigEndian = false
        } else if bytes.big32(start + 8) == Self.byteOrderMagic {
          isBigEndian = true
        } else {
          fail(
            ReadError(
              .malformed, reading: "pcapng byte-order magic", at: .file(UInt64(start + 8)), expected: "0x1a2b3c4d",
              found: hexadecimal(UInt64(bytes.big32(start + 8)), digits: 8)))
          return nil
        }
        interfaces = []
      }
      let type = word(bytes, start)
      let stated = Int(word(bytes, start + 4))
      // Lengths are multiples of four; some writers forget to round (seen by Wireshark's authors), so it is done here.
      let length = (stated + 3) & ~3
      guard stated >= 12 else {
        fail(
          ReadError(
            .malformed, reading: "pcapng block length", at: .file(UInt64(start + 4)), expected: "at least 12",
            found: "\(stated)"))
        return nil
      }
      guard bytes.byteCount - start >= length else {
        fail(cut("block", length, bytes))
        return nil
      }
      let trailer = Int(word(bytes, start + length - 4))
      guard trailer == stated || trailer == length else {
        fail(
          ReadError(
            .malformed, reading: "pcapng block length behind the block", at: .file(UInt64(start + length - 4)),
            expected: "\(stated)", found: "\(trailer)"))
        return nil
      }
      position = start + length
      let body = start + 8
      let bodyLength = length - 12
      switch type {
      case Block.interface: readInterface(bytes, at: body, count: bodyLength)
      case Block.enhancedPacket:
        if let frame = enhanced(bytes, at: body, count: bodyLength) { return frame }
      case Block.packet:
        if let frame = obsoletePacket(bytes, at: body, count: bodyLength) { return frame }
      case Block.simplePacket:
        if let frame = simple(bytes, at: body, count: bodyLength) { return frame }
      default: break
      }
    }
    return nil
  }

  private mutating func readInterface(_ bytes: RawSpan, at body: Int, count: Int) {
    guard count >= 8 else { return note("interface description", at: body, expected: "8 bytes", found: "\(count)") }
    guard interfaces.count < CaptureLimits.interfaces else {
      return note(
        "interfaces", at: body, expected: "at most \(CaptureLimits.interfaces)", found: "more", kind: .unsupported)
    }
    var interface = Interface(
      link: LinkType(rawValue: half(bytes, body)), snapLength: Int(word(bytes, body + 4)), unitsPerSecond: 1_000_000,
      offset: 0)
    var option = body + 8
    let end = body + count
    while end - option >= 4 {
      let code = half(bytes, option)
      let length = half(bytes, option + 2)
      let value = option + 4
      guard code != 0, end - value >= length else { break }
      // if_tsresol: a power of ten, or of two where the highest bit is set; if_tsoffset: seconds.
      if code == 9, length >= 1 {
        interface.unitsPerSecond = Self.resolution(bytes.byte(value))
      } else if code == 14, length >= 8 {
        interface.offset = Int64(bitPattern: isBigEndian ? bytes.big64(value) : bytes.little64(value))
      }
      option = value + (length + 3) & ~3
    }
    interfaces.append(interface)
  }

  /// Units in a second; finer ones than 64 bits can count are taken as the finest that can.
  static func resolution(_ value: UInt8) -> Int64 {
    if value & 0x80 != 0 { return 1 << Int64(min(value & 0x7F, 62)) }
    return (0..<min(value, 18)).reduce(1) { power, _ in power * 10 }
  }

  private func time(_ high: UInt32, _ low: UInt32, _ interface: Interface) -> Int64? {
    let units = UInt64(high) << 32 | UInt64(low)
    let second = UInt64(interface.unitsPerSecond)
    let (seconds, overflow) = Int64(clamping: units / second).addingReportingOverflow(interface.offset)
    return overflow ? nil : Self.nanoseconds(seconds, Int64(units % second), per: interface.unitsPerSecond)
  }

  private mutating func enhanced(_ bytes: RawSpan, at body: Int, count: Int) -> FrameRecord? {
    guard count >= 20 else {
      note("enhanced packet", at: body, expected: "20 bytes", found: "\(count)")
      return nil
    }
    return packet(
      bytes, interface: Int(word(bytes, body)), high: word(bytes, body + 4), low: word(bytes, body + 8),
      captured: Int(word(bytes, body + 12)), original: Int(word(bytes, body + 16)), at: body + 20, room: count - 20)
  }

  private mutating func obsoletePacket(_ bytes: RawSpan, at body: Int, count: Int) -> FrameRecord? {
    guard count >= 20 else {
      note("packet", at: body, expected: "20 bytes", found: "\(count)")
      return nil
    }
    return packet(
      bytes, interface: half(bytes, body), high: word(bytes, body + 4), low: word(bytes, body + 8),
      captured: Int(word(bytes, body + 12)), original: Int(word(bytes, body + 16)), at: body + 20, room: count - 20)
  }

  private mutating func packet(
    _ bytes: RawSpan, interface: Int, high: UInt32, low: UInt32, captured: Int, original: Int, at start: Int, room: Int
  ) -> FrameRecord? {
    guard interface < interfaces.count else {
      note(
        "packet's interface", at: start - 20, expected: "less than \(interfaces.count), as many as are described",
        found: "\(interface)")
      return nil
    }
    guard captured <= room else {
      note(
        "packet's captured length", at: start - 8, expected: "at most \(room), what the block holds",
        found: "\(captured)")
      return nil
    }
    let from = interfaces[interface]
    return FrameRecord(
      offset: start, captured: captured, original: max(original, captured), time: time(high, low, from),
      link: from.link)
  }

  /// A simple packet has no time, comes from the first interface, and is cut at its snap length.
  private mutating func simple(_ bytes: RawSpan, at body: Int, count: Int) -> FrameRecord? {
    guard count >= 4, let from = interfaces.first else {
      note("simple packet", at: body, expected: "4 bytes and an interface", found: "\(count) bytes")
      return nil
    }
    let original = Int(word(bytes, body))
    let kept = from.snapLength > 0 ? min(original, from.snapLength) : original
    return FrameRecord(
      offset: body + 4, captured: min(kept, count - 4), original: original, time: nil, link: from.link)
  }

  /// Something that leaves the rest readable; kept up to a number that people read.
  private mutating func note(
    _ what: String, at offset: Int, expected: String, found: String, kind: Absence = .malformed
  ) {
    guard problems.count < 16 else { return }
    problems.append(
      ReadError(
        kind, reading: "pcapng \(what)", at: .file(UInt64(clamping: offset)), expected: expected, found: found))
  }
}
