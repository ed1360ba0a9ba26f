/// Length and operands of one x86 or x64 instruction: as much as following a function to its end takes.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A (opcode maps).
struct X86Instruction {
  /// Prefixes, opcode, operands and immediate: at most 15 bytes (same source, 2.3.11).
  static let maximumLength = 15

  enum Map { case one, two, three38, three3A }

  var length = 0
  var map = Map.one
  var opcode: UInt8 = 0
  var rexW = false
  /// ModRM fields extended by REX, where the instruction has one.
  var mod: UInt8?
  var reg = 0
  var rm = 0
  /// Register operands of a memory operand; nil base with `ripRelative` false means absolute or index only.
  var base: Int?
  var index: Int?
  /// What the index is multiplied by: 1, 2, 4 or 8.
  var scale: UInt64 = 1
  var hasIndex: Bool { index != nil }
  var ripRelative = false
  var displacement: Int64 = 0
  var immediate: Int64 = 0
  /// The register in the opcode's low three bits, extended by REX.B: of push, pop and `mov` with an immediate.
  var opcodeRegister = 0
  /// `F3` or `F2` before the opcode.
  var repeats = false
  var operandSize16 = false
  /// Its memory is reached through FS or GS, which are not flat.
  var hasSegment = false
  /// A VEX or EVEX prefix: its registers are no general ones.
  var isVector = false

  /// nil where the bytes end within the instruction or encode none.
  ///
  /// - Parameter isWide: false for code of 32 bits, which has no REX prefix and whose address without registers is absolute.
  init?(_ bytes: ArraySlice<UInt8>, isWide: Bool = true) {
    var index = bytes.startIndex
    func peek() -> UInt8? {
      index < bytes.endIndex && index - bytes.startIndex < Self.maximumLength ? bytes[index] : nil
    }
    var otherAddressSize = false
    prefixes: while let byte = peek() {
      switch byte {
      case 0x66: operandSize16 = true
      case 0x67: otherAddressSize = true
      case 0xF2, 0xF3: repeats = true
      case 0x64, 0x65: hasSegment = true
      case 0xF0, 0x2E, 0x36, 0x3E, 0x26: break
      default: break prefixes
      }
      index += 1
    }
    var rex: UInt8 = 0
    // Addresses of 16 bits have a ModRM of their own; compilers of drivers do not write them.
    if otherAddressSize, !isWide { return nil }
    if isWide, let byte = peek(), byte & 0xF0 == 0x40 {
      rex = byte
      index += 1
    }
    rexW = rex & 8 != 0
    guard var byte = peek() else { return nil }
    index += 1
    var vex = false
    // In code of 32 bits these are LDS, LES and BOUND, unless what follows has no memory operand.
    let isVector = isWide || (peek() ?? 0) >= 0xC0
    if byte == 0xC5, isVector {
      guard let second = peek() else { return nil }
      index += 1
      rex |= second & 0x80 == 0 ? 4 : 0
      map = .two
      vex = true
    } else if isVector, byte == 0xC4 || byte == 0x62 {
      guard let second = peek() else { return nil }
      index += byte == 0xC4 ? 2 : 3
      rex |= (second & 0x80 == 0 ? 4 : 0) | (second & 0x20 == 0 ? 1 : 0)
      switch second & (byte == 0xC4 ? 0x1F : 0x07) {
      case 1: map = .two
      case 2: map = .three38
      case 3: map = .three3A
      default: return nil
      }
      vex = true
    } else if byte == 0x0F {
      guard let second = peek() else { return nil }
      index += 1
      map = .two
      if second == 0x38 || second == 0x3A {
        map = second == 0x38 ? .three38 : .three3A
      } else {
        byte = second
        opcode = second
      }
    }
    if vex || map == .three38 || map == .three3A {
      guard let code = peek() else { return nil }
      index += 1
      byte = code
    }
    opcode = byte
    self.isVector = vex
    opcodeRegister = Int(byte & 7) | (rex & 1 != 0 ? 8 : 0)

    if Self.hasModRM(map, opcode) || !isWide && map == .one && [0x62, 0xC4, 0xC5].contains(opcode) {
      guard let modrm = peek() else { return nil }
      index += 1
      let mode = modrm >> 6
      mod = mode
      reg = Int(modrm >> 3 & 7) | (rex & 4 != 0 ? 8 : 0)
      rm = Int(modrm & 7) | (rex & 1 != 0 ? 8 : 0)
      if mode != 3 {
        var displacementBytes = mode == 1 ? 1 : mode == 2 ? 4 : 0
        if modrm & 7 == 4 {
          guard let sib = peek() else { return nil }
          index += 1
          base = Int(sib & 7) | (rex & 1 != 0 ? 8 : 0)
          let number = Int(sib >> 3 & 7) | (rex & 2 != 0 ? 8 : 0)
          if number != 4 { self.index = number }
          scale = 1 << UInt64(sib >> 6)
          if sib & 7 == 5, mode == 0 {
            base = nil
            displacementBytes = 4
          }
        } else if modrm & 7 == 5, mode == 0 {
          ripRelative = isWide
          displacementBytes = 4
        } else {
          base = rm
        }
        guard let value = Self.signed(bytes, at: index, count: displacementBytes) else { return nil }
        displacement = value
        index += displacementBytes
      }
    }
    var immediateBytes = Self.immediateBytes(map, opcode, reg: reg, vex: vex)
    if immediateBytes == 4, operandSize16, opcode != 0xE8, opcode != 0xE9, !(map == .two && opcode & 0xF0 == 0x80) {
      immediateBytes = 2
    }
    if map == .one, opcode & 0xF8 == 0xB8, rexW { immediateBytes = 8 }
    if map == .one, (0xA0...0xA3).contains(opcode) { immediateBytes = isWide && !otherAddressSize ? 8 : 4 }
    // Far calls and jumps.
    if !isWide, map == .one, opcode == 0x9A || opcode == 0xEA { immediateBytes = 6 }
    guard let value = Self.signed(bytes, at: index, count: immediateBytes) else { return nil }
    immediate = value
    index += immediateBytes
    length = index - bytes.startIndex
    guard length <= Self.maximumLength else { return nil }
  }

