/// Offsets of the builds that scenarios use: facts of the public symbol tables of those kernels, under the structure and
/// field names given at `SynthesisLayout`'s properties.
extension SynthesisLayout {
  /// Windows Server 2003 SP2, x86.
  public static let server2003SP2x86 = SynthesisLayout(
    process: Process(
      size: 0x278, directoryTableBase: 0x18, uniqueProcessId: 0x94, activeProcessLinks: 0x98,
      inheritedFrom: 0x138, session: 0x160, imageFileName: 0x164, imageFileNameSize: 16, peb: 0x1A0,
      threadListHead: 0x180),
    thread: Thread(
      size: 0x250, initialStack: 0x18, stackLimit: 0x1C, stackBase: 0x158, kernelStack: 0x20, teb: 0x74,
      apcProcess: 0x38, nextProcessor: 0x40, state: 0x4C, cid: 0x1E4,
      startAddress: 0x21C, win32StartAddress: 0x220, irpList: 0x208, callbackStack: 0x114),
    prcb: Processor(
      size: 0xEC0, currentThread: 0x4, idleThread: 0xC, number: 0x10, numberSize: 1, processorState: 0x1C,
      contextFrame: 0x1C, specialRegisters: 0x2E8, cpuType: 0x18, mhz: 0xB70, vendorString: 0xB60,
      dpcRoutineActive: 0x95A, context: nil),
    pcr: ProcessorRegion(size: 0xFE0, selfPcr: 0x1C, currentPrcb: 0x20, containedPrcb: 0x120),
    sessionId: 0xC)

  /// Windows XP SP3, x86.
  public static let xpSP3x86 = SynthesisLayout(
    process: Process(
      size: 0x260, directoryTableBase: 0x18, uniqueProcessId: 0x84, activeProcessLinks: 0x88,
      inheritedFrom: 0x14C, session: 0x170, imageFileName: 0x174, imageFileNameSize: 16, peb: 0x1B0,
      threadListHead: 0x190),
    thread: Thread(
      size: 0x258, initialStack: 0x18, stackLimit: 0x1C, stackBase: 0x168, kernelStack: 0x28, teb: 0x20,
      apcProcess: 0x44, nextProcessor: 0x12B, state: 0x2D, cid: 0x1EC,
      startAddress: 0x224, win32StartAddress: 0x228, irpList: 0x210, callbackStack: 0x12C),
    prcb: Processor(
      size: 0xC50, currentThread: 0x4, idleThread: 0xC, number: 0x10, numberSize: 1, processorState: 0x1C,
      contextFrame: 0x1C, specialRegisters: 0x2E8, cpuType: 0x18, mhz: 0x910, vendorString: 0x900,
      dpcRoutineActive: 0x874, context: nil),
    pcr: ProcessorRegion(size: 0xD70, selfPcr: 0x1C, currentPrcb: 0x20, containedPrcb: 0x120),
    sessionId: 0x8)

  /// Windows Vista SP1 and Server 2008 (6001), x86.
  public static let vistaSP1x86 = SynthesisLayout(
    process: Process(
      size: 0x270, directoryTableBase: 0x18, uniqueProcessId: 0x9C, activeProcessLinks: 0xA0,
      inheritedFrom: 0x124, session: 0x148, imageFileName: 0x14C, imageFileNameSize: 16, peb: 0x188,
      threadListHead: 0x168),
    thread: Thread(
      size: 0x288, initialStack: 0x28, stackLimit: 0x2C, stackBase: 0x174, kernelStack: 0x30, teb: 0x84,
      apcProcess: 0x48, nextProcessor: 0x50, state: 0x5C, cid: 0x20C,
      startAddress: 0x1F8, win32StartAddress: 0x240, irpList: 0x22C, callbackStack: 0x128),
    prcb: Processor(
      size: 0x2008, currentThread: 0x4, idleThread: 0xC, number: 0x10, numberSize: 1, processorState: 0x1C,
      contextFrame: 0x1C, specialRegisters: 0x2E8, cpuType: 0x18, mhz: 0x3C4, vendorString: 0x1C2C,
      dpcRoutineActive: 0x1A1A, context: nil),
    pcr: ProcessorRegion(size: 0x2128, selfPcr: 0x1C, currentPrcb: 0x20, containedPrcb: 0x120),
    sessionId: 0x8)

