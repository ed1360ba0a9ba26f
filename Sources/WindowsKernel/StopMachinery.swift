import Facts
import KernelLayouts

/// The kernel's own functions between the failing code and KeBugCheckEx: they report the failure, they are not it.
enum StopMachinery {
  /// Names by prefix; each is a routine of bugcheck or exception dispatch (names: public symbols).
  static let prefixes = [
    "nt!KeBugCheck", "nt!KiBugCheck", "nt!KiFatal", "nt!_C_specific_handler", "nt!__C_specific_handler",
    "nt!RtlpExecuteHandler",
    "nt!RtlDispatchException", "nt!KiDispatchException", "nt!KiExceptionDispatch", "nt!KiPageFault",
    "nt!KiGeneralProtectionFault",
    "nt!KiSegmentNotPresentFault", "nt!KiTrap", "nt!KiInvalidOpcodeFault", "nt!KiDivideErrorFault", "nt!KiDoubleFault",
    "nt!KiStackFault", "nt!KiBreakpointTrap", "nt!KiRaiseException", "nt!CommonDispatchException",
    "nt!PspSystemThreadStartup$filt",
    "nt!PspUnhandledExceptionInSystemThread", "nt!KiSystemServiceHandler", "nt!RtlpGetStackLimits", "nt!MmAccessFault",
    "nt!MiSystemFault", "nt!MiRaisedIrqlFault", "nt!KeInvalidAccessAllowed", "hal!HalpNMIHalt", "nt!KiProcessNMI",
    "nt!_except_handler", "nt!ExecuteHandler",
  ]

  /// Routines that work on their caller's behalf: a damaged pool block or a bad pointer shows in them, and was brought there.
  static let servants = [
    "nt!ExFreePool", "nt!ExpFree", "nt!ExAllocatePool", "nt!ExpAllocate", "nt!ExDeferredFreePool", "nt!ExFreeHeapPool",
    "nt!ExpReleasePool",
    "nt!RtlpHp", "nt!memcpy", "nt!memmove", "nt!memset", "nt!RtlCopyMemory", "nt!RtlMoveMemory", "nt!RtlFillMemory",
    "nt!RtlZeroMemory",
    "nt!RtlCompareMemory", "nt!ProbeFor", "nt!RtlRaiseStatus", "nt!VerifierFreePool", "nt!VerifierExFreePool",
    "nt!VeAllocatePool",
  ]

  /// The frame where the failing code is, behind routines that only serve it.
  static func firstFailingFrame(
    _ frames: [StackFrame], exception: StopException?, bugcheck: StopCode
  ) -> Int? {
    // Nothing failed where a dump was forced.
    if StopCodeMeaning.of(bugcheck)?.stopClass == .forced { return nil }
    guard var index = failingFrame(frames, exception: exception, bugcheck: bugcheck) else { return nil }
    while index + 1 < frames.count, let symbol = frames[index].symbol,
      servants.contains(where: { symbol.hasPrefix($0) })
    { index += 1 }
    return index
  }

  /// The frame where the failing code is: the exception's own address where it is on the stack, else the first frame behind
  /// the machinery.
  private static func failingFrame(
    _ frames: [StackFrame], exception: StopException?, bugcheck: StopCode
  ) -> Int? {
    if let address = exception?.address, let index = frames.firstIndex(where: { $0.address == address }) {
      return index
    }
    let named = frames.firstIndex { frame in
      guard let symbol = frame.symbol else { return true }
      return !prefixes.contains { symbol.hasPrefix($0) }
    }
    guard let index = named else { return nil }
    // Frames of the kernel alone, without names: any of them may be the machinery.
    if frames[index].symbol == nil, frames.allSatisfy({ $0.module.map { ModuleIdentity(name: $0).isKernel } ?? true }) {
      return nil
    }
    // Without symbols the kernel's leading frames are the stop's machinery as far as can be told, as long as others follow.
    if frames[index].symbol == nil, let module = frames[index].module, ModuleIdentity(name: module).isKernel,
      let other = frames.firstIndex(where: { $0.module.map { !ModuleIdentity(name: $0).isKernel } ?? false })
    {
      return other
    }
    return index
  }
}
