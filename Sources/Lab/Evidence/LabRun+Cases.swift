import EvidenceSynthesis
import Facts

extension LabRun {
  private var memoryBytes: UInt64 { UInt64(8 * scale) << 20 }

  /// A scenario's triage dump. Its symbols are invented, so they are not written: no verdict may rest on them.
  private mutating func addScenario(_ id: String) {
    guard let scenario = Scenario.named(id) else { return }
    let written = scenario(seed: seed)
    end = Self.seconds(written.machine.systemTime)
    add("MEMORY.DMP", written.dump())
  }

  /// From 100 nanoseconds since 1601.
  private static func seconds(_ fileTime: UInt64) -> Int64 { Int64(clamping: fileTime / 10_000_000) - 11_644_473_600 }

  private mutating func add(_ whole: WholeMachine?) {
    guard let whole else { return }
    end = Self.seconds(whole.machine.systemTime)
    add("MEMORY.DMP", MemoryDump(whole, .dump(.full)).encoded())
  }

  mutating func writeSessions() {
    // Fixed, the machine does not stop: only its inventory is left.
    guard !isFixed else { return }
    let scenario = variant.flatMap { SessionRaceScenario(rawValue: $0.id) } ?? .race
    add(scenario.machine(system.architecture, seed: seed, memoryBytes: memoryBytes))
    if variant?.id == "two-failures" { addDriverLoadsLog("") }
  }

  mutating func writeShadowing() {
    let shape = variant?.id ?? ""
    if !isFixed { addShadowingDump(shape) }
    if shape != "stop-alone" { addShadowingLog(shape) }
    if isFixed || shape == "fixed-driver" { addFixedDrivers() }
  }

  private mutating func addShadowingDump(_ shape: String) {
    switch shape {
    case "plateau", "burst", "steady": break
    case "other-driver", "other-tag", "stop-alone": addScenario(shape == "stop-alone" ? "shadow-leak" : "other-leak")
    default:
      // The article does not name Windows 2000.
      add(
        (ShadowingScenario(rawValue: shape) ?? .leak).machine(
          seed: seed, memoryBytes: memoryBytes, isWindows2000: !system.isAffected))
    }
  }

  /// `dir /tw` of Windows NT 4.0 after the fix: the article's drivers among others, whose dates tell that the month comes first.
  private mutating func addFixedDrivers() {
    let fixed = [
      ("Tdasync.sys", 12_728), ("Tdipx.sys", 18_648), ("Tdnetb.sys", 17_080), ("Tdpipe.sys", 10_360),
      ("Tdspx.sys", 16_248), ("Tdtcp.sys", 18_488),
    ].map { ("01/07/02  10:47a", $0.0, $0.1) }
    let others = ["afd.sys", "tcpip.sys", "netbt.sys", "ntfs.sys"].map {
      (
        "11/\(20 + random.below(9))/99  0\(1 + random.below(8)):1\(random.below(10))p", $0,
        50_000 + Int(random.below(90_000))
      )
    }
    var text = " Volume in drive C has no label.\r\n\r\n Directory of C:\\WTSRV\\system32\\drivers\r\n\r\n"
    for (time, name, bytes) in random.shuffled(fixed + others) {
      let size = "\(bytes / 1000),\(String(1000 + bytes % 1000).dropFirst())"
      text += time + String(repeating: " ", count: 22 - size.count) + size + " " + name + "\r\n"
    }
    add("drivers.txt", Array(text.utf8))
  }

  private mutating func addShadowingLog(_ shape: String) {
    let hours = 24 * scale
    var kept = 0.0
    var bytes: [Double] = []
    let base = 200_000 + Double(random.below(100_000))
    for hour in 0..<hours {
      let packets = 2000 + Double(random.below(800))
      bytes.append(base + kept * 96 + Double(random.below(4)) * 96)
      switch shape {
      // A cache that is full, a burst that is given back, a tag that stays where it is.
      case "plateau": kept = min(kept + packets / 2, 3000)
      case "burst": kept = hour == hours / 2 ? 20_000 : 0
      case "steady", "few-descriptors": break
      default: if !isFixed { kept += packets / 2 }
      }
    }
    if shape == "other-tag" {
      addLog([series("Leak", bytes, block: 96), series("Mdl", bytes.map { _ in base }, block: 96)])
    } else {
      addLog([series("Mdl", bytes, block: 96)])
    }
  }