  /// Windows Vista SP1 and Server 2008 (6001), x64.
  public static let vistaSP1x64 = SynthesisLayout(
    process: Process(
      size: 0x3E8, directoryTableBase: 0x28, uniqueProcessId: 0xE0, activeProcessLinks: 0xE8,
      inheritedFrom: 0x1F0, session: 0x230, imageFileName: 0x238, imageFileNameSize: 16, peb: 0x290,
      threadListHead: 0x260),
    thread: Thread(
      size: 0x450, initialStack: 0x28, stackLimit: 0x30, stackBase: 0x250, kernelStack: 0x38, teb: 0xB0,
      apcProcess: 0x68, nextProcessor: 0x74, state: 0x154, cid: 0x380,
      startAddress: 0x358, win32StartAddress: 0x3E0, irpList: 0x3B8, callbackStack: 0x1D8),
    prcb: Processor(
      size: 0x3B20, currentThread: 0x8, idleThread: 0x18, number: 0x4, numberSize: 2, processorState: 0x40,
      contextFrame: 0x120, specialRegisters: 0x40, cpuType: 0x5F0, mhz: 0x5F4, vendorString: 0x399C,
      dpcRoutineActive: 0x345E, context: nil),
    pcr: ProcessorRegion(size: 0x3CA0, selfPcr: 0x18, currentPrcb: 0x20, containedPrcb: 0x180),
    sessionId: 0x8)

  /// Windows 7 SP1 (7601), x64.
  public static let windows7SP1x64 = SynthesisLayout(
    process: Process(
      size: 0x4D0, directoryTableBase: 0x28, uniqueProcessId: 0x180, activeProcessLinks: 0x188,
      inheritedFrom: 0x290, session: 0x2D8, imageFileName: 0x2E0, imageFileNameSize: 15, peb: 0x338,
      threadListHead: 0x308),
    thread: Thread(
      size: 0x498, initialStack: 0x28, stackLimit: 0x30, stackBase: 0x278, kernelStack: 0x38, teb: 0xB8,
      apcProcess: 0x70, nextProcessor: 0x7C, state: 0x164, cid: 0x3B0,
      startAddress: 0x388, win32StartAddress: 0x410, irpList: 0x3E8, callbackStack: 0x1E8),
    prcb: Processor(
      size: 0x4D00, currentThread: 0x8, idleThread: 0x18, number: 0x24, numberSize: 4, processorState: 0x40,
      contextFrame: 0x120, specialRegisters: 0x40, cpuType: 0x5F0, mhz: 0x5F4, vendorString: 0x4BB8,
      dpcRoutineActive: 0x21DA, context: 0x4BD8),
    pcr: ProcessorRegion(size: 0x4E80, selfPcr: 0x18, currentPrcb: 0x20, containedPrcb: 0x180),
    sessionId: 0x8)

  /// Windows 10 (19041), x64.
  public static let windows10x64 = SynthesisLayout(
    process: Process(
      size: 0xA40, directoryTableBase: 0x28, uniqueProcessId: 0x440, activeProcessLinks: 0x448,
      inheritedFrom: 0x540, session: 0x558, imageFileName: 0x5A8, imageFileNameSize: 15, peb: 0x550,
      threadListHead: 0x5E0),
    thread: Thread(
      size: 0x898, initialStack: 0x28, stackLimit: 0x30, stackBase: 0x38, kernelStack: 0x58, teb: 0xF0,
      apcProcess: 0xB8, nextProcessor: 0x218, state: 0x184, cid: 0x478,
      startAddress: 0x450, win32StartAddress: 0x4D0, irpList: 0x4B0, callbackStack: nil),
    prcb: Processor(
      size: 0xAF00, currentThread: 0x8, idleThread: 0x18, number: 0x24, numberSize: 4, processorState: 0x100,
      contextFrame: 0x1F0, specialRegisters: 0x100, cpuType: 0x40, mhz: 0x44, vendorString: 0x8590,
      dpcRoutineActive: 0x312A, context: 0x85C0),
    pcr: ProcessorRegion(size: 0xB080, selfPcr: 0x18, currentPrcb: 0x20, containedPrcb: 0x180),
    sessionId: 0x8)
}
