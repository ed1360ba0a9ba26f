import CaptureFormat
import EvidenceSynthesis
import Facts
import Testing

@Suite struct LinkTests {
  @Test(
    arguments: [
      .ethernet, .tagged([(0x88A8, 100), (0x8100, 7)]), .tagged([(0x8100, 1), (0x8100, 2), (0x8100, 3)]), .snap,
      .linuxCooked, .linuxCooked2, .rawIP, .loopback(bigEndian: false), .loopback(bigEndian: true), .ppp,
    ] as [SynthesizedLink], [false, true])
  func everyLink(_ link: SynthesizedLink, _ isVersion6: Bool) throws {
    var traffic = SessionTraffic(seed: 11)
    traffic.messages = 300
    traffic.malformedShare = 300
    traffic.link = link
    traffic.isVersion6 = isVersion6
    let result = traffic.generate()
    let view = try Captures.read(result.frames, link: link)
    #expect(view.malformed.map(\.frame) == result.malformed.map(\.frame), "\(link)")
    #expect(view.framesByProtocol.nbss > 100)
    #expect(view.damaged.isEmpty && view.offload.isEmpty)
  }

  @Test func fragmentsInAnyOrder() throws {
    let names = NetBIOSNames.encoded("SERVER", 0x20) + NetBIOSNames.encoded("WORKGROUP", 0x1D)
    let smb = Captures.echo(2000)
    let content = names + smb
    var datagram: [UInt8] = [0x11, 0x02, 0, 9]
    datagram += Captures.client.address
    datagram += [0, 138, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0]
    datagram += content
    let udp = PacketWriter.udp(from: Captures.client, port: 138, to: Captures.server, toPort: 138, payload: datagram)
    let pieces = stride(from: 0, to: udp.count, by: 800).map { start in
      (start, Array(udp[start..<min(udp.count, start + 800)]), start + 800 < udp.count)
    }
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [0, 0, 2, 1, 1]] {
      let frames = order.map { index -> SynthesizedPacket in
        let (offset, bytes, more) = pieces[index]
        let packet = PacketWriter.ip(
          from: Captures.client, to: Captures.server, number: 17, payload: bytes, id: 77, fragment: (offset, more))
        return SynthesizedPacket(
          bytes: PacketWriter.frame(.ethernet, from: Captures.client, to: Captures.server, packet: packet),
          time: Captures.start)
      }
      let view = try Captures.read(frames)
      #expect(view.framesByProtocol.nbdgm == 1, "order \(order)")
      #expect(view.framesByProtocol.smb == 1, "order \(order)")
      #expect(view.malformed.isEmpty, "order \(order)")
    }
  }

  @Test func checksums() throws {
    var good = Captures.Conversation()
    good.open()
    for id in 0..<20 { good.send(SMBWriter.framed(Captures.echo(id: id))) }
    good.checksum = .wrong
    good.send(SMBWriter.framed(Captures.echo(id: 21)))
    let damaged = try Captures.read(good.frames)
    #expect(damaged.damaged.map(\.frame) == [23])
    #expect(damaged.malformed.isEmpty)
    var offload = Captures.Conversation()
    offload.checksum = .begun
    offload.open()
    for id in 0..<20 { offload.send(SMBWriter.framed(Captures.echo(id: id))) }
    let view = try Captures.read(offload.frames)
    #expect(view.damaged.isEmpty)
    #expect(view.offload.map(\.address) == [Captures.client.text, Captures.server.text])
  }
}

/// The first-level encoding of RFC 1001, written a second time.
enum NetBIOSNames {
  static func encoded(_ name: String, _ suffix: UInt8) -> [UInt8] {
    var padded = Array(name.utf8)
    while padded.count < 15 { padded.append(0x20) }
    padded.append(suffix)
    var out: [UInt8] = [32]
    for byte in padded { out += [0x41 + byte / 16, 0x41 + byte % 16] }
    return out + [0]
  }
}
