import ByteReading
import Facts

extension TrafficReader {
  /// An IP packet of either version. `missing`: bytes behind the span that were on the wire and are not in the capture.
  func ip(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    guard layer < CaptureLimits.layers, bytes.byteCount >= 1 else { return }
    switch bytes.byte(0) >> 4 {
    case 4: ipv4(bytes, missing, &context, layer: layer)
    case 6: ipv6(bytes, missing, &context, layer: layer)
    default: break
    }
  }

  private func ipv4(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    let header = Int(bytes.byte(0) & 15) * 4
    guard header >= 20, bytes.byteCount >= header else { return }
    let stated = bytes.big16(2)
    // Zero where the adapter was to cut a large packet into segments: the frame's length holds.
    let total = stated == 0 ? bytes.byteCount + max(0, missing) : stated
    guard total >= header else { return }
    context.source = NetworkAddress(.ipv4, low: UInt64(bytes.big32(12)))
    context.destination = NetworkAddress(.ipv4, low: UInt64(bytes.big32(16)))
    let payload = bytes.first(total).from(header)
    let length = total - header
    let fragment = bytes.big16(6)
    let number = Int(bytes.byte(9))
    if fragment & 0x3FFF != 0 {
      let key = FragmentKey(
        source: context.source, destination: context.destination, id: UInt32(bytes.big16(4)), number: number)
      guard !context.isQuoted, payload.byteCount == length else { return }
      fragmentArrived(
        key, payload, at: (fragment & 0x1FFF) * 8, isLast: fragment & 0x2000 == 0, &context, layer: layer)
      return
    }
    transport(number, payload, length, &context, layer: layer, header: bytes.first(header))
  }

  private func ipv6(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    guard bytes.byteCount >= 40 else { return }
    context.source = NetworkAddress(.ipv6, high: bytes.big64(8), low: bytes.big64(16))
    context.destination = NetworkAddress(.ipv6, high: bytes.big64(24), low: bytes.big64(32))
    var number = Int(bytes.byte(6))
    let stated = bytes.big16(4)
    var length = stated == 0 ? bytes.byteCount - 40 + max(0, missing) : stated
    var rest = bytes.from(40).first(length)
    // Each extension header says what follows and how long it is (RFC 8200, 4).
    for _ in 0..<CaptureLimits.layers {
      let size: Int
      switch number {
      case 0, 43, 60, 135, 139, 140: size = (Int(rest.byte(1)) + 1) * 8
      case 51: size = (Int(rest.byte(1)) + 2) * 4
      case 44:
        guard rest.byteCount >= 8, !context.isQuoted else { return }
        let field = rest.big16(2)
        let next = Int(rest.byte(0))
        guard field & 0xFFF9 != 0 else {
          size = 8
          break
        }
        let key = FragmentKey(
          source: context.source, destination: context.destination, id: rest.big32(4), number: next)
        guard rest.byteCount == length else { return }
        fragmentArrived(key, rest.from(8), at: field & 0xFFF8, isLast: field & 1 == 0, &context, layer: layer)
        return
      default:
        transport(number, rest, length, &context, layer: layer, header: nil)
        return
      }
      guard rest.byteCount >= size, size > 0 else { return }
      number = Int(rest.byte(0))
      rest = rest.from(size)
      length -= size
    }
  }

  /// `length`: bytes the packet states; `payload` has fewer where the capture is cut.
  func transport(
    _ number: Int, _ payload: RawSpan, _ length: Int, _ context: inout PacketContext, layer: Int, header: RawSpan?
  ) {
    switch number {
    case 6: tcp(payload, length, &context, header: header)
    case 17: udp(payload, length, &context, layer: layer, header: header)
    case 1, 58: quoted(number, payload, &context, layer: layer)
    case 4, 41: ip(payload, length - payload.byteCount, &context, layer: layer + 1)
    case 47: gre(payload, length - payload.byteCount, &context, layer: layer)
    default: break
    }
  }

  /// Errors of ICMP quote the packet they are about.
  private func quoted(_ number: Int, _ bytes: RawSpan, _ context: inout PacketContext, layer: Int) {
    guard bytes.byteCount >= 8, !context.isQuoted else { return }
    let type = bytes.byte(0)
    let isError = number == 1 ? [3, 4, 5, 11, 12].contains(type) : type < 128
    guard isError else { return }
    context.isQuoted = true
    ip(bytes.from(8), 0, &context, layer: layer + 1)
  }

