import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

@testable import Analyses

@Suite struct PacketAnalysisTests {
  private func dump(_ content: SynthesizedCase) throws -> KernelDump {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: content.dump(), path: "memory")))
  }

  @Test func theSenderOfTheFailuresPacket() throws {
    let scenario = try #require(Scenario.named("netbt-stop"))
    for seed in 1...12 as ClosedRange<UInt64> {
      let content = scenario(seed: seed)
      let facts = PacketAnalysis.facts(try dump(content))
      let expected = content.facts.filter { $0.kind == .packetSender }
      #expect(facts.map { $0["address"] } == expected.map { $0["address"] }, "seed \(seed)")
      #expect(facts.allSatisfy { $0.trust == .inferred })
      #expect(facts.first?.text.contains("port 139") == true)
    }
  }

  /// A packet that nothing on the stack leads to, one whose checksum is wrong, and machines without any.
  @Test(arguments: [
    "packet-elsewhere", "packet-damaged", "badnic-stop", "tcpip-stop", "unknown-driver-7601", "session-race-x86",
  ])
  func noSender(id: String) throws {
    let scenario = try #require(Scenario.named(id))
    for seed in 1...6 as ClosedRange<UInt64> {
      #expect(PacketAnalysis.facts(try dump(scenario(seed: seed))).isEmpty, "seed \(seed)")
    }
  }

  /// Addresses alone are a guess, and only where a network driver's frame points to them.
  @Test func transportAddressAlone() throws {
    for (id, count) in [("netbt-stop", 1), ("unknown-driver-7601", 0)] {
      let scenario = try #require(Scenario.named(id))
      var content = scenario(seed: 3)
      let memory = content.machine.memory.filter { $0.bytes.count != 0x6E }
      content.machine.memory = memory
      let place: UInt64 = content.machine.pointerWidth == 4 ? 0x8A00_0000 : 0xFFFF_FA80_7000_0000
      let ta: [UInt8] = [1, 0, 0, 0, 14, 0, 2, 0, 0, 138, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0]
      content.machine.memory.append(SynthesizedMemory(address: place, bytes: ta))
      // A local variable of the frame that the failure is in.
      var frames = content.machine.stack.frames
      let index = try #require(frames.firstIndex { $0.name.hasPrefix(id == "netbt-stop" ? "netbt!" : "acmefltr!") })
      let width = content.machine.pointerWidth
      let word = (0..<width).map { UInt8(truncatingIfNeeded: place >> UInt64(8 * $0)) }
      frames[index].locals = word + frames[index].locals.dropFirst(width)
      let stack = SynthesizedStack(
        frames: frames, architecture: content.machine.architecture, base: content.machine.stack.base)
      #expect(stack.top == content.machine.stack.top)
      content.machine.stack = stack
      let facts = PacketAnalysis.facts(try dump(content))
      #expect(facts.map { $0["address"] } == Array(repeating: .text("10.20.30.40"), count: count), "\(id)")
      #expect(facts.allSatisfy { $0.trust == .guessed })
    }
  }
}
