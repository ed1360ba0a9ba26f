import ByteReading
import Facts

/// Reads the frames of a capture one after the other and keeps what they say of NetBIOS, SMB and DFS.
///
/// A class, because conversations refer to what is being counted; used by one task alone.
final class TrafficReader {
  // Frames per protocol
  var nbss = FrameSet()
  var nbns = FrameSet()
  var nbdgm = FrameSet()
  var smb = FrameSet()
  var smb2 = FrameSet()
  var netbios = FrameSet()
  var smbOnIPX = FrameSet()
  /// Sessions of NetBIOS frames in which a message has begun: whether with SMB.
  var begun: [NetBIOSSession: Bool] = [:]

  // Conversations
  var streams: [TCPStream.Key: TCPStream] = [:]
  /// Keys in the order in which the sweep that makes room passes them.
  var order: [TCPStream.Key] = []
  var hand = 0
  var lastStream: TCPStream?
  var streamCount = 0
  var pendingBytes = 0
  var losses = 0
  var lostBytes = 0
  var fragments = FragmentTable()
  /// The frame whose bytes are being read; segments that waited are read in a later one.
  var current = Place(frame: 0)

  // What is found
  var findings: [CaptureView.Finding] = []
  var uncounted = 0
  var hosts = HostTable()
  var servers = AnnouncementTable()
  var clients = AnnouncementTable()
  var shares = ShareTable()
  var notifications = NotificationTable()
  /// When each host last sent something in a conversation that ended.
  var activity: [NetworkAddress: Int64] = [:]

  func frame(_ bytes: RawSpan, _ record: FrameRecord, number: Int) {
    var context = PacketContext()
    context.frame = number
    context.time = record.time
    link(bytes, record, &context)
  }

  /// Ends all conversations: what waits is taken as it is.
  func end() {
    for stream in streams.values.sorted(by: { $0.number < $1.number }) { close(stream) }
    streams = [:]
  }

  // MARK: Findings

  /// A fault of a stream's message, at an offset from the message's first byte.
  func report(
    _ stream: TCPStream, _ direction: StreamDirection, at offset: Int, _ layer: String, _ field: String,
    _ fault: CaptureView.Fault, expected: String, found: String
  ) {
    let place = self.place(direction, offset, current)
    append(
      stream, direction,
      .init(
        frame: place.frame, time: place.time, layer: layer, field: field, fault: fault, expected: expected,
        found: found,
        source: .init(), destination: .init()))
  }

  /// A message that turns out to have had another length, when the one behind it makes no sense.
  func reportLength(_ stream: TCPStream, _ direction: StreamDirection, _ message: PreviousMessage) {
    append(
      stream, direction,
      .init(
        frame: message.frame, time: message.time, layer: "nbss", field: "length",
        fault: message.own.map { $0 < message.total } ?? false ? .lengthTooLong : .lengthTooShort,
        expected: message.own.map { "\($0 - SessionHeader.bytes), as the SMB message says" }
          ?? "a length behind which the next header stands",
        found: "\(message.total - SessionHeader.bytes)", source: .init(), destination: .init()))
  }

  /// An SMB message whose counts reach beyond it.
  func reportCount(_ stream: TCPStream, _ direction: StreamDirection, _ message: PreviousMessage, own: Int) {
    append(
      stream, direction,
      .init(
        frame: message.frame, time: message.time, layer: "smb", field: "byteCount", fault: .countTooLarge,
        expected: "an end at \(message.total - SessionHeader.bytes), where the message ends",
        found: "\(own - SessionHeader.bytes)", source: .init(), destination: .init()))
  }

  private func append(_ stream: TCPStream, _ direction: StreamDirection, _ finding: CaptureView.Finding) {
    var finding = finding
    if let context = direction.endpoints {
      finding.source = context.sourceEndpoint
      finding.destination = context.destinationEndpoint
    }
    finding.stream = stream.number
    finding.isFirst = !stream.hasFinding
    stream.hasFinding = true
    if keep(finding) { direction.openFinding = findings.count - 1 }
  }

  func report(
    _ context: PacketContext, _ layer: String, _ field: String, _ fault: CaptureView.Fault, expected: String,
    found: String
  ) {
    keep(
      .init(
        frame: context.frame, time: context.time, layer: layer, field: field, fault: fault, expected: expected,
        found: found, source: context.sourceEndpoint, destination: context.destinationEndpoint))
  }

  @discardableResult
  private func keep(_ finding: CaptureView.Finding) -> Bool {
    guard findings.count < CaptureLimits.findings else {
      uncounted += 1
      return false
    }
    findings.append(finding)
    return true
  }

  /// A valid message after a finding.
  func resumed(_ direction: StreamDirection, _ place: Place) {
    guard let index = direction.openFinding else { return }
    direction.openFinding = nil
    guard findings.indices.contains(index) else { return }
    let start = direction.marks.first?.frame ?? place.frame
    findings[index].follows =
      start == findings[index].frame
      ? "the next valid message begins in the same frame" : "the next valid message begins in frame \(start)"
  }
}