  mutating func writeDriverLoads() {
    let shape = variant?.id ?? ""
    let shapes = [nil, "iose-alone", "pp-alone", "out-of-step", "kept-drivers", "fixed-kernel", "other-branch"]
    let isWatched = shapes.contains(variant?.id)
    if isWatched, let machine = runningMachine {
      end = Self.seconds(machine.machine.systemTime) + 3_600 * Int64(Self.moments - 1)
    }
    addDriverLoadsLog(shape)
    if isWatched { addMoments(shape) }
    if let version = kernelVersion(shape) { addFile("C:\\Windows\\System32\\ntoskrnl.exe", version) }
  }

  /// A version at or above the fix's of the same branch, or a later one of the branch of general updates.
  private mutating func kernelVersion(_ shape: String) -> String? {
    let isXP = system.version.hasPrefix("5.1")
    guard shape == "fixed-kernel" || shape == "other-branch" else { return nil }
    let later = random.below(60)
    switch shape {
    case "fixed-kernel" where isXP: return "5.1.2600.\(5586 + later) (xpsp_sp3_qfe.080423-1147)"
    case "fixed-kernel": return "6.0.6001.\(22137 + later) (vistasp1_ldr.080314-1524)"
    case "other-branch" where isXP: return "5.1.2600.\(5657 + later) (xpsp_sp3_gdr.080814-1236)"
    default: return "6.0.6001.\(18145 + later) (vistasp1_gdr.080917-1612)"
    }
  }

  /// A file's version as PowerShell's `Format-List` prints it.
  private mutating func addFile(_ path: String, _ version: String) {
    add("files.txt", Array("\r\nFileName    : \(path)\r\nFileVersion : \(version)\r\n\r\n".utf8))
  }

  private mutating func addDriverLoadsLog(_ shape: String) {
    let hours = 24 * scale
    var loads = 0.0
    var others = 0.0
    var ioSe: [Double] = []
    var pp: [Double] = []
    let bases = (20_000 + Double(random.below(9000)), 90_000 + Double(random.below(9000)))
    for hour in 0..<hours {
      let grown = (ioSe: loads, pp: others)
      ioSe.append(bases.0 + (shape == "pp-alone" ? 0 : grown.ioSe) * 48)
      pp.append(bases.1 + (shape == "iose-alone" ? 0 : grown.pp) * 64)
      guard !isFixed else { continue }
      let more = 300 + Double(random.below(60))
      switch shape {
      case "steady": break
      case "plateau": loads = min(loads + more, 1000)
      case "burst": loads = hour == hours / 2 ? 4000 : 0
      default: loads += more
      }
      // In its own time, not with the loads.
      others = shape == "out-of-step" ? others + Double(random.below(4)) * Double(random.below(400)) : loads
    }
    let names = shape == "other-tags" ? ("IoNm", "PpNd") : ("IoSe", "Pp")
    addLog([series(names.0, ioSe, isPaged: true, block: 48), series(names.1, pp, isPaged: true, block: 64)])
  }

  /// Dumps of a machine that went on running, an hour apart.
  private static let moments: UInt64 = 8

  private var runningMachine: WholeMachine? {
    let names: [String: String] = ["5.1.2600": "2600", "5.2.3790": "3790"]
    let name = names[system.version] ?? (system.architecture == .x64 ? "6001-x64" : "6001")
    return SynthesizedKernel.find(name).map { WholeMachine.sample($0, memoryBytes: 4 << 20, seed: seed) }
  }

