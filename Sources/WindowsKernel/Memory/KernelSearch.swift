import ByteReading
import CrashDumpFormat
import Facts
import Symbols

/// A memory image that no header describes: finds the page tables, then the kernel's image, then what the image's data say.
public enum KernelSearch {
  /// Symbol files that name a kernel.
  static let kernelFiles: Set<String> = ["ntkrnlmp.pdb", "ntoskrnl.pdb", "ntkrnlpa.pdb", "ntkrpamp.pdb"]
  /// Pages of kernel addresses that are asked for an image's first bytes.
  static let searchedPages = 1 << 22
  /// Kernels take 2 MB (NT 4.0) to 17 MB (Windows 11).
  static let maximumKernelBytes: UInt64 = 32 << 20

  /// The dump as if it had a header. Throws, saying what was looked for, where no Windows kernel is found.
  public static func dump(
    _ physical: PhysicalMemory, container: DumpContainer, problems: [ReadError] = []
  ) throws(ReadError) -> CrashDump {
    guard let (memory, architecture) = TableSearch.find(physical) else {
      throw ReadError(
        .unsupported, reading: "memory image", expected: "the page tables of a Windows kernel",
        found: "none in the first \(min(TableSearch.searchedPages, physical.presentPages)) pages")
    }
    guard let kernel = image(memory, architecture) else {
      throw ReadError(
        .notInDump, reading: "kernel image", expected: "an image that names ntkrnlmp.pdb or a like",
        found: "none that the page tables at \(PhysicalAddress(memory.translator.root)) map")
    }
    let facts = KernelImageFacts(memory, architecture, base: kernel.base, size: kernel.size)
    return CrashDump(
      imageOf: physical, container: container, header: header(memory, architecture, facts), context: nil,
      problems: problems)
  }

  private static func image(_ memory: VirtualMemory, _ architecture: Architecture) -> (base: UInt64, size: UInt64)? {
    var found: (UInt64, UInt64)?
    var left = searchedPages
    memory.translator.forEachKernelPage { address in
      left -= 1
      if memory.load(at: VirtualAddress(address), as: UInt16.self) == 0x5A4D,
        let image = LoadedImage(at: VirtualAddress(address), in: memory), let identity = image.debugIdentity,
        kernelFiles.contains(identity.name.lowercased())
      {
        found = (address, min(UInt64(image.sizeOfImage), maximumKernelBytes))
        return false
      }
      return left > 0
    }
    return found
  }

  private static func header(
    _ memory: VirtualMemory, _ architecture: Architecture, _ facts: KernelImageFacts
  ) -> CrashDumpHeader {
    let wide = architecture != .x86
    let shared = TableSearch.SharedData.address(architecture)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: UInt64, as type: T.Type = T.self) -> T? {
      memory.load(at: VirtualAddress(shared + offset), as: T.self)
    }
    let machineType: UInt16 = architecture == .x86 ? 0x014C : architecture == .arm64 ? 0xAA64 : 0x8664
    let build = facts.build ?? load(TableSearch.SharedData.build, as: UInt32.self).map { $0 & 0xFFFF } ?? 0
    var header = CrashDumpHeader(
      imageOf: machineType, is64Bit: wide, build: build, processors: facts.processors(memory),
      directoryTableBase: PhysicalAddress(memory.translator.root))
    header.psLoadedModuleList = VirtualAddress(facts.loadedModuleList ?? 0)
    header.psActiveProcessHead = VirtualAddress(facts.activeProcessHead ?? 0)
    header.kdDebuggerDataBlock = facts.debuggerDataBlock.map { VirtualAddress($0) }
    header.paeEnabled = wide ? nil : memory.translator.mode == .x86PAE
    header.systemTime = load(TableSearch.SharedData.systemTime, as: UInt64.self).map(FileTime.init(rawValue:))
    header.upTime = load(TableSearch.SharedData.interruptTime, as: UInt64.self)
    header.productType = load(TableSearch.SharedData.productType, as: UInt32.self)
    header.suiteMask = load(TableSearch.SharedData.suiteMask, as: UInt32.self)
    if let data = facts.debuggerData?[.kiBugCheckData] {
      let size = wide ? 8 : 4
      let words = (0..<5).map { index in
        memory.loadPointer(at: VirtualAddress(data.rawValue &+ UInt64(index * size)), size: size) ?? 0
      }
      // A machine that runs has stopped with nothing.
      if words[0] != 0, words[0] <= UInt64(UInt32.max) {
        header.bugcheck = StopCode(UInt32(words[0]))
        header.parameters = Array(words[1...])
      }
    }
    return header
  }
}

