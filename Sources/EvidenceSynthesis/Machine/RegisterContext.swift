/// Registers as a CONTEXT record stores them, one value per architecture.
public enum RegisterContext: Hashable, Sendable {
  case x86(X86Registers)
  case x64(X64Registers)
  case arm64(ARM64Registers)

  public var instructionPointer: UInt64 {
    switch self {
    case .x86(let registers): UInt64(registers.eip)
    case .x64(let registers): registers.rip
    case .arm64(let registers): registers.pc
    }
  }

  public var stackPointer: UInt64 {
    switch self {
    case .x86(let registers): UInt64(registers.esp)
    case .x64(let registers): registers.rsp
    case .arm64(let registers): registers.sp
    }
  }
}

/// Selectors default to those of a 32-bit kernel: code 8, data 0x23, processor region 0x30, stack 0x10.
public struct X86Registers: Hashable, Sendable {
  public var eax, ebx, ecx, edx, esi, edi, ebp, esp, eip: UInt32
  public var eflags: UInt32 = 0x0001_0246
  /// CONTEXT_FULL with the floating-point, debug and extended parts (public header winnt.h).
  public var flags: UInt32 = 0x0001_003F
  public var cs: UInt32 = 0x08
  public var ds: UInt32 = 0x23
  public var es: UInt32 = 0x23
  public var fs: UInt32 = 0x30
  public var gs: UInt32 = 0
  public var ss: UInt32 = 0x10

  public init(
    eax: UInt32 = 0, ebx: UInt32 = 0, ecx: UInt32 = 0, edx: UInt32 = 0, esi: UInt32 = 0, edi: UInt32 = 0,
    ebp: UInt32 = 0, esp: UInt32 = 0, eip: UInt32 = 0
  ) {
    (self.eax, self.ebx, self.ecx, self.edx) = (eax, ebx, ecx, edx)
    (self.esi, self.edi, self.ebp, self.esp, self.eip) = (esi, edi, ebp, esp, eip)
  }
}

/// Selectors default to those of a 64-bit kernel: code 0x10, stack 0x18.
public struct X64Registers: Hashable, Sendable {
  public var rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi: UInt64
  public var r8, r9, r10, r11, r12, r13, r14, r15: UInt64
  public var rip: UInt64
  public var eflags: UInt32 = 0x0004_0246
  /// CONTEXT_AMD64 with control, integer, segment and floating-point parts, as in a real dump of 10.0.19041.
  public var flags: UInt32 = 0x0010_000F
  public var mxCsr: UInt32 = 0x1F80
  public var cs: UInt16 = 0x10
  public var ds: UInt16 = 0x2B
  public var es: UInt16 = 0x2B
  public var fs: UInt16 = 0x53
  public var gs: UInt16 = 0x2B
  public var ss: UInt16 = 0x18

  public init(
    rax: UInt64 = 0, rcx: UInt64 = 0, rdx: UInt64 = 0, rbx: UInt64 = 0, rsp: UInt64 = 0, rbp: UInt64 = 0,
    rsi: UInt64 = 0, rdi: UInt64 = 0, r8: UInt64 = 0, r9: UInt64 = 0, r10: UInt64 = 0, r11: UInt64 = 0,
    r12: UInt64 = 0, r13: UInt64 = 0, r14: UInt64 = 0, r15: UInt64 = 0, rip: UInt64 = 0
  ) {
    (self.rax, self.rcx, self.rdx, self.rbx) = (rax, rcx, rdx, rbx)
    (self.rsp, self.rbp, self.rsi, self.rdi) = (rsp, rbp, rsi, rdi)
    (self.r8, self.r9, self.r10, self.r11) = (r8, r9, r10, r11)
    (self.r12, self.r13, self.r14, self.r15, self.rip) = (r12, r13, r14, r15, rip)
  }
}

public struct ARM64Registers: Hashable, Sendable {
  /// X0 to X28; missing ones are zero, further ones are dropped.
  public var x: [UInt64]
  public var fp, lr, sp, pc: UInt64
  public var cpsr: UInt32 = 0x8000_0144
  /// CONTEXT_ARM64 with control, integer and floating-point parts, as in a real dump of 10.0.22000.
  public var flags: UInt32 = 0x0040_0007

  public init(x: [UInt64] = [], fp: UInt64 = 0, lr: UInt64 = 0, sp: UInt64 = 0, pc: UInt64 = 0) {
    self.x = x
    (self.fp, self.lr, self.sp, self.pc) = (fp, lr, sp, pc)
  }
}

/// An EXCEPTION_RECORD. A dump header's record is a placeholder: breakpoint, flags 1, the address of KeBugCheckEx, no
/// parameters (all three real dumps at hand).
public struct SynthesizedException: Hashable, Sendable {
  public var code: UInt32
  public var flags: UInt32
  public var record: UInt64
  public var address: UInt64
  /// At most 15 are stored.
  public var parameters: [UInt64]

  public init(code: UInt32, flags: UInt32 = 0, record: UInt64 = 0, address: UInt64, parameters: [UInt64] = []) {
    self.code = code
    self.flags = flags
    self.record = record
    self.address = address
    self.parameters = parameters
  }

  public static func breakpoint(at address: UInt64) -> SynthesizedException {
    SynthesizedException(code: 0x8000_0003, flags: 1, address: address)
  }
}
