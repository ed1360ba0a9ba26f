import CrashDumpFormat
import Facts

/// A block copy out of a received NetBIOS packet, caught at the failing instruction, that goes by the length which the packet's own
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
  /// Of the session header, and where the copy writes.
  public var header: VirtualAddress
  public var destination: VirtualAddress
  /// The packet's own checksums hold.
  public var isIntact: Bool
}

extension KernelDump {
  /// A segment that is followed; a stack leads to the packet at hand, not to dozens.
  private static let followedPackets = 16
  private static let headerBytes: UInt64 = 4

  /// nil where the failing instruction is no block copy (REP MOVS), or no malformed packet of the NetBIOS session service (RFC
  /// 1002, 4.3) is what it copies.
  public func packetOverrun() -> PacketOverrun? {
    guard let exception, let context = exception.context,
      let copy = blockCopy(context, exception.referenced?.rawValue), let module = copier(context)
    else { return nil }
    for packet in packets().packets.filter({ $0.payload.protocols.first == "nbss" }).prefix(Self.followedPackets) {
      guard let session = SessionHeader(packet) else { continue }
      let fields = session.invalidFields
      let end = session.address &+ Self.headerBytes &+ session.statedBytes
      // The copy ends where the header says that the message ends; a copy by words may take up to three bytes less.
      guard !fields.isEmpty, session.statedBytes > session.carriedBytes, copy.source >= session.address,
        copy.source <= end, copy.end <= end, end - copy.end < UInt64(copy.unit),
        copy.end > session.address &+ Self.headerBytes &+ session.carriedBytes
      else { continue }
      return PacketOverrun(
        module: module, fields: fields, source: packet.source, sourcePort: packet.sourcePort,
        statedBytes: session.statedBytes, carriedBytes: session.carriedBytes, header: VirtualAddress(session.address),
        destination: VirtualAddress(copy.destination), isIntact: packet.transportChecksumIsValid == true)
    }
    return nil
  }

  private struct BlockCopy {
    /// Where the next unit is read and written, and the first address behind the last one to be read.
    var source: UInt64
    var destination: UInt64
    var end: UInt64
    var unit: Int
  }

  /// REP MOVS with its operands in the registers (Intel's manual, volume 2): count in CX, source in SI, destination in DI, upward.
  private func blockCopy(_ context: RegisterContext, _ referenced: UInt64?) -> BlockCopy? {
    let wide = architecture == .x64
    guard wide || architecture == .x86, let memory, context.general.count > 7,
      context.known & 0b1100_0010 == 0b1100_0010,
      context.flags & 0x400 == 0,
      let code = memory.bytes(at: VirtualAddress(context.instructionPointer), count: 3), code[0] == 0xF3
    else { return nil }
    let unit: Int
    switch (code[1], code[2]) {
    case (0xA4, _): unit = 1
    case (0xA5, _): unit = 4
    case (0x48, 0xA5) where wide: unit = 8
    default: return nil
    }
    let (left, source, destination) = (context.general[1], context.general[6], context.general[7])
    let (bytes, overflows) = left.multipliedReportingOverflow(by: UInt64(unit))
    let (end, wraps) = source.addingReportingOverflow(bytes)
    guard left > 0, !overflows, !wraps else { return nil }
    // What could not be touched is the unit at hand, on either side of the copy. Where the stop does not say what it was, it is not
    // in memory.
    func touches(_ place: UInt64) -> Bool {
      guard let referenced else { return memory.bytes(at: VirtualAddress(place), count: 1) == nil }
      return referenced >= place && referenced - place < UInt64(unit)
    }
    guard touches(source) || touches(destination) else { return nil }
    return BlockCopy(source: source, destination: destination, end: end, unit: unit)
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
