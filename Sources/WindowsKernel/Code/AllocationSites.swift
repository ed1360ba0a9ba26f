import CrashDumpFormat
import Facts
import PortableExecutable

/// A place in a driver's code that has a memory descriptor made of a buffer.
public struct DescriptorSite: Hashable, Sendable {
  /// Of the call.
  public var address: UInt64
  /// The buffer's address, where the code states it.
  public var buffer: UInt64?
  /// The tag of the pool block that the buffer is, where the same code allocates it.
  public var tag: PoolTag?
}

/// Where a driver allocates memory descriptors, by following its code.
struct AllocationSites {
  /// Code that is searched for functions, functions that are followed, instructions of all together.
  static let maximumBytes = 2 << 20
  static let maximumFunctions = 4096
  static let maximumSteps = 1_000_000
  /// A function that allocates for others is followed; what lies deeper says little of the buffer and costs much.
  static let limits = CodeFlow.Limits(steps: 4_000, depth: 1)

  private let dump: KernelDump

  init(_ dump: KernelDump) { self.dump = dump }

  /// By address.
  func sites(in name: String) -> [DescriptorSite] {
    guard let source = RoutineFinder(dump).source(),
      let index = dump.modules.entries.firstIndex(where: { $0.identity.isNamed(name) }),
      let base = dump.modules.entries[index].identity.base?.rawValue
    else { return [] }
    return Self.sites(source, functions: functions(of: index, base))
  }

  /// By address.
  static func sites(_ source: CodeFlow.Source, functions: [UInt64]) -> [DescriptorSite] {
    var flow = CodeFlow(source, limits: limits)
    var steps = 0
    var found: Set<DescriptorSite> = []
    for function in functions.prefix(maximumFunctions) where steps < maximumSteps {
      var calls: [CodeFlow.Call] = []
      _ = flow.run(function, arguments: []) { call in
        if case .describes? = call.routine?.effect { calls.append(call) }
        return false
      }
      steps += flow.steps
      for call in calls {
        guard let buffer = call.arguments.first ?? nil else { continue }
        let tag = flow.tag(ofAllocation: buffer).map { PoolTag(rawValue: $0) }
        found.insert(
          DescriptorSite(address: call.address, buffer: CodeFlow.isOwn(buffer) ? nil : buffer, tag: tag))
      }
    }
    return found.filter { $0.buffer != nil || $0.tag != nil }.sorted {
      ($0.address, $0.buffer ?? 0) < ($1.address, $1.buffer ?? 0)
    }
  }

  /// Where functions begin: by the table of unwind data on x64; on x86 where code calls to, and where a frame pointer is set up.
  private func functions(of index: Int, _ base: UInt64) -> [UInt64] {
    let entry = dump.modules.entries[index]
    if dump.architecture == .x64 {
      for image in dump.modules.images(at: index) {
        guard let table = image.functionTable else { continue }
        let starts = (0..<min(table.count, Self.maximumFunctions)).compactMap { try? table.entry($0) }
        if !starts.isEmpty { return starts.map { base &+ UInt64($0.begin) } }
      }
    }
    var starts: Set<UInt64> = []
    let size = Int(clamping: entry.identity.size ?? 0)
    var offset = Int(ModuleMap.headerBytes)
    let end = min(size, Self.maximumBytes)
    while offset < end {
      let place = base &+ UInt64(offset)
      let count = min(0x1000, end - offset)
      // With what may begin in one page and end in the next.
      let bytes = dump.modules.code(at: place, count: count) ?? []
      offset += 0x1000
      guard bytes.count > 5, dump.modules.isCode(place) else { continue }
      for at in 0..<(bytes.count - 5) {
        if bytes[at] == 0xE8 {
          let distance = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + 1 + $1]) << UInt32(8 * $1) }
          let target = place &+ UInt64(at + 5) &+ UInt64(bitPattern: Int64(Int32(bitPattern: distance)))
          if dump.modules.index(of: target) == index, dump.modules.isCode(target) { starts.insert(target) }
        } else if bytes[at] == 0x55, bytes[at + 1] == 0x8B, bytes[at + 2] == 0xEC {
          starts.insert(place &+ UInt64(at))
        } else if bytes[at] == 0x8B, bytes[at + 1] == 0xFF, bytes[at + 2] == 0x55 {
          starts.insert(place &+ UInt64(at))
        }
      }
    }
    return starts.sorted()
  }
}
