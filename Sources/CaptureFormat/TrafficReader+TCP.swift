import ByteReading

extension TrafficReader {
  static let sessionPort = 139
  static let directPort = 445

  func tcp(_ bytes: RawSpan, _ length: Int, _ context: inout PacketContext, header: RawSpan?) {
    guard bytes.byteCount >= 20, !context.isQuoted else { return }
    let source = bytes.big16(0)
    let destination = bytes.big16(2)
    let isDirect = source == Self.directPort || destination == Self.directPort
    guard isDirect || source == Self.sessionPort || destination == Self.sessionPort else { return }
    context.sourcePort = source
    context.destinationPort = destination
    let size = Int(bytes.byte(12) >> 4) * 4
    guard size >= 20, bytes.byteCount >= size else { return }
    let flags = bytes.byte(13)
    if bytes.byteCount == length { check(bytes, 6, at: 16, context, header: header) }

    // Of two ports the lower decides, as other readers do it.
    let stream = conversation(
      context, source, destination,
      isDirect: isDirect && min(source, destination) != Self.sessionPort)
    stream.isRecent = true
    let isForward = stream.key.low == context.source && stream.key.lowPort == UInt16(source)
    let direction = isForward ? stream.forward : stream.backward
    let other = isForward ? stream.backward : stream.forward
    let sequence = bytes.big32(4)
    let isSyn = flags & 2 != 0
    if isSyn {
      if flags & 0x10 == 0, direction.isStarted, direction.initial != sequence {
        // The ports are used again; with the number that began this conversation it is the same request, repeated.
        close(stream)
        return tcpBegin(context, stream, sequence, source, destination)
      }
      if !direction.isStarted { begin(direction, at: sequence &+ 1, context) }
    }
    let acknowledged = bytes.big32(8)
    if flags & 0x10 != 0 { other.acknowledged = acknowledged }
    if flags & 0x10 != 0, other.isStarted, !other.pending.isEmpty {
      if Int32(bitPattern: acknowledged &- other.next) > 0 {
        other.framesSinceAcknowledged += 1
        if other.framesSinceAcknowledged > CaptureLimits.acknowledgedFrames { skipHole(stream, other) }
      }
    }
    let payload = bytes.from(size)
    let sent = max(payload.byteCount, length - size)
    if sent > 0 {
      let start = isSyn ? sequence &+ 1 : sequence
      segment(stream, direction, start, payload, missing: sent - payload.byteCount, context)
    }
    if flags & 4 != 0 || flags & 1 != 0, direction.finSequence == nil {
      direction.finSequence = sequence &+ UInt32(truncatingIfNeeded: sent)
    }
  }

  private func tcpBegin(
    _ context: PacketContext, _ old: TCPStream, _ sequence: UInt32, _ source: Int, _ destination: Int
  ) {
    let fresh = TCPStream(key: old.key, number: streamCount, isDirect: old.isDirect)
    streamCount += 1
    streams[old.key] = fresh
    lastStream = fresh
    let isForward = fresh.key.low == context.source && fresh.key.lowPort == UInt16(source)
    begin(isForward ? fresh.forward : fresh.backward, at: sequence &+ 1, context)
  }

  private func begin(_ direction: StreamDirection, at sequence: UInt32, _ context: PacketContext) {
    direction.isStarted = true
    direction.initial = sequence &- 1
    direction.next = sequence
    if direction.endpoints == nil { direction.endpoints = context }
  }

  /// The conversation of a packet; a new one where there is none.
  private func conversation(_ context: PacketContext, _ source: Int, _ destination: Int, isDirect: Bool) -> TCPStream {
    let isOrdered = context.source != context.destination ? context.source < context.destination : source < destination
    let key = TCPStream.Key(
      low: isOrdered ? context.source : context.destination, high: isOrdered ? context.destination : context.source,
      lowPort: UInt16(isOrdered ? source : destination), highPort: UInt16(isOrdered ? destination : source))
    if let last = lastStream, last.key == key { return last }
    if let known = streams[key] {
      lastStream = known
      return known
    }
    if streams.count >= CaptureLimits.streams { makeRoom() }
    let fresh = TCPStream(key: key, number: streamCount, isDirect: isDirect)
    streamCount += 1
    streams[key] = fresh
    order.append(key)
    lastStream = fresh
    return fresh
  }

  /// Gives up a conversation that was silent since the sweep last came by; one step of the sweep for each that is new.
  private func makeRoom() {
    while !order.isEmpty {
      if hand >= order.count { hand = 0 }
      guard let stream = streams[order[hand]] else {
        order.swapAt(hand, order.count - 1)
        order.removeLast()
        continue
      }
      if stream.isRecent {
        stream.isRecent = false
        hand += 1
        continue
      }
      close(stream)
      streams[stream.key] = nil
      order.swapAt(hand, order.count - 1)
      order.removeLast()
      return
    }
  }

