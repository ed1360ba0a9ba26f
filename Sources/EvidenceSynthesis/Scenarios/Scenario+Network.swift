import Facts

/// Stops in network code of Windows Server 2003: the malformed NetBIOS packet (article KB961799) and what looks like it.
extension Scenario {
  static let network: [Scenario] = [
    Scenario(
      "netbt-stop", "Server 2003 SP2 stops in netbt.sys while it copies a malformed NetBIOS session packet.",
      article: "KB961799"
    ) { netbtStop(seed: $0, driver: .netbt) },
    Scenario(
      "netbt-newer",
      "The same stop with a netbt.sys of 2013, built after the article was last reviewed: it may contain the fix already.",
      resembles: "KB961799"
    ) { netbtStop(seed: $0, driver: .netbtOf2013) },
    Scenario(
      "badnic-stop", "0xD1 in a network card's driver; netbt.sys is loaded and not on the stack.", resembles: "KB961799"
    ) { networkStop(seed: $0, frames: ["badnic!BadNicReceive", "badnic!BadNicIsr", "NDIS!ndisMDpcX"]) },
    Scenario(
      "packet-elsewhere",
      "0xD1 in a network card's driver; a malformed NetBIOS packet lies in the dump, but nothing on the stack leads to it.",
      resembles: "KB961799"
    ) {
      networkStop(seed: $0, frames: ["badnic!BadNicReceive", "badnic!BadNicIsr", "NDIS!ndisMDpcX"], packet: .elsewhere)
    },
    Scenario(
      "packet-damaged",
      "0xD1 in a network card's driver; what the stack points to looks like a NetBIOS packet, but its header's checksum is wrong.",
      resembles: "KB961799"
    ) {
      networkStop(seed: $0, frames: ["badnic!BadNicReceive", "badnic!BadNicIsr", "NDIS!ndisMDpcX"], packet: .damaged)
    },
    Scenario("tcpip-stop", "0xD1 in tcpip.sys; netbt.sys is loaded and not on the stack.", resembles: "KB961799") {
      networkStop(seed: $0, frames: ["tcpip!TCPRcv", "tcpip!DeliverToUser", "tcpip!IPRcvPacket", "NDIS!ndisMDpcX"])
    },
  ]

  /// From the copying routine down to the idle loop, as packets come up.
  private static let receivePath = [
    "netbt!NbtCopyToStartOfIndicate", "netbt!TdiReceiveHandler", "tcpip!IndicateData", "tcpip!TCPRcv",
    "tcpip!DeliverToUser", "tcpip!IPRcvPacket", "tcpip!ARPRcvIndicationNew", "NDIS!ethFilterDprIndicateReceivePacket",
    "e1000325!ProcessReceiveInterrupts", "NDIS!ndisMDpcX", "nt!KiRetireDpcList", "nt!KiIdleLoop",
  ]

  private static func netbtStop(seed: UInt64, driver: DriverTemplate) -> SynthesizedCase {
    var builder = CaseBuilder(.server2003, seed: seed, drivers: [driver])
    let shapes: [StopShape] = [
      .faultAtRaisedIRQL(StopCode(0xD1)), .pageFault, .raised(StopCode(0x19), by: "nt!ExFreePoolWithTag"),
      .unhandledException,
    ]
    let shape = shapes[builder.random.index(below: shapes.count)]
    let sender: [UInt8] = [192, 168, UInt8(builder.random.below(256)), UInt8(1 + builder.random.below(254))]
    let packet = builder.poolAddress() & ~0xFFF
    var frames = receivePath.map { builder.frame($0, words: 4 + builder.random.index(below: 8), arguments: 4) }
    frames[0].arguments[0] = UInt32(truncatingIfNeeded: packet &+ 0x36)
    frames[2].arguments[1] = UInt32(truncatingIfNeeded: packet &+ 0x0E)
    let access = Access(address: packet &+ 0x1000, isWrite: builder.random.below(2) == 1)
    var machine = builder.machine(
      shape, access: access, in: frames, parameters: [0x20, packet, packet &+ 0x600, 0x0AC0_0001])
    machine.process = builder.process("Idle", id: 0, session: nil)
    machine.memory.append(SynthesizedMemory(address: packet, bytes: sessionPacket(from: sender)))
    let position = if case .raised = shape { "upper" } else { "top" }
    let address = sender.map(String.init).joined(separator: ".")
    return identified(
      &builder, machine,
      facts: [CaseBuilder.stopFact(machine)] + CaseBuilder.topFact(machine, receivePath[0], position: position)
        + CaseBuilder.moduleFact(machine, "netbt.sys")
        + [
          Fact(
            .packetSender, "The packet came from \(address).", attributes: ["address": .text(address)], trust: .inferred
          )
        ],
      notes: ["The packet, with its Ethernet, IP and TCP headers, lies in one block of pool; stack words point to it."])
  }

