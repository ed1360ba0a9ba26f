import EvidenceSynthesis
import Facts

extension LabRun {
  /// A scenario's triage dump and the symbol tables of its modules.
  private mutating func addScenario(_ id: String) {
    guard let scenario = Scenario.named(id) else { return }
    let content = scenario(seed: seed)
    add("MEMORY.DMP", content.dump())
    addSymbols(content.symbols)
  }

  mutating func writeSessions() {
    // Fixed, the machine does not stop: only its inventory is left.
    if !isFixed { addScenario(system.architecture == .x64 ? "session-race-x64" : "session-race-x86") }
  }

  mutating func writeShadowing() {
    let hours = 24 * scale
    var kept = 0.0
    var mdl: [Double] = []
    let base = 200_000 + Double(random.below(100_000))
    for _ in 0..<hours {
      let packets = 2000 + Double(random.below(800))
      mdl.append(base + kept * 96 + Double(random.below(4)) * 96)
      if !isFixed { kept += packets / 2 }
    }
    addLog([series("Mdl", mdl, block: 96)])
    if !isFixed { addScenario(system.isAffected ? "shadow-leak" : "shadow-leak-2000") }
  }

  mutating func writeDriverLoads() {
    let hours = 24 * scale
    var loads = 0.0
    var ioSe: [Double] = []
    var pp: [Double] = []
    let bases = (20_000 + Double(random.below(9000)), 90_000 + Double(random.below(9000)))
    for _ in 0..<hours {
      ioSe.append(bases.0 + loads * 48)
      pp.append(bases.1 + loads * 64)
      if !isFixed { loads += 300 + Double(random.below(60)) }
    }
    addLog([series("IoSe", ioSe, isPaged: true, block: 48), series("Pp", pp, isPaged: true, block: 64)])
  }

  mutating func writeQueue() {
    addReferrals()
    guard !isFixed else { return }
    let name = system.architecture == .x64 ? "3790-x64" : system.servicePack == 0 ? "3790-sp0" : "3790"
    guard let kernel = SynthesizedKernel.find(name) else { return }
    let built = HangScenario.starvation.machine(kernel, seed: seed, memoryBytes: UInt64(8 * scale) << 20)
    add("MEMORY.DMP", MemoryDump(built.machine, .dump(.full)).encoded())
  }

  /// Shares asked for the first time in one burst: the starved machine gets no answer, the fixed one does.
  private mutating func addReferrals() {
    let client = SynthesizedHost(number: 300)
    let server = SynthesizedHost(number: 7)
    var frames: [SynthesizedPacket] = []
    var time: Int64 = 1_060_000_000_000_000_000 + Int64(random.below(1_000_000))
    var sequence: (client: UInt32, server: UInt32) = (1, 1)
    func write(_ message: [UInt8], fromClient: Bool) {
      let framed = SMBWriter.framed(message)
      let (from, to) = fromClient ? (client, server) : (server, client)
      let packet = PacketWriter.tcp(
        from: from, port: fromClient ? 1040 : 139, to: to, toPort: fromClient ? 139 : 1040,
        sequence: fromClient ? sequence.client : sequence.server,
        acknowledged: fromClient ? sequence.server : sequence.client, flags: 0x18, payload: framed)
      if fromClient { sequence.client &+= UInt32(framed.count) } else { sequence.server &+= UInt32(framed.count) }
      frames.append(
        SynthesizedPacket(
          bytes: PacketWriter.frame(
            .ethernet, from: from, to: to,
            packet: PacketWriter.ip(from: from, to: to, number: 6, payload: packet)), time: time))
      time += 1_000_000 + Int64(random.below(9_000_000))
    }
    for id in 1...(12 * scale) {
      write(SMBWriter.referralRequest("\\domain\\share\(id)", id: id & 0xFFFF), fromClient: true)
      if isFixed { write(SMBWriter.referralResponse("\\server\\share\(id)", id: id & 0xFFFF), fromClient: false) }
    }
    add("dfs.pcap", SynthesizedCaptureFile.pcap(frames, link: 1))
  }

  mutating func writeReceivePath() {
    var traffic = SessionTraffic(seed: seed)
    traffic.messages = 400 * scale
    traffic.malformedShare = 200
    add("netbios.pcap", SynthesizedCaptureFile.pcap(traffic.generate().frames, link: 1))
    // The fixed machine receives the same frames and does not stop.
    if !isFixed, system.isAffected { addScenario("netbt-stop") }
  }

  // MARK: Pool logs

  private func series(_ name: String, _ bytes: [Double], isPaged: Bool = false, block: Double) -> PoolmonText.Tag {
    var history = SynthesizedPoolHistory(.level, seed: seed)
    history.hours = bytes.indices.map(Double.init)
    history.bytes = bytes
    history.runs = [Int](repeating: 0, count: bytes.count)
    history.blockBytes = block
    return PoolmonText.Tag(name, isPaged: isPaged, history)
  }

  /// The tags among others that wander.
  private mutating func addLog(_ tags: [PoolmonText.Tag]) {
    let count = tags.first?.history.bytes.count ?? 0
    var all = tags
    for name in ["Irp", "File", "Even", "Thre", "Ntfx"] {
      let base = 100_000 + Double(random.below(400_000))
      all.append(series(name, (0..<count).map { _ in base + Double(random.below(4000)) }, block: 128))
    }
    add("poolmon.log", Array(PoolmonText(random.shuffled(all)).text().utf8))
  }
}
