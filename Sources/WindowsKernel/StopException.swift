import CrashDumpFormat
import Facts
import KernelLayouts

/// The exception or fault behind a stop.
///
/// In triage dumps the header's exception record is only a breakpoint placeholder, so the real one comes from the stop code's
/// own parameters and the records they point to.
public struct StopException: Hashable, Sendable {
  /// nil where the stop is a fault that never became an exception (0xA, 0xD1).
  public var code: NTStatus?
  /// Where the failing instruction is.
  public var address: VirtualAddress?
  /// The address it touched.
  public var referenced: VirtualAddress?
  public var access: MemoryAccess?
  /// The registers at the failing instruction, where the dump holds them.
  public var context: RegisterContext?
  /// Where this is known from, for people.
  public var origin: String

  /// Below this an access is one through a null pointer: the first 64 KiB are never mapped.
  public static let nullLimit: UInt64 = 0x1_0000

  /// Whether a null pointer, or a field of a structure at null, was touched.
  public var isNullDereference: Bool {
    guard let referenced else { return false }
    if let code, code != .accessViolation { return false }
    return referenced.rawValue < Self.nullLimit && access != .execute
  }

  /// nil where neither parameters nor header name an exception.
  init?(dump: CrashDump, memory: (any MemoryReading)?, layout: KernelLayout?) {
    let header = dump.header
    let values = header.parameters
    origin = "the stop code's parameters"
    if let meaning = StopCodeMeaning.of(header.bugcheck) {
      // 32-bit parameters are zero-extended here; an exception code is the low half on either.
      code = meaning.value(.exceptionCode, in: values).map { NTStatus(UInt32(truncatingIfNeeded: $0)) }
      address = meaning.value(.instruction, in: values).map { VirtualAddress($0) }
      referenced = meaning.value(.referenced, in: values).map { VirtualAddress($0) }
      access = meaning.access(in: values)
      if let memory {
        if let record = meaning.value(.exceptionRecord, in: values) {
          read(record: record, memory, wide: header.is64Bit)
        }
        if let pointer = meaning.value(.contextRecord, in: values) {
          context = memory.registerContext(at: VirtualAddress(pointer), architecture: header.architecture)
        }
        if context == nil, let pointer = meaning.value(.trapFrame, in: values) {
          read(trapFrame: pointer, dump, memory, layout)
        }
      }
      if address == nil, let context { address = VirtualAddress(context.instructionPointer) }
    }
    if code == nil, address == nil, referenced == nil, let record = header.exception,
      record.code != .breakpoint
    {
      origin = "the header's exception record"
      code = record.code
      address = record.address
      take(record.parameters, of: record.code)
    }
    // The header's context is the exception's own where it points at the same instruction.
    if context == nil, let own = dump.context, own.instructionPointer == address?.rawValue { context = own }
    // An address alone is no exception: stop 0x4A names a user-mode one that only returned too early.
    if code == nil && referenced == nil { return nil }
  }

  /// EXCEPTION_RECORD in the dump's memory: for an access violation its parameters say what was tried, and where.
  private mutating func read(record: UInt64, _ memory: any MemoryReading, wide: Bool) {
    func load(_ offset: UInt64) -> UInt64? {
      memory.loadPointer(at: VirtualAddress(record &+ offset), size: wide ? 8 : 4)
    }
    guard let raw = memory.load(at: VirtualAddress(record), as: UInt32.self), code.map({ $0.rawValue == raw }) ?? true,
      let count = memory.load(at: VirtualAddress(record &+ (wide ? 24 : 16)), as: UInt32.self)
    else { return }
    code = NTStatus(raw)
    if address == nil { address = load(wide ? 16 : 12).map { VirtualAddress($0) } }
    let first: UInt64 = wide ? 32 : 20
    take((0..<UInt64(min(count, 15))).compactMap { load(first + $0 * (wide ? 8 : 4)) }, of: NTStatus(raw))
  }

  /// Parameters of an access violation or in-page error (public documentation of EXCEPTION_RECORD).
  private mutating func take(_ parameters: [UInt64], of code: NTStatus) {
    guard code == .accessViolation || code.rawValue == 0xC000_0006, parameters.count >= 2 else { return }
    access = [0: .read, 1: .write, 8: .execute][parameters[0]]
    referenced = VirtualAddress(parameters[1])
  }

  /// The registers in a KTRAP_FRAME: enough to go on walking.
  ///
  /// The trap frame has not changed its layout within an architecture since 2003, so a neighbouring build's will do; an
  /// address that is no code is refused by the walk anyway.
  private mutating func read(
    trapFrame: UInt64, _ dump: CrashDump, _ memory: any MemoryReading, _ layout: KernelLayout?
  ) {
    guard let layout else { return }
    let size = dump.header.is64Bit ? 8 : 4
    func load(_ field: String) -> UInt64? {
      layout.offset("_KTRAP_FRAME", field).flatMap {
        memory.loadPointer(at: VirtualAddress(trapFrame &+ UInt64($0)), size: size)
      }
    }
    let names =
      size == 8
      ? ["Rax", "Rcx", "Rdx", "Rbx", "Rsp", "Rbp", "Rsi", "Rdi", "R8", "R9", "R10", "R11"]
      : ["Eax", "Ecx", "Edx", "Ebx", "HardwareEsp", "Ebp", "Esi", "Edi"]
    guard let ip = load(size == 8 ? "Rip" : "Eip") else { return }
    var general = names.map { load($0) ?? 0 }
    if size == 8 {
      general += [0, 0, 0, 0]
    } else if let selector = load("SegCs"), selector & 1 == 0, let top = layout.offset("_KTRAP_FRAME", "HardwareEsp") {
      // From kernel mode the processor pushes no stack pointer: the stack goes on where that field would be.
      general[4] = trapFrame &+ UInt64(top)
    }
    context = RegisterContext(
      architecture: dump.header.architecture, instructionPointer: ip, stackPointer: general[4],
      framePointer: general[5],
      general: general, flags: UInt32(truncatingIfNeeded: load("EFlags") ?? 0))
    // R12 to R15 are not in it, and RBX, RSI and RDI only where the handler is a system service's.
    if size == 8 { context?.known = 0b0000_1111_0011_0111 }
    if address == nil { address = VirtualAddress(ip) }
  }
}
