import CrashDumpFormat
import Facts

/// Which awaited events a pending item's parameter leads to: the item's routine can set what it can reach.
///
/// The parameter's structure, what it points to, and what that points to. Further away everything reaches everything: a
/// device, a driver, a process.
struct ReachableSignals {
  /// Blocks that are read for one item, and bytes of each: as much as a pool block holds, where it has a header.
  static let maximumBlocks = 64
  static let blockBytes = 0x100
  static let poolBlockBytes = 0x400
  /// Items that are looked into.
  static let maximumItems = 1024
  /// Pointers followed from the parameter to the structure that holds an event or its address.
  static let maximumSteps = 1

  struct Way: Hashable {
    var event: UInt64
    /// `parameter 0x… holds it at +0x18`.
    var text: String
  }

  let structures: StructureReader
  /// Awaited events, ascending.
  private let events: [UInt64]
  private let known: Set<UInt64>
  private let headers: PoolHeaderFormat?

  init(_ structures: StructureReader, events: Set<UInt64>) {
    self.structures = structures
    self.events = events.sorted()
    known = events
    headers = PoolHeaderFormat(build: structures.space.build, pointerBytes: structures.space.pointerBytes)
  }

  /// Each event once, by the shortest way.
  func ways(from item: WorkQueue.Item) -> [Way] {
    guard !events.isEmpty else { return [] }
    var found: [UInt64: Way] = [:]
    var seen: Set<UInt64> = []
    var front: [(address: UInt64, text: String)] = []
    for (address, name) in [(item.driverContext, "context"), (item.parameter, "parameter")] {
      guard let address, address != item.address, structures.isKernelPointer(address) else { continue }
      front.append((address, "\(name) \(hexadecimal(address))"))
    }
    // An item embedded in the structure it works on: the parameter is often the structure that holds the item.
    for step in 0...Self.maximumSteps {
      var next: [(address: UInt64, text: String)] = []
      for (address, text) in front {
        guard seen.count < Self.maximumBlocks, seen.insert(address).inserted else { continue }
        let bytes = structures.space.memory.bytesAvailable(at: VirtualAddress(address), limit: length(of: address))
        for event in inside(address, count: bytes.count) where found[event] == nil {
          found[event] = Way(
            event: event, text: "\(text) is a structure with the event at +\(hexadecimal(event &- address))")
        }
        forEachPointer(bytes) { offset, value in
          if known.contains(value), found[value] == nil {
            found[value] = Way(event: value, text: "\(text) points to it at +\(hexadecimal(UInt64(offset)))")
          } else if step < Self.maximumSteps, next.count < Self.maximumBlocks, structures.isKernelPointer(value) {
            next.append((value, "\(text) +\(hexadecimal(UInt64(offset))) → \(hexadecimal(value))"))
          }
        }
      }
      front = next
    }
    return found.values.sorted { $0.event < $1.event }
  }

  private func inside(_ address: UInt64, count: Int) -> ArraySlice<UInt64> {
    var low = 0
    var high = events.count
    while low < high {
      let middle = (low + high) / 2
      if events[middle] < address { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < events.count, events[end] &- address < UInt64(count) { end += 1 }
    return events[low..<end]
  }

  private func forEachPointer(_ bytes: [UInt8], _ body: (Int, UInt64) -> Void) {
    let width = structures.space.pointerBytes
    var offset = 0
    while offset + width <= bytes.count {
      var value: UInt64 = 0
      for index in 0..<width { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
      body(offset, value)
      offset += width
    }
  }

  /// To the end of the pool block, where the address begins one: what follows is somebody else's.
  private func length(of address: UInt64) -> Int {
    let header = UInt64(2 * structures.space.pointerBytes)
    let inPage = address & 0xFFF
    guard let headers, inPage >= header, inPage % header == 0,
      let word = structures.load(at: address &- header, as: UInt32.self),
      let tag = structures.load(at: address &- header &+ 4, as: UInt32.self),
      PoolHeaderFormat.isPlausible(tag: tag), headers.isLive(word)
    else { return Self.blockBytes }
    let size = headers.blockSize(word)
    guard size > Int(header), size <= 0x1000 - Int(inPage - header) else { return Self.blockBytes }
    return min(Self.poolBlockBytes, size - Int(header))
  }
}
