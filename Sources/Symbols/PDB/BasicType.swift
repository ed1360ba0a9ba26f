/// A type without a record: its number holds kind and pointer mode (llvm.org/docs/PDB/TpiStream.html, "Type Indices").
struct BasicType {
  var name: String
  /// nil for void and what is not stated.
  var size: UInt64?

  /// nil for kinds not known.
  init?(_ number: UInt32) {
    guard number < 0x1000, let kind = Self.kinds[UInt8(truncatingIfNeeded: number)] else { return nil }
    switch number >> 8 & 15 {
    case 0: (name, size) = (kind.name, kind.size == 0 ? nil : kind.size)
    case 1: (name, size) = (kind.name + " *", 2)
    case 2, 3, 4: (name, size) = (kind.name + " *", 4)
    case 5: (name, size) = (kind.name + " *", 6)
    case 6: (name, size) = (kind.name + " *", 8)
    case 7: (name, size) = (kind.name + " *", 16)
    default: return nil
    }
  }

  private static let kinds: [UInt8: (name: String, size: UInt64)] = [
    0x00: ("none", 0), 0x03: ("void", 0), 0x08: ("HRESULT", 4), 0x10: ("signed char", 1), 0x20: ("unsigned char", 1),
    0x70: ("char", 1), 0x71: ("wchar_t", 2), 0x7A: ("char16_t", 2), 0x7B: ("char32_t", 4), 0x7C: ("char8_t", 1),
    0x68: ("int8", 1), 0x69: ("unsigned int8", 1), 0x11: ("short", 2), 0x21: ("unsigned short", 2),
    0x72: ("short", 2), 0x73: ("unsigned short", 2), 0x12: ("long", 4), 0x22: ("unsigned long", 4), 0x74: ("int", 4),
    0x75: ("unsigned int", 4), 0x13: ("int64", 8), 0x23: ("unsigned int64", 8), 0x76: ("int64", 8),
    0x77: ("unsigned int64", 8), 0x14: ("int128", 16), 0x24: ("unsigned int128", 16), 0x78: ("int128", 16),
    0x79: ("unsigned int128", 16), 0x46: ("half", 2), 0x40: ("float", 4), 0x41: ("double", 8),
    0x42: ("long double", 10), 0x43: ("float128", 16), 0x30: ("bool", 1), 0x31: ("bool16", 2), 0x32: ("bool32", 4),
    0x33: ("bool64", 8),
  ]
}
