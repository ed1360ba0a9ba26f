import ByteReading
import Facts

extension TrafficReader {
  /// A share asked for by its path, as `\\server\share`.
  func shareAsked(_ stream: TCPStream, _ direction: StreamDirection, _ path: String, id: UInt64, _ place: Place) {
    guard let endpoints = direction.endpoints, let client = endpoints.source.text,
      // Every session connects to it first.
      !path.lowercased().hasSuffix("\\ipc$"), let index = shares.asked(client: client, path: path, place)
    else { return }
    remember(stream, id, .share(index))
  }

  func shareAnswered(_ stream: TCPStream, id: UInt64, _ place: Place) {
    guard case .share(let index) = stream.requests[id] else { return }
    stream.requests[id] = nil
    shares.connected(index, place)
  }

  /// [MS-DFSC] 2.2.2: the highest version that is understood, and the path.
  func referralAsked(
    _ stream: TCPStream, _ direction: StreamDirection, _ path: String, id: UInt64, _ place: Place
  ) {
    guard let endpoints = direction.endpoints, let client = endpoints.source.text,
      let server = endpoints.destination.text
    else { return }
    guard
      let index = shares.referral(
        .init(frame: place.frame, time: place.time, client: client, server: server, path: path))
    else { return }
    remember(stream, id, .referral(index))
  }

  /// [MS-DFSC] 2.2.4: path consumed, count, flags, and entries of four versions.
  func referralAnswered(
    _ stream: TCPStream, id: UInt64, status: UInt32, _ bytes: RawSpan, _ place: Place, isPartial: Bool
  ) {
    guard case .referral(let index) = stream.requests.removeValue(forKey: id) else { return }
    var targets: [String] = []
    if status == 0 || isPartial, bytes.byteCount >= 8 {
      var entry = 8
      for _ in 0..<min(bytes.little16(2), CaptureLimits.chainedCommands) {
        guard bytes.byteCount >= entry + 8 else { break }
        let version = bytes.little16(entry)
        let size = bytes.little16(entry + 2)
        guard size >= 8 else { break }
        let end = bytes.byteCount
        switch version {
        case 1: targets.append(SMBText.utf16(bytes, at: entry + 8, end: min(end, entry + size)).0)
        case 2: targets.append(text(bytes, entry, offsetAt: 20))
        case 3, 4:
          // Answers that name domains or controllers have another form (flag 2).
          let isNames = bytes.little16(entry + 6) & 2 != 0
          targets.append(text(bytes, entry, offsetAt: isNames ? 12 : 16))
        default: break
        }
        entry += size
      }
    }
    shares.answered(index, status: status, targets: targets, place)
  }

  private func text(_ bytes: RawSpan, _ entry: Int, offsetAt: Int) -> String {
    let start = entry + bytes.little16(entry + offsetAt)
    guard start < bytes.byteCount else { return "" }
    return SMBText.utf16(bytes, at: start, end: bytes.byteCount).0
  }
}
