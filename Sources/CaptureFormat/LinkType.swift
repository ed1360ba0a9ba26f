/// What a frame begins with: the numbers of libpcap and pcapng (tcpdump.org, link-layer header types).
@frozen
public struct LinkType: RawRepresentable, Hashable, Sendable {
  public var rawValue: Int
  @inlinable public init(rawValue: Int) { self.rawValue = rawValue }

  /// BSD loopback: the address family in the byte order of the machine that captured.
  public static let null = LinkType(rawValue: 0)
  public static let ethernet = LinkType(rawValue: 1)
  public static let tokenRing = LinkType(rawValue: 6)
  public static let ppp = LinkType(rawValue: 9)
  public static let fddi = LinkType(rawValue: 10)
  public static let pppHDLC = LinkType(rawValue: 50)
  public static let pppEthernet = LinkType(rawValue: 51)
  public static let raw = LinkType(rawValue: 101)
  public static let ciscoHDLC = LinkType(rawValue: 104)
  public static let wireless = LinkType(rawValue: 105)
  /// OpenBSD loopback: the address family in network byte order.
  public static let loop = LinkType(rawValue: 108)
  public static let linuxCooked = LinkType(rawValue: 113)
  public static let radiotap = LinkType(rawValue: 127)
  public static let pppWithDirection = LinkType(rawValue: 204)
  public static let ipv4 = LinkType(rawValue: 228)
  public static let ipv6 = LinkType(rawValue: 229)
  public static let linuxCooked2 = LinkType(rawValue: 276)
  public static let unknown = LinkType(rawValue: -1)

  /// As files are named that were written on BSD systems, whose own numbers for raw IP differ.
  static let rawNumbers: Set<Int> = [12, 14, 101]
}
