import ByteReading
import Facts

/// The numbers of type records (Microsoft's published cvinfo.h, LEAF_ENUM_e). `_ST` forms, from before Visual C++ 7.0, count a
/// name's bytes instead of ending it with zero.
enum TypeLeaf {
  static let modifier: UInt16 = 0x1001
  static let pointer: UInt16 = 0x1002
  static let procedure: UInt16 = 0x1008
  static let memberFunction: UInt16 = 0x1009
  static let fieldList: UInt16 = 0x1203
  static let bitField: UInt16 = 0x1205
  static let array: UInt16 = 0x1503
  static let arrayST: UInt16 = 0x1003

  static func kind(_ leaf: UInt16) -> PDBTypes.Kind? {
    switch leaf {
    case 0x1504, 0x1004: .class
    case 0x1505, 0x1005: .structure
    case 0x1506, 0x1006: .union
    case 0x1507, 0x1007: .enumeration
    case 0x1519: .interface
    default: nil
    }
  }

  static func isCounted(_ leaf: UInt16) -> Bool { leaf < 0x1200 }
}

/// A cursor over one type record.
struct TypeReader: ~Escapable {
  let bytes: RawSpan
  var at: Int
  let end: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at: Int, end: Int) {
    self.bytes = bytes
    self.at = at
    self.end = end
  }

  private func short(_ count: Int) -> ReadError {
    ReadError(
      .malformed, reading: "type record", at: .nowhere, expected: "\(count) bytes at +\(hexadecimal(UInt64(at)))",
      found: "the record's end", trail: ["TPI"])
  }

  @_lifetime(self: copy self)
  mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) throws(ReadError) -> T {
    guard end - at >= MemoryLayout<T>.size, let value = bytes.loadIfPresent(at: at, as: T.self) else {
      throw short(MemoryLayout<T>.size)
    }
    at += MemoryLayout<T>.size
    return value
  }

  @_lifetime(self: copy self)
  mutating func skip(_ count: Int) throws(ReadError) {
    guard end - at >= count else { throw short(count) }
    at += count
  }

  /// A number of up to 64 bits: small ones stand for themselves, larger ones follow a mark of their size.
  @_lifetime(self: copy self)
  mutating func number() throws(ReadError) -> Int64 {
    let first = try read(UInt16.self)
    switch first {
    case ..<0x8000: return Int64(first)
    case 0x8000: return Int64(try read(Int8.self))
    case 0x8001: return Int64(try read(Int16.self))
    case 0x8002: return Int64(try read(UInt16.self))
    case 0x8003: return Int64(try read(Int32.self))
    case 0x8004: return Int64(try read(UInt32.self))
    case 0x8009: return try read(Int64.self)
    case 0x800A: return Int64(bitPattern: try read(UInt64.self))
    default:
      throw ReadError(
        .unsupported, reading: "numeric leaf", expected: "an integer of at most 64 bits",
        found: hexadecimal(UInt64(first), digits: 4), trail: ["TPI"])
    }
  }

  @_lifetime(self: copy self)
  mutating func name(isCounted: Bool) -> Range<Int> {
    let range = SymbolRecords.name(bytes, from: at, to: end, isCounted: isCounted)
    at = min(end, range.upperBound + (isCounted ? 0 : 1))
    return range
  }

  /// Members are padded with bytes F1 to FF, whose low half says how many there are.
  @_lifetime(self: copy self)
  mutating func skipPadding() {
    while at < end, let byte = bytes.loadIfPresent(at: at, as: UInt8.self), byte > 0xF0 { at += Int(byte & 15) }
  }
}
