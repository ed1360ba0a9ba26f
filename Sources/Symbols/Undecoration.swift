/// Names as debuggers show them. Only what can be read off without the whole grammar of C++ names: anything else stays as it is.
enum Undecoration {
  /// `?Method@Class@Space@@QEAA…` → `Space::Class::Method`; `??0Class@@…` and `??1Class@@…` → constructor and destructor. Names
  /// with templates, operators or back references, and those of data, are returned unchanged.
  static func function(_ name: String) -> String {
    let bytes = Array(name.utf8)
    guard bytes.first == UInt8(ascii: "?"), bytes.count > 4 else { return name }
    var start = 1
    var special: UInt8?
    if bytes[1] == UInt8(ascii: "?") {
      guard bytes[2] == UInt8(ascii: "0") || bytes[2] == UInt8(ascii: "1") else { return name }
      special = bytes[2]
      start = 3
    }
    var parts: [String] = []
    while true {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "@")) else { return name }
      if end == start { break }
      // Templates, nested scopes and back references begin with a mark or a digit.
      guard let first = bytes[start..<end].first, first == UInt8(ascii: "_") || isLetter(first) else { return name }
      parts.append(String(decoding: bytes[start..<end], as: UTF8.self))
      start = end + 1
      guard start < bytes.count else { return name }
    }
    // Behind the second @: a letter for functions, a digit for data.
    guard start + 1 < bytes.count, isLetter(bytes[start + 1]), let last = parts.first else { return name }
    let scope = parts.reversed().joined(separator: "::")
    switch special {
    case UInt8(ascii: "0"): return scope + "::" + last
    case UInt8(ascii: "1"): return scope + "::~" + last
    default: return scope
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// x86 public names without the calling convention's marks: `_Name@12` (stdcall), `@Name@8` (fastcall), `_Name` (cdecl).
  static func x86(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let first = name.first, first == UInt8(ascii: "_") || first == UInt8(ascii: "@"), name.count > 1 else {
      return name
    }
    var rest = name.dropFirst()
    if let mark = rest.lastIndex(of: UInt8(ascii: "@")), mark > rest.startIndex,
      rest[(mark + 1)...].allSatisfy({ (0x30...0x39).contains($0) }), mark + 1 < rest.endIndex
    {
      rest = rest[..<mark]
    } else if first == UInt8(ascii: "@") {
      return name
    }
    return rest
  }
}
