import CrashDumpFormat

/// A load or store by MOV or an SSE move, as compiled copies use them, with its operand's address by the registers.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, 2.1 (ModRM, SIB) and appendix A (opcode maps).
struct MemoryMove {
  var address: UInt64
  var width: Int
  var isStore: Bool

  /// Longest encoding of one instruction (same source, 2.3.11).
  static let maximumLength = 15

  /// nil where the bytes are another instruction, or a register of the operand's is not known.
  init?(_ code: [UInt8], _ context: RegisterContext, isWide: Bool) {
    var place = 0
    func byte(_ index: Int) -> UInt8? { index < code.count ? code[index] : nil }
    var isShort = false
    var prefix: UInt8 = 0
    while let next = byte(place), next == 0x66 || next == 0xF2 || next == 0xF3 {
      if next == 0x66 { isShort = true } else { prefix = next }
      place += 1
    }
    var extended: UInt8 = 0
    if isWide, let next = byte(place), next & 0xF0 == 0x40 {
      extended = next
      place += 1
    }
    guard let opcode = byte(place) else { return nil }
    place += 1
    let plain = extended & 8 != 0 ? 8 : isShort ? 2 : 4
    switch opcode {
    case 0x88 where prefix == 0, 0x8A where prefix == 0:
      (width, isStore) = (1, opcode == 0x88)
    case 0x89 where prefix == 0, 0x8B where prefix == 0:
      (width, isStore) = (plain, opcode == 0x89)
    case 0x0F:
      guard let second = byte(place) else { return nil }
      place += 1
      switch second {
      case 0x10, 0x11: (width, isStore) = (prefix == 0 ? 16 : prefix == 0xF3 ? 4 : 8, second == 0x11)
      case 0x28 where prefix == 0, 0x29 where prefix == 0:
        (width, isStore) = (16, second == 0x29)
      case 0x6F, 0x7F: (width, isStore) = (isShort || prefix == 0xF3 ? 16 : 8, second == 0x7F)
      case 0x2B, 0xE7: (width, isStore) = (isShort || second == 0x2B ? 16 : 8, true)
      case 0xC3 where prefix == 0: (width, isStore) = (plain, true)
      case 0x7E where prefix == 0xF3: (width, isStore) = (8, false)
      case 0xD6 where isShort: (width, isStore) = (8, true)
      default: return nil
      }
    default: return nil
    }

    guard let fields = byte(place) else { return nil }
    place += 1
    let mode = fields >> 6
    guard mode != 3 else { return nil }
    var base: Int? = Int(fields & 7)
    var index: Int?
    var scale: UInt64 = 1
    if base == 4 {
      guard let second = byte(place) else { return nil }
      place += 1
      scale = 1 << UInt64(second >> 6)
      let number = Int(second >> 3 & 7) | (extended & 2 != 0 ? 8 : 0)
      if number != 4 { index = number }
      base = Int(second & 7)
    }
    var displaced = mode == 1 ? 1 : mode == 2 ? 4 : 0
    if base == 5, mode == 0 {
      // An absolute address, or one relative to the instruction: neither moves along in a loop, unless an index does.
      guard index != nil else { return nil }
      base = nil
      displaced = 4
    }
    var sum: UInt64 = 0
    func value(_ number: Int) -> UInt64? {
      number < context.general.count && context.known >> UInt32(number) & 1 != 0 ? context.general[number] : nil
    }
    if let base {
      guard let value = value(base | (extended & 1 != 0 ? 8 : 0)) else { return nil }
      sum = value
    }
    if let index {
      guard let value = value(index) else { return nil }
      sum = sum &+ value &* scale
    }
    guard place + displaced <= code.count else { return nil }
    if displaced == 1 { sum = sum &+ UInt64(bitPattern: Int64(Int8(bitPattern: code[place]))) }
    if displaced == 4 {
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(code[place + $1]) << UInt32(8 * $1) }
      sum = sum &+ UInt64(bitPattern: Int64(Int32(bitPattern: word)))
    }
    address = isWide ? sum : sum & 0xFFFF_FFFF
  }
}
