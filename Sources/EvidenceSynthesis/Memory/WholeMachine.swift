import Facts
import KernelLayouts

/// An entry of a session's list of images (public type _MM_SESSION_SPACE.ImageList).
public struct SynthesizedSessionImage: Hashable, Sendable {
  public var address: UInt64
  public var base: UInt64
  public var size: UInt32
  /// It has been taken out of the list; its own links still name the neighbours it had.
  public var isTakenOut = false
}

/// A described machine with everything that a dump of whole pages holds: its memory, mapped by page tables, with the
/// kernel's structures where the build's layout puts them.
///
/// `contents` is written last, at virtual addresses: threads, pool pages, queues and locks are added there.
public struct WholeMachine: Sendable {
  public var machine: SynthesizedMachine
  public var kernel: SynthesizedKernel
  public var paging: SynthesizedPaging
  /// All processes but the current one's `machine.process`, which is put among them, in the list's order.
  public var processes: [SynthesizedProcess]
  /// Stretches of physical memory, ascending: at most 42 fit a 64-bit header, 86 a 32-bit one.
  public var runs: [PhysicalRun]
  public var contents: [SynthesizedMemory]
  /// Pool pages, the table of big allocations and the tracker's tables.
  public var pool: SynthesizedPool?
  /// Pool of sessions, by session; only of those that a process belongs to.
  public var sessionPools: [UInt32: SynthesizedPool] = [:]
  /// Threads, what they wait for, and the work queues.
  public var waits: SynthesizedWaits?
  /// What the processors that did not stop the machine ran: threads of `waits`, with the registers that each processor saved.
  public var running: [(thread: UInt64, registers: RegisterContext)] = []
  /// Images mapped into each session.
  public var sessionImages: [UInt32: [SynthesizedSessionImage]] = [:]
  /// The pool's blocks from 10 1903 on, where `pool` has the tables alone.
  public var segmentHeap: SynthesizedSegmentHeap?
  /// Routines that the kernel's image offers to drivers, relative to its base; none leaves its export directory out.
  public var kernelExports: [String: UInt32] = [:]
  /// False leaves the debugger data block as a running kernel from Windows 8 on has it.
  public var debuggerDataIsPlain = true
  public var seed: UInt64

  public init(
    _ machine: SynthesizedMachine, kernel: SynthesizedKernel, paging: SynthesizedPaging? = nil,
    processes: [SynthesizedProcess] = [], memoryBytes: UInt64 = 16 << 20, seed: UInt64
  ) {
    self.machine = machine
    self.kernel = kernel
    self.paging =
      paging
      ?? (machine.architecture == .x64
        ? .x64 : machine.architecture == .arm64 ? .arm64 : machine.paeEnabled ? .x86PAE : .x86)
    self.processes = processes
    self.seed = seed
    contents = []
    // As firmware leaves it: a hole below 1 MiB, another where devices are.
    let pages = max(1024, memoryBytes / 4096)
    let first = pages * 3 / 4
    runs = [
      PhysicalRun(basePage: 1, pageCount: 0x9E), PhysicalRun(basePage: 0x100, pageCount: first - 0x100),
      PhysicalRun(basePage: first + 0x40, pageCount: pages - first),
    ]
    self.machine.kernelSymbols.merge(kernel.symbols) { own, _ in own }
    self.machine.paeEnabled = self.paging == .x86PAE
  }

  var width: Int { machine.pointerWidth }

  /// Where the first table stands: where real systems have it, within the places in which scanners look.
  var rootFrame: UInt64 {
    switch paging {
    case .x86: 0x39
    case .x86PAE: 0x185
    case .x64, .x64FiveLevels: kernel.version.build >= 14393 ? 0x1AD : 0x187
    case .arm64: 0x1AD
    }
  }

  /// The entry that leads to the table itself: fixed until Windows 10 1511, then chosen at each start.
  func selfMap(_ random: inout SplitMix64) -> Int? {
    switch paging {
    case .x86: 0x300
    case .x86PAE: nil
    case .x64, .x64FiveLevels, .arm64:
      kernel.version.build >= 14393 ? 0x100 + 2 * random.index(below: 0x30) + 1 : 0x1ED
    }
  }

  /// The memory and the machine as it then is: addresses that were chosen on the way stand in the second.
  public func built() -> (memory: MachineMemory, machine: SynthesizedMachine) {
    var random = SplitMix64(seed: seed ^ 0x5EED)
    let selfMap = selfMap(&random)
    var writer = KernelWriter(
      self, MachineMemory(paging: paging, runs: runs, rootFrame: rootFrame, selfMap: selfMap, random: &random), random)
    writer.write()
    return (writer.memory, writer.machine)
  }
}
