import ByteReading
import Facts

/// The frame whose bytes are being read.
struct Place {
  var frame: Int
  var time: Int64?
}

extension TrafficReader {
  /// Bytes of one direction in their order.
  func feed(_ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ frame: Int, _ time: Int64?) {
    let place = Place(frame: frame, time: time)
    current = place
    direction.lastTime = time ?? direction.lastTime
    var offset = 0
    while offset < bytes.byteCount {
      switch direction.mode {
      case .header: offset = header(stream, direction, bytes, offset, place)
      case .body: offset = body(stream, direction, bytes, offset, place)
      case .lost: offset = search(stream, direction, bytes, offset, place)
      }
    }
  }

  // MARK: Header

  func header(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ offset: Int, _ place: Place
  ) -> Int {
    let available = bytes.byteCount - offset
    if direction.head.isEmpty {
      // Most messages lie in one segment: nothing is copied.
      if available >= SessionHeader.anchoredBytes, SessionHeader.isSignature(bytes.big32(offset + 4)) {
        let header = SessionHeader(bytes, at: offset, isDirect: stream.isDirect)
        if header.isPlainMessage, available >= SessionHeader.bytes + header.length,
          header.length >= SMBContent.least(bytes.byte(offset + 4))
        {
          let message = bytes.extracting(offset + 4..<offset + 4 + header.length)
          let own = OwnLength(message, stated: message.byteCount, limit: 0)
          if hidesNothing(message, own, bytes.from(offset + 4)) {
            settleBefore(stream, direction)
            resumed(direction, place)
            direction.isTrusted = true
            direction.isSuspect = false
            direction.isReported = false
            if case .ends(let end) = own, end == header.length {
              direction.before = nil
            } else {
              var end: Int?
              if case .ends(let value) = own { end = SessionHeader.bytes + value }
              direction.before = PreviousMessage(
                frame: place.frame, time: place.time, total: SessionHeader.bytes + header.length, own: end, isSMB: true)
            }
            stream.carriesSMB = true
            nbss.insert(place.frame)
            message1or2(stream, direction, message, message.byteCount, place)
            direction.isReported = false
            return offset + 4 + header.length
          }
        }
      }
      direction.received = 0
      direction.marks.removeAll(keepingCapacity: true)
    }
    mark(direction, place)
    var used = offset
    while true {
      let wanted = direction.head.count < SessionHeader.bytes ? SessionHeader.bytes : SessionHeader.anchoredBytes
      let take = min(max(0, wanted - direction.head.count), bytes.byteCount - used)
      direction.head += bytes.bytes(used, take)
      direction.received += take
      used += take
      if direction.head.count < SessionHeader.bytes { return used }
      if judge(stream, direction, place, isEnd: false) || used >= bytes.byteCount { return used }
    }
  }

  /// Whether a message of SMB ends where its header says, or has nothing behind its own end that looks like another.
  func hidesNothing(_ message: RawSpan, _ own: OwnLength, _ rest: RawSpan) -> Bool {
    switch own {
    case .ends(let end):
      if end == message.byteCount { return true }
      // SMB2 pads chained commands, and some systems the last one too.
      guard end < message.byteCount, message.byte(0) == 0xFE else { return false }
      return findSignature(rest.first(message.byteCount + SessionHeader.anchoredBytes), from: end).map {
        $0 >= message.byteCount + 4
      } ?? true
    case .unknown(let from): return from == .max || findSignature(message, from: from + 8) == nil
    case .needsMore: return findSignature(message, from: 8) == nil
    }
  }

  /// What the header in `head` is. False where more bytes are needed to tell.
  @discardableResult
  func judge(_ stream: TCPStream, _ direction: StreamDirection, _ place: Place, isEnd: Bool) -> Bool {
    let head = direction.head
    guard head.count >= SessionHeader.bytes else { return false }
    let span = head.span.bytes
    let header = SessionHeader(span, at: 0, isDirect: stream.isDirect)
    let isComplete = direction.head.count >= SessionHeader.anchoredBytes
    let isAnchored = isComplete && SessionHeader.isSignature(span.big32(4))
    if header.isPlainMessage {
      if let before = direction.before, before.mayBeWrong, stream.carriesSMB, !stream.mayBeRaw {
        // Behind a message whose length is in doubt only a signature proves a header.
        guard isComplete || isEnd else { return false }
        if isComplete, !isAnchored {
          looseFault(stream, direction, header, span.bytes(0, 4), place)
          return true
        }
      }
      settleBefore(stream, direction)
      accept(stream, direction, total: SessionHeader.bytes + header.length)
      return true
    }
    if header.isWellFormedControl, !isAnchored, header.type != 0x81 || isComplete || isEnd {
      accept(stream, direction, total: SessionHeader.bytes + header.length)
      settled(stream, direction, place)
      return true
    }
    guard isComplete || isEnd else { return false }
    if isAnchored {
      anchoredFault(stream, direction, header, span.bytes(0, 4))
      return true
    }
    looseFault(stream, direction, header, span.bytes(0, 4), place)
    return true
  }