/// What a kernel's own data say without symbols: each thing is recognized by what it points to.
struct KernelImageFacts {
  /// From DBGKD_GET_VERSION64: it holds the machine's type and, 16 bytes in, the image's base.
  var build: UInt32?
  /// The block with the tag `KDBG` and the image's base; none where it is hidden.
  var debuggerDataBlock: UInt64?
  var debuggerData: DebuggerData?
  /// The list head whose first entry is the image's own.
  var loadedModuleList: UInt64?
  var activeProcessHead: UInt64?
  private let pointerBytes: Int

  init(_ memory: VirtualMemory, _ architecture: Architecture, base: UInt64, size: UInt64) {
    let wide = architecture != .x86
    pointerBytes = wide ? 8 : 4
    let extended = wide ? base : UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: base)))
    let machine: UInt16 = architecture == .x86 ? 0x014C : architecture == .arm64 ? 0xAA64 : 0x8664
    let lowest: UInt64 = wide ? 0xFF00_0000_0000_0000 : 0x8000_0000
    for page in stride(from: base, to: base &+ size, by: PhysicalMemory.pageBytes) {
      guard let place = memory.locate(VirtualAddress(page)) else { continue }
      let bytes = memory.file.bytes
      for offset in stride(from: 0, to: PhysicalMemory.pageBytes, by: pointerBytes) {
        let address = page + UInt64(offset)
        let value =
          wide
          ? bytes.loadIfPresent(at: place.offset + offset, as: UInt64.self) ?? 0
          : UInt64(bytes.loadIfPresent(at: place.offset + offset, as: UInt32.self) ?? 0)
        if value == base { take(memory, address, extended, machine) }
        // Kernel data point to pool above or below the image.
        guard loadedModuleList == nil, value >= lowest, value & UInt64(pointerBytes - 1) == 0 else { continue }
        let entryBase = memory.loadPointer(
          at: VirtualAddress(value &+ (wide ? 0x30 : 0x18)), size: pointerBytes)
        if entryBase == base,
          KernelSpace.isListHead(VirtualAddress(address), in: memory, pointerBytes: pointerBytes)
        {
          loadedModuleList = address
        }
      }
    }
    if let data = debuggerData {
      let mask: UInt64 = wide ? .max : 0xFFFF_FFFF
      loadedModuleList = loadedModuleList ?? data[.psLoadedModuleList].map { $0.rawValue & mask }
      activeProcessHead = data[.psActiveProcessHead].map { $0.rawValue & mask }
    }
  }

  /// A word that is the image's base: the debugger data block has it at 0x18, the version block at 0x10.
  private mutating func take(_ memory: VirtualMemory, _ address: UInt64, _ extended: UInt64, _ machine: UInt16) {
    // 32-bit kernels extend the debugger's addresses by their sign; not all writers of images do.
    guard let word = memory.load(at: VirtualAddress(address), as: UInt64.self),
      word == extended || word == extended & (pointerBytes == 8 ? .max : 0xFFFF_FFFF)
    else { return }
    if debuggerData == nil, let data = KernelSpace.debuggerData(memory, at: VirtualAddress(address &- 0x18)) {
      debuggerDataBlock = address &- 0x18
      debuggerData = data
    }
    if build == nil, memory.load(at: VirtualAddress(address &- 8), as: UInt16.self) == machine,
      let kind = memory.load(at: VirtualAddress(address &- 16), as: UInt16.self), kind == 15 || kind == 12
    {
      build = memory.load(at: VirtualAddress(address &- 14), as: UInt16.self).map(UInt32.init)
    }
  }

  /// Entries of KiProcessorBlock that are filled; 0 where nothing says where it is.
  func processors(_ memory: VirtualMemory) -> UInt32 {
    guard let block = debuggerData?[.kiProcessorBlock] else { return 0 }
    var count: UInt32 = 0
    while count < UInt32(CrashedProcessor.maximumProcessors),
      let value = memory.loadPointer(
        at: VirtualAddress(block.rawValue &+ UInt64(count) * UInt64(pointerBytes)), size: pointerBytes), value != 0,
      memory.load(at: VirtualAddress(value), as: UInt8.self) != nil
    { count += 1 }
    return max(1, count)
  }
}