  /// Ethernet, IPv4, TCP to port 139, and a NetBIOS session message (RFC 1002, 4.3.1) whose length field claims more than
  /// the packet carries.
  private static func sessionPacket(from sender: [UInt8]) -> [UInt8] {
    var out = ByteBuilder(zeros: 0x36)
    out.put([0x00, 0x0C, 0x29, 0x11, 0x22, 0x33, 0x00, 0x50, 0x56, 0x44, 0x55, 0x66, 0x08, 0x00], at: 0)
    out.put([0x45, 0x00, 0x00, 0x60, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00], at: 0x0E)
    out.put(sender + [192, 168, 0, 10], at: 0x1A)
    out.put([0xC3, 0x50, 0x00, 0x8B], at: 0x22)
    out.put([0x50, 0x18, 0x40, 0x00], at: 0x2E)
    out.append([0x00, 0x01, 0xFF, 0xFF, 0xFF, 0x53, 0x4D, 0x42])
    out.grow(to: 0x6E)
    out.put(checksum(out.bytes[0x0E..<0x22]), at: 0x18)
    // The segment with the pseudo header before it: addresses, protocol, length.
    out.put(checksum(out.bytes[0x1A..<0x22] + [0, 6, 0, 0x4C] + out.bytes[0x22..<0x6E]), at: 0x32)
    return out.bytes
  }

  /// The Internet checksum (RFC 1071) of an even number of bytes.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var sum: UInt32 = 0
    var index = bytes.startIndex
    while index < bytes.endIndex {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
      index += 2
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return [UInt8(truncatingIfNeeded: ~sum >> 8), UInt8(truncatingIfNeeded: ~sum)]
  }

  /// A packet in memory that is not the failure's.
  private enum StrayPacket {
    case none, elsewhere, damaged
  }

  private static func networkStop(
    seed: UInt64, frames names: [String], packet stray: StrayPacket = .none
  ) -> SynthesizedCase {
    var builder = CaseBuilder(
      .server2003, seed: seed, drivers: [.netbt, DriverTemplate("badnic.sys", 0x1C000, 0x4500_1234)])
    let all = names + ["nt!KiRetireDpcList", "nt!KiIdleLoop"]
    var frames = all.map { builder.frame($0, words: 4 + builder.random.index(below: 8)) }
    let access = Access(address: builder.random.below(0x200) & ~3)
    var memory: [SynthesizedMemory] = []
    if stray != .none {
      var packet = sessionPacket(from: [10, 1, 2, 3])
      // Beyond everything that stack words of this machine point to.
      let place = builder.profile.poolRegion &+ (stray == .elsewhere ? 0x180_0000 : 0x170_0000)
      if stray == .damaged {
        packet[0x19] ^= 0x10
        frames[0].arguments[0] = UInt32(truncatingIfNeeded: place &+ 0x36)
      }
      memory.append(SynthesizedMemory(address: place, bytes: packet))
    }
    var machine = builder.machine(.faultAtRaisedIRQL(StopCode(0xD1)), access: access, in: frames)
    machine.process = builder.process("Idle", id: 0, session: nil)
    machine.memory += memory
    return identified(
      &builder, machine,
      facts: [CaseBuilder.stopFact(machine)] + CaseBuilder.topFact(machine, names[0])
        + CaseBuilder.moduleFact(machine, "netbt.sys"))
  }

  /// Adds symbol tables, and the pages by which a reader can tell that they belong to the machine's modules.
  static func identified(
    _ builder: inout CaseBuilder, _ machine: SynthesizedMachine, facts: [Fact], notes: [String] = []
  ) -> SynthesizedCase {
    var machine = machine
    let tables = builder.symbolTables()
    for table in tables {
      if let module = machine.modules.first(where: { $0.name == table.module }) {
        machine.memory.append(ImageIdentity.memory(module, table))
      }
    }
    return SynthesizedCase(
      machine: machine, symbols: tables, facts: facts + CaseBuilder.processFact(machine),
      notes: notes + [
        "Pages with the PE headers and debug directories of the modules on the stack are added, as debuggers do and kernels do not."
      ])
  }
}