  /// The message before was as long as it said: where its own fields end behind it, they are wrong.
  func settleBefore(_ stream: TCPStream, _ direction: StreamDirection) {
    guard let before = direction.before else { return }
    direction.before = nil
    guard let own = before.own, own > before.total, direction.isTrusted, !direction.isSuspect else { return }
    reportCount(stream, direction, before, own: own)
  }

  /// A header that is wrong before an SMB message: its place is certain.
  func anchoredFault(
    _ stream: TCPStream, _ direction: StreamDirection, _ header: SessionHeader, _ found: [UInt8]
  ) {
    let keepsLength = header.length >= SessionHeader.shortestSMB
    if !header.isMessage {
      report(
        stream, direction, at: 0, "nbss", "type", .wrongType, expected: "0x00, a session message, before SMB",
        found: hex(header.type))
    } else if header.reservedFlags != 0 {
      report(
        stream, direction, at: 1, "nbss", "flags", .reservedFlags, expected: "0x00 or 0x01", found: hex(found[1]))
    } else if header.length == 0 {
      report(
        stream, direction, at: lengthOffset(stream), "nbss", "length", .lengthZero,
        expected: "the length of the SMB message that follows",
        found: "0")
    } else {
      report(
        stream, direction, at: lengthOffset(stream), "nbss", "length", .belowHeader,
        expected: "at least \(SessionHeader.shortestSMB), an SMB header", found: "\(header.length)")
    }
    accept(
      stream, direction,
      total: SessionHeader.bytes + (keepsLength ? header.length : SessionHeader.largestSession))
    direction.isOpen = !keepsLength
    direction.isReported = true
    direction.hasWrongHeader = true
  }

