import ByteReading
import CaptureFormat
import EvidenceSynthesis
import Facts

/// Captures made of single messages.
enum Captures {
  static let client = SynthesizedHost(number: 300)
  static let server = SynthesizedHost(number: 7)
  static let start: Int64 = 1_200_000_000_000_000_000

  static func read(_ bytes: [UInt8], _ problems: inout [ReadError]) throws(ReadError) -> CaptureView {
    try CaptureReading.view(MappedFile(bytes: bytes, path: "capture"), problems: &problems)
  }

  static func read(_ bytes: [UInt8]) throws(ReadError) -> CaptureView {
    var problems: [ReadError] = []
    return try read(bytes, &problems)
  }

  static func read(_ frames: [SynthesizedPacket], link: SynthesizedLink = .ethernet) throws(ReadError) -> CaptureView {
    try read(SynthesizedCaptureFile.pcap(frames, link: link.number))
  }

  /// A conversation whose segments are given as they are, `true` from the client.
  struct Conversation {
    var frames: [SynthesizedPacket] = []
    var port = 139
    var link = SynthesizedLink.ethernet
    var checksum = PacketWriter.ChecksumForm.right
    var client = Captures.client
    var server = Captures.server
    private var next: [UInt32] = [1000, 500_000]

    init(port: Int = 139) { self.port = port }

    mutating func open() {
      add(fromClient: true, flags: 2, [])
      next[0] &+= 1
      add(fromClient: false, flags: 0x12, [])
      next[1] &+= 1
    }

    mutating func send(fromClient: Bool = true, _ payload: [UInt8], captured: Int? = nil) {
      add(fromClient: fromClient, flags: 0x18, payload, captured: captured)
      next[fromClient ? 0 : 1] &+= UInt32(payload.count)
    }

    /// Bytes that the capture does not have.
    mutating func lose(fromClient: Bool = true, _ count: Int) { next[fromClient ? 0 : 1] &+= UInt32(count) }

    private mutating func add(fromClient: Bool, flags: UInt8, _ payload: [UInt8], captured: Int? = nil) {
      let (from, to) = fromClient ? (client, server) : (server, client)
      let segment = PacketWriter.tcp(
        from: from, port: fromClient ? 1040 : port, to: to, toPort: fromClient ? port : 1040,
        sequence: next[fromClient ? 0 : 1], acknowledged: next[fromClient ? 1 : 0], flags: flags, payload: payload,
        checksum: checksum)
      let bytes = PacketWriter.frame(
        link, from: from, to: to, packet: PacketWriter.ip(from: from, to: to, number: 6, payload: segment))
      let kept = captured.map { bytes.count - payload.count + $0 } ?? bytes.count
      frames.append(
        SynthesizedPacket(
          bytes: Array(bytes.prefix(kept)), time: Captures.start + Int64(frames.count) * 1_000_000,
          original: bytes.count))
    }
  }

  static func echo(_ count: Int = 40, id: Int = 1, isResponse: Bool = false) -> [UInt8] {
    SMBWriter.echo([UInt8](repeating: 0x61, count: count), isResponse: isResponse, id: id)
  }
}
