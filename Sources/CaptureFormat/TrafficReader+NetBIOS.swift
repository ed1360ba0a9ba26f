import ByteReading
import Facts

/// Two adapters and the numbers of a session between them.
struct NetBIOSSession: Hashable {
  var source: UInt64
  var destination: UInt64
  var numbers: Int
}

extension TrafficReader {
  func udp(_ bytes: RawSpan, _ length: Int, _ context: inout PacketContext, layer: Int, header: RawSpan?) {
    guard bytes.byteCount >= 8 else { return }
    let source = bytes.big16(0)
    let destination = bytes.big16(2)
    context.sourcePort = source
    context.destinationPort = destination
    let stated = bytes.big16(4)
    let datagram = bytes.first(stated >= 8 ? min(stated, length) : length)
    let payload = datagram.from(8)
    let isWhole = bytes.byteCount >= length
    // Of two ports the lower decides, where it is known to belong to something else.
    let low = min(source, destination)
    let high = max(source, destination)
    if low == 137 || (high == 137 && !Self.otherServices.contains(low)) {
      guard payload.byteCount > 0 else { return }
      if isWhole, !context.isQuoted { check(datagram, 17, at: 6, context, header: header) }
      nbns.insert(context.frame)
      if isWhole, !context.isQuoted { nameService(payload, context) }
    } else if low == 138 || (high == 138 && !Self.otherServices.contains(low)) {
      guard payload.byteCount > 0 else { return }
      if isWhole, !context.isQuoted { check(datagram, 17, at: 6, context, header: header) }
      nbdgm.insert(context.frame)
      datagramService(payload, context, isWhole: isWhole)
    } else if source == 3544 || destination == 3544 {
      teredo(payload, &context, layer: layer)
    } else if destination == 4789, payload.byteCount > 22 {
      etherType(payload.big16(20), payload.from(22), 0, &context, layer: layer + 1)
    }
  }

  /// Ports below 137 that other readers know as something else: name service, time, boot and file transfer.
  private static let otherServices: Set<Int> = [53, 67, 68, 69, 111, 123]

  /// RFC 4380: authentication and origin may stand before the packet.
  private func teredo(_ bytes: RawSpan, _ context: inout PacketContext, layer: Int) {
    var offset = 0
    if bytes.big16(offset) == 1 { offset += 4 + Int(bytes.byte(offset + 2)) + Int(bytes.byte(offset + 3)) + 9 }
    if bytes.big16(offset) == 0 { offset += 8 }
    let packet = bytes.from(offset)
    if packet.byte(0) >> 4 == 6 { ip(packet, 0, &context, layer: layer + 1) }
  }

  // MARK: Name service

  /// RFC 1002, 4.2: a header with four counts, questions, and records.
  private func nameService(_ bytes: RawSpan, _ context: PacketContext) {
    guard bytes.byteCount >= 12 else {
      return report(
        context, "nbns", "header", .belowHeader, expected: "at least 12 bytes", found: "\(bytes.byteCount)")
    }
    let counts = (0..<4).map { bytes.big16(4 + 2 * $0) }
    let total = counts.reduce(0, +)
    // A question takes at least 6 bytes and a record 12, by a pointer to a name.
    let least = 12 + counts[0] * 6 + (total - counts[0]) * 12
    guard least <= bytes.byteCount else {
      return report(
        context, "nbns", "counts", .countTooLarge, expected: "no more than \(bytes.byteCount) bytes can hold",
        found: "\(total) questions and records")
    }
    var offset = 12
    for index in 0..<total {
      switch NetBIOSName.read(bytes, at: offset, allowsPointers: true) {
      case .fault(let fault, _, _):
        let (expected, found) = NetBIOSName.expected(fault)
        return report(context, "nbns", "name", .badName, expected: expected, found: found)
      case .name(_, _, let end):
        offset = end
      }
      guard index >= counts[0] else {
        offset += 4
        guard offset <= bytes.byteCount else {
          return report(
            context, "nbns", "counts", .countTooLarge, expected: "\(total) questions and records",
            found: "\(index), then the end of the message")
        }
        continue
      }
      guard offset + 10 <= bytes.byteCount else {
        return report(
          context, "nbns", "counts", .countTooLarge, expected: "\(total) questions and records",
          found: "\(index), then the end of the message")
      }
      let length = bytes.big16(offset + 8)
      guard offset + 10 + length <= bytes.byteCount else {
        return report(
          context, "nbns", "rdlength", .lengthTooLong, expected: "at most \(bytes.byteCount - offset - 10)",
          found: "\(length)")
      }
      // Adapter status: a count and 18 bytes for each name.
      if bytes.big16(offset) == 0x21, length >= 1, 1 + Int(bytes.byte(offset + 10)) * 18 > length {
        report(
          context, "nbns", "numberOfNames", .countTooLarge, expected: "at most \((length - 1) / 18)",
          found: "\(bytes.byte(offset + 10))")
      }
      offset += 10 + length
    }
  }

  // MARK: Datagram service

