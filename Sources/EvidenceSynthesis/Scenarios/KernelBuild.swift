/// Addresses, relative to the image base, of symbols of two public kernels (facts of Microsoft's public symbols). A dump
/// made with them agrees with exactly one build.
enum KernelBuild {
  /// 6.1.7601.24540, x64.
  static let windows7: [String: UInt32] = [
    "KeBugCheckEx": 0x93EA0, "KiBugCheckDispatch": 0xA2280, "KiPageFault": 0x9FC80, "KiDispatchException": 0x17AD70,
    "KiExceptionDispatch": 0xA2300, "PspSystemThreadStartup": 0x33F154, "KiStartSystemThread": 0x99EB0,
    "RtlDispatchException": 0x5AD10, "RtlpExecuteHandlerForException": 0x9B1F0, "KiRetireDpcList": 0x40B00,
    "KiIdleLoop": 0x973D0, "KiInitialPCR": 0x1E4000, "PsLoadedModuleList": 0x239C90, "PsActiveProcessHead": 0x21B940,
    "KdDebuggerDataBlock": 0x1E2130, "NtBuildLab": 0xA150, "KiProcessorBlock": 0x29DCC0,
    "MmUnloadedDrivers": 0x29D1F0, "MmLastUnloadedDriver": 0x239C88, "PspCidTable": 0x21B988,
    "ExpSystemResourcesList": 0x210970, "PoolTrackTable": 0x210F88, "MmPfnDatabase": 0x29D280,
    "CmNtCSDVersion": 0x27323C, "KiBugCheckData": 0x266780, "ExpWorkerThread": 0x43CB8,
    "ObpRootDirectoryObject": 0x21C590, "KeTimeIncrement": 0x29D0B4, "IopErrorLogListHead": 0x270F90,
    "KeBugCheckCallbackListHead": 0x26C920, "PsInitialSystemProcess": 0x29D028, "MmAccessFault": 0x16B690,
    "PspUnhandledExceptionInSystemThread": 0x3A3180,
  ]

  /// 10.0.19041.804, x64.
  static let windows10: [String: UInt32] = [
    "KeBugCheckEx": 0x3F5A80, "KiBugCheckDispatch": 0x407A00, "KiPageFault": 0x403900,
    "KiDispatchException": 0x32AA00, "KiExceptionDispatch": 0x407A80, "PspSystemThreadStartup": 0x317DD0,
    "KiStartSystemThread": 0x3FD0B0, "RtlDispatchException": 0x32BD00, "RtlpExecuteHandlerForException": 0x3FE930,
    "KiRetireDpcList": 0x206910, "KiIdleLoop": 0x3F9550, "PsLoadedModuleList": 0xC2A390,
    "PsActiveProcessHead": 0xC1E200, "KdDebuggerDataBlock": 0xC00B20, "NtBuildLab": 0xC4C1A0,
    "KiProcessorBlock": 0xCFDC80, "MmUnloadedDrivers": 0xC2A308, "MmLastUnloadedDriver": 0xC2A310,
    "PspCidTable": 0xCFC5C8, "ExpSystemResourcesList": 0xC16890, "PoolTrackTable": 0xC168A8,
    "MmPfnDatabase": 0xCFC500, "CmNtCSDVersion": 0xC4C078, "KiBugCheckData": 0xC31480, "ExpWorkerThread": 0x225870,
    "ObpRootDirectoryObject": 0xC251F0, "KeTimeIncrement": 0xCFC468, "IopErrorLogListHead": 0xC45C30,
    "KeBugCheckCallbackListHead": 0xC32050, "PsInitialSystemProcess": 0xCFC420, "MmAccessFault": 0x20C560,
  ]

  /// Bytes from a routine's start to the return address that a call it makes pushes, where a real dump (10.0.19041) or
  /// public debugger logs (7601) show them: routines of known places must not be overrun by invented offsets.
  static let windows7Calls: [String: UInt64] = [
    "nt!KiBugCheckDispatch": 0x69, "nt!KiPageFault": 0x260, "nt!KiExceptionDispatch": 0xC2,
    "nt!PspSystemThreadStartup": 0x5A, "nt!KiStartSystemThread": 0x16, "nt!KiRetireDpcList": 0x1BC,
    "nt!KiIdleLoop": 0x5A, "nt!RtlpExecuteHandlerForException": 0xD,
  ]
  static let windows10Calls: [String: UInt64] = [
    "nt!KiBugCheckDispatch": 0x69, "nt!KiPageFault": 0x469, "nt!KiExceptionDispatch": 0x12C,
    "nt!KiDispatchException": 0x186, "nt!RtlDispatchException": 0x297, "nt!RtlpExecuteHandlerForException": 0x12,
    "nt!PspSystemThreadStartup": 0x55, "nt!KiStartSystemThread": 0x28,
  ]
}
