import Facts
import KernelLayouts

/// Puts a described kernel's structures into memory.
struct KernelWriter {
  let whole: WholeMachine
  var machine: SynthesizedMachine
  var memory: MachineMemory
  var random: SplitMix64
  let kernel: KernelAddresses
  let layout: KernelLayout?
  /// Where the next structure of nonpaged memory goes.
  private var nextPool: UInt64
  /// Of each session its MM_SESSION_SPACE, and the first tables of its processes.
  var sessionSpaces: [UInt32: (address: UInt64, roots: [UInt64])] = [:]

  init(_ whole: WholeMachine, _ memory: MachineMemory, _ random: SplitMix64) {
    self.whole = whole
    self.memory = memory
    self.random = random
    machine = whole.machine
    machine.directoryTableBase = memory.root
    kernel = KernelAddresses(whole.machine)
    layout =
      KernelLayout.find(
        build: Int(whole.kernel.version.build), servicePack: ServicePack(UInt8(whole.kernel.version.servicePack >> 8)),
        architecture: whole.machine.architecture, revision: Int(whole.kernel.revision))?.layout
    let base: UInt64 = whole.width == 4 ? 0x8200_0000 : 0xFFFF_FA80_0200_0000
    nextPool = base + 0x1000 * self.random.below(0x800)
  }

  var width: Int { whole.width }

  /// Room for a structure, 16-byte aligned, at a distance from the last one that the seed decides.
  mutating func room(_ count: Int) -> UInt64 {
    let place = nextPool
    nextPool = (place + UInt64(count) + 16 * (1 + random.below(64)) + 15) & ~15
    return place
  }

  mutating func put(_ bytes: [UInt8], at address: UInt64) { memory.put(bytes, at: address) }

  mutating func put<T: FixedWidthInteger>(_ value: T, at address: UInt64) {
    var out = ByteBuilder()
    out.append(value)
    put(out.bytes, at: address)
  }

  mutating func putPointer(_ value: UInt64, at address: UInt64) {
    width == 4 ? put(UInt32(truncatingIfNeeded: value), at: address) : put(value, at: address)
  }

  /// LIST_ENTRYs of the entries and their head, linked both ways.
  mutating func link(head: UInt64, _ entries: [UInt64]) {
    let ring = [head] + entries
    for (index, place) in ring.enumerated() {
      putPointer(ring[(index + 1) % ring.count], at: place)
      putPointer(ring[(index + ring.count - 1) % ring.count], at: place + UInt64(width))
    }
  }

  /// UNICODE_STRING with its buffer elsewhere.
  mutating func unicodeString(_ text: String, at address: UInt64) {
    let units = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let buffer = room(units.count + 2)
    put(units + [0, 0], at: buffer)
    put(UInt16(truncatingIfNeeded: units.count), at: address)
    put(UInt16(truncatingIfNeeded: units.count + 2), at: address + 2)
    putPointer(buffer, at: address + UInt64(width))
  }

  mutating func write() {
    images()
    modules()
    unloadedModules()
    variables()
    sharedData()
    let processes = processes()
    processor(processes)
    if let pool = whole.pool { write(pool) }
    if let waits = whole.waits { write(waits, processes) }
    if let heap = whole.segmentHeap { write(heap) }
    put(machine.stack.bytes, at: machine.stack.top)
    for block in machine.memory + whole.contents { put(block.bytes, at: block.address) }
    debuggerData()
    // Last: it copies tables that must be whole by then.
    for (session, pool) in whole.sessionPools.sorted(by: { $0.key < $1.key }) {
      if let space = sessionSpaces[session] { write(pool, of: session, space: space.address) }
    }
  }

