/// A host as packets name it.
public struct SynthesizedHost: Hashable, Sendable {
  public var hardware: [UInt8]
  /// Four bytes of IPv4, or sixteen of IPv6.
  public var address: [UInt8]

  public init(hardware: [UInt8], address: [UInt8]) {
    self.hardware = hardware
    self.address = address
  }

  /// `10.0.<number>` with a locally administered address on the wire.
  public init(number: Int) {
    let low = [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    self.init(hardware: [0x02, 0, 0, 0] + low, address: [10, 0] + low)
  }

  public static func version6(number: Int) -> SynthesizedHost {
    let low = [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    return SynthesizedHost(
      hardware: [0x02, 0, 0, 0] + low, address: [0xFE, 0x80] + [UInt8](repeating: 0, count: 12) + low)
  }

  /// As reports print it.
  public var text: String {
    address.count == 4
      ? address.map(String.init).joined(separator: ".")
      : "fe80::" + String(Int(address[14]) << 8 | Int(address[15]), radix: 16)
  }
}

/// What stands before the IP packet.
public enum SynthesizedLink: Hashable, Sendable {
  case ethernet
  /// Tags from the outermost: type and number.
  case tagged([(UInt16, UInt16)])
  /// 802.3 with LLC and SNAP.
  case snap
  case linuxCooked, linuxCooked2, rawIP
  /// BSD loopback in either byte order.
  case loopback(bigEndian: Bool)
  case ppp

  /// The number of libpcap.
  public var number: UInt32 {
    switch self {
    case .ethernet, .tagged, .snap: 1
    case .linuxCooked: 113
    case .linuxCooked2: 276
    case .rawIP: 101
    case .loopback(let isBig): isBig ? 108 : 0
    case .ppp: 9
    }
  }

  public static func == (a: Self, b: Self) -> Bool { a.key == b.key }
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }

  private var key: [Int] {
    switch self {
    case .ethernet: [1]
    case .tagged(let tags): [2] + tags.flatMap { [Int($0.0), Int($0.1)] }
    case .snap: [3]
    case .linuxCooked: [4]
    case .linuxCooked2: [5]
    case .rawIP: [6]
    case .loopback(let isBig): [7, isBig ? 1 : 0]
    case .ppp: [8]
    }
  }
}

/// Packets in network byte order, written field by field from RFC 791, 793, 768, 1071 and 8200 and IEEE 802.
public enum PacketWriter {
  static func big16(_ value: Int) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
  }

  /// One after the other; long sums of literals take the compiler too long.
  static func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

  static func big32(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }

  /// The ones' complement sum of 16-bit words, complemented.
  static func checksum(_ parts: [UInt8]...) -> Int {
    var sum = 0
    for part in parts {
      var index = 0
      while index < part.count {
        sum += Int(part[index]) << 8 | (index + 1 < part.count ? Int(part[index + 1]) : 0)
        index += 2
      }
    }
    while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
    return ~sum & 0xFFFF
  }

  /// A frame around an IP packet.
  public static func frame(
    _ link: SynthesizedLink, from: SynthesizedHost, to: SynthesizedHost, packet: [UInt8]
  ) -> [UInt8] {
    let type = big16(from.address.count == 4 ? 0x0800 : 0x86DD)
    switch link {
    case .ethernet: return join(to.hardware, from.hardware, type, packet)
    case .tagged(let tags):
      let stack = tags.flatMap { big16(Int($0.0)) + big16(Int($0.1)) }
      return join(to.hardware, from.hardware, stack, type, packet)
    case .snap:
      return join(to.hardware, from.hardware, big16(packet.count + 8), [0xAA, 0xAA, 0x03, 0, 0, 0], type, packet)
    case .linuxCooked: return join([0, 0, 0, 1, 0, 6], from.hardware, [0, 0], type, packet)
    case .linuxCooked2: return join(type, [0, 0, 0, 0, 0, 2, 0, 1, 0, 6], from.hardware, [0, 0], packet)
    case .rawIP: return packet
    case .loopback(let isBig):
      let family: UInt8 = from.address.count == 4 ? 2 : 30
      return join((isBig ? [0, 0, 0, family] : [family, 0, 0, 0]), packet)
    case .ppp: return join([0xFF, 0x03], (from.address.count == 4 ? [0x00, 0x21] : [0x00, 0x57]), packet)
    }
  }

  /// An IP packet. `fragment`: offset in bytes and whether more follow (IPv4 only).
  public static func ip(
    from: SynthesizedHost, to: SynthesizedHost, number: UInt8, payload: [UInt8], id: Int = 0,
    fragment: (offset: Int, more: Bool)? = nil
  ) -> [UInt8] {
    if from.address.count == 16 {
      return join([0x60, 0, 0, 0], big16(payload.count), [number, 64], from.address, to.address, payload)
    }
    let flags = fragment.map { $0.offset / 8 | ($0.more ? 0x2000 : 0) } ?? 0x4000
    var header: [UInt8] =
      join(
        [0x45, 0], big16(20 + payload.count), big16(id), big16(flags), [64, number, 0, 0], from.address, to.address)
    let sum = checksum(header)
    header.replaceSubrange(10..<12, with: big16(sum))
    return header + payload
  }

  private static func pseudo(_ from: SynthesizedHost, _ to: SynthesizedHost, _ number: UInt8, _ length: Int) -> [UInt8]
  {
    join(from.address, to.address, [0, number], big16(length >> 16), big16(length))
  }

  /// How a segment's checksum is written.
  public enum ChecksumForm: Hashable, Sendable {
    case right
    /// As an adapter is handed it: the sum of the pseudo header alone.
    case begun
    /// Damaged on the way.
    case wrong
  }

  public static func tcp(
    from: SynthesizedHost, port: Int, to: SynthesizedHost, toPort: Int, sequence: UInt32, acknowledged: UInt32,
    flags: UInt8, payload: [UInt8], checksum form: ChecksumForm = .right
  ) -> [UInt8] {
    var segment =
      join(
        big16(port), big16(toPort), big32(sequence), big32(acknowledged), [0x50, flags], big16(0xFFFF), [0, 0, 0, 0],
        payload)
    let before = pseudo(from, to, 6, segment.count)
    switch form {
    case .right: segment.replaceSubrange(16..<18, with: big16(checksum(before, segment)))
    case .begun: segment.replaceSubrange(16..<18, with: big16(~checksum(before) & 0xFFFF))
    case .wrong: segment.replaceSubrange(16..<18, with: big16(checksum(before, segment) ^ 0x5A5A))
    }
    return segment
  }

  public static func udp(
    from: SynthesizedHost, port: Int, to: SynthesizedHost, toPort: Int, payload: [UInt8]
  ) -> [UInt8] {
    var datagram = join(big16(port), big16(toPort), big16(8 + payload.count), [0, 0], payload)
    let sum = checksum(pseudo(from, to, 17, datagram.count), datagram)
    datagram.replaceSubrange(6..<8, with: big16(sum == 0 ? 0xFFFF : sum))
    return datagram
  }
}
