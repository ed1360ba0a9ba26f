import ByteReading
import CaptureFormat
import EvidenceSynthesis
import Facts
import Testing

@Suite struct ContainerTests {
  private static let traffic: SessionTraffic.Result = {
    var traffic = SessionTraffic(seed: 5)
    traffic.messages = 60
    return traffic.generate()
  }()

  private static let whole = SynthesizedCaptureFile.pcap(traffic.frames, link: 1, form: .nano)

  private func expectSame(_ bytes: [UInt8], resolution: Int64 = 1, _ comment: Comment) throws {
    var problems: [ReadError] = []
    let view = try Captures.read(bytes, &problems)
    let reference = try Captures.read(Self.whole)
    #expect(problems.isEmpty, comment)
    #expect(view.frames == Self.traffic.frames.count, comment)
    #expect(view.framesByProtocol == reference.framesByProtocol, comment)
    #expect(view.framesByProtocol.nbss > 0, comment)
    #expect(view.malformed.map(\.frame) == reference.malformed.map(\.frame), comment)
    let first = Self.traffic.frames[0].time
    let last = Self.traffic.frames[Self.traffic.frames.count - 1].time
    #expect(view.firstTime == first / resolution * resolution, comment)
    #expect(view.lastTime == last / resolution * resolution, comment)
  }

  @Test(arguments: SynthesizedCaptureFile.PcapForm.allCases, [false, true])
  func pcap(_ form: SynthesizedCaptureFile.PcapForm, _ isBig: Bool) throws {
    try expectSame(
      SynthesizedCaptureFile.pcap(Self.traffic.frames, link: 1, form: form, bigEndian: isBig),
      resolution: form == .nano ? 1 : 1000, "\(form), big-endian: \(isBig)")
  }

  @Test(arguments: [nil, 6, 9, 3] as [UInt8?], [false, true])
  func pcapng(_ resolution: UInt8?, _ isBig: Bool) throws {
    try expectSame(
      SynthesizedCaptureFile.pcapng(
        Self.traffic.frames, interfaces: [.init(link: 1, resolution: resolution, offset: 3600)], bigEndian: isBig),
      resolution: resolution == 9 ? 1 : resolution == 3 ? 1_000_000 : 1000,
      "resolution \(String(describing: resolution)), big-endian: \(isBig)")
  }

  @Test(arguments: [1, 2] as [UInt8]) func networkMonitor(_ major: UInt8) throws {
    try expectSame(
      SynthesizedCaptureFile.networkMonitor(Self.traffic.frames, major: major),
      resolution: major == 1 ? 1_000_000 : 1000, "version \(major)")
  }

  /// Two interfaces of different link types and resolutions, a second section of the other byte order, and simple packets.
  @Test func mixedSections() throws {
    var conversation = Captures.Conversation()
    conversation.open()
    conversation.send(SMBWriter.framed(Captures.echo()))
    var raw = conversation.frames
    for index in raw.indices {
      raw[index].bytes = Array(raw[index].bytes.dropFirst(14))
      raw[index].interface = 1
    }
    let interfaces: [SynthesizedCaptureFile.Interface] = [.init(link: 1), .init(link: 101, resolution: 0x8A)]
    let first = SynthesizedCaptureFile.pcapng(conversation.frames + raw, interfaces: interfaces)
    let second = SynthesizedCaptureFile.pcapng(conversation.frames, interfaces: [.init(link: 1)], bigEndian: true)
    let simple = SynthesizedCaptureFile.pcapng(conversation.frames, interfaces: [.init(link: 1)], simple: true)
    let view = try Captures.read(first + second + simple)
    #expect(view.frames == 12)
    // The same segment again is a repetition, not a message.
    #expect(view.framesByProtocol.nbss == 1)
  }

  /// Cut anywhere, what is whole is read and the cut is told.
  @Test func cutEverywhere() throws {
    for bytes in [
      SynthesizedCaptureFile.pcap(Array(Self.traffic.frames.prefix(4)), link: 1),
      SynthesizedCaptureFile.pcapng(Array(Self.traffic.frames.prefix(4)), interfaces: [.init(link: 1)]),
    ] {
      var before = 0
      for length in 28...bytes.count {
        var problems: [ReadError] = []
        let view = try Captures.read(Array(bytes.prefix(length)), &problems)
        #expect(view.frames >= before && view.frames <= 4)
        before = view.frames
      }
      #expect(before == 4)
    }
  }

  @Test func unreadableHeaders() {
    #expect(throws: ReadError.self) { try Captures.read([0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0]) }
    #expect(throws: ReadError.self) { try Captures.read(Array("GMBU".utf8)) }
    #expect(throws: ReadError.self) { try Captures.read(Array("nothing of the kind".utf8)) }
  }
}
