import Facts

/// KDDEBUGGER_DATA64, the block by which a debugger finds its way about a kernel. Names, order and the systems that added
/// fields: public header wdbgexts.h; offsets: the table `_KDDEBUGGER_DATA64`; values of constant fields: real dumps of
/// 10.0.19041.
public enum DebuggerDataBlock {
  /// Bytes that kernels of a build have. The block grew with the systems: Windows 2000 0x208, XP 0x290, Server 2003
  /// 0x318, Vista 0x328, 7 0x340, 8 0x360 (as stated by the Volatility project's profiles); 10 (19041) and 11 (22000) 0x380
  /// (real dumps).
  public static func size(build: UInt32) -> Int {
    switch build {
    case ..<2600: 0x208
    case ..<3790: 0x290
    case ..<6000: 0x318
    case ..<7600: 0x328
    case ..<9200: 0x340
    case ..<10240: 0x360
    default: 0x380
    }
  }

  /// Fields that hold the address of a kernel variable or routine.
  static let symbols: [(offset: Int, name: String)] = [
    (0x20, "RtlpBreakWithStatusInstruction"), (0x38, "KiCallUserMode"), (0x48, "PsLoadedModuleList"),
    (0x50, "PsActiveProcessHead"), (0x58, "PspCidTable"), (0x60, "ExpSystemResourcesList"), (0x78, "KeTimeIncrement"),
    (0x80, "KeBugCheckCallbackListHead"), (0x88, "KiBugCheckData"), (0x90, "IopErrorLogListHead"),
    (0x98, "ObpRootDirectoryObject"), (0xA0, "ObpTypeObjectType"), (0xC0, "MmPfnDatabase"),
    (0x140, "MmSizeOfPagedPoolInBytes"), (0x1B8, "PoolTrackTable"), (0x1C8, "MmHighestUserAddress"),
    (0x1D0, "MmSystemRangeStart"), (0x1D8, "MmUserProbeAddress"), (0x1E0, "KdPrintDefaultCircularBuffer"),
    (0x1F0, "KdPrintWritePointer"), (0x208, "NtBuildLab"), (0x218, "KiProcessorBlock"), (0x220, "MmUnloadedDrivers"),
    (0x228, "MmLastUnloadedDriver"), (0x230, "MmTriageActionTaken"), (0x238, "MmSpecialPoolTag"),
    (0x240, "KernelVerifier"), (0x248, "MmVerifierData"), (0x268, "CmNtCSDVersion"), (0x270, "MmPhysicalMemoryBlock"),
    (0x2D8, "KeLoaderBlock"),
  ]

  /// Symbols that must be found though the block does not hold them.
  private static let others = ["KdDebuggerDataBlock", "PsInitialSystemProcess", "KiInitialPCR"]
  private static let later = [
    "KdVersionBlock", "KeNumberProcessors", "KiWaitNever", "KiWaitAlways", "KdpDataBlockEncoded",
  ]

  static func encoded(_ machine: SynthesizedMachine) -> [UInt8] {
    let kernel = KernelAddresses(machine)
    var block = ByteBuilder(zeros: max(0x18, machine.debuggerDataSize))
    block.put(Array("KDBG".utf8), at: 0x10)
    block.put(UInt32(truncatingIfNeeded: machine.debuggerDataSize), at: 0x14)
    let list = kernel.address(of: "KdpDebuggerDataListHead")
    block.putPointer(list, width: machine.pointerWidth, at: 0)
    block.putPointer(list, width: machine.pointerWidth, at: machine.pointerWidth)
    func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
      if offset + MemoryLayout<T>.size <= machine.debuggerDataSize { block.put(value, at: offset) }
    }
    put(machine.kernelBase, at: 0x18)
    for (offset, name) in symbols { put(kernel.address(of: name), at: offset) }
    put(0x1000 as UInt64, at: 0x138)
    guard let layout = machine.layout else { return block.bytes }
    put(UInt16(machine.paeEnabled ? 1 : 0), at: 0x36)
    put(UInt16(layout.thread.callbackStack ?? 0), at: 0x30)
    for (offset, value) in [
      (0x298, layout.thread.nextProcessor), (0x29A, layout.thread.teb), (0x29C, layout.thread.kernelStack),
      (0x29E, layout.thread.initialStack), (0x2A0, layout.thread.apcProcess), (0x2A2, layout.thread.state),
      (0x2A8, layout.process.size), (0x2AA, layout.process.peb), (0x2AC, layout.process.inheritedFrom),
      (0x2AE, layout.process.directoryTableBase), (0x2B0, layout.prcb.size), (0x2B2, layout.prcb.dpcRoutineActive),
      (0x2B4, layout.prcb.currentThread), (0x2B6, layout.prcb.mhz), (0x2B8, layout.prcb.cpuType),
      (0x2BA, layout.prcb.vendorString), (0x2BC, layout.prcb.contextFrame), (0x2BE, layout.prcb.number),
      (0x2C0, layout.thread.size), (0x2E0, layout.pcr.size), (0x2E2, layout.pcr.selfPcr),
      (0x2E4, layout.pcr.currentPrcb), (0x2E6, layout.pcr.containedPrcb), (0x2F2, layout.prcb.specialRegisters),
      (0x338, layout.prcb.context ?? 0),
    ] { put(UInt16(truncatingIfNeeded: value), at: offset) }
    // Selectors: x64 as in a real dump; x86 as every 32-bit kernel has them (code 8, data 0x10, region 0x30, user 0x18/0x20).
    let selectors: [UInt16] =
      machine.architecture == .x86
      ? [0x08, 0x10, 0x30, 0x18, 0x20, 0x38, 0x48, 0x28, 0, 0]
      : machine.architecture == .x64 ? [0x10, 0x18, 0, 0x30, 0x28, 0, 0, 0x40, 0x20, 0x50] : []
    for (index, selector) in selectors.enumerated() { put(selector, at: 0x2F4 + 2 * index) }
    return block.bytes
  }

  /// Where symbols without a stated place stand: in a region of the kernel that no stated symbol of ours uses, 0x100 apart.
  static func standardPlace(of symbol: String) -> UInt32 {
    let names = symbols.map(\.name) + others + ["KdpDebuggerDataListHead", "KeBugCheckEx"] + later
    let index = names.firstIndex(of: symbol) ?? names.count
    return 0x000C_0000 + 0x100 * UInt32(truncatingIfNeeded: index)
  }
}

/// Addresses of a described machine's kernel symbols.
public struct KernelAddresses: Sendable {
  private let base: UInt64
  private let places: [String: UInt32]

  public init(_ machine: SynthesizedMachine) {
    base = machine.kernelBase
    places = machine.kernelSymbols
  }

  public func address(of symbol: String) -> UInt64 {
    base &+ UInt64(places[symbol] ?? DebuggerDataBlock.standardPlace(of: symbol))
  }
}
