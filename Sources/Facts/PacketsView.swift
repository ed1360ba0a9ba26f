/// Network packets, messages and addresses found in a dump's memory, as reports print them: `faultline.dump-packets/1`.
public struct PacketsView: Hashable, Sendable {
  /// How the crash stack leads to a find, from nearest to farthest.
  public enum Reach: Int, Hashable, Comparable, Sendable, CaseIterable {
    /// It stands on the stack itself.
    case onStack
    /// A register, a stop parameter or a word on the stack points into it.
    case pointer
    /// One of those points into the pool block that holds it.
    case block
    /// What one of those points to holds a pointer into it: a packet descriptor, an MDL.
    case secondPointer
    /// It lies close to where one of those points.
    case near
    /// Nothing seen points to it: it lies in memory that a triage dump kept.
    case none

    public static func < (a: Reach, b: Reach) -> Bool { a.rawValue < b.rawValue }

    public var name: String {
      switch self {
      case .onStack: "stack"
      case .pointer: "pointer"
      case .block: "block"
      case .secondPointer: "second-pointer"
      case .near: "near"
      case .none: "none"
      }
    }
  }

  /// What speaks for a find: how sure it makes it alone, and in words.
  public struct Reason: Hashable, Sendable {
    /// 0…1: the part of the remaining doubt that it takes away.
    public var weight: Double
    public var text: String

    public init(_ weight: Double, _ text: String) {
      self.weight = weight
      self.text = text
    }
  }

  public struct Find: Hashable, Sendable {
    public var address: VirtualAddress
    public var reach: Reach = .none
    /// The module in whose frame the pointer stood, where one did.
    public var frameModule: String?
    public var reasons: [Reason] = []

    public init(address: VirtualAddress) { self.address = address }

    /// 1 minus the doubt that all reasons together leave.
    public var confidence: Double { 1 - reasons.reduce(1) { $0 * (1 - $1.weight) } }
  }

  /// What a segment or datagram, or a bare message, carries.
  public struct Payload: Hashable, Sendable {
    /// From outside in: `nbss`, `smb1`, `smb2`, `nbns`, `nbds`.
    public var protocols: [String] = []
    /// Facts about it in a few words each: command, names, what its length field states.
    public var details: [String] = []
    /// Fields that no sound message has, in a few words each.
    public var problems: [String] = []

    public init() {}
  }

  public struct Ethernet: Hashable, Sendable {
    public var source: [UInt8]
    public var destination: [UInt8]

    public init(source: [UInt8], destination: [UInt8]) {
      self.source = source
      self.destination = destination
    }
  }

  public struct Packet: Hashable, Sendable {
    /// Of the IPv4 header.
    public var find: Find
    public var ethernet: Ethernet?
    public var source: IPv4Address
    public var destination: IPv4Address
    public var protocolNumber: UInt8
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    /// What the header states, and how much of it the dump holds.
    public var totalLength: Int
    public var presentLength: Int
    /// Whether the transport's own checksum holds; nil where the packet is not whole, carries none, or has none to check.
    public var transportChecksumIsValid: Bool?
    public var payload = Payload()
    /// From the Ethernet header on where there is one, else from the IP header on; as far as the dump holds them.
    public var bytes: [UInt8] = []

    public init(find: Find, source: IPv4Address, destination: IPv4Address, protocolNumber: UInt8, totalLength: Int) {
      self.find = find
      self.source = source
      self.destination = destination
      self.protocolNumber = protocolNumber
      self.totalLength = totalLength
      presentLength = 0
    }

    /// `tcp`, `udp`, `icmp`, or the number.
    public var protocolName: String {
      switch protocolNumber {
      case 1: "icmp"
      case 2: "igmp"
      case 6: "tcp"
      case 17: "udp"
      case 47: "gre"
      case 50: "esp"
      case 51: "ah"
      default: "\(protocolNumber)"
      }
    }

    /// NetBIOS or SMB, by what it carries or by its ports.
    public var isNetBIOSOrSMB: Bool {
      !payload.protocols.isEmpty
        || [sourcePort, destinationPort].contains { $0.map { [137, 138, 139, 445].contains($0) } ?? false }
    }
  }

  /// A message without the packet that brought it.
  public struct Message: Hashable, Sendable {
    public var find: Find
    public var payload: Payload

    public init(find: Find, payload: Payload) {
      self.find = find
      self.payload = payload
    }
  }

  /// A structure that holds a transport address.
  public struct TransportAddress: Hashable, Sendable {
    public var find: Find
    /// `TA_IP_ADDRESS`, `TA_IP6_ADDRESS`, `TA_NETBIOS_ADDRESS` or `SOCKADDR_IN`.
    public var structure: String
    public var host: String
    public var port: UInt16?

    public init(find: Find, structure: String, host: String, port: UInt16? = nil) {
      self.find = find
      self.structure = structure
      self.host = host
      self.port = port
    }
  }

  public var packets: [Packet] = []
  public var messages: [Message] = []
  public var addresses: [TransportAddress] = []
  /// What was searched: pointers that were followed, and bytes of memory.
  public var pointers = 0
  public var searchedBytes = 0
  /// Seconds since 1970 of the stop, where the dump states it: packets in memory have no time of their own.
  public var stopTime: Int64?
  public var pointerDigits: Int
  public var missing: [Missing] = []

  public init(pointerDigits: Int) { self.pointerDigits = pointerDigits }
}

/// Four bytes in network order.
@frozen
public struct IPv4Address: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The first byte of the dotted form is the highest.
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  public var description: String {
    [24, 16, 8, 0].map { String(rawValue >> UInt32($0) & 0xFF) }.joined(separator: ".")
  }

  /// One host's: not 0, loopback, multicast, reserved or broadcast (RFC 1122, 3.2.1.3; RFC 5735).
  public var isHost: Bool {
    let first = rawValue >> 24
    return (1...223).contains(first) && first != 127
  }
}