  /// A segment's place in its direction: what is new of it goes on, what comes too early waits.
  private func segment(
    _ stream: TCPStream, _ direction: StreamDirection, _ sequence: UInt32, _ payload: RawSpan, missing: Int,
    _ context: PacketContext
  ) {
    if !direction.isStarted {
      // A probe that keeps the connection alive repeats the last byte.
      if payload.byteCount + missing == 1, direction.acknowledged == sequence &+ 1 { return }
      begin(direction, at: sequence, context)
      // In the middle of a conversation: the first bytes may be anything.
      direction.mode = .lost
    } else if direction.endpoints == nil {
      direction.endpoints = context
    }
    let ahead = Int(Int32(bitPattern: sequence &- direction.next))
    if ahead > Self.largestJump || ahead < -Self.largestJump {
      // No window is as large: the conversation's numbers began anew unseen.
      flush(stream, direction)
      direction.next = sequence
      lose(direction)
    } else if ahead > 0 {
      wait(
        stream, direction,
        .init(
          sequence: sequence, bytes: payload.bytes(0, payload.byteCount), missing: missing, frame: context.frame,
          time: context.time))
      return
    }
    let old = Int(Int32(bitPattern: direction.next &- sequence))
    let sent = payload.byteCount + missing
    guard old < sent else { return }
    advance(
      stream, direction, payload.from(old), missing: missing - max(0, old - payload.byteCount), context.frame,
      context.time)
    if !direction.pending.isEmpty { drain(stream, direction) }
  }

  /// Bytes of a jump that no window explains (RFC 7323: at most 1 GiB; seen in practice far less).
  private static let largestJump = 1 << 26

  private func advance(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, missing: Int, _ frame: Int, _ time: Int64?
  ) {
    direction.next = direction.next &+ UInt32(truncatingIfNeeded: bytes.byteCount + missing)
    if bytes.byteCount > 0 { feed(stream, direction, bytes, frame, time) }
    if missing > 0 { hole(stream, direction, missing, frame, isCut: true) }
  }

  private func wait(_ stream: TCPStream, _ direction: StreamDirection, _ segment: StreamDirection.Segment) {
    var place = direction.pending.count
    while place > 0 {
      let earlier = direction.pending[place - 1]
      let distance = Int32(bitPattern: segment.sequence &- earlier.sequence)
      if distance > 0 { break }
      // The same again.
      if distance == 0, segment.bytes.count <= earlier.bytes.count { return }
      place -= 1
    }
    direction.pending.insert(segment, at: place)
    direction.pendingBytes += segment.bytes.count
    pendingBytes += segment.bytes.count
    while direction.pending.count > CaptureLimits.pendingSegments
      || direction.pendingBytes > CaptureLimits.pendingBytes
      || (pendingBytes > CaptureLimits.allPendingBytes && !direction.pending.isEmpty)
    {
      skipHole(stream, direction)
    }
  }

  /// Takes what waits and is due now.
  private func drain(_ stream: TCPStream, _ direction: StreamDirection) {
    var taken = 0
    while taken < direction.pending.count {
      let segment = direction.pending[taken]
      let ahead = Int(Int32(bitPattern: segment.sequence &- direction.next))
      if ahead > 0 { break }
      taken += 1
      let sent = segment.bytes.count + segment.missing
      guard -ahead < sent else { continue }
      let bytes = segment.bytes.span.bytes
      advance(
        stream, direction, bytes.from(-ahead), missing: segment.missing - max(0, -ahead - segment.bytes.count),
        segment.frame, segment.time)
    }
    guard taken > 0 else { return }
    let released = direction.pending[..<taken].reduce(0) { $0 + $1.bytes.count }
    direction.pending.removeFirst(taken)
    direction.pendingBytes -= released
    pendingBytes -= released
    direction.framesSinceAcknowledged = 0
  }

  /// Takes what is missing before the first waiting segment as lost.
  func skipHole(_ stream: TCPStream, _ direction: StreamDirection) {
    guard let first = direction.pending.first else { return }
    let missing = Int(Int32(bitPattern: first.sequence &- direction.next))
    if missing > 0 {
      direction.next = first.sequence
      hole(stream, direction, missing, first.frame, isCut: false)
    }
    direction.framesSinceAcknowledged = 0
    drain(stream, direction)
  }

  func flush(_ stream: TCPStream, _ direction: StreamDirection) {
    while !direction.pending.isEmpty { skipHole(stream, direction) }
    endOfDirection(stream, direction)
  }

  func close(_ stream: TCPStream) {
    flush(stream, stream.forward)
    flush(stream, stream.backward)
    stream.requests.removeAll()
    for direction in [stream.forward, stream.backward] {
      guard let client = direction.endpoints?.source, let time = direction.lastTime else { continue }
      if activity.count < CaptureLimits.hosts || activity[client] != nil {
        activity[client] = max(activity[client] ?? time, time)
      }
    }
    if lastStream === stream { lastStream = nil }
  }
}
