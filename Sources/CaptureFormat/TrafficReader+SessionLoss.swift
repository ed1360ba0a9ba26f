import ByteReading
import Facts

/// What is lost, and how the place in the messages is found again.
extension TrafficReader {
  /// Where messages begin is not known: looks for a header before an SMB signature, or a segment that is one control message.
  func search(
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
  func isProven(_ span: RawSpan, _ at: Int, _ isDirect: Bool) -> Bool {
    let message = span.from(at)
    guard case .ends(let end) = OwnLength(message, stated: message.byteCount, limit: 0), end >= SMB1.shortest else {
      return false
    }
    if end == message.byteCount { return true }
    guard message.byteCount - end >= SessionHeader.bytes else { return false }
    let next = SessionHeader(message, at: end, isDirect: isDirect)
    return next.isPlainMessage || next.isWellFormedControl
  }

  func begin(_ direction: StreamDirection, with carried: [UInt8], marks: [FrameMark]) {
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
  func judgeDataEnd(_ stream: TCPStream, _ direction: StreamDirection) {
    guard direction.mode == .body, !direction.isReported, !direction.isBroken, let own = direction.own,
      own < direction.total, direction.received == own
    else { return }
    report(
      stream, direction, at: lengthOffset(stream), "nbss", "length", .lengthTooLong,
      expected: "\(own - SessionHeader.bytes), where the data ends", found: "\(direction.total - SessionHeader.bytes)")
    direction.isReported = true
  }

  /// A message of which the capture cut the end off counts where it begins.
  func countCut(_ stream: TCPStream, _ direction: StreamDirection, _ frame: Int) {
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
}
