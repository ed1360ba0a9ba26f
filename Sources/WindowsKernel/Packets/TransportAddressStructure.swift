import Facts

/// Structures by which drivers hand each other network addresses (public headers tdi.h and ws2def.h).
///
/// TRANSPORT_ADDRESS: a count, then for each address its length in bytes, its type and the address. Packed, so that a
/// TA_IP_ADDRESS is 01 00 00 00, 0E 00, 02 00, port and address in network order, eight zeros. SOCKADDR_IN is its last part.
struct TransportAddressStructure {
  var structure: String
  var host: String
  var port: UInt16?
  var count: Int
  /// How rare these bytes are in other memory.
  var weight: Double

  init?(_ memory: NetworkBytes, at offset: Int) {
    guard memory.little32(offset) == 1, let length = memory.little16(offset + 4), let type = memory.little16(offset + 6)
    else { return nil }
    let place = offset + 8
    switch (type, length) {
    case (2, 14):
      guard let port = memory.big16(place), let address = memory.big32(place + 2),
        memory.isZero(place + 6..<place + 14), address != 0 || port != 0
      else { return nil }
      self.init(
        structure: "TA_IP_ADDRESS", host: IPv4Address(rawValue: address).description, port: port, count: 22,
        weight: 0.9)
    case (23, 26):
      guard let port = memory.big16(place), place + 26 <= memory.count else { return nil }
      let groups = (0..<8).map { memory.big16(place + 6 + 2 * $0) ?? 0 }
      guard groups.contains(where: { $0 != 0 }) else { return nil }
      self.init(
        structure: "TA_IP6_ADDRESS", host: groups.map { String($0, radix: 16) }.joined(separator: ":"), port: port,
        count: 34, weight: 0.85)
    case (17, 18):
      // A name of 16 bytes, blanks behind it, the last byte its kind.
      guard let kind = memory.little16(place), kind <= 5, place + 18 <= memory.count else { return nil }
      let name = memory.bytes[place + 2..<place + 17]
      guard let first = name.first, (0x21...0x7E).contains(first) || first == 0x01,
        name.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x01 || $0 == 0x02 })
      else { return nil }
      var text = String(decoding: name.map { $0 < 0x20 ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
      while text.hasSuffix(" ") { text.removeLast() }
      let last = hexadecimal(UInt64(memory.bytes[place + 17]), digits: 2).dropFirst(2)
      self.init(structure: "TA_NETBIOS_ADDRESS", host: "\(text)<\(last)>", port: nil, count: 26, weight: 0.9)
    default:
      return nil
    }
  }

  /// SOCKADDR_IN: AF_INET, a port and a host's address, eight zeros. Other memory often looks so.
  init?(socketAddress memory: NetworkBytes, at offset: Int) {
    guard memory.little16(offset) == 2, let port = memory.big16(offset + 2), port != 0,
      let address = memory.big32(offset + 4), IPv4Address(rawValue: address).isHost,
      memory.isZero(offset + 8..<offset + 16)
    else { return nil }
    self.init(
      structure: "SOCKADDR_IN", host: IPv4Address(rawValue: address).description, port: port, count: 16, weight: 0.2)
  }

  private init(structure: String, host: String, port: UInt16?, count: Int, weight: Double) {
    self.structure = structure
    self.host = host
    self.port = port
    self.count = count
    self.weight = weight
  }
}
