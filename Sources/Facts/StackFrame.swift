/// One frame of a stack, as reports print it.
public struct StackFrame: Hashable, Sendable {
  /// The instruction pointer: the faulting one in the first frame, a return address below it.
  public var address: VirtualAddress
  /// The stack pointer in this frame, before the call it made: where known.
  public var stackPointer: VirtualAddress?
  /// Module's file name; nil when the address lies in none.
  public var module: String?
  /// Bytes from the module's base.
  public var offset: UInt64?
  /// `Name` or `Name+0x69` without the module; only ever a function's name.
  public var symbol: String?
  public var trust: FrameTrust

  public init(
    address: VirtualAddress, stackPointer: VirtualAddress? = nil, module: String? = nil, offset: UInt64? = nil,
    symbol: String? = nil, trust: FrameTrust
  ) {
    self.address = address
    self.stackPointer = stackPointer
    self.module = module
    self.offset = offset
    self.symbol = symbol
    self.trust = trust
  }
}
