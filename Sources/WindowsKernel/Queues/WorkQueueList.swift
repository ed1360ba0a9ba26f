import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// The executive's work queues, and those of drivers that threads of the System process serve.
public struct WorkQueueList: Sendable {
  /// How the executive's queues were found.
  @frozen
  public enum Means: String, Hashable, Sendable {
    case symbols
    /// By the queue that worker threads state they serve.
    case workers
    /// By their shape in the kernel's image.
    case scan
  }

  /// The executive's in their own order, then others by address.
  public var queues: [WorkQueue] = []
  public var means: Means?
  public var missing: [Missing] = []

  /// Windows has at most 64 nodes (KeNodeBlock of public kernels: 0x200 bytes of pointers).
  static let maximumNodes = 64
  /// ExPoolMax of the public type _EXQUEUEINDEX.
  static let maximumPools = 8
  /// WORK_QUEUE_TYPE's entries: three up to Windows 7, seven in Windows 8.
  static let arrayEntries = 3
  static let arrayEntriesOfWindows8 = 7
  /// A drivers' own queues that are listed.
  private static let maximumOthers = 256
  /// A kernel's image is not searched beyond this.
  private static let searchedBytes: UInt64 = 32 << 20

  init(_ dump: KernelDump, _ structures: StructureReader, _ threads: KernelThreadList) {
    let reader = QueueReader(structures: structures, modules: dump.modules)
    if reader.usesPriorities {
      findPriorityQueues(dump, reader, threads)
    } else {
      findArray(dump, reader, threads)
    }
    addOthers(reader, threads)
    if means == nil {
      missing.append(
        Missing(
          "queues", because: .notInDump,
          detail:
            "The executive's work queues are not in the dump, or nothing says where they are: no symbols of the kernel, no worker thread, nothing of their shape in its image."
        ))
    }
    if queues.contains(where: \.isCut) {
      missing.append(
        Missing(
          "queues.items", because: .notInDump,
          detail: "A queue's list of items or of threads breaks off: what is shown of it is a part."))
    }
  }

  // MARK: The array

  private mutating func findArray(_ dump: KernelDump, _ reader: QueueReader, _ threads: KernelThreadList) {
    guard let stride = reader.workQueueBytes.map(UInt64.init), stride > 0 else { return }
    let most = reader.structures.layout.build >= 9200 ? Self.arrayEntriesOfWindows8 : Self.arrayEntries
    /// Entries from an address on that have the shape.
    func length(_ address: UInt64) -> Int {
      (0..<most).prefix { reader.isQueue(address &+ UInt64($0) &* stride) }.count
    }
    var base: UInt64?
    if let place = dump.kernelVariable("ExWorkerQueue"), length(place) >= Self.arrayEntries {
      base = place
      means = .symbols
    }
    if base == nil, let found = arrayOfWorkers(reader, threads, stride: stride, length) {
      base = found
      means = .workers
    }
    if base == nil, let kernel = dump.modules.kernel?.identity, let start = kernel.base?.rawValue {
      base = scan(from: start, bytes: min(kernel.size ?? 0, Self.searchedBytes), reader, stride: stride)
      if base != nil { means = .scan }
    }
    guard let base else { return }
    for index in 0..<length(base) {
      queues.append(reader.read(base &+ UInt64(index) &* stride, .executive, index: index, threads))
    }
  }

  /// System threads serve drivers' queues as well: the executive's array lies in the kernel's image.
  private func arrayOfWorkers(
    _ reader: QueueReader, _ threads: KernelThreadList, stride: UInt64, _ length: (UInt64) -> Int
  ) -> UInt64? {
    var votes: [UInt64: Int] = [:]
    for thread in threads.threads {
      guard let queue = thread.queue, reader.modules.entry(at: queue)?.identity.isKernel == true else { continue }
      votes[queue, default: 0] += 1
    }
    for queue in votes.keys.sorted(by: { (votes[$1] ?? 0, $0) < (votes[$0] ?? 0, $1) }) {
      var first = queue
      // Back to where the shape ends.
      for _ in 1..<Self.arrayEntriesOfWindows8 where reader.isQueue(first &- stride) { first &-= stride }
      if length(first) >= Self.arrayEntries { return first }
    }
    return nil
  }

