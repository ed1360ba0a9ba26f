import Facts

/// What is known of who calls whom in the kernel: a scan for return addresses uses it to pass over what earlier calls left
/// behind. Names are public symbols; the rules hold for the kernels of which real stacks were seen (7601 to 22000).
enum CallRules {
  /// Exception dispatch has one way up: each routine's only callers.
  static let callers: [(routine: String, callers: [String])] = [
    ("RtlpExecuteHandlerForException", ["RtlDispatchException"]),
    ("RtlpExecuteHandlerForUnwind", ["RtlUnwindEx"]),
    ("_C_specific_handler", ["RtlpExecuteHandlerForException", "RtlpExecuteHandlerForUnwind", "_GSHandlerCheck_SEH"]),
    (
      "__C_specific_handler", ["RtlpExecuteHandlerForException", "RtlpExecuteHandlerForUnwind", "__GSHandlerCheck_SEH"]
    ),
    ("RtlDispatchException", ["KiDispatchException", "RtlRaiseException", "RtlRaiseStatus"]),
    ("KiDispatchException", ["KiExceptionDispatch", "KiRaiseException", "KiPreprocessFault"]),
    (
      "KiExceptionDispatch",
      [
        "KiPageFault", "KiGeneralProtectionFault", "KiSegmentNotPresentFault", "KiStackFault", "KiInvalidOpcodeFault",
        "KiDivideErrorFault", "KiBreakpointTrap", "KiDebugTrapOrFault", "KiFloatingErrorFault", "KiBoundFault",
        "KiAlignmentFault", "KiOverflowTrap", "KiInvalidTssFault", "KiNpxNotAvailableFault", "KiXmmException",
        "KiRaiseSecurityCheckFailure", "KiRaiseAssertion", "KiControlProtectionFault",
      ]
    ),
    ("KiBugCheckDispatch", ["Ki"]),
  ]

  /// Services that call only each other: pool, waiting, timers, tracing, memory copies, page tables. None of them stands
  /// above a driver or the plug-and-play, I/O or process managers.
  static let closedServices = [
    "Etw", "PnpDiagnosticTrace", "KeRemovePriQueue", "KeRemoveQueue", "KeWaitFor", "KeDelayExecution", "KiSwap",
    "KiCommitThread",
    "KiCancelTimer", "KeSetEvent", "KeInsertQueue", "KeInsertPriQueue", "KiInsertTimer", "ExFree", "ExAllocate",
    "ExpAllocate",
    "ExpFree", "RtlpHp", "RtlpLfh", "ExAcquire", "ExRelease", "KeAcquire", "KeRelease", "memset", "memcpy", "memmove",
    "MiGet",
    "MiUnlink", "MiComplete", "MiResolveTransition", "MiInsertPage", "MiFlush", "MiRelease", "RtlCompare", "RtlInit",
    "RtlCopy",
    "KdTrap", "KdpTrap",
  ]

  /// Whether a function can have called another, by name without module and offset; true where nothing is known.
  static func canCall(_ caller: String?, callee: String?, calleeIsKernel: Bool) -> Bool {
    if let callee, let rule = callers.first(where: { callee == $0.routine }) {
      guard let caller else { return true }
      return rule.callers.contains { caller.hasPrefix($0) }
    }
    guard let caller, closedServices.contains(where: { caller.hasPrefix($0) }) else { return true }
    guard calleeIsKernel else { return false }
    guard let callee else { return true }
    // Among themselves, and down into waiting, traps and the stop's machinery.
    return closedServices.contains { callee.hasPrefix($0) } || callee.hasPrefix("Ki") || callee.hasPrefix("Mi")
      || callee.hasPrefix("KeBugCheck") || callee.hasPrefix("Exp") || callee.hasPrefix("Rtlp")
  }

  /// `nt!PnpSendIrp+0x9e` → `PnpSendIrp`.
  static func routine(_ symbol: String?) -> String? {
    guard let symbol, let mark = symbol.firstIndex(of: "!") else { return nil }
    let name = symbol[symbol.index(after: mark)...]
    return String(name.prefix { $0 != "+" })
  }
}
