import ByteReading
import Facts

/// The content of messages: where each ends, by its header and by its own fields.
extension TrafficReader {
  func body(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ offset: Int, _ place: Place
  ) -> Int {
    mark(direction, place)
    if direction.isCut { nbss.insert(place.frame) }
    let before = direction.received
    let available = bytes.byteCount - offset
    var take = min(direction.total - before, available)
    if !direction.isBroken {
      let room = direction.keep - direction.head.count
      if room > 0 { direction.head += bytes.bytes(offset, min(room, take)) }
      if !direction.isOwnSettled {
        settleOwnLength(stream, direction)
        take = max(0, min(direction.total - before, available))
        if direction.head.count > direction.total { direction.head.removeLast(direction.head.count - direction.total) }
      }
    }
    // Where part of it is lost, its own end still tells.
    if !direction.isBroken || direction.own != nil, isWatched(direction),
      let found = embedded(direction, bytes, offset, take, before, stream.isDirect)
    {
      return close(stream, direction, at: found, bytes, offset, before, place)
    }
    direction.received = before + take
    remember(direction, bytes, offset, take)
    if direction.received >= direction.total { finish(stream, direction, place) }
    return offset + take
  }

  /// A message that may hide the next one.
  func isWatched(_ direction: StreamDirection) -> Bool {
    guard direction.isOwnSettled else { return direction.isOpen }
    guard let own = direction.own else { return direction.watchFrom != .max }
    return own < direction.total
  }

  func settleOwnLength(_ stream: TCPStream, _ direction: StreamDirection) {
    let head = direction.head
    guard head.count >= SessionHeader.anchoredBytes else { return }
    let span = head.span.bytes
    guard SessionHeader.isSignature(span.big32(4)) else {
      direction.isOwnSettled = true
      return
    }
    stream.carriesSMB = true
    let least = SMBContent.least(span.byte(4))
    if direction.total - SessionHeader.bytes < least, !direction.isOpen, !direction.isReported {
      report(
        stream, direction, at: lengthOffset(stream), "nbss", "length", .belowHeader,
        expected: "at least \(least), what the message's own header takes",
        found: "\(direction.total - SessionHeader.bytes)")
      direction.isReported = true
      direction.isOpen = true
      direction.total = SessionHeader.bytes + SessionHeader.largestSession
    }
    let message = span.from(4)
    direction.keep = max(direction.keep, SMBContent.wanted(message))
    let stated = direction.total - SessionHeader.bytes
    switch OwnLength(message, stated: stated, limit: min(direction.keep - 4, stated)) {
    case .needsMore: return
    case .unknown(let from):
      direction.isOwnSettled = true
      direction.watchFrom = from == .max ? .max : SessionHeader.bytes + from
    case .ends(let end):
      direction.isOwnSettled = true
      let own = SessionHeader.bytes + end
      direction.own = own
      if direction.isOpen {
        direction.isOpen = false
        direction.total = own
      } else if own < direction.total, span.byte(4) == 0xFF, stated > SessionHeader.largestSession {
        if !direction.isReported {
          report(
            stream, direction, at: lengthOffset(stream), "nbss", "length", .lengthBeyondPort,
            expected: "\(end), as the SMB message says", found: "\(stated)")
          direction.isReported = true
        }
        direction.total = own
      }
    }
  }

  func lengthOffset(_ stream: TCPStream) -> Int { stream.isDirect ? 1 : 2 }

  /// A header inside the bytes about to be taken, as an offset in the message; nil where there is none.
  func embedded(
    _ direction: StreamDirection, _ bytes: RawSpan, _ offset: Int, _ take: Int, _ before: Int, _ isDirect: Bool
  ) -> Int? {
    let own = direction.own
    let least = max(own ?? 0, SessionHeader.anchoredBytes, direction.watchFrom &+ SessionHeader.bytes)
    // The signature may stand behind what the message claims.
    let end = min(bytes.byteCount, offset + take + SessionHeader.anchoredBytes)
    if !direction.tail.isEmpty {
      let joined = direction.tail + bytes.bytes(offset, min(7, end - offset))
      let span = joined.span.bytes
      let base = before - direction.tail.count
      if let found = candidate(span, from: 4, base: base, least: least, own: own, direct: isDirect), found < before {
        return found
      }
    }
    let span = bytes.extracting(offset..<end)
    guard let found = candidate(span, from: 4, base: before, least: least, own: own, direct: isDirect) else {
      return nil
    }
    return found < direction.total || found == own ? found : nil
  }