  private func scan(from start: UInt64, bytes: UInt64, _ reader: QueueReader, stride: UInt64) -> UInt64? {
    let step = reader.structures.pointerBytes
    var page: UInt64 = 0
    while page < bytes {
      defer { page += 4096 }
      guard let place = reader.structures.space.memory.locate(VirtualAddress(start &+ page)) else { continue }
      let content = reader.structures.space.memory.file.bytes
      for offset in Swift.stride(from: 0, to: 4096, by: Int(step)) {
        // Most words are no queue's: the type comes first.
        guard content.loadIfPresent(at: place.offset + offset, as: UInt8.self) == 4 else { continue }
        let address = start &+ page &+ UInt64(offset)
        if (0..<UInt64(Self.arrayEntries)).allSatisfy({ reader.isQueue(address &+ $0 &* stride) }) { return address }
      }
    }
    return nil
  }

  // MARK: Priority queues

  private mutating func findPriorityQueues(_ dump: KernelDump, _ reader: QueueReader, _ threads: KernelThreadList) {
    var found = byNodes(dump, reader)
    if !found.isEmpty { means = .symbols }
    var seen = Set(found.map(\.address))
    for thread in threads.threads {
      guard let queue = thread.queue, !seen.contains(queue), reader.isPriorityQueue(queue) else { continue }
      seen.insert(queue)
      found.append((queue, nil, nil))
      means = means ?? .workers
    }
    for (address, node, index) in found.sorted(by: { $0.address < $1.address }) {
      var queue = reader.read(address, .executivePriority, index: index, threads)
      queue.node = node
      queues.append(queue)
    }
    nameNodes(reader)
  }

  /// Queues of one node name the same ENODE; nodes are numbered in the order of these.
  private mutating func nameNodes(_ reader: QueueReader) {
    let nodes = queues.map { reader.structures.pointer("_EX_WORK_QUEUE", "Node", in: $0.address) ?? 0 }
    let order = Set(nodes).sorted()
    for index in queues.indices where queues[index].node == nil {
      queues[index].node = order.firstIndex(of: nodes[index])
    }
    queues.sort { ($0.node ?? 0, $0.index ?? 0, $0.address) < ($1.node ?? 0, $1.index ?? 0, $1.address) }
  }

  private func byNodes(_ dump: KernelDump, _ reader: QueueReader) -> [(address: UInt64, node: Int?, index: Int?)] {
    let structures = reader.structures
    let width = structures.pointerBytes
    func entry(_ array: UInt64, _ index: Int) -> UInt64? {
      structures.space.pointer(at: array &+ UInt64(index) &* width).flatMap {
        structures.isKernelPointer($0) ? $0 : nil
      }
    }
    var found: [(address: UInt64, node: Int?, index: Int?)] = []
    func take(_ array: UInt64, node: Int) {
      for index in 0..<Self.maximumPools {
        guard let queue = entry(array, index), reader.isPriorityQueue(queue) else { continue }
        found.append((queue, node, index))
      }
    }
    if let variable = dump.kernelVariable("PspSystemPartition"),
      let partition = structures.space.pointer(at: variable),
      let executive = structures.pointer("_EPARTITION", "ExPartition", in: partition),
      let nodes = structures.pointer("_EX_PARTITION", "WorkQueues", in: executive)
    {
      for node in 0..<Self.maximumNodes {
        guard let array = entry(nodes, node) else { break }
        take(array, node: node)
      }
    } else if let block = dump.kernelVariable("KeNodeBlock") {
      for node in 0..<Self.maximumNodes {
        guard let place = entry(block, node), let array = structures.place("_ENODE", "ExWorkQueues", in: place) else {
          break
        }
        take(array, node: node)
      }
    }
    return found
  }

  // MARK: Others

  /// KTHREAD.Queue is also set for completion ports, whose entries are no work items: threads of System alone.
  private static let systemProcess: UInt64 = 4

  private mutating func addOthers(_ reader: QueueReader, _ threads: KernelThreadList) {
    var seen = Set(queues.map(\.address))
    var others: [UInt64] = []
    for thread in threads.threads where thread.processID == Self.systemProcess {
      guard let queue = thread.queue, seen.insert(queue).inserted, others.count < Self.maximumOthers,
        reader.isQueue(queue)
      else { continue }
      others.append(queue)
    }
    for address in others.sorted() { queues.append(reader.read(address, .other, threads)) }
  }
}