  /// Dumps of one machine that went on running, at several times: the kernel's own count by tag.
  private mutating func addMoments(_ shape: String) {
    guard var whole = runningMachine else { return }
    // LIVE_SYSTEM_DUMP: the machine went on.
    whole.machine.stop = SynthesizedStop(StopCode(0x161))
    whole.machine.productType = system.version.hasPrefix("5.2") ? .server : .workstation
    let start = (time: whole.machine.systemTime, up: (1 + random.below(40)) * 3_600 * 10_000_000)
    let others = ["Irp ", "File", "Even", "Thre", "Ntfx"].compactMap { PoolTag($0) }
    var counted: [SynthesizedPool.Key: SynthesizedPool.Truth] = [:]
    func use(_ tag: String, live: UInt64, bytes: UInt64, frees: UInt64) {
      guard let tag = PoolTag(tag) else { return }
      var truth = SynthesizedPool.Truth()
      (truth.live, truth.liveBytes, truth.allocations, truth.frees) = (live, live * bytes, live + frees, frees)
      counted[SynthesizedPool.Key(tag, isPaged: true)] = truth
    }
    let first = (ioSe: 300 + random.below(200), pp: 900 + random.below(300), loads: 90 + random.below(60))
    var loads: UInt64 = 0
    var busy: UInt64 = 0
    for moment in 0..<Self.moments {
      let kept = isFixed ? 0 : loads
      let keptPp = shape == "out-of-step" ? busy / 9 : kept
      use("IoSe", live: first.ioSe + (shape == "pp-alone" ? 0 : kept), bytes: 48, frees: isFixed ? loads : busy)
      use("Pp  ", live: first.pp + (shape == "iose-alone" ? 0 : keptPp), bytes: 64, frees: isFixed ? loads : 2 * busy)
      // A driver object for each driver that is in memory; the others' were freed.
      let stays = shape == "kept-drivers"
      use("Driv", live: first.loads + (stays ? loads : 0), bytes: 240, frees: stays ? 3 : loads)
      for tag in others {
        var truth = SynthesizedPool.Truth()
        truth.live = 2000 + random.below(200)
        truth.liveBytes = truth.live * 256
        truth.frees = busy * 11
        truth.allocations = truth.live + truth.frees
        counted[SynthesizedPool.Key(tag, isPaged: false)] = truth
      }
      whole.machine.systemTime = start.time + moment * 3_600 * 10_000_000
      whole.machine.upTime = start.up + moment * 3_600 * 10_000_000
      whole.pool = SynthesizedPool(whole.kernel, counted: counted)
      add("live\(moment + 1).dmp", MemoryDump(whole, .dump(.full)).encoded())
      loads += 200 + random.below(150)
      busy += 500 + random.below(4000)
    }
  }

  mutating func writeQueue() {
    if !isFixed { addHang() }
    if variant == nil { addReferrals() }
    if variant?.id == "fixed-driver" || isFixed && isFixedByHotfix && system.fixedIn != nil {
      addFile("C:\\WINDOWS\\system32\\drivers\\mup.sys", "5.2.3790.\(71 + random.below(40)) (srv03_qfe.030722-1140)")
    }
  }

  private mutating func addHang() {
    let name = system.architecture == .x64 ? "3790-x64" : system.servicePack == 0 ? "3790-sp0" : "3790"
    guard let kernel = SynthesizedKernel.find(name) else { return }
    let scenario = variant.flatMap { HangScenario(rawValue: $0.id) } ?? .starvation
    add(scenario.machine(kernel, seed: seed, memoryBytes: memoryBytes).machine)
  }

  /// Shares asked for the first time in one burst: the starved machine gets no answer, the fixed one does.
  private mutating func addReferrals() {
    let client = SynthesizedHost(number: 300)
    let server = SynthesizedHost(number: 7)
    var frames: [SynthesizedPacket] = []
    // Some seconds before the machine was stopped; the fixed one went on.
    var time = (end.map { $0 - 40 } ?? 1_060_000_000) * 1_000_000_000 + Int64(random.below(1_000_000))
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
    if !isFixed, system.isAffected { addOverrun() }
    if variant == nil {
      var traffic = SessionTraffic(seed: seed)
      traffic.messages = 400 * scale
      traffic.malformedShare = 200
      if let end { traffic.start = end - 60 }
      add("netbios.pcap", SynthesizedCaptureFile.pcap(traffic.generate().frames, link: 1))
    }
  }

  /// The fixed machine receives the same frames and does not stop.
  private mutating func addOverrun() {
    if variant?.id == "newer-driver" { return addScenario("netbt-newer") }
    let scenario = variant.flatMap { PacketOverrunScenario(rawValue: $0.id) } ?? .overrun
    add(scenario.machine(system.architecture, seed: seed, memoryBytes: memoryBytes))
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
    let tables = random.shuffled(all)
    let start = end.map { $0 - 3_600 * Int64(count) }
    add("poolmon.log", Array((start.map { PoolmonText(tables, start: $0) } ?? PoolmonText(tables)).text().utf8))
  }
}