  /// The first page of every image: headers and debug directory.
  private mutating func images() {
    for (index, module) in machine.modules.enumerated() {
      let own = index == 0
      let stem = module.name.split(separator: ".").first.map(String.init) ?? module.name
      let table = SynthesizedSymbolTable(
        module: module.name, database: own ? whole.kernel.pdbName : stem + ".pdb",
        guid: own ? whole.kernel.pdbGUID : random.bytes(16).map { Self.hex($0) }.joined(),
        age: own ? whole.kernel.pdbAge : 1, machineType: UInt16(DumpHeader.machineType(machine.architecture)),
        symbols: [:])
      var image = ImageIdentity.memory(module, table, exports: own ? whole.kernelExports : [:]).bytes
      // MajorOperatingSystemVersion and MinorOperatingSystemVersion.
      image[0xC0] = UInt8(truncatingIfNeeded: whole.kernel.version.major)
      image[0xC2] = UInt8(truncatingIfNeeded: whole.kernel.version.minor)
      put(image, at: module.base)
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    let text = String(byte, radix: 16, uppercase: true)
    return text.count == 1 ? "0" + text : text
  }

  /// The loader's entries (public types _KLDR_DATA_TABLE_ENTRY and _LDR_DATA_TABLE_ENTRY).
  private mutating func modules() {
    var entries: [UInt64] = []
    for module in machine.modules {
      let entry = room(0x120)
      put([UInt8](repeating: 0, count: 0x120), at: entry)
      let wide = width == 8
      putPointer(module.base, at: entry + (wide ? 0x30 : 0x18))
      putPointer(module.entryPoint, at: entry + (wide ? 0x38 : 0x1C))
      put(module.size, at: entry + (wide ? 0x40 : 0x20))
      unicodeString(module.path, at: entry + (wide ? 0x48 : 0x24))
      unicodeString(module.name, at: entry + (wide ? 0x58 : 0x2C))
      put(0x0900_4000 as UInt32, at: entry + (wide ? 0x68 : 0x34))
      put(module.checksum, at: entry + (wide ? 0x78 : 0x40))
      entries.append(entry)
    }
    link(head: kernel.address(of: "PsLoadedModuleList"), entries)
  }

  /// The ring of unloaded drivers: name, start, end, time.
  private mutating func unloadedModules() {
    let stride = width == 8 ? 0x28 : 0x18 as UInt64
    let array = room(50 * Int(stride))
    put([UInt8](repeating: 0, count: 50 * Int(stride)), at: array)
    for (index, module) in machine.unloadedModules.prefix(50).enumerated() {
      let place = array + stride * UInt64(index)
      unicodeString(module.name, at: place)
      putPointer(module.start, at: place + UInt64(2 * width))
      putPointer(module.end, at: place + UInt64(3 * width))
      put(machine.systemTime, at: place + UInt64(4 * width))
    }
    putPointer(array, at: kernel.address(of: "MmUnloadedDrivers"))
    put(UInt32(min(50, machine.unloadedModules.count)), at: kernel.address(of: "MmLastUnloadedDriver"))
  }

  private mutating func variables() {
    let version = whole.kernel.version
    let lab = Array((version.buildLab ?? "\(version.build)").utf8.prefix(63)) + [0]
    put(lab, at: kernel.address(of: "NtBuildLab"))
    put(version.servicePack, at: kernel.address(of: "CmNtCSDVersion"))
    put(machine.processors, at: kernel.address(of: "KeNumberProcessors"))
    let stop = [UInt64(machine.stop.code.rawValue)] + machine.stop.parameters
    for (index, value) in stop.enumerated() {
      putPointer(value, at: kernel.address(of: "KiBugCheckData") + UInt64(index * width))
    }
    // DBGKD_GET_VERSION64 (public type): 15 marks a free build.
    let block = kernel.address(of: "KdVersionBlock")
    put(0x0F as UInt16, at: block)
    put(UInt16(truncatingIfNeeded: version.build), at: block + 2)
    put(6 as UInt8, at: block + 4)
    put((width == 8 ? 7 : 3) as UInt16, at: block + 6)
    put(UInt16(DumpHeader.machineType(machine.architecture)), at: block + 8)
    put(Self.extended(machine.kernelBase, width), at: block + 0x10)
    put(Self.extended(kernel.address(of: "PsLoadedModuleList"), width), at: block + 0x18)
    put(Self.extended(kernel.address(of: "KdpDebuggerDataListHead"), width), at: block + 0x20)
    if machine.architecture == .arm64 { return }
    link(head: kernel.address(of: "KdpDebuggerDataListHead"), [kernel.address(of: "KdDebuggerDataBlock")])
  }

  /// 32-bit kernels keep the debugger's 64-bit addresses sign-extended.
  static func extended(_ address: UInt64, _ width: Int) -> UInt64 {
    width == 4 ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: address))) : address
  }

  /// KUSER_SHARED_DATA (public header ntddk.h), which user mode sees at 0x7FFE0000.
  private mutating func sharedData() {
    let place: UInt64 = width == 4 ? 0xFFDF_0000 : 0xFFFF_F780_0000_0000
    let version = whole.kernel.version
    func time(_ value: UInt64) -> [UInt8] {
      var out = ByteBuilder()
      out.append(value)
      out.append(UInt32(truncatingIfNeeded: value >> 32))
      return out.bytes
    }
    put([UInt8](repeating: 0, count: 0x800), at: place)
    put(time(machine.upTime), at: place + 0x08)
    put(time(machine.systemTime), at: place + 0x14)
    put("C:\\Windows".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, at: place + 0x30)
    if version.build >= 10240 { put(version.build, at: place + 0x260) }
    put(machine.productType.rawValue, at: place + 0x264)
    put(1 as UInt8, at: place + 0x268)
    put(version.major, at: place + 0x26C)
    put(version.minor, at: place + 0x270)
    put(machine.suiteMask, at: place + 0x2D0)
    if let frame = memory.frame(of: place) { memory.map(0x7FFE_0000, to: frame) }
  }

  /// The block last, when every address in it is known.
  private mutating func debuggerData() {
    var bytes = DebuggerDataBlock.encoded(machine)
    let place = kernel.address(of: "KdDebuggerDataBlock")
    if !whole.debuggerDataIsPlain, width == 8 {
      let always = random.next()
      let never = random.next()
      let flag = kernel.address(of: "KdpDataBlockEncoded")
      put(always, at: kernel.address(of: "KiWaitAlways"))
      put(never, at: kernel.address(of: "KiWaitNever"))
      put(1 as UInt8, at: flag)
      bytes = Self.hidden(bytes, always: always, never: never, flag: flag)
    }
    put(bytes, at: place)
  }

  /// How a running kernel hides the block, each 8 bytes by themselves (as public memory-analysis tools undo it).
  static func hidden(_ bytes: [UInt8], always: UInt64, never: UInt64, flag: UInt64) -> [UInt8] {
    var out = ByteBuilder(zeros: (bytes.count + 7) / 8 * 8)
    for start in stride(from: 0, to: bytes.count, by: 8) {
      let word = (0..<min(8, bytes.count - start)).reduce(0 as UInt64) {
        $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1)
      }
      let swapped = (word ^ always).byteSwapped ^ (flag | 0xFFFF_0000_0000_0000)
      let turn = never & 0x3F
      let turned = turn == 0 ? swapped : swapped >> turn | swapped << (64 - turn)
      out.put(turned ^ never, at: start)
    }
    return out.bytes
  }
}
