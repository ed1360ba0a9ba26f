import Facts

/// How a machine stopped, with what the stop's own machinery leaves on the stack above the frames of interest. The
/// routines' names and order are those of public debugger logs of the respective systems.
enum StopShape: Hashable, Sendable {
  /// 0xD1 or 0xA: a page fault at raised IRQL.
  case faultAtRaisedIRQL(StopCode)
  /// 0x50: a page fault the memory manager could not serve.
  case pageFault
  /// 0x8E: an access violation nobody handled (32-bit).
  case unhandledException
  /// 0x7E: likewise in a system thread (64-bit). The dump's registers are those of the exception, as in a real dump.
  case systemThreadException
  /// 0x19 and others: a routine of the kernel noticed something and stopped.
  case raised(StopCode, by: String)

  var code: StopCode {
    switch self {
    case .faultAtRaisedIRQL(let code): code
    case .pageFault: StopCode(0x50)
    case .unhandledException: StopCode(0x1000_008E)
    case .systemThreadException: StopCode(0x1000_007E)
    case .raised(let code, _): code
    }
  }
}

/// What the faulting instruction touched.
struct Access: Sendable {
  var address: UInt64
  var isWrite = false
}

extension CaseBuilder {
  /// Frames of the machinery; the last one holds the trap frame where there is one.
  private mutating func machinery(_ shape: StopShape, interrupted: RegisterContext) -> [SynthesizedFrame] {
    var frames = [
      isWide
        ? SynthesizedFrame("nt!KeBugCheckEx", at: function("nt!KeBugCheckEx"), isAtEntry: true)
        : frame("nt!KeBugCheckEx", 0x1B, words: 4, arguments: 5)
    ]
    switch (shape, isWide) {
    case (.faultAtRaisedIRQL, true):
      frames.append(frame("nt!KiBugCheckDispatch", 0x69, words: 40))
      frames.append(frame("nt!KiPageFault", 0x260, trap: interrupted))
    case (.faultAtRaisedIRQL, false):
      frames.append(frame("nt!KiTrap0E", 0x2A7, trap: interrupted))
    case (.pageFault, true):
      frames.append(frame("nt!MmAccessFault", words: 44))
      frames.append(frame("nt!KiPageFault", 0x119, trap: interrupted))
    case (.pageFault, false):
      frames.append(frame("nt!MmAccessFault", words: 24, arguments: 4))
      frames.append(frame("nt!KiTrap0E", 0xDC, trap: interrupted))
    case (.unhandledException, true), (.systemThreadException, true):
      // Not a routine of its own on 10.0.19041, where the filter stops the machine itself.
      if profile.symbols.isEmpty || profile.symbols["PspUnhandledExceptionInSystemThread"] != nil {
        frames.append(frame("nt!PspUnhandledExceptionInSystemThread", words: 4))
      }
      frames.append(frame("nt!PspSystemThreadStartup", 0x5A, words: 4))
      frames.append(frame("nt!RtlpExecuteHandlerForException", 0xD, words: 6))
      frames.append(frame("nt!RtlDispatchException", words: 60))
      frames.append(frame("nt!KiDispatchException", words: 0x4D0 / 8 + 40))
      frames.append(frame("nt!KiExceptionDispatch", 0xC2, words: 0x98 / 8 + 40))
      frames.append(frame("nt!KiPageFault", 0x23D, trap: interrupted))
    case (.unhandledException, false), (.systemThreadException, false):
      frames.append(frame("nt!KiDispatchException", 0x3A2, words: 0x60, arguments: 5))
      frames.append(frame("nt!CommonDispatchException", 0x4A, words: 2, arguments: 0))
      frames.append(frame("nt!KiExceptionExit", 0x186, trap: interrupted))
    case (.raised(_, let routine), _):
      frames.append(frame(routine, words: isWide ? 20 : 12, arguments: 2))
    }
    return frames
  }

  /// The registers of the interrupted code; the pointers are filled in when the stack is laid out.
  private mutating func interruptedRegisters(_ access: Access) -> RegisterContext {
    if isWide {
      return .x64(
        X64Registers(
          rax: access.address, rcx: poolAddress(), rdx: random.below(0x1000), rbx: poolAddress(), rsi: poolAddress(),
          rdi: poolAddress(), r8: random.below(0x100), r9: 0, r10: poolAddress(), r11: 0))
    }
    return .x86(
      X86Registers(
        eax: UInt32(truncatingIfNeeded: access.address), ebx: UInt32(truncatingIfNeeded: poolAddress()),
        ecx: UInt32(random.below(0x100)), edx: UInt32(random.below(0x1000)),
        esi: UInt32(truncatingIfNeeded: access.address), edi: UInt32(truncatingIfNeeded: poolAddress())))
  }

