import Facts

/// An address of any network layer here, small enough to be a key.
public struct NetworkAddress: Hashable, Comparable, Sendable {
  enum Family: UInt8, Sendable { case none, hardware, ipv4, ipv6, ipx }

  var family: Family
  var high: UInt64
  var low: UInt64

  init(_ family: Family = .none, high: UInt64 = 0, low: UInt64 = 0) {
    self.family = family
    self.high = high
    self.low = low
  }

  public static func < (a: Self, b: Self) -> Bool {
    if a.family != b.family { return a.family.rawValue < b.family.rawValue }
    return a.high != b.high ? a.high < b.high : a.low < b.low
  }

  public var text: String? {
    switch family {
    case .none: nil
    case .hardware: Self.hardware(low)
    case .ipv4: [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }.joined(separator: ".")
    case .ipv6: ipv6Text
    case .ipx: Self.hex(high, digits: 8) + "." + Self.hex(low, digits: 12)
    }
  }

  static func hardware(_ value: UInt64) -> String {
    stride(from: 40, through: 0, by: -8).map { hex(value >> UInt64($0) & 0xFF, digits: 2) }.joined(separator: ":")
  }

  private static func hex(_ value: UInt64, digits: Int) -> String {
    String(hexadecimal(value, digits: digits).dropFirst(2))
  }

  /// RFC 5952: lower case, no leading zeros, the longest run of zeros as `::`.
  private var ipv6Text: String {
    let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { half >> UInt64($0) & 0xFFFF } }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > max(1, best.count) { best = start..<end }
      start = max(end, start + 1)
    }
    func text(_ part: ArraySlice<UInt64>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
    if best.isEmpty { return text(groups[...]) }
    return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
  }
}

/// Where a packet stands and between whom it goes; filled layer by layer.
struct PacketContext {
  var frame = 0
  var time: Int64?
  var sourceHardware: UInt64?
  var destinationHardware: UInt64?
  var source = NetworkAddress()
  var destination = NetworkAddress()
  var sourcePort: Int?
  var destinationPort: Int?
  /// Inside an error message of ICMP: somebody else's packet quoted.
  var isQuoted = false
  /// In an 802.3 frame of a Linux cooked capture, whose content tshark does not show.
  var isUnshown = false

  var sourceEndpoint: CaptureView.Endpoint {
    .init(address: source.text, port: sourcePort, mac: sourceHardware.map(NetworkAddress.hardware))
  }
  var destinationEndpoint: CaptureView.Endpoint {
    .init(address: destination.text, port: destinationPort, mac: destinationHardware.map(NetworkAddress.hardware))
  }
}