  /// RFC 1002, 4.4: type, flags, id, source address and port; then by type a length and names, a code, or a name.
  private func datagramService(_ bytes: RawSpan, _ context: PacketContext, isWhole: Bool) {
    let type = bytes.byte(0)
    let tells = isWhole && !context.isQuoted
    switch type {
    case 0x10, 0x11, 0x12:
      guard bytes.byteCount >= 14 else {
        if tells {
          report(
            context, "nbdgm", "header", .belowHeader, expected: "at least 14 bytes", found: "\(bytes.byteCount)")
        }
        return
      }
      let stated = bytes.big16(10)
      let isFirst = bytes.byte(1) & 2 != 0
      let offset = bytes.big16(12)
      if tells, isFirst, bytes.byte(1) & 1 == 0, stated > bytes.byteCount - 14 {
        report(
          context, "nbdgm", "length", .lengthTooLong, expected: "at most \(bytes.byteCount - 14)", found: "\(stated)")
      }
      // Names stand in the first fragment only.
      guard offset == 0 else { return }
      var place = 14
      for field in ["sourceName", "destinationName"] {
        switch NetBIOSName.read(bytes, at: place, allowsPointers: true) {
        case .fault(let fault, _, let end):
          let (expected, found) = NetBIOSName.expected(fault)
          if tells { report(context, "nbdgm", field, .badName, expected: expected, found: found) }
          guard let end else { return }
          place = end
        case .name(_, _, let end): place = end
        }
      }
      let content = bytes.from(place)
      if content.byteCount >= 4, content.big32(0) == 0xFF53_4D42 { smb.insert(context.frame) }
    case 0x13, 0x14, 0x15, 0x16: break
    default:
      if tells {
        report(context, "nbdgm", "type", .wrongType, expected: "0x10 to 0x16", found: hex(type))
      }
    }
  }

  // MARK: NetBIOS frames and IPX

  /// IBM's NetBIOS Frames protocol on 802.2: length of the header, delimiter 0xEFFF, command.
  func netbiosFrame(_ bytes: RawSpan, _ context: inout PacketContext) {
    guard bytes.byteCount >= 5, bytes.little16(2) == 0xEFFF else { return }
    netbios.insert(context.frame)
    let header = bytes.little16(0)
    guard header >= 14 else { return }
    let content = bytes.from(header)
    let isSMB = content.byteCount >= 4 && content.big32(0) == 0xFF53_4D42
    let session = NetBIOSSession(
      source: context.sourceHardware ?? 0, destination: context.destinationHardware ?? 0, numbers: bytes.big16(12))
    switch bytes.byte(4) {
    // Datagrams.
    case 0x08, 0x09: if isSMB { smb.insert(context.frame) }
    // First or middle data of a message.
    case 0x15:
      if begun[session] == nil, begun.count < CaptureLimits.hosts { begun[session] = isSMB }
    // Its last data, or all of it.
    case 0x16: if begun.removeValue(forKey: session) ?? isSMB { smb.insert(context.frame) }
    default: break
    }
  }

  /// Novell IPX: SMB directly on sockets 0x0550 to 0x0552, behind names on 0x0553, and NetBIOS on 0x0455. tshark shows SMB
  /// behind names alone, and none in 802.3 frames of Linux cooked captures: what it does not show counts apart.
  func ipx(_ bytes: RawSpan, _ context: inout PacketContext) {
    guard bytes.byteCount >= 30 else { return }
    let destination = bytes.big16(16)
    let source = bytes.big16(28)
    context.destination = NetworkAddress(.ipx, high: UInt64(bytes.big32(6)), low: bytes.hardware(10))
    context.source = NetworkAddress(.ipx, high: UInt64(bytes.big32(18)), low: bytes.hardware(22))
    context.sourcePort = source
    context.destinationPort = destination
    let sockets: Set<Int> = [0x0455, 0x0550, 0x0551, 0x0552, 0x0553]
    guard sockets.contains(destination) || sockets.contains(source) else { return }
    for offset in Self.contentOffsets where bytes.byteCount >= offset + 4 && bytes.big32(offset) == 0xFF53_4D42 {
      if offset == 30 || context.isUnshown { smbOnIPX.insert(context.frame) } else { smb.insert(context.frame) }
      return
    }
  }

  /// Behind the header alone, the names of NetBIOS or of Microsoft's name protocol (NMPI), and either behind the eight networks
  /// that a propagated broadcast lists.
  private static let contentOffsets = [30, 64, 66, 96, 98]

  // MARK: Session service

  /// A message of the session service that carries no data of an application.
  func control(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ header: SessionHeader, _ place: Place
  ) {
    switch header.type {
    case 0x81:
      var offset = SessionHeader.bytes
      for field in ["calledName", "callingName"] {
        switch NetBIOSName.read(bytes, at: offset, allowsPointers: false) {
        case .fault(let fault, let at, _):
          let (expected, found) = NetBIOSName.expected(fault)
          return report(
            stream, direction, at: min(at, direction.total - 1), "nbss", field, .badName, expected: expected,
            found: found)
        case .name(_, _, let end): offset = end
        }
      }
    case 0x83:
      let code = bytes.byte(4)
      if ![0x80, 0x81, 0x82, 0x83, 0x8F].contains(code) {
        report(
          stream, direction, at: 4, "nbss", "errorCode", .wrongStructure, expected: "0x80 to 0x83 or 0x8f",
          found: hex(code))
      }
    default: break
    }
  }
}
