import ByteReading
import Facts

extension TrafficReader {
  /// SMB2 and 3 ([MS-SMB2] 2.2): a chain of headers of 64 bytes.
  func second(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, _ place: Place
  ) {
    var start = 0
    for chained in 0...CaptureLimits.chainedCommands {
      guard whole - start >= 64 else {
        return fault(
          stream, direction, start, "header", .belowHeader, "an SMB2 header of 64 bytes", "\(whole - start)")
      }
      guard bytes.byteCount >= start + 64 else { return }
      let signature = bytes.big32(start)
      guard signature == 0xFE53_4D42 else {
        return fault(
          stream, direction, start, "protocolId", .wrongSignature, "0xfe534d42",
          hexadecimal(UInt64(signature), digits: 8))
      }
      let size = bytes.little16(start + 4)
      guard size == 64 else {
        return fault(stream, direction, start + 4, "structureSize", .wrongStructure, "64", "\(size)")
      }
      command(stream, direction, bytes, whole, at: start, place)
      let next = Int(bytes.little32(start + 20))
      if next == 0 { return }
      guard next >= 64, next & 7 == 0, chained < CaptureLimits.chainedCommands else {
        return fault(
          stream, direction, start + 20, "nextCommand", .chainLoop, "0 or a multiple of 8 from 64 on", "\(next)")
      }
      guard next <= whole - start - 64 else {
        return fault(
          stream, direction, start + 20, "nextCommand", .offsetOutside, "at most \(whole - start - 64)", "\(next)")
      }
      start += next
    }
  }

  private func fault(
    _ stream: TCPStream, _ direction: StreamDirection, _ offset: Int, _ field: String, _ fault: CaptureView.Fault,
    _ expected: String, _ found: String
  ) {
    guard !direction.isReported else { return }
    report(stream, direction, at: SessionHeader.bytes + offset, "smb2", field, fault, expected: expected, found: found)
    direction.isReported = true
  }

  private func command(
    _ stream: TCPStream, _ direction: StreamDirection, _ bytes: RawSpan, _ whole: Int, at start: Int, _ place: Place
  ) {
    let command = bytes.little16(start + 12)
    let isResponse = bytes.byte(start + 16) & 1 != 0
    let id = bytes.little64(start + 24)
    let body = start + 64
    switch (command, isResponse) {
    case (3, false):
      // Tree connect: offset and length of the path, from the header.
      guard bytes.little16(body) == 9 else { return }
      let offset = start + bytes.little16(body + 4)
      let length = bytes.little16(body + 6)
      guard offset + length <= whole else {
        return fault(
          stream, direction, body + 4, "pathOffset", .offsetOutside, "\(length) bytes within \(whole)", "\(offset)")
      }
      shareAsked(
        stream, direction, SMBText.utf16(bytes, at: offset, end: min(bytes.byteCount, offset + length)).0, id: id, place
      )
    case (3, true): shareAnswered(stream, id: id, place)
    case (11, false):
      guard bytes.little16(body) == 57 else { return }
      let code = bytes.little32(body + 4)
      let offset = start + Int(bytes.little32(body + 24))
      let length = Int(bytes.little32(body + 28))
      guard length == 0 || offset + length <= whole else {
        return fault(
          stream, direction, body + 24, "inputOffset", .offsetOutside, "\(length) bytes within \(whole)", "\(offset)")
      }
      // FSCTL_DFS_GET_REFERRALS and its extended form.
      guard code == 0x0006_0194 || code == 0x0006_01B0, length > 2 else { return }
      let end = min(bytes.byteCount, offset + length)
      let isExtended = code == 0x0006_01B0
      let text = offset + (isExtended ? 10 : 2)
      guard text < end else { return }
      referralAsked(stream, direction, SMBText.utf16(bytes, at: text, end: end).0, id: id, place)
    case (11, true):
      let status = bytes.little32(start + 8)
      // An answer that is not ready yet.
      guard status != 0x0000_0103 else { return }
      let isResult = bytes.little16(body) == 49
      let offset = isResult ? start + Int(bytes.little32(body + 32)) : 0
      let length = isResult ? Int(bytes.little32(body + 36)) : 0
      let end = min(bytes.byteCount, offset + length)
      referralAnswered(
        stream, id: id, status: status, bytes.first(end).from(min(offset, end)), place,
        isPartial: status == 0x8000_0005)
    case (15, false):
      notifications.asked(direction.endpoints?.source.text, isRecursive: bytes.little16(body + 2) & 1 != 0)
    case (15, true):
      guard bytes.little32(start + 8) != 0x0000_0103 else { return }
      notifications.answered(direction.endpoints?.destination.text, bytes: whole - start)
    default: break
    }
  }
}
