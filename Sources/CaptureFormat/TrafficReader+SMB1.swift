import ByteReading
import Facts

extension TrafficReader {
  func countSMB(_ signature: UInt32, _ frame: Int) {
    if signature == 0xFF53_4D42 { smb.insert(frame) } else { smb2.insert(frame) }
  }

  /// A whole message, as far as it was kept. `whole`: how long it is.
  func message1or2(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, _ place: Place
  ) {
    guard bytes.byteCount >= 4 else { return }
    if !direction.hasWrongHeader, !direction.isBroken || direction.isCut { countSMB(bytes.big32(0), place.frame) }
    switch bytes.byte(0) {
    case 0xFF: first(stream, direction, bytes, whole, place)
    case 0xFE: second(stream, direction, bytes, whole, place)
    default: break
    }
  }

  private func fault(
    _ stream: TCPStream, _ direction: StreamDirection, _ offset: Int, _ field: String, _ fault: CaptureView.Fault,
    _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
  ) {
    // One fault a message: what a wrong length leads to is no second one.
    guard !direction.isReported else { return }
    report(
      stream, direction, at: SessionHeader.bytes + offset, "smb", field, fault, expected: expected(), found: found())
    direction.isReported = true
  }

  private func first(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, _ place: Place
  ) {
    guard whole >= SMB1.shortest else {
      return fault(
        stream, direction, 32, "wordCount", .belowHeader, "an SMB message of at least \(SMB1.shortest) bytes",
        "\(whole)")
    }
    guard bytes.byteCount >= SMB1.headerBytes + 1 else { return }
    let isResponse = bytes.byte(9) & 0x80 != 0
    let isUnicode = bytes.little16(10) & 0x8000 != 0
    let id = UInt64(bytes.little16(30)) | UInt64(bytes.little16(26)) << 16
    var command = bytes.byte(4)
    var block = SMB1.headerBytes
    if command == SMB1.readRaw || command == SMB1.writeRaw { stream.mayBeRaw = true }
    for chained in 0...CaptureLimits.chainedCommands {
      guard block < bytes.byteCount else { return }
      let words = Int(bytes.byte(block))
      let count = block + 1 + 2 * words
      guard count + 2 <= whole else {
        return fault(
          stream, direction, block, "wordCount", .countTooLarge, "at most \(max(0, (whole - block - 3) / 2))",
          "\(words)")
      }
      guard count + 2 <= bytes.byteCount else { return }
      let byteCount = bytes.little16(count)
      // See OwnLength: what Windows answers to NT_CREATE_ANDX has a count that was never set.
      guard count + 2 + byteCount <= whole || (command == 0xA2 && isResponse) else {
        return fault(
          stream, direction, count, "byteCount", .countTooLarge, "at most \(whole - count - 2)", "\(byteCount)")
      }
      content(
        stream, direction, bytes, whole, place,
        .init(
          command: command, isResponse: isResponse, isUnicode: isUnicode, id: id, word: block + 1, words: words,
          data: count + 2, dataEnd: count + 2 + byteCount))
      guard SMB1.isChained(command), words >= 2, bytes.byte(block + 1) != 0xFF else { return }
      let next = bytes.little16(block + 3)
      // A response that failed ends its chain with zero.
      if next == 0 { return }
      guard chained < CaptureLimits.chainedCommands, next > block else {
        return fault(
          stream, direction, block + 3, "andXOffset", .chainLoop, "an offset behind \(block)", "\(next)")
      }
      guard next < whole else {
        // Windows and Samba point to the end where nothing follows.
        guard next > whole else { return }
        return fault(
          stream, direction, block + 3, "andXOffset", .offsetOutside, "at most \(whole)", "\(next)")
      }
      command = bytes.byte(block + 1)
      block = next
    }
  }

  /// One command's block of words and bytes; offsets from the SMB header.
  private struct Block {
    var command: UInt8
    var isResponse: Bool
    var isUnicode: Bool
    var id: UInt64
    var word: Int
    var words: Int
    var data: Int
    var dataEnd: Int
  }

  private func content(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, _ place: Place, _ block: Block
  ) {
    switch block.command {
    case SMB1.sessionSetup: sessionSetup(direction, bytes, place, block)
    case SMB1.treeConnect:
      if block.isResponse { return shareAnswered(stream, id: block.id, place) }
      guard block.words == 4 else { return }
      let password = bytes.little16(block.word + 6)
      var strings = SMBStrings(
        bytes, at: block.data + password, end: block.dataEnd, isUnicode: block.isUnicode)
      if let path = strings.next() { shareAsked(stream, direction, path, id: block.id, place) }
    case SMB1.transaction2, SMB1.transaction:
      transaction(stream, direction, bytes, whole, place, block)
    case SMB1.ntTransact: ntTransaction(stream, direction, bytes, whole, place, block)
    default: break
    }
  }