  /// A header that is wrong, with nothing behind it that proves its place.
  func looseFault(
    _ stream: TCPStream, _ direction: StreamDirection, _ header: SessionHeader, _ found: [UInt8], _ place: Place
  ) {
    nbss.insert(place.frame)
    let isCertain = direction.isTrusted && !direction.isSuspect
    let taken = direction.head
    let next = SessionHeader(taken.span.bytes, at: SessionHeader.bytes, isDirect: stream.isDirect)
    let isAlone =
      header.isMessage && header.length == 0 && direction.head.count >= SessionHeader.anchoredBytes
      && (next.isPlainMessage || next.isWellFormedControl)
    if let before = direction.before, before.mayBeWrong, !isAlone || before.own != nil, stream.carriesSMB,
      !stream.mayBeRaw
    {
      // Among SMB a header without a signature behind it is none: the message before was not as long as it said.
      if isCertain { reportLength(stream, direction, before) }
      guard let own = before.own, own > before.total else { return lose(direction, keeping: direction.head) }
      // It was longer than it said: what was taken for a header is part of it.
      let taken = direction.received
      accept(stream, direction, total: own)
      direction.received = before.total + taken
      direction.isReported = true
      direction.isOwnSettled = true
      direction.own = before.total
      direction.isRest = true
      if direction.received > own { lose(direction) } else { settled(stream, direction, place) }
      return
    }
    if header.isMessage, header.reservedFlags == 0 {
      // Without SMB: raw reads and writes, and applications of their own.
      if isCertain, stream.carriesSMB, !stream.mayBeRaw {
        if header.length == 0 {
          report(
            stream, direction, at: lengthOffset(stream), "nbss", "length", .lengthZero,
            expected: "at least 1: no raw read is open",
            found: "0")
        } else {
          report(
            stream, direction, at: lengthOffset(stream), "nbss", "length", .belowHeader,
            expected: "at least \(SessionHeader.shortestSMB), an SMB header", found: "\(header.length)")
        }
      }
      let rest = direction.head
      accept(stream, direction, total: SessionHeader.bytes + header.length)
      direction.isReported = isCertain && stream.carriesSMB && !stream.mayBeRaw
      if direction.received > direction.total {
        // Bytes of the next message were taken to judge this one.
        let extra = direction.received - direction.total
        let marks = shifted(direction, by: direction.total)
        direction.received = direction.total
        direction.head.removeLast(extra)
        finish(stream, direction, place)
        direction.head = Array(rest.suffix(extra))
        direction.received = extra
        direction.marks = marks
        return
      }
      settled(stream, direction, place)
      return
    }
    if isCertain {
      if header.isMessage {
        report(
          stream, direction, at: 1, "nbss", "flags", .reservedFlags, expected: "0x00 or 0x01", found: hex(found[1]))
      } else if header.isControl {
        let range = header.expectedLength ?? 0...0
        let isFlags = header.reservedFlags != 0
        report(
          stream, direction, at: isFlags ? 1 : 2, "nbss", isFlags ? "flags" : "length",
          isFlags ? .reservedFlags : .wrongLength,
          expected: isFlags
            ? "0x00" : range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)",
          found: isFlags ? hex(found[1]) : "\(header.length)")
      } else {
        report(
          stream, direction, at: 0, "nbss", "type", .wrongType, expected: "0x00 or 0x81 to 0x85",
          found: hex(header.type))
      }
    }
    lose(direction, keeping: direction.head)
  }

  func accept(_ stream: TCPStream, _ direction: StreamDirection, total: Int) {
    direction.mode = .body
    direction.total = total
    direction.own = nil
    direction.isOwnSettled = false
    direction.isOpen = false
    direction.isBroken = false
    direction.isReported = false
    direction.watchFrom = 0
    direction.hasWrongHeader = false
    direction.keep = CaptureLimits.messageHead
    direction.tail.removeAll(keepingCapacity: true)
  }

  /// Ends a message that has come whole with its header.
  func settled(_ stream: TCPStream, _ direction: StreamDirection, _ place: Place) {
    if direction.received >= direction.total { finish(stream, direction, place) }
  }

  // MARK: Frames of bytes

  func mark(_ direction: StreamDirection, _ place: Place) {
    if direction.marks.last?.frame == place.frame { return }
    // Only the beginning and the end of a message are asked for.
    if direction.marks.count >= 2048 { direction.marks.removeSubrange(1024..<1536) }
    direction.marks.append(FrameMark(offset: direction.received, frame: place.frame, time: place.time))
  }

  /// Which frame brought the byte at an offset of the message.
  func place(_ direction: StreamDirection, _ offset: Int, _ current: Place) -> Place {
    guard let found = direction.marks.last(where: { $0.offset <= offset }) else { return current }
    return Place(frame: found.frame, time: found.time)
  }

  /// The marks as they are for a message that begins at `start` of this one.
  func shifted(_ direction: StreamDirection, by start: Int) -> [FrameMark] {
    var result: [FrameMark] = []
    for mark in direction.marks {
      if mark.offset <= start { result.removeAll() }
      result.append(FrameMark(offset: max(0, mark.offset - start), frame: mark.frame, time: mark.time))
    }
    return result
  }

  func remember(_ direction: StreamDirection, _ bytes: RawSpan, _ offset: Int, _ take: Int) {
    guard direction.mode == .lost || isWatched(direction) else { return }
    let count = min(7, take)
    direction.tail = Array((direction.tail + bytes.bytes(offset + take - count, count)).suffix(7))
  }

  /// The first of the four signatures from an offset on.
  func findSignature(_ bytes: RawSpan, from: Int) -> Int? {
    var offset = max(0, from)
    let end = bytes.byteCount - 4
    while offset <= end {
      // The `B` is looked at first: where it is not one of the signature's letters, four bytes are passed at once.
      let last = bytes.byte(offset + 3)
      if last == 0x42 {
        if SessionHeader.isSignature(bytes.big32(offset)) { return offset }
        offset += 1
      } else if last == 0x4D || last == 0x53 || last >= 0xFC {
        offset += 1
      } else {
        offset += 4
      }
    }
    return nil
  }

  func hex(_ value: UInt8) -> String { hexadecimal(UInt64(value), digits: 2) }
}
