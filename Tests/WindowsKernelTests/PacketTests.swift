import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import TestSupport
import Testing

@testable import WindowsKernel

/// Packets that lie in memory are found with what leads to them; what only looks like one is not.
@Suite struct PacketTests {
  private func view(_ machine: SynthesizedMachine) throws -> PacketsView {
    var content = SynthesizedCase(machine: machine)
    content.machine = machine
    return KernelDump(try CrashDump(parsing: MappedFile(bytes: content.dump(), path: "memory"))).packets()
  }

  private func scenario(_ id: String, seed: UInt64) throws -> SynthesizedCase {
    let scenario = try #require(Scenario.named(id))
    return scenario(seed: seed)
  }

  private func sender(_ content: SynthesizedCase) throws -> String {
    let fact = try #require(content.facts.first { $0.kind == .packetSender })
    guard case .text(let address)? = fact["address"] else { throw Unexpected() }
    return address
  }
  private struct Unexpected: Error {}

  @Test func theFailuresPacket() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let content = try scenario("netbt-stop", seed: seed)
      let packets = try view(content.machine).packets
      #expect(packets.count == 1, "seed \(seed)")
      let packet = try #require(packets.first)
      let sender = try self.sender(content)
      #expect(packet.source.description == sender)
      #expect(packet.destination.description == "192.168.0.10")
      #expect(packet.sourcePort == 50000 && packet.destinationPort == 139 && packet.protocolName == "tcp")
      #expect(packet.payload.protocols == ["nbss", "smb1"])
      #expect(packet.payload.details.first?.contains("states 131071 bytes, 52 follow") == true)
      #expect(packet.ethernet?.source == [0x00, 0x50, 0x56, 0x44, 0x55, 0x66])
      #expect(packet.transportChecksumIsValid == true)
      #expect(packet.totalLength == 96 && packet.presentLength == 96 && packet.bytes.count == 110)
      #expect(packet.find.reach == .pointer, "seed \(seed)")
      #expect(packet.find.confidence > 0.95)
    }
  }

  @Test func aPacketNothingLeadsTo() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let view = try view(try scenario("packet-elsewhere", seed: seed).machine)
      #expect(view.packets.map(\.find.reach) == [.none], "seed \(seed)")
      #expect(view.packets.first?.source.description == "10.1.2.3")
    }
  }

  @Test func aWrongChecksumIsNoPacket() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let view = try view(try scenario("packet-damaged", seed: seed).machine)
      #expect(view.packets.isEmpty, "seed \(seed)")
      // The message in it is still one, found by its own signature.
      #expect(view.messages.map(\.payload.protocols) == [["nbss", "smb1"]])
    }
  }

  /// In a dump of whole pages: the packet's block, a descriptor between the stack and the packet, and what is near.
  @Test(arguments: ["3790", "7601", "19041"]) func wholePages(name: String) throws {
    let kernel = try #require(SynthesizedKernel.find(name))
    let wide = kernel.architecture != .x86
    let base: UInt64 = wide ? 0xFFFF_FA80_2000_0000 : 0x8600_0000
    let original = try scenario("netbt-stop", seed: 3)
    let bytes = try #require(original.machine.memory.first { $0.bytes.count == 0x6E }).bytes
    let sender = try self.sender(original)
    for (reach, target) in [
      (PacketsView.Reach.pointer, base + 0x340), (.secondPointer, base + 0x4000), (.near, base + 0x100),
    ] {
      var whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: 11)
      let width = wide ? 8 : 4
      var descriptor = [UInt8](repeating: 0, count: 64)
      for index in 0..<width { descriptor[16 + index] = UInt8(truncatingIfNeeded: (base + 0x342) >> UInt64(8 * index)) }
      var stackWord = [UInt8](repeating: 0, count: width)
      for index in 0..<width { stackWord[index] = UInt8(truncatingIfNeeded: target >> UInt64(8 * index)) }
      whole.contents += [
        SynthesizedMemory(address: base + 0x332, bytes: bytes),
        SynthesizedMemory(address: base + 0x4000, bytes: descriptor),
        SynthesizedMemory(address: whole.machine.stack.base - 0x10, bytes: stackWord),
      ]
      let file = MappedFile(bytes: MemoryDump(whole, .dump(.full)).encoded(), path: "memory")
      let view = KernelDump(try CrashDump(parsing: file)).packets()
      let packet = try #require(view.packets.first, "\(reach)")
      #expect(packet.find.address == VirtualAddress(base + 0x340))
      #expect(packet.find.reach == reach)
      #expect(packet.source.description == sender)
    }
  }

  @Test func transportAddresses() throws {
    var content = try scenario("badnic-stop", seed: 2)
    let place: UInt64 = 0x8A00_0000
    let ta: [UInt8] = [1, 0, 0, 0, 14, 0, 2, 0, 0, 138, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0]
    let name: [UInt8] = [1, 0, 0, 0, 18, 0, 17, 0, 0, 0] + Array("FILESERVER     ".utf8) + [0x20]
    let socket: [UInt8] = [2, 0, 0x01, 0xBD, 172, 16, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0]
    content.machine.memory += [
      SynthesizedMemory(address: place, bytes: ta), SynthesizedMemory(address: place + 0x40, bytes: name),
      SynthesizedMemory(address: place + 0x80, bytes: socket),
      SynthesizedMemory(address: place + 0xC0, bytes: Array(ta.dropLast()) + [1]),
    ]
    content.machine.stop.parameters[2] = place
    content.machine.stop.parameters[3] = place + 0x80
    let addresses = try view(content.machine).addresses
    let found = Dictionary(uniqueKeysWithValues: addresses.map { ($0.structure, $0) })
    #expect(addresses.count == 3)
    #expect(found["TA_IP_ADDRESS"]?.host == "10.20.30.40" && found["TA_IP_ADDRESS"]?.port == 138)
    #expect(found["TA_IP_ADDRESS"]?.find.reach == .pointer)
    #expect(found["TA_NETBIOS_ADDRESS"]?.host == "FILESERVER<20>")
    #expect(found["SOCKADDR_IN"]?.host == "172.16.1.2" && found["SOCKADDR_IN"]?.port == 445)
    let confidence = addresses.map(\.find.confidence)
    #expect(confidence.allSatisfy { (0...1).contains($0) })
    #expect((found["SOCKADDR_IN"]?.find.confidence ?? 1) < (found["TA_IP_ADDRESS"]?.find.confidence ?? 0))
  }

  /// Memory of any content: no trap, and what is taken for a header has a right checksum.
  @Test func anyBytes() throws {
    var random = SplitMix64(seed: 9)
    let original = try scenario("netbt-stop", seed: 4)
    let packet = try #require(original.machine.memory.first { $0.bytes.count == 0x6E }).bytes
    for _ in 0..<80 {
      var bytes = random.bytes(0x400)
      var copy = packet
      for _ in 0..<random.index(below: 6) {
        copy[random.index(below: copy.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      copy.removeLast(random.index(below: copy.count))
      let at = random.index(below: bytes.count - copy.count)
      bytes.replaceSubrange(at..<at + copy.count, with: copy)
      let memory = NetworkBytes(bytes: bytes)
      for offset in 0..<bytes.count {
        if let header = IPv4Header(memory, at: offset) {
          #expect(memory.internetSum(offset..<offset + header.headerLength) == 0xFFFF)
          _ = header.ethernet(memory)
          _ = header.transport(memory)
          _ = header.transportChecksum(memory)
        }
        _ = TransportAddressStructure(memory, at: offset)
        _ = TransportAddressStructure(socketAddress: memory, at: offset)
        for (isTCP, port) in [(true, 139), (true, 445), (false, 137), (false, 138)] as [(Bool, UInt16)] {
          _ = NetworkPayload.read(memory, offset..<bytes.count, isTCP: isTCP, ports: (port, 1))
        }
      }
    }
  }

  @Test func aFloodOfPacketsIsCut() throws {
    var content = try scenario("netbt-stop", seed: 5)
    let packet = try #require(content.machine.memory.first { $0.bytes.count == 0x6E }).bytes
    content.machine.memory.append(
      SynthesizedMemory(
        address: 0x8B00_0000, bytes: Array(repeatElement(packet, count: PacketSearch.maximumFinds + 10).joined())))
    let view = try view(content.machine)
    #expect(view.packets.count == PacketSearch.maximumFinds)
    #expect(view.missing.contains { $0.what == "packets" })
    #expect(view.packets.first?.find.reach == .pointer)
  }

  /// Encoded names, and fields that no sound message has.
  @Test func netBIOSMessages() {
    func encoded(_ name: String, _ kind: UInt8) -> [UInt8] {
      var bytes: [UInt8] = Array(name.utf8)
      while bytes.count < 15 { bytes.append(0x20) }
      bytes.append(kind)
      var label: [UInt8] = [0x20]
      for byte in bytes {
        label.append(0x41 + byte / 16)
        label.append(0x41 + byte % 16)
      }
      label.append(0)
      return label
    }
    func read(_ bytes: [UInt8], isTCP: Bool, _ port: UInt16) -> PacketsView.Payload {
      NetworkPayload.read(NetworkBytes(bytes: bytes), 0..<bytes.count, isTCP: isTCP, ports: (1025, port))
    }
    let query = read(
      [0, 1, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0] + encoded("SRV", 0x20) + [0, 0x20, 0, 1], isTCP: false, 137)
    #expect(query.protocols == ["nbns"] && query.problems.isEmpty)
    #expect(query.details.contains("name SRV<20>"))
    #expect(
      !read([0, 1, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 0, 5, 65, 65, 65, 65, 65, 0], isTCP: false, 137).problems.isEmpty)
    let request = read([0x81, 0, 0, 0x44] + encoded("SRV", 0x20) + encoded("PC", 0), isTCP: true, 139)
    #expect(request.details.contains("called name SRV<20>") && request.details.contains("calling name PC<00>"))
    let datagram = read(
      [0x11, 0x0A, 0, 1, 10, 0, 0, 7, 0, 138, 0, 80, 0, 0] + encoded("PC", 0) + encoded("ALL", 0x1E), isTCP: false, 138)
    #expect(datagram.details.contains("it states 10.0.0.7 port 138 as its sender"))
    #expect(!read([0x55, 0xFF, 0, 1, 10, 0, 0, 7, 0, 138], isTCP: false, 138).problems.isEmpty)
    let smb2 = read([0, 0, 0, 64, 0xFE, 0x53, 0x4D, 0x42, 64, 0] + [UInt8](repeating: 0, count: 58), isTCP: true, 445)
    #expect(smb2.protocols == ["nbss", "smb2"] && smb2.details.contains("command negotiate, a request"))
    #expect(read(Array("GET / HTTP/1.1".utf8), isTCP: true, 80).protocols.isEmpty)
  }
}
