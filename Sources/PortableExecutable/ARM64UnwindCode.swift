import ByteReading

/// One instruction of an ARM64 function's prologue or epilogue, as unwind data describe it
/// (learn.microsoft.com/cpp/build/arm64-exception-handling, "Unwind codes").
@frozen
public enum ARM64UnwindCode: Hashable, Sendable {
  /// `sub sp, sp, #bytes`: alloc_s, alloc_m, alloc_l.
  case allocate(UInt32)
  /// Registers and where they are stored: x19 to x30, d8 to d15, or any with their vector forms. `preIndexed` moves SP down first.
  case saveRegister(Register, offset: UInt32, preIndexed: Bool)
  case savePair(Register, Register, offset: UInt32, preIndexed: Bool)
  /// `mov x29, sp`, `add x29, sp, #bytes`.
  case setFrame(UInt32)
  case nop
  case end
  /// The end of the part that continues another function's prologue.
  case endOfContinued
  /// The next pair of registers, stored behind the one before.
  case saveNext
  /// The return address is signed.
  case signReturnAddress
  /// Stack that scales with the vector length.
  case allocateVectors(UInt32)
  case trapFrame, machineFrame, context, ecContext
  case clearUnwoundToCall
  /// Codes not published.
  case reserved([UInt8])

  /// False of codes that say what lay on the stack before the function's first instruction; no instruction of its prologue is
  /// theirs.
  var isInstruction: Bool {
    switch self {
    case .trapFrame, .machineFrame, .context, .ecContext, .clearUnwoundToCall: false
    default: true
    }
  }

  @frozen
  public enum Register: Hashable, Sendable {
    /// x0 to x28, 29 the frame pointer, 30 the return address.
    case x(UInt8)
    case d(UInt8)
    case q(UInt8)
  }

  /// Reads codes up to `end`, or to where the bytes end.
  static func list(_ bytes: ArraySlice<UInt8>) -> [ARM64UnwindCode] {
    var codes: [ARM64UnwindCode] = []
    var rest = bytes
    while let (code, length) = decode(rest) {
      codes.append(code)
      rest = rest.dropFirst(length)
      if code == .end { break }
    }
    return codes
  }

  private static func decode(_ bytes: ArraySlice<UInt8>) -> (ARM64UnwindCode, Int)? {
    guard let first = bytes.first else { return nil }
    let length = length(first)
    guard bytes.count >= length else { return nil }
    let start = bytes.startIndex
    let value = (0..<length).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[start + $1]) }
    let z6 = value & 0x3F
    let x4 = UInt8(truncatingIfNeeded: value >> 6 & 15)
    let x3 = UInt8(truncatingIfNeeded: value >> 6 & 7)
    func x(_ number: UInt8) -> Register { .x(number) }
    let code: ARM64UnwindCode
    switch first {
    case 0x00...0x1F: code = .allocate((value & 0x1F) * 16)
    case 0x20...0x3F: code = .savePair(.x(19), .x(20), offset: (value & 0x1F) * 8, preIndexed: true)
    case 0x40...0x7F: code = .savePair(.x(29), .x(30), offset: z6 * 8, preIndexed: false)
    case 0x80...0xBF: code = .savePair(.x(29), .x(30), offset: (z6 + 1) * 8, preIndexed: true)
    case 0xC0...0xC7: code = .allocate((value & 0x7FF) * 16)
    case 0xC8...0xCB: code = .savePair(x(19 + x4), x(20 + x4), offset: z6 * 8, preIndexed: false)
    case 0xCC...0xCF: code = .savePair(x(19 + x4), x(20 + x4), offset: (z6 + 1) * 8, preIndexed: true)
    case 0xD0...0xD3: code = .saveRegister(x(19 + x4), offset: z6 * 8, preIndexed: false)
    case 0xD4, 0xD5:
      let number = UInt8(truncatingIfNeeded: value >> 5 & 15)
      code = .saveRegister(x(19 + number), offset: ((value & 0x1F) + 1) * 8, preIndexed: true)
    case 0xD6, 0xD7: code = .savePair(x(19 + 2 * x3), x(30), offset: z6 * 8, preIndexed: false)
    case 0xD8, 0xD9: code = .savePair(.d(8 + x3), .d(9 + x3), offset: z6 * 8, preIndexed: false)
    case 0xDA, 0xDB: code = .savePair(.d(8 + x3), .d(9 + x3), offset: (z6 + 1) * 8, preIndexed: true)
    case 0xDC, 0xDD: code = .saveRegister(.d(8 + x3), offset: z6 * 8, preIndexed: false)
    case 0xDE:
      let number = UInt8(truncatingIfNeeded: value >> 5 & 7)
      code = .saveRegister(.d(8 + number), offset: ((value & 0x1F) + 1) * 8, preIndexed: true)
    case 0xDF: code = .allocateVectors(value & 0xFF)
    case 0xE0: code = .allocate((value & 0xFF_FFFF) * 16)
    case 0xE1: code = .setFrame(0)
    case 0xE2: code = .setFrame((value & 0xFF) * 8)
    case 0xE3: code = .nop
    case 0xE4: code = .end
    case 0xE5: code = .endOfContinued
    case 0xE6: code = .saveNext
    case 0xE7: code = anyRegister(value) ?? .reserved(Array(bytes.prefix(length)))
    case 0xE8: code = .trapFrame
    case 0xE9: code = .machineFrame
    case 0xEA: code = .context
    case 0xEB: code = .ecContext
    case 0xEC: code = .clearUnwoundToCall
    case 0xFC: code = .signReturnAddress
    default: code = .reserved(Array(bytes.prefix(length)))
    }
    return (code, length)
  }

  private static func length(_ first: UInt8) -> Int {
    switch first {
    case 0xC0...0xDF, 0xE2, 0xF8: 2
    case 0xE7, 0xF9: 3
    case 0xE0, 0xFA: 4
    case 0xFB: 5
    default: 1
    }
  }

  /// save_any_reg: `11100111 0pxrrrrr mmoooooo`: pair, pre-indexed, register, kind, offset.
  private static func anyRegister(_ value: UInt32) -> ARM64UnwindCode? {
    guard value & 0x8000 == 0 else { return nil }
    let isPair = value & 0x4000 != 0
    let preIndexed = value & 0x2000 != 0
    let number = UInt8(truncatingIfNeeded: value >> 8 & 31)
    let kind = value >> 6 & 3
    let register: (UInt8) -> Register
    switch kind {
    case 0: register = { .x($0) }
    case 1: register = { .d($0) }
    case 2: register = { .q($0) }
    default: return nil
    }
    let scale: UInt32 = isPair || preIndexed || kind == 2 ? 16 : 8
    let offset = preIndexed ? ((value & 0x3F) + 1) * scale : (value & 0x3F) * scale
    guard isPair else { return .saveRegister(register(number), offset: offset, preIndexed: preIndexed) }
    guard number < 31 else { return nil }
    return .savePair(register(number), register(number + 1), offset: offset, preIndexed: preIndexed)
  }
}
