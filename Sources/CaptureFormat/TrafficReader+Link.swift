import ByteReading

extension TrafficReader {
  /// A frame as its container gives it, from the link layer on.
  func link(_ bytes: RawSpan, _ record: FrameRecord, _ context: inout PacketContext) {
    let missing = record.original - record.captured
    switch record.link {
    case .ethernet:
      guard bytes.byteCount >= 14 else { return }
      context.destinationHardware = bytes.hardware(0)
      context.sourceHardware = bytes.hardware(6)
      etherType(bytes.big16(12), bytes.from(14), missing, &context, layer: 0)
    case .null, .loop:
      // The family in either byte order; the captures of other systems have other numbers for IPv6.
      let family = bytes.little32(0)
      switch family > 0xFFFF ? family.byteSwapped : family {
      case 2: ip(bytes.from(4), missing, &context, layer: 0)
      case 10, 23, 24, 28, 30: ip(bytes.from(4), missing, &context, layer: 0)
      default: break
      }
    case .linuxCooked:
      guard bytes.byteCount >= 16 else { return }
      if bytes.big16(4) == 6 { context.sourceHardware = bytes.hardware(6) }
      let type = bytes.big16(14)
      // 1: an 802.3 frame without LLC (IPX), 4: with.
      context.isUnshown = type < 0x0600 && type != 4
      if type == 1 {
        ipx(bytes.from(16), &context)
      } else if type == 4 {
        logicalLink(bytes.from(16), missing, &context, layer: 0)
      } else {
        etherType(type, bytes.from(16), missing, &context, layer: 0)
      }
    case .linuxCooked2:
      guard bytes.byteCount >= 20 else { return }
      if bytes.byte(11) == 6 { context.sourceHardware = bytes.hardware(12) }
      if bytes.big16(0) == 4 {
        logicalLink(bytes.from(20), missing, &context, layer: 0)
      } else {
        etherType(bytes.big16(0), bytes.from(20), missing, &context, layer: 0)
      }
    case .ppp, .pppHDLC: ppp(bytes, missing, &context, layer: 0)
    case .pppWithDirection: ppp(bytes.from(1), missing, &context, layer: 0)
    case .pppEthernet: ppp(bytes.from(6), missing, &context, layer: 0)
    case .ciscoHDLC: etherType(bytes.big16(2), bytes.from(4), missing, &context, layer: 0)
    case .tokenRing: tokenRing(bytes, missing, &context)
    case .fddi:
      guard bytes.byteCount >= 13 else { return }
      context.destinationHardware = bytes.hardware(1)
      context.sourceHardware = bytes.hardware(7)
      logicalLink(bytes.from(13), missing, &context, layer: 0)
    case .wireless: wireless(bytes, missing, &context)
    case .radiotap: wireless(bytes.from(bytes.little16(2)), missing, &context)
    case .raw, .ipv4, .ipv6: ip(bytes, missing, &context, layer: 0)
    default:
      if LinkType.rawNumbers.contains(record.link.rawValue) { ip(bytes, missing, &context, layer: 0) }
    }
  }

  /// What stands behind a type field of Ethernet: numbers up to 1500 are the length of an 802.3 frame.
  func etherType(_ type: Int, _ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    guard layer < CaptureLimits.layers else { return }
    switch type {
    case 0x0800, 0x86DD: ip(bytes, missing, &context, layer: layer + 1)
    // Customer, service and older service tags.
    case 0x8100, 0x88A8, 0x9100, 0x9200, 0x9300:
      guard bytes.byteCount >= 4 else { return }
      etherType(bytes.big16(2), bytes.from(4), missing, &context, layer: layer + 1)
    case 0x8137, 0x8138: ipx(bytes, &context)
    case 0x8864: ppp(bytes.from(6), missing, &context, layer: layer + 1)
    case 0x8847, 0x8848:
      // Labels up to the one that says it is the last; what follows tells itself by its version.
      var offset = 0
      while bytes.byteCount - offset >= 4, offset < 64 {
        offset += 4
        if bytes.byte(offset - 2) & 1 != 0 { break }
      }
      ip(bytes.from(offset), missing, &context, layer: layer + 1)
    case 0x88BE: erspan(bytes, hasSequence: true, missing, &context, layer: layer + 1)
    case 0..<0x0600:
      let inside = min(type, bytes.byteCount)
      if bytes.big16(0) == 0xFFFF {
        ipx(bytes, &context)
      } else {
        logicalLink(bytes.first(inside), max(0, missing), &context, layer: layer + 1)
      }
    default: break
    }
  }

  /// IEEE 802.2: service access points, a control field of one byte (unnumbered) or two, and SNAP.
  func logicalLink(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    guard layer < CaptureLimits.layers, bytes.byteCount >= 3 else { return }
    let destination = bytes.byte(0)
    let source = bytes.byte(1)
    let header = bytes.byte(2) & 3 == 3 ? 3 : 4
    let isInformation = bytes.byte(2) & 1 == 0 || bytes.byte(2) & 0xEF == 3
    switch destination {
    case 0xAA:
      guard source & 0xFE == 0xAA, bytes.byteCount >= header + 5 else { return }
      etherType(bytes.big16(header + 3), bytes.from(header + 5), missing, &context, layer: layer + 1)
    case 0xF0:
      if isInformation, bytes.byteCount > header { netbiosFrame(bytes.from(header), &context) }
    case 0xE0: ipx(bytes.from(header), &context)
    case 0x06: ip(bytes.from(header), missing, &context, layer: layer + 1)
    default: break
    }
  }

  /// RFC 1661 and 1662: address and control may be left out, and the protocol be one byte.
  func ppp(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    var offset = bytes.big16(0) == 0xFF03 ? 2 : 0
    let type: Int
    if bytes.byte(offset) & 1 != 0 {
      type = Int(bytes.byte(offset))
      offset += 1
    } else {
      type = bytes.big16(offset)
      offset += 2
    }
    switch type {
    case 0x0021, 0x0057: ip(bytes.from(offset), missing, &context, layer: layer + 1)
    case 0x002B: ipx(bytes.from(offset), &context)
    case 0x003F: netbiosFrame(bytes.from(offset), &context)
    default: break
    }
  }

  /// Access and frame control, addresses, and routing information where the source's highest bit is set.
  private func tokenRing(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext) {
    guard bytes.byteCount >= 14 else { return }
    context.destinationHardware = bytes.hardware(2)
    let source = bytes.hardware(8)
    context.sourceHardware = source & ~(1 << 47)
    let routing = source >> 47 & 1 != 0 ? Int(bytes.byte(14) & 0x1F) : 0
    logicalLink(bytes.from(14 + routing), missing, &context, layer: 0)
  }

  /// Data frames of 802.11 that are not encrypted.
  private func wireless(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext) {
    guard bytes.byteCount >= 24 else { return }
    let control = bytes.byte(0)
    let flags = bytes.byte(1)
    guard control & 0x0C == 0x08, control & 0x40 == 0, flags & 0x40 == 0 else { return }
    let header = 24 + (flags & 3 == 3 ? 6 : 0) + (control & 0x80 != 0 ? 2 : 0)
    context.destinationHardware = bytes.hardware(flags & 1 != 0 ? 16 : 4)
    context.sourceHardware = bytes.hardware(flags & 2 != 0 ? 16 : 10)
    logicalLink(bytes.from(header), missing, &context, layer: 0)
  }
}
