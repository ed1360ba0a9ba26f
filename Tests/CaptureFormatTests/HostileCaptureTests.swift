import ByteReading
import CaptureFormat
import EvidenceSynthesis
import Facts
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Captures that nobody made: the reader ends, and soon.
@Suite struct HostileCaptureTests {
  static let seeds: [[UInt8]] = {
    var result: [[UInt8]] = []
    for (index, link) in [SynthesizedLink.ethernet, .tagged([(0x8100, 5)]), .linuxCooked, .rawIP, .snap].enumerated() {
      var traffic = SessionTraffic(seed: UInt64(index) &+ 1)
      traffic.messages = 24
      traffic.conversations = 2
      traffic.malformedShare = 2000
      traffic.largestData = 120
      traffic.link = link
      traffic.isVersion6 = index == 3
      traffic.isDirect = index == 2
      traffic.isSecond = index == 1
      traffic.lost = 500
      traffic.reordered = 1000
      traffic.overlapping = 1000
      let frames = traffic.generate().frames
      result.append(SynthesizedCaptureFile.pcap(frames, link: link.number, bigEndian: index == 1))
      result.append(
        SynthesizedCaptureFile.pcapng(frames, interfaces: [.init(link: link.number)], bigEndian: index == 2))
      result.append(SynthesizedCaptureFile.networkMonitor(frames, major: index % 2 == 0 ? 1 : 2))
    }
    return result
  }()

  /// 100,000 in optimized builds, fewer in others, which are 50 times slower; `FAULTLINE_MUTATIONS` says otherwise.
  static let count: Int = {
    if let stated = ProcessInfo.processInfo.environment["FAULTLINE_MUTATIONS"].flatMap({ Int($0) }) { return stated }
    #if DEBUG
    return 2000
    #else
    return 100_000
    #endif
  }()

  @Test(arguments: 0..<10) func mutations(_ part: Int) {
    let mutator = Mutator(changes: 1...12, headBytes: 0x300)
    var read = 0
    for index in 0..<Self.count / 10 {
      let seed = UInt64(part * Self.count / 10 + index)
      let bytes = mutator.mutate(Self.seeds[Int(seed % UInt64(Self.seeds.count))], seed: seed)
      if let view = try? Captures.read(bytes) {
        read += 1
        #expect(view.malformed.count <= CaptureLimits.findings)
        #expect(view.malformed.allSatisfy { $0.frame >= 1 && $0.frame <= view.frames }, "seed \(seed)")
        #expect(view.framesByProtocol.nbss <= view.frames, "seed \(seed)")
      }
    }
    // Some spoil the file's own header; most must get further.
    #expect(read > Self.count / 10 / 4)
  }

  private func seconds(_ bytes: [UInt8]) throws -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<3 {
      let start = clock.now
      _ = try Captures.read(bytes)
      let took = (clock.now - start).components
      best = min(best, Double(took.seconds) + Double(took.attoseconds) / 1e18)
    }
    return best
  }

  /// Eight times the input takes about eight times the work, whatever it does to the reader.
  @Test(arguments: ["holes", "long", "nested", "tiny", "repeated", "fragments"]) func growth(_ kind: String) throws {
    let small = try seconds(Self.input(kind, 1000))
    let large = try seconds(Self.input(kind, 8000))
    #expect(large < small * 32 + 0.05, "\(kind): \(small) s and \(large) s")
  }

  /// Input that is meant to make the reader do the same again and again.
  private static func input(_ kind: String, _ count: Int) -> [UInt8] {
    var conversation = Captures.Conversation()
    let echo = SMBWriter.framed(Captures.echo())
    conversation.open()
    switch kind {
    case "holes":
      for _ in 0..<count {
        conversation.lose(1)
        conversation.send(echo)
      }
    case "long":
      // Every message claims to hold those behind it.
      var wrong = echo
      (wrong[1], wrong[2], wrong[3]) = (1, 0xFF, 0xFF)
      for _ in 0..<count { conversation.send(wrong) }
    case "nested":
      // Signatures without headers.
      for _ in 0..<count { conversation.send(Array([UInt8]([0xFF, 0x53, 0x4D, 0x42]).joinedTimes(60))) }
    case "tiny":
      for _ in 0..<count / 64 { for byte in echo { conversation.send([byte]) } }
    case "repeated":
      for _ in 0..<count { conversation.send(echo) }
      conversation.frames += conversation.frames
    default:
      var frames: [SynthesizedPacket] = []
      for index in 0..<count {
        let packet = PacketWriter.ip(
          from: Captures.client, to: Captures.server, number: 17, payload: [UInt8](repeating: 1, count: 16),
          id: index / 400,
          fragment: (index % 400 * 32, true))
        frames.append(
          SynthesizedPacket(
            bytes: PacketWriter.frame(.ethernet, from: Captures.client, to: Captures.server, packet: packet),
            time: Captures.start))
      }
      return SynthesizedCaptureFile.pcap(frames, link: 1)
    }
    return SynthesizedCaptureFile.pcap(conversation.frames, link: 1)
  }
}

extension [UInt8] {
  fileprivate func joinedTimes(_ count: Int) -> [UInt8] { Array(repeatElement(self, count: count).joined()) }
}
