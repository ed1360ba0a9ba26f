import Facts

/// Whether a pending item sets an event when it runs: its routine is followed with the item's own parameter, through memory as the
/// dump has it, to a call that ends waits for exactly this event.
///
/// That a parameter leads to an event says only that the item could set it; the code says that it does.
struct EventSetters {
  /// Instructions that are followed for all items together.
  static let maximumSteps = 1_000_000

  private let dump: KernelDump
  /// Made when it is first asked: most machines wait for nothing that an item reaches.
  private lazy var flow: CodeFlow? = RoutineFinder(dump).source().map { CodeFlow($0) }
  private var steps = 0

  init(_ dump: KernelDump) { self.dump = dump }

  enum Answer {
    /// `rdbss.sys+0x1a2, which the item's routine comes to, calls KeSetEvent for it`.
    case sets(String)
    /// Every way through the routine was followed to its end, and none sets the event.
    case setsNot
    /// The code is not in the dump, or not all of it could be followed.
    case isUnknown
  }

  mutating func answer(_ item: WorkQueue.Item, event: UInt64) -> Answer {
    guard steps < Self.maximumSteps, let routine = item.worker, flow != nil else { return .isUnknown }
    // A driver's routine behind an IO_WORKITEM gets the device, then its context (IO_WORKITEM_ROUTINE); any other its parameter.
    let arguments = item.driverRoutine != nil ? [nil, item.driverContext] : [item.parameter]
    var found: CodeFlow.Call?
    // It sets an event of which the code does not say which: that may be this one.
    var setsUnknown = false
    _ = flow?.run(routine, arguments: arguments) { call in
      guard case .signals? = call.routine?.effect else { return false }
      guard let argument = call.arguments.first ?? nil, argument == event else {
        if (call.arguments.first ?? nil) == nil { setsUnknown = true }
        return false
      }
      found = call
      return true
    }
    steps += flow?.steps ?? 0
    guard let call = found else { return flow?.isWhole == true && !setsUnknown ? .setsNot : .isUnknown }
    return .sets(
      "\(dump.modules.frame(call.address, stackPointer: nil, trust: .context).placeText), which the item's routine comes to, calls \(call.routine?.name ?? "?") for it"
    )
  }
}