  /// [MS-CIFS] 2.2.4.53 and [MS-SMB] 2.2.4.6: what the two sides say of themselves.
  private func sessionSetup(_ direction: StreamDirection, _ bytes: RawSpan, _ place: Place, _ block: Block) {
    guard let address = direction.endpoints?.source.text else { return }
    let word = block.word
    var start = block.data
    var skipped = 0
    switch (block.isResponse, block.words) {
    case (false, 13):
      start += bytes.little16(word + 14) + bytes.little16(word + 16)
      skipped = 2
    case (false, 12): start += bytes.little16(word + 14)
    case (false, 10):
      start += bytes.little16(word + 14)
      skipped = 2
    case (true, 4): start += bytes.little16(word + 6)
    case (true, 3): break
    default: return
    }
    var strings = SMBStrings(bytes, at: start, end: block.dataEnd, isUnicode: block.isUnicode)
    for _ in 0..<skipped { _ = strings.next() }
    guard let system = strings.next() else { return }
    let manager = strings.next()
    if system.isEmpty, manager?.isEmpty ?? true { return }
    let (os, lanManager) = (system.isEmpty ? nil : system, manager.flatMap { $0.isEmpty ? nil : $0 })
    if block.isResponse {
      servers.add(address, lanManager, os, place.frame)
    } else {
      clients.add(address, lanManager, os, place.frame)
    }
  }

  /// [MS-CIFS] 2.2.4.33 and 2.2.4.46: parameters and data lie where counts and offsets say.
  private func transaction(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, _ place: Place, _ block: Block
  ) {
    let word = block.word
    let at = block.isResponse ? 6 : 18
    guard block.words >= (block.isResponse ? 10 : 14) else { return }
    let parameters = (count: bytes.little16(word + at), offset: bytes.little16(word + at + 2))
    let dataAt = block.isResponse ? 12 : 22
    let data = (count: bytes.little16(word + dataAt), offset: bytes.little16(word + dataAt + 2))
    guard fits(stream, direction, parameters, whole, word + at + 2, "parameterOffset"),
      fits(stream, direction, data, whole, word + dataAt + 2, "dataOffset"), block.command == SMB1.transaction2
    else { return }
    if !block.isResponse {
      guard bytes.byte(word + 26) > 0, bytes.little16(word + 28) == SMB1.getReferral, parameters.count > 2 else {
        return
      }
      let end = min(bytes.byteCount, parameters.offset + parameters.count)
      let start = parameters.offset + 2
      guard start < end else { return }
      let path =
        block.isUnicode
        ? SMBText.utf16(bytes, at: start, end: end).0 : SMBText.narrow(bytes, at: start, end: end).0
      referralAsked(stream, direction, path, id: block.id, place)
    } else {
      let end = min(bytes.byteCount, data.offset + data.count)
      referralAnswered(
        stream, id: block.id, status: bytes.little32(5), bytes.first(end).from(data.offset), place, isPartial: false)
    }
  }

  private func fits(
    _ stream: TCPStream, _ direction: StreamDirection, _ part: (count: Int, offset: Int), _ whole: Int, _ at: Int,
    _ field: String
  ) -> Bool {
    if part.count == 0 || part.offset + part.count <= whole { return true }
    fault(
      stream, direction, at, field, .offsetOutside, "\(part.count) bytes within \(whole)",
      "offset \(part.offset)")
    return false
  }

  /// [MS-CIFS] 2.2.4.62: of NT transactions the change notification counts (2.2.7.4).
  private func ntTransaction(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, _ place: Place, _ block: Block
  ) {
    let word = block.word
    if block.isResponse {
      // A failed or interim response has no words.
      guard case .notify = stream.requests.removeValue(forKey: block.id) else { return }
      notifications.answered(direction.endpoints?.destination.text, bytes: whole)
      return
    }
    guard block.words >= 19, bytes.little16(word + 36) == SMB1.notifyChange else { return }
    // Setup: completion filter, file id, and whether the whole tree is watched.
    notifications.asked(direction.endpoints?.source.text, isRecursive: bytes.byte(word + 44) != 0)
    remember(stream, block.id, .notify)
  }

  /// Answers are looked for among a bounded number of requests.
  func remember(_ stream: TCPStream, _ id: UInt64, _ request: PendingRequest) {
    if stream.requests.count >= CaptureLimits.fragments { stream.requests.removeAll() }
    stream.requests[id] = request
  }
}
