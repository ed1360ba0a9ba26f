import CrashDumpFormat
import Facts

/// A copy out of a received NetBIOS packet, caught at the failing instruction, that goes by the length which the packet's own
/// header states and beyond what the packet carries.
public struct PacketOverrun: Hashable, Sendable {
  /// The driver that copies: the failing instruction's, or the caller of the kernel's copying routine.
  public var module: String
  /// Fields of the header that no sound message has: `type`, `flags`, `length`.
  public var fields: [String]
  public var source: IPv4Address
  public var sourcePort: UInt16?
  /// What the header states, and what the packet carries behind the header.
  public var statedBytes: UInt64
  public var carriedBytes: UInt64
  /// Of the session header, and where the copy writes, where that is known.
  public var header: VirtualAddress
  public var destination: VirtualAddress?
  /// The packet's own checksums hold.
  public var isIntact: Bool
  /// The instruction copies by itself (REP MOVS), so that its operands are the copy's. A compiled loop's part is known by registers that
  /// agree with the packet.
  public var isStated: Bool
  /// The block of pool that the copy began in, where blocks stop leading to each other right behind it.
  public var damage: DamagedNeighbour?
}

extension KernelDump {
  /// A segment that is followed; a stack leads to the packet at hand, not to dozens.
  private static let followedPackets = 16

  private func malformedSessions() -> [(packet: PacketsView.Packet, session: SessionHeader)] {
    packets().packets.filter { $0.payload.protocols.first == "nbss" }.prefix(Self.followedPackets).compactMap {
      packet in
      guard let session = SessionHeader(packet), !session.invalidFields.isEmpty,
        session.statedBytes > session.carriedBytes
      else { return nil }
      return (packet, session)
    }
  }

  /// nil where the failing instruction is no copy, or no malformed packet of the NetBIOS session service (RFC 1002, 4.3) is what it
  /// copies.
  public func packetOverrun() -> PacketOverrun? {
    let isWide = architecture == .x64
    guard isWide || architecture == .x86, let memory, let exception, let context = exception.context,
      let code = code(at: context.instructionPointer), let module = copier(context)
    else { return nil }
    let referenced = exception.referenced?.rawValue
    // What could not be touched is the unit at hand, on either side of the copy. Where the stop does not say what it was, it is
    // not in memory.
    func touches(_ place: UInt64, _ unit: Int) -> Bool {
      guard let referenced else { return memory.bytes(at: VirtualAddress(place), count: 1) == nil }
      return referenced >= place && referenced - place < UInt64(unit)
    }
    let repeated = CaughtCopy.repeated(code, context, isWide: isWide, touches: touches)
    let move = MemoryMove(code, context, isWide: isWide).flatMap { touches($0.address, $0.width) ? $0 : nil }
    guard repeated != nil || move != nil else { return nil }
    for (packet, session) in malformedSessions() {
      let copy =
        repeated
        ?? move.flatMap {
          CaughtCopy.moved($0, context, beyond: session.carriedEnd, end: session.end, isWide: isWide)
        }
      // The copy ends where the header says that the message ends.
      guard let copy, copy.source >= session.address, copy.source <= session.end, copy.ends.contains(session.end),
        copy.ends.lowerBound > session.carriedEnd
      else { continue }
      var overrun = PacketOverrun(
        module: module, fields: session.invalidFields, source: packet.source, sourcePort: packet.sourcePort,
        statedBytes: session.statedBytes, carriedBytes: session.carriedBytes, header: VirtualAddress(session.address),
        destination: copy.destination.map { VirtualAddress($0) }, isIntact: packet.transportChecksumIsValid == true,
        isStated: copy.isStated)
      if let destination = copy.destination {
        overrun.damage = damagedNeighbour(of: destination &- (copy.source &- session.address))
      }
      return overrun
    }
    return nil
  }

  /// A malformed packet in memory beside a failure whose registers are not in the dump: nothing says whether it was being copied.
  public func packetOverrunDoubt() -> Missing? {
    guard architecture == .x86 || architecture == .x64, let exception, exception.context == nil,
      !malformedSessions().isEmpty
    else { return nil }
    return Missing(
      "packet.copy", because: .notInDump,
      detail:
        "A malformed NetBIOS packet lies in memory, and the registers of the failing instruction are not in the dump: whether it copied the packet beyond its end cannot be told. Stops that carry an exception or a trap frame show them."
    )
  }

  private func code(at place: UInt64) -> [UInt8]? {
    guard let memory else { return nil }
    // The instruction may stand at the end of what the dump holds.
    for count in [MemoryMove.maximumLength, 8, 3] {
      if let bytes = memory.bytes(at: VirtualAddress(place), count: count) { return bytes }
    }
    return nil
  }

  /// The driver whose copy it is. The kernel's own copying routine copies for the one that calls it.
  private func copier(_ context: RegisterContext) -> String? {
    guard let own = modules.entry(at: context.instructionPointer)?.identity else { return nil }
    if !own.isKernel { return own.name }
    guard let caller = stack.dropFirst((topFrame ?? 0) + 1).first, caller.trust != .scan, let module = caller.module,
      !ModuleIdentity(name: module).isKernel
    else { return nil }
    return module
  }
}

/// The header of a session packet on port 139 within a TCP segment in memory.
private struct SessionHeader {
  let address: UInt64
  let statedBytes: UInt64
  let carriedBytes: UInt64
  let invalidFields: [String]
  /// Where the message ends by its header, and where by what the packet carries.
  var end: UInt64 { address &+ 4 &+ statedBytes }
  var carriedEnd: UInt64 { address &+ 4 &+ carriedBytes }

  init?(_ packet: PacketsView.Packet) {
    guard packet.protocolNumber == 6, [packet.sourcePort, packet.destinationPort].contains(139) else { return nil }
    let bytes = packet.bytes
    let start = packet.ethernet == nil ? 0 : 14
    guard bytes.count > start + 20 else { return nil }
    let internet = Int(bytes[start] & 0xF) * 4
    guard internet >= 20, bytes.count > start + internet + 12 else { return nil }
    let transport = Int(bytes[start + internet + 12] >> 4) * 4
    let offset = internet + transport
    guard transport >= 20, packet.totalLength >= offset + 4, bytes.count >= start + offset + 4 else { return nil }
    let header = Array(bytes[(start + offset)..<(start + offset + 4)])
    address = packet.find.address.rawValue &+ UInt64(offset)
    statedBytes = UInt64(header[1] & 1) << 16 | UInt64(header[2]) << 8 | UInt64(header[3])
    carriedBytes = UInt64(packet.totalLength - offset - 4)
    var fields: [String] = []
    // Lengths that a type must have; nil: any.
    let lengths: [UInt8: UInt64?] = [0: nil, 0x81: nil, 0x82: 0, 0x83: 1, 0x84: 6, 0x85: 0]
    switch lengths[header[0]] {
    case nil: fields.append("type")
    case .some(.some(let wanted)) where wanted != statedBytes: fields.append("length")
    default: break
    }
    if header[1] > 1 { fields.append("flags") }
    invalidFields = fields
  }
}