  /// The machine that stopped in `frames` (innermost first), with registers that the seed decides where none are given.
  mutating func machine(
    _ shape: StopShape, access: Access, in frames: [SynthesizedFrame], parameters: [UInt64]? = nil,
    registers given: RegisterContext? = nil
  ) -> SynthesizedMachine {
    let registers = given ?? interruptedRegisters(access)
    var all = machinery(shape, interrupted: registers) + frames
    let first = all.count - frames.count
    let base = stackBase()
    var stack = SynthesizedStack(frames: all, architecture: profile.architecture, base: base)
    let fault = all[first].address
    let operation: UInt64 = access.isWrite ? 1 : 0
    var context = Self.context(of: stack, frame: 0, registers: registers)
    var stated = parameters ?? []
    switch shape {
    case .faultAtRaisedIRQL: stated = [access.address, 2, operation, fault]
    case .pageFault: stated = [access.address, operation, fault, 0]
    case .unhandledException: stated = [0xC000_0005, fault, stack.framePointers[first - 1], 0]
    case .systemThreadException:
      // The exception's record and registers lie in the dispatcher's frames, and the stop's parameters point to them.
      context = Self.context(of: stack, frame: first, registers: registers)
      let (record, saved) = (first - 2, first - 3)
      let exception = SynthesizedException(code: 0xC000_0005, address: fault, parameters: [operation, access.address])
      all[record].locals = Self.overlay(exception.encoded(pointerWidth: 8), at: 0x20, on: all[record].locals)
      all[saved].locals = Self.overlay(context.encoded(), at: 0x40, on: all[saved].locals)
      stack = SynthesizedStack(frames: all, architecture: profile.architecture, base: base)
      stated = [
        0xFFFF_FFFF_C000_0005, fault, stack.stackPointers[record] &+ 0x20, stack.stackPointers[saved] &+ 0x40,
      ]
    case .raised: break
    }
    var machine = finish(SynthesizedStop(shape.code, stated), registers: context, stack: stack)
    machine.processorRegisters = Self.context(of: stack, frame: 0, registers: registers)
    return machine
  }

  private static func overlay(_ content: [UInt8], at offset: Int, on bytes: [UInt8]) -> [UInt8] {
    var out = ByteBuilder(zeros: 0)
    out.append(bytes)
    out.put(content, at: offset)
    return out.bytes
  }

  private static func context(
    of stack: SynthesizedStack, frame: Int, registers: RegisterContext
  ) -> RegisterContext {
    switch registers {
    case .x86(var given):
      given.eip = UInt32(truncatingIfNeeded: stack.frames[frame].address)
      given.esp = UInt32(truncatingIfNeeded: stack.stackPointers[frame])
      given.ebp = UInt32(truncatingIfNeeded: stack.framePointers[frame])
      return .x86(given)
    case .x64(var given):
      given.rip = stack.frames[frame].address
      given.rsp = stack.stackPointers[frame]
      return .x64(given)
    case .arm64(var given):
      given.pc = stack.frames[frame].address
      given.sp = stack.stackPointers[frame]
      given.fp = stack.framePointers[frame]
      return .arm64(given)
    }
  }

  private mutating func finish(
    _ stop: SynthesizedStop, registers: RegisterContext, stack: SynthesizedStack
  ) -> SynthesizedMachine {
    var machine = SynthesizedMachine(
      architecture: profile.architecture, version: profile.version, productType: profile.productType,
      suiteMask: profile.suiteMask, processors: [1, 2, 4, 8][random.index(below: 4)],
      systemTime: max(
        Self.fileTime(of: profile.kernel.timestamp) &+ random.below(600 * 86_400) &* 10_000_000,
        Self.fileTime(of: newestTimestamp) &+ 86_400 &* 10_000_000),
      upTime: (3600 &+ random.below(30 * 86_400)) &* 10_000_000, modules: modules, stop: stop, registers: registers,
      stack: stack, layout: profile.layout)
    machine.kernelSymbols = profile.symbols
    machine.kernelSymbols["KeBugCheckEx"] = functions["nt"]?["KeBugCheckEx"]
    machine.thread = SynthesizedThread(id: 4 &+ 4 &* random.below(0x400), address: poolAddress() & ~0xF)
    for name in ["dump_atapi.sys", "cdaudio.sys", "sfloppy.sys"].prefix(1 + random.index(below: 3)) {
      let start = profile.driverRegion &+ 0x100_0000 &+ 0x1_0000 &* random.below(0x100)
      machine.unloadedModules.append(SynthesizedUnloadedModule(name: name, start: start, end: start &+ 0x9000))
    }
    return machine
  }

  /// No machine stops before its drivers are built. Since build 14393 Windows' own time stamps are no dates.
  private var newestTimestamp: UInt32 {
    guard profile.version.build < 14393 else { return profile.kernel.timestamp }
    return modules.map(\.timestamp).max() ?? profile.kernel.timestamp
  }

  /// 100 ns intervals since 1601 of a time stamp of the 20th or 21st century; 2021 for one that is a build hash.
  private static func fileTime(of timestamp: UInt32) -> UInt64 {
    let seconds = timestamp < 0x3000_0000 || timestamp > 0x7000_0000 ? 0x6000_0000 : UInt64(timestamp)
    return (11_644_473_600 &+ seconds) &* 10_000_000
  }

  mutating func process(_ name: String, id: UInt64, session: UInt32?) -> SynthesizedProcess {
    let address = poolAddress() & ~0xF
    let space = isWide ? profile.sessionRegion &- 0x1_0000_0000 : 0xBC40_0000
    return SynthesizedProcess(
      name: name, id: id, session: session, address: address, sessionSpace: session == nil ? 0 : space)
  }
}
