import Facts

/// Servers that stopped while packets came up, with all their memory: a NetBIOS packet in it, and the code that copies it.
public enum PacketOverrunScenario: String, Hashable, Sendable, CaseIterable {
  /// netbt.sys copies a malformed packet by the length its header states.
  case overrun = "packet-overrun"
  /// Another driver does.
  case otherDriver = "other-driver"
  /// netbt.sys copies a sound packet, the first segment of a longer message.
  case soundPacket = "sound-packet"
  /// netbt.sys copies something else; the malformed packet lies in memory.
  case otherCopy = "other-copy"
  /// netbt.sys follows a NULL in another of its functions.
  case otherFunction = "other-function"
  /// A network card's driver fails; the malformed packet lies in memory.
  case otherFailure = "card-driver"
  /// The failing instruction's bytes are not in the dump, so nothing says that it copies.
  case noCode = "no-code"

  /// - Parameter architecture: x86 or x64; nil for another.
  public func machine(_ architecture: Architecture, seed: UInt64, memoryBytes: UInt64 = 8 << 20) -> WholeMachine? {
    let names: [Architecture: (String, SystemProfile)] = [
      .x86: ("3790", .server2003), .x64: ("3790-x64", .server2003x64),
    ]
    guard let (name, profile) = names[architecture], let kernel = SynthesizedKernel.find(name) else { return nil }
    return built(kernel, profile, seed, memoryBytes)
  }

  private func built(
    _ kernel: SynthesizedKernel, _ profile: SystemProfile, _ seed: UInt64, _ memoryBytes: UInt64
  ) -> WholeMachine {
    let card = DriverTemplate("badnic.sys", 0x1C000, 0x4500_1234)
    var stop = WholeStop(kernel, profile, drivers: [.netbt, card], seed: seed)
    stop.addProcesses(sessions: [0])
    let packet = SessionPacketInMemory(isSound: self == .soundPacket, &stop.builder)
    var first = "netbt!NbtCopyToStartOfIndicate"
    if self == .otherDriver || self == .otherFailure { first = "badnic!BadNicReceive" }
    if self == .otherFunction { first = "netbt!NbtNameQuery" }
    let names = [
      first, "netbt!TdiReceiveHandler", "tcpip!IndicateData", "tcpip!TCPRcv", "tcpip!DeliverToUser",
      "tcpip!IPRcvPacket", "NDIS!ethFilterDprIndicateReceivePacket", "e1000325!ProcessReceiveInterrupts",
      "NDIS!ndisMDpcX", "nt!KiRetireDpcList", "nt!KiIdleLoop",
    ]
    var frames = names.map { stop.builder.frame($0, words: 6 + stop.builder.random.index(below: 8)) }
    frames[1] = stop.holding([packet.header], frames[1])
    frames[2] = stop.holding([packet.place &+ 0x0E], frames[2])

    let copies = self != .otherFunction && self != .otherFailure
    let copied =
      self == .otherCopy ? (stop.builder.poolAddress() & ~0xFFF, 0x2340 as UInt64) : (packet.header, packet.copied)
    // The copy reads up to the page behind the packet's, which is not there, or fills what is behind its target.
    let reads = stop.builder.random.below(2) == 0
    let page = (copied.0 | 0xFFF) &+ 1
    let target = (stop.builder.poolAddress() & ~0xFFF) &+ 0x400_0000
    let done = page &- copied.0
    let source = reads ? page : copied.0 &+ (done & ~7) / 2
    let destination = reads ? target &+ done : target &+ 0x1000
    let left = copied.0 &+ copied.1 &- source
    let access = Access(
      address: copies ? (reads ? source : destination) : 0x18, isWrite: copies && !reads)
    let unit: UInt64 = stop.isWide ? 8 : 4
    let registers: RegisterContext? =
      copies
      ? stop.isWide
        ? .x64(X64Registers(rcx: left / unit, rsi: source, rdi: destination))
        : .x86(
          X86Registers(
            ecx: UInt32(truncatingIfNeeded: left / unit), esi: UInt32(truncatingIfNeeded: source),
            edi: UInt32(truncatingIfNeeded: destination)))
      : nil
    var machine = stop.builder.machine(
      stop.isWide ? .systemThreadException : .unhandledException, access: access, in: frames, registers: registers)
    machine.process = stop.processes.first
    var whole = stop.whole(machine, memoryBytes: memoryBytes, seed: seed)
    whole.contents.append(SynthesizedMemory(address: packet.place, bytes: packet.bytes))
    if copies, self != .noCode {
      let code: [UInt8] = stop.isWide ? [0xF3, 0x48, 0xA5, 0x90] : [0xF3, 0xA5, 0x8B, 0xC8]
      whole.contents.append(SynthesizedMemory(address: frames[0].address, bytes: code))
    }
    return whole
  }
}

/// Ethernet, IPv4, TCP to port 139 and a session packet (RFC 1002, 4.3.1), at the start of a page.
private struct SessionPacketInMemory {
  let place: UInt64
  let bytes: [UInt8]
  /// Address of the session header.
  var header: UInt64 { place &+ 0x36 }
  /// What a copy by the header's length copies, with the header.
  let copied: UInt64

  init(isSound: Bool, _ builder: inout CaseBuilder) {
    place = (builder.poolAddress() & ~0xFFF) &+ 0x200_0000
    let sender: [UInt8] = [192, 168, UInt8(builder.random.below(256)), UInt8(1 + builder.random.below(254))]
    let carried = 0x40 + 2 * builder.random.index(below: 0x80)
    // A multiple of eight with the header, so that whole units are left at every point.
    let stated = 0x8004 + 8 * builder.random.index(below: 0x800)
    copied = UInt64(stated + 4)
    var type: UInt8 = 0
    var flags: UInt8 = 0
    if !isSound {
      if builder.random.below(2) == 0 {
        type = 0x40 + UInt8(builder.random.below(0x30))
      } else {
        flags = 2 << UInt8(builder.random.below(6))
      }
    }
    let length = 0x36 - 0x0E + 4 + carried
    var out = ByteBuilder(zeros: 0x36)
    out.put([0x00, 0x0C, 0x29, 0x11, 0x22, 0x33, 0x00, 0x50, 0x56, 0x44, 0x55, 0x66, 0x08, 0x00], at: 0)
    out.put([0x45, 0, UInt8(length >> 8), UInt8(length & 0xFF), 0x12, 0x34, 0x40, 0, 0x40, 6, 0, 0], at: 0x0E)
    out.put(sender + [192, 168, 0, 10], at: 0x1A)
    out.put([0xC3, 0x50, 0x00, 0x8B], at: 0x22)
    out.put([0x50, 0x18, 0x40, 0x00], at: 0x2E)
    out.append([type, flags | UInt8(stated >> 16), UInt8(stated >> 8 & 0xFF), UInt8(stated & 0xFF)])
    out.append([0xFF, 0x53, 0x4D, 0x42, 0x2E])
    out.grow(to: 0x36 + 4 + carried)
    out.put(Self.checksum(Array(out.bytes[0x0E..<0x22])), at: 0x18)
    let segment = length - 20
    out.put(
      Self.checksum(
        Array(out.bytes[0x1A..<0x22]) + [0, 6, UInt8(segment >> 8), UInt8(segment & 0xFF)] + out.bytes[0x22...]),
      at: 0x32)
    bytes = out.bytes
  }

  /// The Internet checksum (RFC 1071) of an even number of bytes.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count - 1, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return [UInt8(truncatingIfNeeded: ~sum >> 8), UInt8(truncatingIfNeeded: ~sum)]
  }
}
