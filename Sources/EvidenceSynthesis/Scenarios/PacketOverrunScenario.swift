import Facts

/// Servers that stopped while packets came up, with all their memory: a NetBIOS packet in it, and the code that copies it.
public enum PacketOverrunScenario: String, Hashable, Sendable, CaseIterable {
  /// netbt.sys copies a malformed packet by the length its header states.
  case overrun = "packet-overrun"
  /// The same by a compiled loop, without REP MOVS.
  case compiledCopy = "compiled-copy"
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
    // The target begins behind a header in a page of pool, and ends with that page where it is what cannot be touched.
    let begun: UInt64 = 0x820
    let source = reads ? page : copied.0 &+ (0x1000 - begun)
    let destination = reads ? target &+ begun &+ done : target &+ 0x1000
    let left = copied.0 &+ copied.1 &- source
    let access = Access(
      address: copies ? (reads ? source : destination) : 0x18, isWrite: copies && !reads)
    let unit: UInt64 = stop.isWide ? 8 : 4
    let isCompiled = self == .compiledCopy
    let registers: RegisterContext? =
      isCompiled
      ? Self.loop(source, destination, left, isWide: stop.isWide)
      : copies
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
      let code: [UInt8] =
        isCompiled
        ? Self.code(reads: reads, isWide: stop.isWide)
        : stop.isWide ? [0xF3, 0x48, 0xA5, 0x90] : [0xF3, 0xA5, 0x8B, 0xC8]
      whole.contents.append(SynthesizedMemory(address: frames[0].address, bytes: code))
    }
    if copies {
      whole.contents +=
        TargetPages(
          at: target, begun: Int(begun), copied: Int(destination &- target &- begun), packet, isWide: stop.isWide,
          &stop.builder
        ).contents
    }
    return whole
  }

  /// A loop that counts turns of 32 bytes: x64 by the target and the distance to the source, as the runtime's copy does; x86 by both.
  private static func loop(_ source: UInt64, _ destination: UInt64, _ left: UInt64, isWide: Bool) -> RegisterContext {
    isWide
      ? .x64(X64Registers(rcx: destination, rdx: source &- destination, r9: left / 32))
      : .x86(
        X86Registers(
          edx: UInt32(truncatingIfNeeded: left / 32), esi: UInt32(truncatingIfNeeded: source),
          edi: UInt32(truncatingIfNeeded: destination)))
  }

  /// The loop's load or its store: movdqu xmm0,[rdx+rcx] and movups [rcx],xmm0; mov eax,[esi] and mov [edi],eax.
  private static func code(reads: Bool, isWide: Bool) -> [UInt8] {
    switch (reads, isWide) {
    case (true, true): [0xF3, 0x0F, 0x6F, 0x04, 0x0A, 0x90]
    case (false, true): [0x0F, 0x11, 0x01, 0x90]
    case (true, false): [0x8B, 0x06, 0x90]
    case (false, false): [0x89, 0x07, 0x90]
    }
  }
}

/// Pages of pool with the target of a copy, after it: its block is followed by what the copy brought in place of headers.
private struct TargetPages {
  private(set) var contents: [SynthesizedMemory] = []

  init(
    at page: UInt64, begun: Int, copied: Int, _ packet: SessionPacketInMemory, isWide: Bool,
    _ builder: inout CaseBuilder
  ) {
    let unit = isWide ? 16 : 8
    var out = ByteBuilder(zeros: 0x1000)
    var offset = 0
    var previous = 0
    func put(_ size: Int, _ tag: String) {
      // Nonpaged and in use, by the rules before Vista: type 5.
      let word = UInt32(previous / unit) | UInt32(size / unit) << 16 | 5 << (isWide ? 24 : 25)
      out.put((0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } + Array(tag.utf8), at: offset)
      previous = size
      offset += size
    }
    let header = begun - unit
    while header - offset > 0x180 {
      put(
        unit * (2 + builder.random.index(below: 0x100 / unit)),
        ["Irp ", "File", "TCPt", "Even"][builder.random.index(below: 4)])
    }
    put(header - offset, "Thre")
    put((unit + 4 + packet.carried + unit - 1) / unit * unit, "NbtR")
    let brought = packet.bytes.dropFirst(0x36) + [UInt8](repeating: 0, count: max(0, copied - packet.bytes.count))
    out.put(Array(brought.prefix(min(copied, 0x1000 - begun))), at: begun)
    contents.append(SynthesizedMemory(address: page, bytes: out.bytes))
    // What the copy filled of the next page.
    if begun + copied > 0x1000 {
      contents.append(SynthesizedMemory(address: page &+ 0x1000, bytes: [UInt8](repeating: 0, count: 0x1000)))
    }
  }
}

/// Ethernet, IPv4, TCP to port 139 and a session packet (RFC 1002, 4.3.1), at the start of a page.
private struct SessionPacketInMemory {
  let place: UInt64
  let bytes: [UInt8]
  /// Address of the session header.
  var header: UInt64 { place &+ 0x36 }
  /// Bytes behind the session header.
  let carried: Int
  /// What a copy by the header's length copies, with the header.
  let copied: UInt64

  init(isSound: Bool, _ builder: inout CaseBuilder) {
    place = (builder.poolAddress() & ~0xFFF) &+ 0x200_0000
    let sender: [UInt8] = [192, 168, UInt8(builder.random.below(256)), UInt8(1 + builder.random.below(254))]
    carried = 0x40 + 2 * builder.random.index(below: 0x80)
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
