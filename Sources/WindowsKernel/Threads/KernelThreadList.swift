import CrashDumpFormat
import Facts
import KernelLayouts

/// The threads of every process of a dump.
public struct KernelThreadList: Sendable {
  /// By process in the kernel's order, then in the order of each process's list.
  public var threads: [KernelThread] = []
  /// Lists that break off, and threads of which nothing could be read.
  public var unreadLists = 0
  public var unreadThreads = 0
  /// More threads than are read.
  public var isCut = false
  public var isGuess: Bool
  public var layoutBuild: Int
  private var indexByAddress: [UInt64: Int] = [:]
  /// Queue → threads that state they serve it.
  private(set) var serving: [UInt64: [UInt64]] = [:]

  /// Terminal servers have some ten thousand threads.
  public static let maximumThreads = 1 << 17

  public func thread(at address: UInt64) -> KernelThread? { indexByAddress[address].map { threads[$0] } }

  init(_ dump: KernelDump, _ structures: StructureReader, processes: [KernelProcess]) {
    isGuess = !structures.isExact
    layoutBuild = structures.layout.build
    let reader = ThreadReader(structures, dump.modules)
    let running = Self.running(structures)
    func add(_ address: UInt64, of process: KernelProcess?) {
      guard indexByAddress[address] == nil else { return }
      guard var thread = reader.thread(at: address) else {
        unreadThreads += 1
        return
      }
      if let process {
        thread.process = process.address.rawValue
        thread.processID = process.id
        thread.processName = process.name
        thread.session = process.session
      }
      thread.processor = running[address]
      indexByAddress[address] = threads.count
      threads.append(thread)
    }
    guard let links = structures.layout.offset("_ETHREAD", "ThreadListEntry") else { return }
    for process in processes {
      guard let head = structures.place("_EPROCESS", "ThreadListHead", in: process.address.rawValue) else { continue }
      let room = Self.maximumThreads - threads.count
      guard room > 0 else {
        isCut = true
        break
      }
      let (entries, isWhole) = structures.space.list(head: VirtualAddress(head), limit: room)
      if !isWhole { unreadLists += 1 }
      for entry in entries { add(entry &- UInt64(links), of: process) }
    }
    // A list that a damaged page interrupts may have lost the very thread that stopped the machine. Idle threads of the
    // processors are in no list; their id is zero.
    let known = Dictionary(processes.map { ($0.address.rawValue, $0) }) { first, _ in first }
    for address in running.keys.sorted() where indexByAddress[address] == nil {
      guard let thread = reader.thread(at: address), thread.id != 0 else { continue }
      add(address, of: known[thread.process])
    }
    for thread in threads { if let queue = thread.queue { serving[queue, default: []].append(thread.address) } }
  }

  /// Thread → processor, from each processor's control block.
  private static func running(_ structures: StructureReader) -> [UInt64: Int] {
    guard let block = structures.space.address(.kiProcessorBlock) else { return [:] }
    var found: [UInt64: Int] = [:]
    for index in 0..<CrashedProcessor.maximumProcessors {
      guard let prcb = structures.space.pointer(at: block &+ UInt64(index) &* structures.pointerBytes), prcb != 0 else {
        break
      }
      let place = structures.space.debuggerData?[.prcbCurrentThread].map { prcb &+ UInt64($0) }
      if let thread = place.flatMap({ structures.space.pointer(at: $0) })
        ?? structures.pointer("_KPRCB", "CurrentThread", in: prcb), thread != 0
      {
        found[thread] = index
      }
    }
    return found
  }
}

extension KernelDump {
  /// Every thread of every process; nil, with the reason, where the dump or the layouts do not give them.
  public func threads() -> (list: KernelThreadList?, missing: [Missing]) {
    let (processes, missing) = processes()
    guard let structures, let processes else {
      return (
        nil,
        missing.isEmpty
          ? [
            Missing(
              "threads", because: .unsupported,
              detail: "No structure layout is bundled for build \(header.build) on \(architecture).")
          ]
          : missing.map {
            Missing($0.what == "processes" ? "threads" : $0.what, because: $0.because, detail: $0.detail)
          }
      )
    }
    var list = KernelThreadList(self, structures, processes: processes.processes)
    if processes.isGuess { list.isGuess = true }
    var absent = missing
    func add(_ because: Absence, _ detail: String) {
      absent.append(Missing("threads", because: because, detail: detail))
    }
    if list.unreadLists > 0 { add(.notInDump, "The lists of threads of \(list.unreadLists) processes break off.") }
    if list.unreadThreads > 0 {
      add(.notInDump, "\(list.unreadThreads) threads are not in the dump, or are none by the layout used.")
    }
    if list.isCut { add(.malformed, "More than \(KernelThreadList.maximumThreads) threads: the rest is not read.") }
    return (list, absent)
  }
}