  /// The first signature with a header before it that could be one; exactly at the message's own end any header counts.
  func candidate(
    _ span: RawSpan, from: Int, base: Int, least: Int, own: Int?, direct: Bool
  ) -> Int? {
    var position = max(from, least - base + 4)
    while let at = findSignature(span, from: position) {
      let start = at - SessionHeader.bytes
      let header = SessionHeader(span, at: start, isDirect: direct)
      if header.isPlainMessage || base + start == own { return base + start }
      position = at + 1
    }
    return nil
  }

  /// Ends the message where another begins.
  func close(
    _ stream: TCPStream, _ direction: StreamDirection, at end: Int, _ bytes: RawSpan, _ offset: Int, _ before: Int,
    _ place: Place
  ) -> Int {
    let head = direction.head
    let isSMB = head.count >= SessionHeader.anchoredBytes && SessionHeader.isSignature(head.span.bytes.big32(4))
    if !isSMB, stream.carriesSMB, !direction.isReported {
      // What was taken for a header was none.
      if let previous = direction.before, previous.mayBeWrong, direction.isTrusted, !direction.isSuspect,
        !stream.mayBeRaw
      {
        reportLength(stream, direction, previous)
      }
      direction.isReported = true
    } else if !direction.isReported, !direction.isOpen {
      let stated = direction.total - SessionHeader.bytes
      report(
        stream, direction, at: lengthOffset(stream), "nbss", "length", .lengthTooLong,
        expected: "\(end - SessionHeader.bytes), where the next message begins", found: "\(stated)")
      direction.isReported = true
    }
    let carried = before > end ? Array(direction.tail.suffix(before - end)) : []
    let marks = before > end ? shifted(direction, by: end) : []
    if direction.head.count > end { direction.head.removeLast(direction.head.count - end) }
    direction.total = end
    direction.received = end
    finish(stream, direction, place)
    if !carried.isEmpty {
      direction.head = carried
      direction.received = carried.count
      direction.marks = marks
    }
    return before > end ? offset : offset + end - before
  }

  func finish(_ stream: TCPStream, _ direction: StreamDirection, _ place: Place) {
    if direction.isRest {
      // The end of a message that was told and read before.
      direction.isRest = false
      direction.isReported = false
      direction.isSuspect = true
      direction.mode = .header
      direction.head.removeAll(keepingCapacity: true)
      direction.received = 0
      direction.marks.removeAll(keepingCapacity: true)
      direction.tail.removeAll(keepingCapacity: true)
      direction.before = nil
      return
    }
    let head = direction.head
    let span = head.span.bytes
    let isSMB = head.count >= SessionHeader.anchoredBytes && SessionHeader.isSignature(span.big32(4))
    let header = SessionHeader(span, at: 0, isDirect: stream.isDirect)
    if !direction.isBroken || direction.isCut { nbss.insert(place.frame) }
    direction.before = PreviousMessage(
      frame: self.place(direction, lengthOffset(stream), place).frame,
      time: self.place(direction, lengthOffset(stream), place).time, total: direction.total, own: direction.own,
      isSMB: isSMB)
    let isReported = direction.isReported
    if isSMB || header.isWellFormedControl {
      if !isReported { resumed(direction, place) }
      direction.isTrusted = true
      direction.isSuspect = isReported
    } else if stream.carriesSMB, !stream.mayBeRaw {
      // No SMB among SMB: what follows it says nothing certain.
      direction.isSuspect = true
    } else {
      direction.isTrusted = direction.isTrusted || header.isPlainMessage
      direction.isSuspect = isReported
    }
    direction.mode = .header
    // What its own fields reach beyond is told once, when it is known whether they or the length are wrong.
    direction.isReported = isReported || (direction.own ?? 0) > direction.total
    if isSMB {
      message1or2(stream, direction, span.from(4), direction.total - 4, place)
    } else if header.isControl, !direction.isBroken {
      control(stream, direction, span, header, place)
    }
    direction.head.removeAll(keepingCapacity: direction.head.capacity <= CaptureLimits.messageContent)
    direction.received = 0
    direction.marks.removeAll(keepingCapacity: true)
    direction.tail.removeAll(keepingCapacity: true)
    direction.isReported = false
    direction.hasWrongHeader = false
    direction.isBroken = false
    direction.isCut = false
  }
}