  private static func signed(_ bytes: ArraySlice<UInt8>, at index: Int, count: Int) -> Int64? {
    guard count > 0 else { return 0 }
    guard bytes.endIndex - index >= count else { return nil }
    var value: UInt64 = 0
    for step in 0..<count { value |= UInt64(bytes[index + step]) << UInt64(8 * step) }
    let unused = UInt64(64 - 8 * count)
    return Int64(bitPattern: value << unused) >> Int64(unused)
  }

  private static func hasModRM(_ map: Map, _ opcode: UInt8) -> Bool {
    switch map {
    case .three38, .three3A: return true
    case .two:
      switch opcode {
      case 0x05...0x09, 0x0B, 0x0E, 0x30...0x37, 0x77, 0x80...0x8F, 0xA0...0xA2, 0xA8...0xAA, 0xC8...0xCF: return false
      default: return true
      }
    case .one:
      switch opcode {
      case 0x00...0x3F: return opcode & 7 < 4
      case 0x63, 0x69, 0x6B, 0x80...0x8F, 0xC0, 0xC1, 0xC6, 0xC7, 0xD0...0xD3, 0xD8...0xDF, 0xF6, 0xF7, 0xFE, 0xFF:
        return true
      default: return false
      }
    }
  }

  private static func immediateBytes(_ map: Map, _ opcode: UInt8, reg: Int, vex: Bool) -> Int {
    switch map {
    case .three38: return 0
    case .three3A: return 1
    case .two:
      switch opcode {
      case 0x70...0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4...0xC6: return 1
      case 0x80...0x8F: return vex ? 0 : 4
      default: return 0
      }
    case .one:
      switch opcode {
      case 0x00...0x3F: return opcode & 7 == 4 ? 1 : opcode & 7 == 5 ? 4 : 0
      case 0x6A, 0x6B, 0x70...0x7F, 0x80, 0x82, 0x83, 0xA8, 0xB0...0xB7, 0xC0, 0xC1, 0xC6, 0xCD, 0xE0...0xE7, 0xEB:
        return 1
      case 0x68, 0x69, 0x81, 0xA9, 0xB8...0xBF, 0xC7, 0xE8, 0xE9: return 4
      case 0xC2, 0xCA: return 2
      case 0xC8: return 3
      case 0xF6: return reg & 7 < 2 ? 1 : 0
      case 0xF7: return reg & 7 < 2 ? 4 : 0
      default: return 0
      }
    }
  }
}
