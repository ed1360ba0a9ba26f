import CrashDumpFormat
import Facts

/// Where the stack of a thread that does not run can be walked from.
///
/// KiSwapContext leaves a small frame at KTHREAD.KernelStack and comes back to it when the thread runs again.
/// - x64: KSWITCH_FRAME: RBP at 0x30, the return address at 0x38 (ReactOS, `sdk/include/ndk/amd64/ketypes.h`; debuggers
///   print the stack pointer 0x40 behind the "current" one).
/// - x86: exception list, flags, the return address at 8, then EBP as KiSwapContext saved it; the next return address at 0x1C
///   (a debugger's listing of XP: current a8eb8758, first frame a8eb8770 "Uses EBP", its return address at a8eb8774).
struct SwitchFrame {
  private static let wideReturn: UInt64 = 0x38
  private static let wideFramePointer: UInt64 = 0x30
  private static let wideSize: UInt64 = 0x40
  private static let narrowReturn: UInt64 = 8
  private static let narrowFramePointer: UInt64 = 0xC
  /// Words in which another build's frame may have its return address.
  private static let searchedWords: UInt64 = 32

  let context: RegisterContext

  /// nil where the stack is not in the dump, or holds no return address where the switch leaves one.
  init?(_ thread: KernelThread, _ memory: any MemoryReading, _ modules: ModuleMap, _ architecture: Architecture) {
    guard let top = thread.kernelStack, thread.holdsOnStack(top) else { return nil }
    let wide = architecture == .x64
    guard wide || architecture == .x86 else { return nil }
    func word(_ address: UInt64) -> UInt64? { memory.loadPointer(at: VirtualAddress(address), size: wide ? 8 : 4) }
    func isKernelCode(_ value: UInt64?) -> Bool {
      guard let value, modules.isCode(value) else { return false }
      return modules.entry(at: value)?.identity.isKernel ?? false
    }
    let step: UInt64 = wide ? 8 : 4
    var place = top &+ (wide ? Self.wideReturn : Self.narrowReturn)
    if !isKernelCode(word(place)) {
      // Another build's frame: the first return address into the kernel.
      guard
        let found = (0..<Self.searchedWords).lazy.map({ top &+ $0 &* step }).first(where: { isKernelCode(word($0)) })
      else { return nil }
      place = found
    }
    guard let address = word(place) else { return nil }
    let stackPointer = place &+ step
    let saved = word(top &+ (wide ? Self.wideFramePointer : Self.narrowFramePointer)) ?? 0
    let framePointer = thread.holdsOnStack(saved) || wide ? saved : 0
    var general = [UInt64](repeating: 0, count: wide ? 16 : 8)
    general[4] = stackPointer
    general[5] = framePointer
    context = RegisterContext(
      architecture: architecture, instructionPointer: address, stackPointer: stackPointer, framePointer: framePointer,
      general: general, flags: 0)
  }
}

extension KernelDump {
  /// Walks stacks as the crashed thread's is walked.
  func stackWalker(_ memory: any MemoryReading) -> StackWalker {
    StackWalker(
      memory: memory, modules: modules, contexts: [exception?.context, dump.context].compactMap { $0 },
      name: BundledSymbols.naming(buildMatch, kernel: modules.kernel?.identity))
  }

  /// The stack of a thread, innermost first; empty where it is not in the dump.
  ///
  /// Of a thread that runs the processor's registers are taken, of others what the switch to another thread left.
  public func stack(of thread: KernelThread) -> [StackFrame] {
    guard let space else { return [] }
    if thread.processor != nil {
      if let first = stack.first?.stackPointer, thread.holdsOnStack(first.rawValue) { return stack }
      guard let context = runningContext(thread) else { return [] }
      return inside(thread, stackWalker(space.memory).walk(context))
    }
    guard let frame = SwitchFrame(thread, space.memory, modules, architecture) else { return [] }
    return inside(thread, stackWalker(space.memory).walk(frame.context))
  }

  /// A scan does not know where the stack ends: what lies beyond is another thread's.
  private func inside(_ thread: KernelThread, _ frames: [StackFrame]) -> [StackFrame] {
    guard let base = thread.stackBase else { return frames }
    return Array(frames.prefix { ($0.stackPointer?.rawValue ?? 0) <= base })
  }

  private func runningContext(_ thread: KernelThread) -> RegisterContext? {
    guard let structures, let index = thread.processor, let block = structures.space.address(.kiProcessorBlock),
      let prcb = structures.space.pointer(at: block &+ UInt64(index) &* structures.pointerBytes),
      let place = structures.place("_KPRCB", "ProcessorState.ContextFrame", in: prcb),
      let context = structures.space.memory.registerContext(
        at: VirtualAddress(place), architecture: architecture), thread.holdsOnStack(context.stackPointer)
    else { return nil }
    return context
  }
}
