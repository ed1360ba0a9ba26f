import Facts

/// An IPv4 header in memory, with the Ethernet header before it and the transport header behind it (RFC 791, 793, 768;
/// IEEE 802.3).
struct IPv4Header {
  let offset: Int
  let headerLength: Int
  let totalLength: Int
  let protocolNumber: UInt8
  let source: IPv4Address
  let destination: IPv4Address
  /// Bytes into the whole datagram; other than 0 the transport's header is in another packet.
  let fragmentOffset: Int
  let moreFragments: Bool

  private static let protocols: Set<UInt8> = [1, 2, 6, 17, 47, 50, 51]
  static let ethernetBytes = 14

  /// nil unless every field of the header makes sense and its checksum is right. A header made by this machine and not yet
  /// sent may have no checksum, which cannot be told from other memory.
  init?(_ memory: NetworkBytes, at offset: Int) {
    guard let first = memory.byte(offset), first >> 4 == 4, first & 0xF >= 5 else { return nil }
    headerLength = Int(first & 0xF) * 4
    guard offset + headerLength <= memory.count, let total = memory.big16(offset + 2), Int(total) >= headerLength,
      let fragment = memory.big16(offset + 6), fragment & 0x8000 == 0, let lifetime = memory.byte(offset + 8),
      lifetime > 0, let number = memory.byte(offset + 9), Self.protocols.contains(number),
      let from = memory.big32(offset + 12), let to = memory.big32(offset + 16), to != 0, from >> 24 != 127
    else { return nil }
    let source = IPv4Address(rawValue: from)
    // A sender is one host, or one that does not know its address yet.
    guard source.isHost || from == 0, memory.internetSum(offset..<offset + headerLength) == 0xFFFF else { return nil }
    self.offset = offset
    totalLength = Int(total)
    protocolNumber = number
    self.source = source
    destination = IPv4Address(rawValue: to)
    fragmentOffset = Int(fragment & 0x1FFF) * 8
    moreFragments = fragment & 0x2000 != 0
    guard fragmentOffset + totalLength <= 0xFFFF + 60 else { return nil }
  }

  /// The Ethernet header before the IP header: type 0x0800 and addresses that a frame can have.
  func ethernet(_ memory: NetworkBytes) -> PacketsView.Ethernet? {
    let start = offset - Self.ethernetBytes
    guard start >= 0, memory.big16(start + 12) == 0x0800 else { return nil }
    let to = Array(memory.bytes[start..<start + 6])
    let from = Array(memory.bytes[start + 6..<start + 12])
    // A sender is never a group of stations.
    guard from[0] & 1 == 0, from.contains(where: { $0 != 0 }), to.contains(where: { $0 != 0 }) else { return nil }
    return PacketsView.Ethernet(source: from, destination: to)
  }

  /// Ports and where the payload begins, relative to the memory; nil for other protocols, fragments behind the first, and
  /// transport headers that make no sense.
  func transport(_ memory: NetworkBytes) -> (source: UInt16, destination: UInt16, payload: Range<Int>)? {
    guard fragmentOffset == 0 else { return nil }
    let start = offset + headerLength
    let end = min(offset + totalLength, memory.count)
    switch protocolNumber {
    case 6:
      guard let from = memory.big16(start), let to = memory.big16(start + 2), from != 0, to != 0,
        let word = memory.byte(start + 12), word >> 4 >= 5
      else { return nil }
      let length = Int(word >> 4) * 4
      guard headerLength + length <= totalLength, start + length <= end else { return nil }
      return (from, to, start + length..<end)
    case 17:
      guard let from = memory.big16(start), let to = memory.big16(start + 2), to != 0,
        let length = memory.big16(start + 4), length >= 8, start + 8 <= end
      else { return nil }
      guard moreFragments || headerLength + Int(length) <= totalLength else { return nil }
      return (from, to, start + 8..<min(end, start + Int(length)))
    default:
      return nil
    }
  }

  /// Whether the transport's checksum holds; nil where it cannot be computed.
  func transportChecksum(_ memory: NetworkBytes) -> Bool? {
    guard fragmentOffset == 0, !moreFragments, offset + totalLength <= memory.count else { return nil }
    let start = offset + headerLength
    var end = offset + totalLength
    guard start < end else { return nil }
    switch protocolNumber {
    case 1:
      return memory.internetSum(start..<end) == 0xFFFF
    case 6, 17:
      if protocolNumber == 17 {
        guard let length = memory.big16(start + 4), length >= 8, start + Int(length) <= end,
          let stated = memory.big16(start + 6), stated != 0
        else { return nil }
        end = start + Int(length)
      }
      let pseudo =
        source.rawValue >> 16 + source.rawValue & 0xFFFF + destination.rawValue >> 16 + destination.rawValue & 0xFFFF
        + UInt32(protocolNumber) + UInt32(end - start)
      return memory.internetSum(start..<end, start: pseudo) == 0xFFFF
    default:
      return nil
    }
  }
}
