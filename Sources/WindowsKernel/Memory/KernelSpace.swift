import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// The kernel's address space in a dump of whole pages, with the block by which debuggers find their way about it.
public struct KernelSpace: Sendable {
  public private(set) var memory: VirtualMemory
  public let architecture: Architecture
  /// 4 or 8.
  public let pointerBytes: Int
  public let build: UInt32
  /// Heads of the two lists, as the header or the debugger data block states them.
  public let psLoadedModuleList: VirtualAddress
  public private(set) var psActiveProcessHead: VirtualAddress
  public private(set) var debuggerData: DebuggerData?
  /// Where structures have their fields.
  var structures = KernelStructures.bundled

  /// nil where the processor's page tables are of no kind read here.
  public init?(_ dump: CrashDump) {
    guard let physical = dump.physical, let memory = Self.memory(physical, dump.header) else { return nil }
    self.init(memory, header: dump.header)
  }

  init(_ memory: VirtualMemory, header: CrashDumpHeader) {
    self.memory = memory
    architecture = header.architecture
    pointerBytes = header.is64Bit ? 8 : 4
    build = header.build
    let data = header.kdDebuggerDataBlock.flatMap { Self.debuggerData(memory, at: $0) }
    debuggerData = data
    let mask: UInt64 = header.is64Bit ? .max : 0xFFFF_FFFF
    func head(_ stated: VirtualAddress, _ field: DebuggerData.Field) -> VirtualAddress {
      stated.rawValue != 0 ? stated : VirtualAddress((data?[field]?.rawValue ?? 0) & mask)
    }
    psLoadedModuleList = head(header.psLoadedModuleList, .psLoadedModuleList)
    psActiveProcessHead = head(header.psActiveProcessHead, .psActiveProcessHead)
  }

  /// The same kernel as a process with these tables sees it: its session's pages among what it reads.
  func seen(through directoryTableBase: PhysicalAddress) -> KernelSpace {
    var space = self
    space.memory = memory.space(directoryTableBase: directoryTableBase)
    return space
  }

  /// This space with a block that was found otherwise than by the header.
  func with(_ data: DebuggerData) -> KernelSpace {
    var space = self
    space.debuggerData = data
    if psActiveProcessHead.rawValue == 0, let head = space.address(.psActiveProcessHead) {
      space.psActiveProcessHead = VirtualAddress(head)
    }
    return space
  }

  /// This space with what the addresses of a known build add.
  func with(_ build: KernelBuild, kernelBase: UInt64) -> KernelSpace {
    var space = self
    if psActiveProcessHead.rawValue == 0, let offset = build.rva(of: "PsActiveProcessHead") {
      space.psActiveProcessHead = VirtualAddress(kernelBase &+ UInt64(offset))
    }
    return space
  }

  /// The page tables' kind is the header's, unless the list of modules can only be reached by another: nothing states five
  /// levels, and old headers do not always state PAE.
  private static func memory(_ physical: PhysicalMemory, _ header: CrashDumpHeader) -> VirtualMemory? {
    var modes: [PagingMode] = []
    switch header.architecture {
    case .x86: modes = header.paeEnabled == true ? [.x86PAE, .x86] : [.x86, .x86PAE]
    case .x64: modes = [.x64, .x64FiveLevels]
    case .arm64: modes = [.arm64]
    default: return nil
    }
    let spaces = modes.map {
      VirtualMemory(physical, mode: $0, directoryTableBase: header.directoryTableBase)
    }
    let size = header.is64Bit ? 8 : 4
    return spaces.first { isListHead(header.psLoadedModuleList, in: $0, pointerBytes: size) } ?? spaces.first
  }

  /// Whether the entry that an address names as its next names it as its previous one.
  static func isListHead(_ head: VirtualAddress, in memory: VirtualMemory, pointerBytes: Int) -> Bool {
    guard head.rawValue != 0, let next = memory.loadPointer(at: head, size: pointerBytes), next != 0 else {
      return false
    }
    return memory.loadPointer(at: VirtualAddress(next &+ UInt64(pointerBytes)), size: pointerBytes) == head.rawValue
  }

  /// More than any build's block has.
  private static let debuggerDataLimit = 0x800

  static func debuggerData(_ memory: VirtualMemory, at address: VirtualAddress) -> DebuggerData? {
    let bytes = memory.bytesAvailable(at: address, limit: debuggerDataLimit)
    return try? DebuggerData(parsing: bytes.span.bytes, at: 0, available: bytes.count)
  }

  public func pointer(at address: UInt64) -> UInt64? {
    memory.loadPointer(at: VirtualAddress(address), size: pointerBytes)
  }

  /// An address of the debugger data block, which is 64 bits wide on every system.
  public func address(_ field: DebuggerData.Field) -> UInt64? {
    debuggerData?[field].map { pointerBytes == 4 ? $0.rawValue & 0xFFFF_FFFF : $0.rawValue }
  }

  /// The entries of a doubly linked list, without its head, in order.
  ///
  /// A list that breaks off is followed from its other end as well: what lies between is lost, and `isWhole` is false.
  public func list(head: VirtualAddress, limit: Int) -> (entries: [UInt64], isWhole: Bool) {
    guard head.rawValue != 0 else { return ([], false) }
    var seen: Set<UInt64> = [head.rawValue]
    func follow(_ offset: UInt64) -> (found: [UInt64], reachedHead: Bool) {
      var found: [UInt64] = []
      var at = head.rawValue
      while seen.count <= limit {
        guard let next = pointer(at: at &+ offset) else { return (found, false) }
        if next == head.rawValue { return (found, true) }
        // An entry seen before is a cycle that leaves the head out.
        guard next != 0, seen.insert(next).inserted else { return (found, false) }
        found.append(next)
        at = next
      }
      return (found, false)
    }
    let forward = follow(0)
    if forward.reachedHead { return (forward.found, true) }
    return (forward.found + follow(UInt64(pointerBytes)).found.reversed(), false)
  }

  /// UNICODE_STRING: length and capacity in bytes, then a pointer. nil where its text is not in the dump or is none.
  public func unicodeString(at address: UInt64, limit: Int = 1024) -> String? {
    guard let length = memory.load(at: VirtualAddress(address), as: UInt16.self), length & 1 == 0,
      let buffer = pointer(at: address &+ UInt64(pointerBytes)), Int(length) <= limit
    else { return nil }
    if length == 0 { return "" }
    guard let units = memory.bytes(at: VirtualAddress(buffer), count: Int(length)) else { return nil }
    let text = decodeUTF16(units)
    return text.unicodeScalars.contains { $0.value < 0x20 } ? nil : text
  }

  /// Text of one byte a character up to a zero; nil where its first byte is not in the dump.
  func byteString(at address: UInt64, limit: Int) -> String? {
    let bytes = memory.bytesAvailable(at: VirtualAddress(address), limit: limit)
    guard !bytes.isEmpty else { return nil }
    return decodeWindows1252(bytes.prefix { $0 != 0 })
  }

  /// CmNtCSDVersion: the service pack in the second byte.
  public var servicePack: ServicePack? {
    guard let place = address(.cmNtCSDVersion), let value = memory.load(at: VirtualAddress(place), as: UInt32.self)
    else { return nil }
    return Product.servicePack(csdVersion: value) ?? ServicePack(0)
  }

  /// `19041.1.amd64fre.vb_release.191206-1406`.
  public var buildLab: String? {
    address(.ntBuildLab).flatMap { byteString(at: $0, limit: 128) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
