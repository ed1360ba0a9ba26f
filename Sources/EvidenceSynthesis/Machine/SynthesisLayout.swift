/// Where the fields that a described machine fills stand in the structures of one kernel build. Only those are listed:
/// this is not a table of kernel layouts.
public struct SynthesisLayout: Hashable, Sendable {
  /// `_EPROCESS`, with `_KPROCESS.DirectoryTableBase`, which stands at its front.
  public struct Process: Hashable, Sendable {
    public var size, directoryTableBase, uniqueProcessId, activeProcessLinks, inheritedFrom, session: Int
    public var imageFileName, imageFileNameSize, peb, threadListHead: Int
  }

  /// `_ETHREAD`, with the fields of `_KTHREAD`, which stands at its front; `apcProcess` is ApcState.Process,
  /// `callbackStack` is gone from Windows 8 on.
  public struct Thread: Hashable, Sendable {
    public var size, initialStack, stackLimit, stackBase, kernelStack, teb, apcProcess, nextProcessor, state: Int
    public var cid, startAddress, win32StartAddress, irpList: Int
    public var callbackStack: Int?
  }

  /// `_KPRCB`. `contextFrame` and `specialRegisters` are those of ProcessorState; `context` (a pointer) came with
  /// Windows 7.
  public struct Processor: Hashable, Sendable {
    public var size, currentThread, idleThread, number, numberSize, processorState, contextFrame: Int
    public var specialRegisters, cpuType, mhz, vendorString, dpcRoutineActive: Int
    public var context: Int?
  }

  /// `_KPCR`.
  public struct ProcessorRegion: Hashable, Sendable {
    public var size, selfPcr, currentPrcb, containedPrcb: Int
  }

  public var process: Process
  public var thread: Thread
  public var prcb: Processor
  public var pcr: ProcessorRegion
  /// `_MM_SESSION_SPACE.SessionId`.
  public var sessionId: Int
}
