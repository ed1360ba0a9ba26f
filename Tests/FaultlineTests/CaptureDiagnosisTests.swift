import EvidenceSynthesis
import Facts
import Faultline
import KnowledgeBase
import Matching
import Reporting
import TestSupport
import Testing

@Suite struct CaptureDiagnosisTests {
  private func malformedCapture(seed: UInt64) -> [UInt8] {
    var traffic = SessionTraffic(seed: seed)
    traffic.messages = 800
    traffic.malformedShare = 200
    return SynthesizedCaptureFile.pcap(traffic.generate().frames, link: 1)
  }

  private func verdict(_ diagnosis: Diagnosis, _ id: String) -> Verdict? {
    diagnosis.findings.first { $0.finding.issue.id == id }?.finding.verdict
  }

  @Test func malformedFramesPointToTheirArticle() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("frames.pcap", malformedCapture(seed: 3))
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let diagnosis = diagnoser.diagnose(await diagnoser.read([path]))
    #expect(diagnosis.evidence.first?.kind == "capture")
    #expect(diagnosis.facts.contains { $0.kind == .malformedFrame && $0["protocol"] == .text("nbss") })
    // A capture alone shows no stop: the article is named and not confirmed.
    let found = try #require(verdict(diagnosis, "KB961799"))
    #expect(found == .possible || found == .probable)
  }

  @Test func silentReferralsAreAtMostProbable() async throws {
    let folder = try TemporaryFolder()
    var frames: [SynthesizedPacket] = []
    let client = SynthesizedHost(number: 300)
    let server = SynthesizedHost(number: 7)
    var sequence: UInt32 = 1
    for id in 1...12 {
      let message = SMBWriter.framed(SMBWriter.referralRequest("\\domain\\share\(id)", id: id))
      let packet = PacketWriter.tcp(
        from: client, port: 1040, to: server, toPort: 139, sequence: sequence, acknowledged: 1, flags: 0x18,
        payload: message)
      sequence &+= UInt32(message.count)
      frames.append(
        SynthesizedPacket(
          bytes: PacketWriter.frame(
            .ethernet, from: client, to: server,
            packet: PacketWriter.ip(from: client, to: server, number: 6, payload: packet)),
          time: 1_200_000_000_000_000_000 + Int64(id) * 10_000_000))
    }
    let path = try folder.write("dfs.pcap", SynthesizedCaptureFile.pcap(frames, link: 1))
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let diagnosis = diagnoser.diagnose(await diagnoser.read([path]))
    #expect(verdict(diagnosis, "FL-0004") == .probable)
  }

  /// The address that a dump yields is the sender of malformed frames: one sentence, and none where the addresses differ.
  @Test func senderInDumpAndCapture() {
    func fact(_ kind: FactKind, _ key: FactAttribute, _ address: String, _ evidence: Int) -> Fact {
      Fact(
        kind, "x", attributes: [key: .text(address), "protocol": .text("nbss")], evidence: evidence, origin: "frame 4")
    }
    let sender = fact(.packetSender, "address", "10.0.0.5", 0)
    let joined = Diagnoser.joinedSenders([sender, fact(.malformedFrame, "source", "10.0.0.5", 1), sender], [])
    #expect(joined.count == 1)
    #expect(joined.first?.kind == .senderJoined)
    #expect(joined.first?.text.contains("10.0.0.5") == true)
    #expect(Diagnoser.joinedSenders([sender, fact(.malformedFrame, "source", "10.0.0.6", 1)], []).isEmpty)
  }

  /// The joined sentence is a fact of its own, not only a helper's.
  @Test func captureBesideCapture() async throws {
    let folder = try TemporaryFolder()
    let paths = [
      try folder.write("one.pcap", malformedCapture(seed: 3)), try folder.write("two.pcap", malformedCapture(seed: 4)),
    ]
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled())
    let diagnosis = diagnoser.diagnose(await diagnoser.read(paths))
    #expect(Set(diagnosis.facts.filter { $0.kind == .malformedFrame }.compactMap(\.evidence)) == [0, 1])
  }
}
