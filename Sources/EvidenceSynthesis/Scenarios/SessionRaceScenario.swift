import Facts

/// Terminal servers that stopped by a NULL or something like it while a session's image was in the works.
public enum SessionRaceScenario: String, Hashable, Sendable, CaseIterable {
  /// One session looks an image's entry up, another has just taken it out.
  case race = "session-race"
  /// The other session takes out the entry of another image.
  case otherImage = "other-image"
  /// The thread that takes the entry out is of the same session.
  case sameSession = "same-session"
  /// The other session's thread has the entry at hand, and it is still in its list.
  case stillListed = "entry-still-listed"
  /// Nobody takes anything out; the NULL is the same.
  case alone = "no-other-session"
  /// What the kernel touched is no NULL.
  case wildPointer = "wild-pointer"
  /// The NULL is used in win32k.sys.
  case otherDriver = "win32k-null"
  /// The faulting thread works on another image.
  case faultElsewhere = "fault-elsewhere"

  /// - Parameter architecture: x86 or x64; nil for another.
  public func machine(_ architecture: Architecture, seed: UInt64, memoryBytes: UInt64 = 8 << 20) -> WholeMachine? {
    let names: [Architecture: (String, SystemProfile)] = [
      .x86: ("6001", .server2008x86), .x64: ("6001-x64", .server2008x64),
    ]
    guard let (name, profile) = names[architecture], let kernel = SynthesizedKernel.find(name) else { return nil }
    return built(kernel, profile, seed, memoryBytes)
  }

  private func built(
    _ kernel: SynthesizedKernel, _ profile: SystemProfile, _ seed: UInt64, _ memoryBytes: UInt64
  ) -> WholeMachine? {
    let hook = DriverTemplate(
      "viphook.dll", 0x1A000, 0x47D0_3300, isSessionImage: true, path: "\\SystemRoot\\System32\\viphook.dll")
    var stop = WholeStop(kernel, profile, drivers: [hook], seed: seed)
    let sessions = stop.builder.random.shuffled(Array(1...40 as ClosedRange<UInt32>))
      .prefix(3 + stop.builder.random.index(below: 6)).sorted()
    stop.addProcesses(sessions: sessions)
    let two = stop.builder.random.shuffled(sessions)
    let own = two[0]
    let other = self == .sameSession ? two[0] : two[1]
    let images = ["win32k", "dxg", "viphook"].compactMap { stop.builder.module(named: $0) }
    guard images.count == 3, let process = stop.process("csrss.exe", session: own),
      let otherProcess = stop.process(self == .sameSession ? "explorer.exe" : "csrss.exe", session: other)
    else { return nil }
    let wanted = self == .faultElsewhere ? images[1] : images[2]
    let taken = self == .otherImage ? images[1] : images[2]

    var entries: [UInt32: [SynthesizedSessionImage]] = [:]
    for session in sessions {
      // In the session that looks the image up there is none to be found.
      let present = session == own && self != .sameSession ? images.filter { $0.name != wanted.name } : images
      entries[session] = stop.builder.random.shuffled(present).map {
        SynthesizedSessionImage(address: stop.waits.room(0x40), base: $0.base, size: $0.size)
      }
    }
    guard let place = entries[other]?.firstIndex(where: { $0.base == taken.base }) else { return nil }
    if self != .stillListed { entries[other]?[place].isTakenOut = true }
    let entry = entries[other]?[place].address ?? 0

    var machine = fault(&stop, wanted)
    machine.processors = max(2, machine.processors)
    machine.process = process
    machine.upTime = (8 * 3600 + stop.builder.random.below(3600)) * 10_000_000
    let running = self == .alone ? nil : remover(&stop, of: otherProcess, entry, taken)
    var whole = stop.whole(machine, memoryBytes: memoryBytes, seed: seed)
    whole.sessionImages = entries
    if let running { whole.running = [running] }
    return whole
  }

  /// The thread that stopped the machine.
  private func fault(_ stop: inout WholeStop, _ image: SynthesizedModule) -> SynthesizedMachine {
    let service = stop.isWide ? "nt!KiSystemServiceCopyEnd" : "nt!KiFastCallEntry"
    let names =
      self == .otherDriver
      ? ["win32k!GreGetDriverModule", "win32k!ldevLoadImage", service]
      : ["nt!MiSessionLookupImage", "nt!MmLoadSystemImage", "nt!NtSetSystemInformation", service]
    var frames = names.map { stop.builder.frame($0, words: 6 + stop.builder.random.index(below: 12)) }
    frames[0] = stop.holding([image.base], frames[0])
    frames[1] = stop.holding([image.base], frames[1])
    let near = [0x10, 0x14, 0x18, 0x1C][stop.builder.random.index(below: 4)] as UInt64
    let wild = stop.builder.poolAddress() | 5
    let access = Access(address: self == .wildPointer ? wild : near)
    // On x86 an unhandled exception's stop does not say what was touched.
    let shapes: [StopShape] = stop.isWide ? [.systemThreadException, .pageFault] : [.pageFault]
    let shape = shapes[stop.builder.random.index(below: shapes.count)]
    return stop.builder.machine(shape, access: access, in: frames)
  }

  /// The other session's thread, frozen on another processor within the kernel.
  private func remover(
    _ stop: inout WholeStop, of process: SynthesizedProcess, _ entry: UInt64, _ image: SynthesizedModule
  ) -> (thread: UInt64, registers: RegisterContext) {
    let names = [
      "nt!MiSessionRemoveImage", "nt!MmUnloadSystemImage", "nt!NtSetSystemInformation",
      stop.isWide ? "nt!KiSystemServiceCopyEnd" : "nt!KiFastCallEntry",
    ]
    var frames = names.map { stop.builder.frame($0, words: 6 + stop.builder.random.index(below: 8)) }
    frames[0] = stop.holding([entry], frames[0])
    frames[1] = stop.holding([image.base], frames[1])
    let stack = SynthesizedStack(
      frames: frames, architecture: stop.kernel.architecture, base: stop.waits.stackBase())
    let address = stop.waits.threadAddress()
    stop.waits.threads.append(
      SynthesizedWaits.Thread(
        address: address, id: stop.waits.threadID(), processID: process.id, state: .running, reason: .executive,
        priority: 9, startAddress: frames[2].address, stack: stack, ticks: 0))
    let registers: RegisterContext =
      stop.isWide
      ? .x64(X64Registers(rsp: stack.stackPointers[0], rip: frames[0].address))
      : .x86(
        X86Registers(
          ebp: UInt32(truncatingIfNeeded: stack.framePointers[0]),
          esp: UInt32(truncatingIfNeeded: stack.stackPointers[0]),
          eip: UInt32(truncatingIfNeeded: frames[0].address)))
    return (address, registers)
  }
}
