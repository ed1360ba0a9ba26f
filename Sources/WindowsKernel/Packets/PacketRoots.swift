import ByteReading
import CrashDumpFormat
import Facts

/// Pointers that the crash stack holds, and pointers in what those lead to.
struct PacketRoots {
  /// Where a pointer stood.
  enum Origin: Hashable {
    case register(String)
    /// 1 to 4.
    case parameter(Int)
    case stack(UInt64)
    /// In memory that another pointer leads to.
    case memory(UInt64)
  }

  struct Root: Hashable {
    var target: UInt64
    var origin: Origin
    /// The pool block that holds the target, where its page is a chain of blocks.
    var block: Range<UInt64>?
    var tag: PoolTag?
  }

  /// The stack's bytes, from the stack pointer up.
  let stack: Range<UInt64>
  /// By target, ascending; of each target the first pointer to it.
  private(set) var direct: [Root] = []
  private(set) var second: [Root] = []

  /// Kernel stacks take at most 24 KiB on x64 (72 KiB of address space for threads with windows, most of it unused).
  private static let stackBytes: UInt64 = 0x6000
  private static let maximumSecond = 1 << 14
  /// Bytes before and behind a pointer's target that are searched for further pointers: packet descriptors and MDLs.
  private static let descriptorBefore: UInt64 = 0x40
  private static let descriptorBehind: UInt64 = 0x100

  init(_ dump: KernelDump, _ memory: any MemoryReading) {
    let width = dump.architecture.pointerSize == 4 ? 4 : 8
    let start = dump.stack.first?.stackPointer?.rawValue ?? dump.dump.context?.stackPointer ?? 0
    let bytes =
      start == 0 ? [] : memory.bytesAvailable(at: VirtualAddress(start), limit: Int(Self.stackBytes))
    stack = start < PacketSearch.highest ? start..<start + UInt64(bytes.count) : 0..<0
    let header = PoolHeaderFormat(build: dump.header.build, pointerBytes: width)
    var collector = Collector(dump, memory, header, width)
    for context in [dump.dump.crashContext, dump.exception?.context, dump.dump.context].compactMap({ $0 }) {
      for (index, value) in context.general.enumerated() {
        collector.add(value, .register(Self.register(index, context.architecture)), to: &direct)
      }
    }
    for (index, value) in dump.header.parameters.enumerated() {
      collector.add(value, .parameter(index + 1), to: &direct)
    }
    let misaligned = Int((UInt64(width) &- start % UInt64(width)) % UInt64(width))
    for offset in Swift.stride(from: misaligned, to: bytes.count - width + 1, by: width) {
      let value = Self.pointer(bytes, offset, width)
      if stack.contains(value) { continue }
      collector.add(value, .stack(start &+ UInt64(offset)), to: &direct)
    }
    direct.sort { $0.target < $1.target }
    for root in direct where second.count < Self.maximumSecond {
      let from = max(root.block?.lowerBound ?? 0, root.target &- min(root.target, Self.descriptorBefore))
      let aligned = (from &+ UInt64(width - 1)) & ~UInt64(width - 1)
      let end = min(root.block?.upperBound ?? .max, root.target &+ Self.descriptorBehind)
      guard aligned < end else { continue }
      var around = memory.bytesAvailable(at: VirtualAddress(aligned), limit: Int(min(end - aligned, 0x200)))
      var first = aligned
      if around.isEmpty {
        first = root.target & ~UInt64(width - 1)
        around = memory.bytesAvailable(at: VirtualAddress(first), limit: Int(Self.descriptorBehind))
      }
      for offset in Swift.stride(from: 0, to: around.count - width + 1, by: width) {
        let value = Self.pointer(around, offset, width)
        if stack.contains(value) { continue }
        collector.add(value, .memory(first &+ UInt64(offset)), to: &second)
      }
    }
    second.sort { $0.target < $1.target }
  }

  private static func pointer(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  private static func register(_ index: Int, _ architecture: Architecture) -> String {
    let names =
      architecture == .x86
      ? ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"]
      : ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
    if architecture == .arm64 { return "x\(index)" }
    return names.indices.contains(index) ? names[index] : "r\(index)"
  }

  /// The first root whose target lies in a range, and whether there is one at all.
  static func root(of roots: [Root], in range: Range<UInt64>) -> Root? {
    var low = 0
    var high = roots.count
    while low < high {
      let middle = (low + high) / 2
      if roots[middle].target < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    return low < roots.count && roots[low].target < range.upperBound ? roots[low] : nil
  }

  /// Keeps pointers into the kernel's half that the dump holds memory of, outside of images, each target once.
  private struct Collector {
    let dump: KernelDump
    let memory: any MemoryReading
    let format: PoolHeaderFormat?
    let least: UInt64
    let mostBits: UInt64
    private var seen: Set<UInt64> = []

    init(_ dump: KernelDump, _ memory: any MemoryReading, _ format: PoolHeaderFormat?, _ width: Int) {
      self.dump = dump
      self.memory = memory
      // Triage dumps hold pieces of pages: no chain begins there.
      self.format = dump.space == nil ? nil : format
      least = width == 4 ? 0x8000_0000 : 0xFFFF_8000_0000_0000
      mostBits = width == 4 ? 0xFFFF_FFFF : .max
    }

    mutating func add(_ value: UInt64, _ origin: Origin, to roots: inout [Root]) {
      let target = value & mostBits
      guard target >= least, target < .max - 0x1_0000, seen.insert(target).inserted,
        dump.modules.index(of: target) == nil, memory.locate(VirtualAddress(target)) != nil
      else { return }
      var root = Root(target: target, origin: origin)
      let page = target & ~0xFFF
      let bytes = memory.file.bytes
      if let format, let found = memory.locate(VirtualAddress(page)), found.count >= PoolPage.bytes,
        let content = bytes.part(at: found.offset, count: PoolPage.bytes),
        let block = PoolPage(format: format).block(content, containing: Int(target & 0xFFF))
      {
        root.block = page + UInt64(block.range.lowerBound)..<page + UInt64(block.range.upperBound)
        root.tag = block.tag
      }
      roots.append(root)
    }
  }
}

extension PoolPage {
  /// The block that holds an offset of a page, where blocks in order lead from the page's start to it.
  func block(_ page: RawSpan, containing place: Int) -> (range: Range<Int>, tag: PoolTag)? {
    var offset = 0
    var previous = 0
    while offset < Self.bytes {
      guard let word = page.loadIfPresent(at: offset, as: UInt32.self),
        let tag = page.loadIfPresent(at: offset + 4, as: UInt32.self)
      else { return nil }
      let size = format.blockSize(word)
      guard size != 0, format.previousSize(word) == previous, size <= Self.bytes - offset else { return nil }
      if place < offset + size {
        return (offset..<offset + size, PoolTag(rawValue: tag & ~PoolHeaderFormat.protected))
      }
      previous = size
      offset += size
    }
    return nil
  }
}
