import Facts

/// How one architecture's compilers and trap handlers lay out a frame.
enum StackConvention {
  /// EBP chains: locals, saved EBP, return address, arguments (Microsoft, "x86 architecture", calling conventions).
  case x86
  /// No chain: locals, return address; the stack pointer is a multiple of 16 outside prologues (Microsoft, "x64 calling
  /// convention").
  case x64
  /// X29 chains: the pair of saved X29 and X30 at the frame pointer, locals above (Microsoft, "ARM64 ABI conventions").
  case arm64

  init(_ architecture: Architecture) {
    switch architecture {
    case .x86: self = .x86
    case .arm64: self = .arm64
    default: self = .x64
    }
  }

  /// A trap taken in kernel mode pushes no stack pointer and selector: `_KTRAP_FRAME.HardwareEsp` (0x74) is where the
  /// interrupted function's stack goes on.
  static let kernelTrapFrame32 = 0x74
  /// `_KTRAP_FRAME` of x64 kernels.
  static let trapFrame64 = 0x190

  private func localBytes(_ frame: SynthesizedFrame) -> Int {
    if frame.isAtEntry { return 0 }
    return switch self {
    case .x86: (frame.locals.count + 3) / 4 * 4
    case .x64: frame.trap == nil ? (frame.locals.count + 7) / 16 * 16 + 8 : (frame.locals.count + 15) / 16 * 16
    case .arm64: (frame.locals.count + 15) / 16 * 16
    }
  }

  func size(of frame: SynthesizedFrame) -> Int {
    let locals = localBytes(frame)
    return switch self {
    case .x86: locals + (frame.trap == nil ? 8 + 4 * frame.arguments.count : Self.kernelTrapFrame32)
    case .x64: locals + (frame.trap == nil ? 8 : Self.trapFrame64)
    case .arm64: locals + 16
    }
  }

  func framePointer(of frame: SynthesizedFrame, stackPointer: UInt64) -> UInt64 {
    switch self {
    case .x86: stackPointer &+ UInt64(localBytes(frame))
    // KiPageFault and its like set RBP to the trap frame plus 0x80 (visible in the unwind data of public kernels).
    case .x64: frame.trap == nil ? 0 : stackPointer &+ UInt64(localBytes(frame)) &+ 0x80
    case .arm64: stackPointer
    }
  }

  func write(_ frame: SynthesizedFrame, at place: Int, links: StackLinks, into memory: inout ByteBuilder) {
    let locals = localBytes(frame)
    switch self {
    case .x86:
      memory.put(frame.locals.prefix(locals), at: place)
      guard frame.trap == nil else { return writeTrap32(frame, at: place + locals, links: links, into: &memory) }
      memory.put(UInt32(truncatingIfNeeded: links.callerFramePointer), at: place + locals)
      memory.put(UInt32(truncatingIfNeeded: links.callerAddress), at: place + locals + 4)
      for (index, argument) in frame.arguments.enumerated() { memory.put(argument, at: place + locals + 8 + 4 * index) }
    case .x64:
      memory.put(frame.locals.prefix(locals), at: place)
      guard frame.trap == nil else { return writeTrap64(frame, at: place + locals, links: links, into: &memory) }
      memory.put(links.callerAddress, at: place + locals)
    case .arm64:
      memory.put(links.callerFramePointer, at: place)
      memory.put(links.callerAddress, at: place + 8)
      memory.put(frame.locals, at: place + 16)
    }
  }

  /// `_KTRAP_FRAME` of x86 kernels (table of Server 2003 SP2, size 0x8C): DbgEbp and DbgEip at its front repeat EBP and
  /// EIP, so that an EBP chain leads through it; DbgArgMark is 0xBADB0D00 (public debugger documentation of trap frames).
  private func writeTrap32(
    _ frame: SynthesizedFrame, at place: Int, links: StackLinks, into memory: inout ByteBuilder
  ) {
    var registers = X86Registers()
    if case .x86(let given) = frame.trap { registers = given }
    let eip = UInt32(truncatingIfNeeded: links.callerAddress)
    let ebp = UInt32(truncatingIfNeeded: links.callerFramePointer)
    for (offset, value) in [
      (0x00, ebp), (0x04, eip), (0x08, 0xBADB_0D00 as UInt32), (0x34, registers.es), (0x38, registers.ds),
      (0x3C, registers.edx), (0x40, registers.ecx), (0x44, registers.eax), (0x4C, 0xFFFF_FFFF), (0x50, registers.fs),
      (0x54, registers.edi), (0x58, registers.esi), (0x5C, registers.ebx), (0x60, ebp), (0x68, eip),
      (0x6C, registers.cs), (0x70, registers.eflags),
    ] { memory.put(value, at: place + offset) }
  }

  /// `_KTRAP_FRAME` of x64 kernels (table of Windows 7 SP1, size 0x190). Only the volatile registers are in it.
  private func writeTrap64(
    _ frame: SynthesizedFrame, at place: Int, links: StackLinks, into memory: inout ByteBuilder
  ) {
    var registers = X64Registers()
    if case .x64(let given) = frame.trap { registers = given }
    let end = links.stackPointer &+ UInt64(localBytes(frame) + Self.trapFrame64)
    for (offset, value) in [
      (0x30, registers.rax), (0x38, registers.rcx), (0x40, registers.rdx), (0x48, registers.r8), (0x50, registers.r9),
      (0x58, registers.r10), (0x60, registers.r11), (0x158, registers.rbp), (0x168, links.callerAddress),
      (0x170, UInt64(registers.cs)), (0x178, UInt64(registers.eflags)), (0x180, end), (0x188, UInt64(registers.ss)),
    ] { memory.put(value, at: place + offset) }
    memory.put(registers.mxCsr, at: place + 0x2C)
  }
}
