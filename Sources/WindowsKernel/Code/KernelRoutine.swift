/// A routine of the kernel that drivers call and whose effect is known from its documentation.
///
/// Source: public headers wdm.h and ntifs.h, and Microsoft's pages of the routines: parameters and calling convention (x86:
/// `__stdcall`, the routine takes its arguments from the stack).
struct KernelRoutine: Hashable, Sendable {
  enum Effect: Hashable, Sendable {
    /// Ends waits for the dispatcher object that is its first argument.
    case signals
    /// Gives a block of pool with the tag of this argument.
    case allocates(tagArgument: Int)
    /// Gives a memory descriptor of the buffer that begins at its first argument.
    case describes
    case other
  }

  var name: String
  var effect: Effect
  /// Bytes of arguments that it takes from an x86 stack.
  var argumentBytes: Int

  static let all: [String: KernelRoutine] = Dictionary(
    uniqueKeysWithValues: [
      KernelRoutine(name: "KeSetEvent", effect: .signals, argumentBytes: 12),
      KernelRoutine(name: "KeSetEventBoostPriority", effect: .signals, argumentBytes: 8),
      KernelRoutine(name: "KePulseEvent", effect: .signals, argumentBytes: 12),
      KernelRoutine(name: "KeReleaseSemaphore", effect: .signals, argumentBytes: 16),
      KernelRoutine(name: "ExAllocatePoolWithTag", effect: .allocates(tagArgument: 2), argumentBytes: 12),
      KernelRoutine(name: "ExAllocatePoolWithQuotaTag", effect: .allocates(tagArgument: 2), argumentBytes: 12),
      KernelRoutine(name: "ExAllocatePoolWithTagPriority", effect: .allocates(tagArgument: 2), argumentBytes: 16),
      // POOL_FLAGS has 64 bits, which are two words on an x86 stack.
      KernelRoutine(name: "ExAllocatePool2", effect: .allocates(tagArgument: 2), argumentBytes: 16),
      KernelRoutine(name: "IoAllocateMdl", effect: .describes, argumentBytes: 20),
      KernelRoutine(name: "ExAllocatePool", effect: .other, argumentBytes: 8),
      KernelRoutine(name: "ExFreePool", effect: .other, argumentBytes: 4),
      KernelRoutine(name: "ExFreePoolWithTag", effect: .other, argumentBytes: 8),
      KernelRoutine(name: "IoFreeMdl", effect: .other, argumentBytes: 4),
      KernelRoutine(name: "MmBuildMdlForNonPagedPool", effect: .other, argumentBytes: 4),
      KernelRoutine(name: "KeInitializeEvent", effect: .other, argumentBytes: 12),
      KernelRoutine(name: "KeClearEvent", effect: .other, argumentBytes: 4),
      KernelRoutine(name: "KeResetEvent", effect: .other, argumentBytes: 4),
      KernelRoutine(name: "KeWaitForSingleObject", effect: .other, argumentBytes: 20),
    ].map { ($0.name, $0) })
}
