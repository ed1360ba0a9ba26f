import Facts

/// What machines that stopped have in common when all of their memory is written: processes, and the kernel's symbols at places of
/// ours.
struct WholeStop {
  let kernel: SynthesizedKernel
  var builder: CaseBuilder
  var waits: SynthesizedWaits
  var processes: [SynthesizedProcess] = []

  init(_ kernel: SynthesizedKernel, _ profile: SystemProfile, drivers: [DriverTemplate], seed: UInt64) {
    self.kernel = kernel
    builder = CaseBuilder(profile, seed: seed, drivers: drivers)
    waits = SynthesizedWaits(kernel, seed: seed)
  }

  var isWide: Bool { kernel.architecture != .x86 }
  var width: Int { isWide ? 8 : 4 }

  /// The system's own processes, and for each session those that every session has.
  mutating func addProcesses(sessions: [UInt32]) {
    processes = [SynthesizedProcess(name: "System", id: 4, parentID: 0, address: 0, threads: 80)]
    var id: UInt64 = 0x100
    func next() -> UInt64 {
      id += 4 * (1 + builder.random.below(40))
      return id
    }
    let manager = next()
    processes.append(SynthesizedProcess(name: "smss.exe", id: manager, parentID: 4, address: 0))
    for session in sessions {
      for name in ["csrss.exe", "winlogon.exe", "explorer.exe"] {
        processes.append(
          SynthesizedProcess(name: name, id: next(), parentID: manager, session: session, address: 0, threads: 9))
      }
    }
  }

  func process(_ name: String, session: UInt32) -> SynthesizedProcess? {
    processes.first { $0.name == name && $0.session == session }
  }

  /// Puts a pointer among a frame's local data.
  func holding(_ values: [UInt64], _ frame: SynthesizedFrame) -> SynthesizedFrame {
    var frame = frame
    var bytes = ByteBuilder()
    bytes.append(frame.locals)
    for (index, value) in values.enumerated() { bytes.putPointer(value, width: width, at: (1 + 2 * index) * width) }
    frame.locals = bytes.bytes
    return frame
  }

  /// Everything together; at least 8 MiB of memory.
  func whole(_ machine: SynthesizedMachine, memoryBytes: UInt64, seed: UInt64) -> WholeMachine {
    var machine = machine
    machine.memory = []
    var whole = WholeMachine(
      machine, kernel: kernel, processes: processes, memoryBytes: max(8 << 20, memoryBytes), seed: seed)
    whole.waits = waits
    return whole
  }
}