  /// RFC 2784 and 2890; version 1 carries PPP (RFC 2637); Cisco's ERSPAN and WCCP carry frames and packets.
  private func gre(_ bytes: RawSpan, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    guard bytes.byteCount >= 4 else { return }
    let flags = bytes.big16(0)
    var offset = 4
    if flags & 0x8000 != 0 || flags & 0x4000 != 0 { offset += 4 }
    if flags & 0x2000 != 0 { offset += 4 }
    if flags & 0x1000 != 0 { offset += 4 }
    if flags & 7 == 1, flags & 0x0080 != 0 { offset += 4 }
    let inner = bytes.from(offset)
    switch bytes.big16(2) {
    case 0x6558:
      guard inner.byteCount >= 14 else { return }
      etherType(inner.big16(12), inner.from(14), missing, &context, layer: layer + 1)
    case 0x88BE: erspan(inner, hasSequence: flags & 0x1000 != 0, missing, &context, layer: layer + 1)
    case 0x22EB:
      // Type III: 12 bytes, and 8 more where the last bit says so.
      let header = inner.byte(11) & 1 != 0 ? 20 : 12
      let frame = inner.from(header)
      guard frame.byteCount >= 14 else { return }
      etherType(frame.big16(12), frame.from(14), missing, &context, layer: layer + 1)
    case 0x880B:
      if flags & 7 == 1 { ppp(inner, missing, &context, layer: layer + 1) }
    case 0x883E:
      // WCCP version 2 puts a redirect header of four bytes in front; version 1 does not.
      ip(inner.byte(0) >> 4 == 4 ? inner : inner.from(4), missing, &context, layer: layer + 1)
    case let type: etherType(type, inner, missing, &context, layer: layer + 1)
    }
  }

  /// Type II has a header of eight bytes, type I (GRE without a sequence number) none.
  func erspan(_ bytes: RawSpan, hasSequence: Bool, _ missing: Int, _ context: inout PacketContext, layer: Int) {
    let frame = bytes.from(hasSequence ? 8 : 0)
    guard frame.byteCount >= 14, layer < CaptureLimits.layers else { return }
    context.destinationHardware = frame.hardware(0)
    context.sourceHardware = frame.hardware(6)
    etherType(frame.big16(12), frame.from(14), missing, &context, layer: layer + 1)
  }

  // MARK: Fragments

  /// One piece of a datagram that was cut; when none is missing, the whole goes on, in the frame that completed it.
  private func fragmentArrived(
    _ key: FragmentKey, _ bytes: RawSpan, at offset: Int, isLast: Bool, _ context: inout PacketContext, layer: Int
  ) {
    guard let whole = fragments.add(key, bytes, at: offset, isLast: isLast) else { return }
    let span = whole.span.bytes
    transport(key.number, span, span.byteCount, &context, layer: layer, header: nil)
  }
}

struct FragmentKey: Hashable {
  var source: NetworkAddress
  var destination: NetworkAddress
  var id: UInt32
  var number: Int
}

/// Datagrams that have arrived in part.
struct FragmentTable {
  private struct Datagram {
    var bytes: [UInt8] = []
    /// Which parts have come, in order, none touching another.
    var ranges: [Range<Int>] = []
    var total: Int?
    var pieces = 0

    /// Fills what is not filled yet, and joins the ranges it touches.
    mutating func place(_ piece: [UInt8], at offset: Int) {
      let end = offset + piece.count
      var merged: [Range<Int>] = []
      var own = offset..<end
      var from = offset
      for range in ranges {
        if range.upperBound < own.lowerBound {
          merged.append(range)
          continue
        }
        if range.lowerBound > own.upperBound { break }
        if range.lowerBound > from {
          bytes.replaceSubrange(
            from..<min(range.lowerBound, end), with: piece[from - offset..<min(range.lowerBound, end) - offset])
        }
        from = max(from, range.upperBound)
        own = min(own.lowerBound, range.lowerBound)..<max(own.upperBound, range.upperBound)
      }
      if from < end { bytes.replaceSubrange(from..<end, with: piece[(from - offset)...]) }
      merged.append(own)
      merged += ranges.filter { $0.lowerBound > own.upperBound }
      ranges = merged
    }
  }

  private var datagrams: [FragmentKey: Datagram] = [:]
  /// Oldest first.
  private var order: [FragmentKey] = []

  /// The datagram where this piece completes it. What overlaps keeps the bytes that came first.
  mutating func add(_ key: FragmentKey, _ bytes: RawSpan, at offset: Int, isLast: Bool) -> [UInt8]? {
    let end = offset + bytes.byteCount
    guard end <= 65_535 else { return nil }
    if datagrams[key] == nil {
      if order.count >= CaptureLimits.fragmentedDatagrams { datagrams[order.removeFirst()] = nil }
      order.append(key)
    }
    // Taken out, so that its bytes are not copied to be changed.
    var datagram = datagrams.removeValue(forKey: key) ?? Datagram()
    datagram.pieces += 1
    if isLast { datagram.total = datagram.total ?? end }
    if datagram.pieces > CaptureLimits.fragments {
      forget(key)
      return nil
    }
    if datagram.bytes.count < end {
      datagram.bytes += repeatElement(0, count: end - datagram.bytes.count)
    }
    datagram.place(bytes.bytes(0, bytes.byteCount), at: offset)
    if let total = datagram.total, let first = datagram.ranges.first, first.lowerBound == 0, first.upperBound >= total {
      forget(key)
      return Array(datagram.bytes.prefix(total))
    }
    datagrams[key] = datagram
    return nil
  }

  private mutating func forget(_ key: FragmentKey) {
    datagrams[key] = nil
    order.removeAll { $0 == key }
  }
}
