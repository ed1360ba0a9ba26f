import ByteReading
import Facts

/// The registers a stack walk needs, from a CONTEXT record.
public struct RegisterContext: Hashable, Sendable {
  public var architecture: Architecture
  public var instructionPointer: UInt64
  public var stackPointer: UInt64
  /// EBP, RBP or X29.
  public var framePointer: UInt64
  /// X30 on ARM64.
  public var linkRegister: UInt64?
  /// x64: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8…R15 in encoding order. x86: the first eight. ARM64: X0…X28.
  public var general: [UInt64]
  /// One bit for each of `general`: clear where the register's value is not known, whatever stands there.
  public var known: UInt32 = .max
  /// EFLAGS or CPSR.
  public var flags: UInt32

  public init(
    architecture: Architecture, instructionPointer: UInt64, stackPointer: UInt64, framePointer: UInt64,
    linkRegister: UInt64? = nil, general: [UInt64], flags: UInt32
  ) {
    self.architecture = architecture
    self.instructionPointer = instructionPointer
    self.stackPointer = stackPointer
    self.framePointer = framePointer
    self.linkRegister = linkRegister
    self.general = general
    self.flags = flags
  }

  /// CONTEXT at a byte offset (public header winnt.h, CONTEXT for each processor); nil where the bytes end or the
  /// architecture has no reader.
  public init?(_ bytes: RawSpan, at offset: Int, architecture: Architecture) {
    self.architecture = architecture
    func long(_ at: Int) -> UInt64? { bytes.loadIfPresent(at: offset + at, as: UInt32.self).map(UInt64.init) }
    func wide(_ at: Int) -> UInt64? { bytes.loadIfPresent(at: offset + at, as: UInt64.self) }
    switch architecture {
    case .x64:
      guard bytes.part(at: offset, count: 0x100) != nil, let rip = wide(0xF8), let flags = long(0x44) else {
        return nil
      }
      general = (0..<16).map { wide(0x78 + 8 * $0) ?? 0 }
      instructionPointer = rip
      stackPointer = general[4]
      framePointer = general[5]
      self.flags = UInt32(flags)
    case .x86:
      guard bytes.part(at: offset, count: 0xCC) != nil, let eip = long(0xB8), let flags = long(0xC0) else { return nil }
      // EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI.
      general = [0xB0, 0xAC, 0xA8, 0xA4, 0xC4, 0xB4, 0xA0, 0x9C].map { long($0) ?? 0 }
      instructionPointer = eip
      stackPointer = general[4]
      framePointer = general[5]
      self.flags = UInt32(flags)
    case .arm64:
      guard bytes.part(at: offset, count: 0x110) != nil, let pc = wide(0x108), let flags = long(4) else { return nil }
      general = (0..<29).map { wide(8 + 8 * $0) ?? 0 }
      framePointer = wide(0xF0) ?? 0
      linkRegister = wide(0xF8)
      stackPointer = wide(0x100) ?? 0
      instructionPointer = pc
      self.flags = UInt32(flags)
    default:
      return nil
    }
    // A record of nothing but the header's fill pattern was never written.
    let fill = CrashDumpHeader.fill64
    if instructionPointer == fill || instructionPointer == UInt64(CrashDumpHeader.fill) { return nil }
    if instructionPointer == 0 && stackPointer == 0 { return nil }
  }
}

extension RegisterContext {
  /// `general`, nil where not known.
  public var knownRegisters: [UInt64?] {
    general.indices.map { $0 < 32 && known >> UInt32($0) & 1 == 1 ? general[$0] : nil }
  }
}
