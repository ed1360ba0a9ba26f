import CrashDumpFormat
import Facts
import KernelLayouts

/// What one processor was doing when the system stopped.
public struct ProcessorStack: Hashable, Sendable {
  /// Its place in KiProcessorBlock.
  public var number: Int
  /// Of its KPRCB.
  public var address: VirtualAddress
  /// The processor that stopped the system; its stack is the dump's own.
  public var isStopped: Bool
  /// The ETHREAD it ran, and that thread's process, where they can be read.
  public var thread: VirtualAddress?
  public var process: KernelProcess?
  /// Innermost first; empty where no registers were saved.
  public var frames: [StackFrame]
}

extension KernelDump {
  /// The stacks of all processors, from the registers that each saved in its control block (KPRCB.ProcessorState) when the
  /// stopping one froze it; with the reason where they cannot be had.
  public func processorStacks() -> (stacks: [ProcessorStack], missing: [Missing]) {
    guard let space, let walker = stackWalker else {
      return ([], [Missing("processors", because: .notInDump, detail: Self.noProcessors)])
    }
    guard let block = space.address(.kiProcessorBlock) else {
      return (
        [],
        [Missing("processors", because: .notInDump, detail: "Nothing says where the processors' control blocks are.")]
      )
    }
    let reader = ProcessReader(
      space, servicePack: servicePack, revision: buildMatch.map { Int($0.build.version.revision) })
    let layout = layout?.layout
    var stacks: [ProcessorStack] = []
    var missing: [Missing] = []
    for number in 0..<CrashedProcessor.maximumProcessors {
      guard let prcb = space.pointer(at: block &+ UInt64(number * space.pointerBytes)), prcb != 0 else { break }
      let processor = CrashedProcessor(prcb, space, layout)
      let isStopped = prcb == stoppedProcessor
      var frames: [StackFrame] = []
      if isStopped, !stack.isEmpty {
        frames = stack
      } else if let context = processor.context, context.instructionPointer != 0 {
        frames = walker.walk(context)
      } else {
        missing.append(
          Missing(
            "processors.\(number).stack", because: layout == nil ? .unsupported : .notInDump,
            detail: layout == nil
              ? "No structure layout is known that says where the processor's registers are."
              : "The processor's control block holds no saved registers."))
      }
      stacks.append(
        ProcessorStack(
          number: number, address: VirtualAddress(prcb), isStopped: isStopped,
          thread: processor.thread.map { VirtualAddress($0) },
          process: processor.process.flatMap { reader?.process(at: $0) },
          frames: frames))
    }
    if stacks.isEmpty { missing.append(Missing("processors", because: .notInDump, detail: Self.noProcessors)) }
    return (stacks, missing)
  }

  private static let noProcessors =
    "A dump of this type holds no processors' control blocks. Collect a kernel or complete memory dump."
}
