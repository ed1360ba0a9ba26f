import CrashDumpFormat
import Facts
import KernelLayouts

/// The processor on which the stop happened: its control block, the thread it ran and that thread's process.
struct CrashedProcessor {
  var prcb: UInt64
  var thread: UInt64?
  var process: UInt64?
  /// KPRCB.ProcessorState.ContextFrame: the registers when the processor stopped.
  var context: RegisterContext?

  /// KiProcessorBlock has an entry for each processor; 2048 is the most that Windows supports (Server 2022).
  static let maximumProcessors = 2048

  /// The one whose registers, or whose thread's stack, are those of the header's context; else the first.
  static func find(_ space: KernelSpace, context: RegisterContext?, _ layout: KernelLayout?)
    -> CrashedProcessor?
  {
    guard let block = space.address(.kiProcessorBlock) else { return nil }
    var first: CrashedProcessor?
    // Behind the last processor the block is zero; what a memory image's header states is only what could be counted.
    for index in 0..<maximumProcessors {
      guard let prcb = space.pointer(at: block &+ UInt64(index * space.pointerBytes)), prcb != 0 else { break }
      let processor = CrashedProcessor(prcb, space, layout)
      guard let context else {
        // A memory image states no registers: the first processor that has its own saved.
        if processor.context != nil, processor.thread != nil { return processor }
        first = first ?? processor
        continue
      }
      if processor.context?.stackPointer == context.stackPointer { return processor }
      if let thread = processor.thread, holds(context.stackPointer, thread: thread, space, layout) { return processor }
      first = first ?? processor
    }
    return first
  }

  init(_ prcb: UInt64, _ space: KernelSpace, _ layout: KernelLayout?) {
    self.prcb = prcb
    // The running kernel states its own offsets; only what it does not state is taken from a table.
    func offset(_ own: DebuggerData.StructureOffset, _ type: String, _ field: String) -> UInt64? {
      (space.debuggerData?[own] ?? layout?.offset(type, field)).map { UInt64($0) }
    }
    if let place = offset(.prcbCurrentThread, "_KPRCB", "CurrentThread") {
      thread = space.pointer(at: prcb &+ place).flatMap { $0 == 0 ? nil : $0 }
    }
    if let thread, let place = offset(.threadApcProcess, "_KTHREAD", "ApcState.Process") {
      process = space.pointer(at: thread &+ place).flatMap { $0 == 0 ? nil : $0 }
    }
    if let place = layout?.offset("_KPRCB", "ProcessorState.ContextFrame") {
      context = space.memory.registerContext(
        at: VirtualAddress(prcb &+ UInt64(place)), architecture: space.architecture)
    }
  }

  private static func holds(
    _ stackPointer: UInt64, thread: UInt64, _ space: KernelSpace, _ layout: KernelLayout?
  ) -> Bool {
    func field(_ name: String) -> UInt64? {
      layout?.offset("_KTHREAD", name).flatMap { space.pointer(at: thread &+ UInt64($0)) }
    }
    guard let top = field("InitialStack"), let limit = field("StackLimit"), limit < top else { return false }
    return limit <= stackPointer && stackPointer <= top
  }
}
