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

  private func header(
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
  private func hidesNothing(_ message: RawSpan, _ own: OwnLength, _ rest: RawSpan) -> Bool {
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
  private func judge(_ stream: TCPStream, _ direction: StreamDirection, _ place: Place, isEnd: Bool) -> Bool {
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
  private func settleBefore(_ stream: TCPStream, _ direction: StreamDirection) {
    guard let before = direction.before else { return }
    direction.before = nil
    guard let own = before.own, own > before.total, direction.isTrusted, !direction.isSuspect else { return }
    reportCount(stream, direction, before, own: own)
  }

  /// A header that is wrong before an SMB message: its place is certain.
  private func anchoredFault(
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
  private func looseFault(
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

  private func accept(_ stream: TCPStream, _ direction: StreamDirection, total: Int) {
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
  private func settled(_ stream: TCPStream, _ direction: StreamDirection, _ place: Place) {
    if direction.received >= direction.total { finish(stream, direction, place) }
  }

  // MARK: Body

  private func body(
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
  private func isWatched(_ direction: StreamDirection) -> Bool {
    guard direction.isOwnSettled else { return direction.isOpen }
    guard let own = direction.own else { return direction.watchFrom != .max }
    return own < direction.total
  }

  private func settleOwnLength(_ stream: TCPStream, _ direction: StreamDirection) {
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
  private func embedded(
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
  private func candidate(
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
  private func close(
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

  // MARK: Lost

  /// Where messages begin is not known: looks for a header before an SMB signature, or a segment that is one control message.
  private func search(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ offset: Int, _ place: Place
  ) -> Int {
    mark(direction, place)
    let span = bytes.from(offset)
    if offset == 0, span.byteCount >= SessionHeader.bytes {
      let header = SessionHeader(span, at: 0, isDirect: stream.isDirect)
      if header.isWellFormedControl, span.byteCount == SessionHeader.bytes + header.length {
        begin(direction, with: [], marks: [])
        return offset
      }
    }
    let joined = direction.tail + span.bytes(0, min(7, span.byteCount))
    let tailCount = direction.tail.count
    let seam = joined.span.bytes
    var position = 4
    while tailCount > 0, let at = findSignature(seam, from: position), at - 4 < tailCount {
      if SessionHeader(seam, at: at - 4, isDirect: stream.isDirect).isPlainMessage {
        let carried = Array(direction.tail[(at - 4)...])
        begin(direction, with: carried, marks: shifted(direction, by: direction.received - carried.count))
        return offset
      }
      position = at + 1
    }
    // A header at the beginning leaves nothing behind whose place is not known.
    if findSignature(span.first(SessionHeader.anchoredBytes), from: 4) != 4 { nbss.insert(place.frame) }
    // A signature without a whole header before it: the header was lost.
    if tailCount == 0, offset == 0, let at = findSignature(span.first(8), from: 0), at < 4 {
      direction.marks = [FrameMark(offset: 0, frame: place.frame, time: place.time)]
      direction.head = [0, 0, 0, 0]
      direction.received = 4
      accept(stream, direction, total: SessionHeader.bytes + SessionHeader.largestSession)
      direction.isOpen = true
      direction.isReported = true
      return offset + at
    }
    position = 4
    while let at = findSignature(span, from: position) {
      let header = SessionHeader(span, at: at - 4, isDirect: stream.isDirect)
      // At a segment's beginning even a wrong header is taken for one, and where the message behind it proves itself.
      if header.isPlainMessage || (at == 4 && offset == 0) || isProven(span, at, stream.isDirect) {
        begin(direction, with: [], marks: [])
        return offset + at - 4
      }
      position = at + 1
    }
    remember(direction, bytes, offset, span.byteCount)
    direction.received += span.byteCount
    return bytes.byteCount
  }

  /// A message that ends by its own fields where the bytes at hand end, or where another header stands.
  private func isProven(_ span: RawSpan, _ at: Int, _ isDirect: Bool) -> Bool {
    let message = span.from(at)
    guard case .ends(let end) = OwnLength(message, stated: message.byteCount, limit: 0), end >= SMB1.shortest else {
      return false
    }
    if end == message.byteCount { return true }
    guard message.byteCount - end >= SessionHeader.bytes else { return false }
    let next = SessionHeader(message, at: end, isDirect: isDirect)
    return next.isPlainMessage || next.isWellFormedControl
  }

  private func begin(_ direction: StreamDirection, with carried: [UInt8], marks: [FrameMark]) {
    direction.mode = .header
    direction.head = carried
    direction.received = carried.count
    direction.marks = marks
    direction.tail.removeAll(keepingCapacity: true)
    direction.before = nil
  }

  /// Gives up the place in the messages; `keeping`: bytes in which the next header may already begin.
  func lose(_ direction: StreamDirection, keeping: [UInt8] = []) {
    direction.mode = .lost
    direction.tail = Array(keeping.dropFirst().suffix(7))
    direction.head.removeAll(keepingCapacity: true)
    direction.isSuspect = true
    direction.isCut = false
    direction.isRest = false
    direction.before = nil
    if keeping.isEmpty {
      direction.marks.removeAll(keepingCapacity: true)
      direction.received = 0
    }
  }

  /// Bytes that never came. Inside a message of known length the next header's place is still known.
  func hole(_ stream: TCPStream, _ direction: StreamDirection, _ count: Int, _ frame: Int, isCut: Bool) {
    if !isCut {
      losses += 1
      lostBytes += count
    }
    guard direction.mode == .body, !direction.isOpen, count <= direction.total - direction.received else {
      if isCut, direction.mode == .body { countCut(stream, direction, frame) }
      if !isCut, !direction.isOpen { judgeDataEnd(stream, direction) }
      return lose(direction)
    }
    if isCut { countCut(stream, direction, frame) }
    direction.isBroken = true
    direction.isOwnSettled = true
    direction.received += count
    direction.tail.removeAll(keepingCapacity: true)
    if direction.received >= direction.total {
      finish(stream, direction, Place(frame: frame, time: nil))
    }
  }

  /// A message whose own fields end where the bytes at hand end, and whose length claims more: nothing that came, and nothing
  /// that was lost in one piece with the next message, shows more of it.
  private func judgeDataEnd(_ stream: TCPStream, _ direction: StreamDirection) {
    guard direction.mode == .body, !direction.isReported, !direction.isBroken, let own = direction.own,
      own < direction.total, direction.received == own
    else { return }
    report(
      stream, direction, at: lengthOffset(stream), "nbss", "length", .lengthTooLong,
      expected: "\(own - SessionHeader.bytes), where the data ends", found: "\(direction.total - SessionHeader.bytes)")
    direction.isReported = true
  }

  /// A message of which the capture cut the end off counts where it begins.
  private func countCut(_ stream: TCPStream, _ direction: StreamDirection, _ frame: Int) {
    nbss.insert(frame)
    direction.isCut = true
    if direction.head.count >= SessionHeader.anchoredBytes {
      let head = direction.head
      let span = head.span.bytes
      countSMB(span.big32(4), frame)
    }
  }

  func endOfDirection(_ stream: TCPStream, _ direction: StreamDirection) {
    let place = Place(frame: direction.marks.last?.frame ?? 0, time: direction.marks.last?.time)
    if direction.mode == .header, direction.head.count >= SessionHeader.bytes {
      judge(stream, direction, place, isEnd: true)
    }
    judgeDataEnd(stream, direction)
    if direction.mode == .header, direction.head.isEmpty { settleBefore(stream, direction) }
    direction.mode = .header
    direction.head = []
    direction.marks = []
    direction.received = 0
    direction.tail = []
    direction.before = nil
  }

  // MARK: Frames of bytes

  private func mark(_ direction: StreamDirection, _ place: Place) {
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
  private func shifted(_ direction: StreamDirection, by start: Int) -> [FrameMark] {
    var result: [FrameMark] = []
    for mark in direction.marks {
      if mark.offset <= start { result.removeAll() }
      result.append(FrameMark(offset: max(0, mark.offset - start), frame: mark.frame, time: mark.time))
    }
    return result
  }

  private func remember(_ direction: StreamDirection, _ bytes: RawSpan, _ offset: Int, _ take: Int) {
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
