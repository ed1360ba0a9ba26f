import ByteReading
import Facts

/// The types of a PDB: layouts of structures by name (llvm.org/docs/PDB/TpiStream.html).
public struct PDBTypes: Sendable {
  @frozen
  public enum Kind: Hashable, Sendable { case `class`, structure, union, interface, enumeration }

  public struct Field: Hashable, Sendable {
    public var name: String
    /// Bytes from the structure's beginning.
    public var offset: UInt64
    /// The number of its type.
    public var type: UInt32
    /// Of bit fields: the lowest bit, and how many.
    public var bits: (position: UInt8, count: UInt8)? { bitCount == 0 ? nil : (bitPosition, bitCount) }
    var bitPosition: UInt8 = 0
    var bitCount: UInt8 = 0
  }

  public struct Layout: Hashable, Sendable {
    public var kind: Kind
    public var name: String
    public var size: UInt64
    /// In the record's order; those of base classes are not among them.
    public var fields: [Field]
    /// Base classes: their type numbers and offsets.
    public var bases: [(type: UInt32, offset: UInt64)] { baseTypes.indices.map { (baseTypes[$0], baseOffsets[$0]) } }
    var baseTypes: [UInt32] = []
    var baseOffsets: [UInt64] = []
  }

  /// A definition's head.
  struct Head {
    var kind: Kind
    var fields: UInt32
    /// Of enumerations: the type that holds the value.
    var underlying: UInt32
    var size: UInt64
    var isForward: Bool
    var name: Range<Int>
  }

  /// Fields of one structure, over all parts of its list.
  static let maximumFields = 65_536
  static let maximumParts = 4096
  /// Arrays of arrays of bit fields of modified types: more is a loop.
  static let maximumDepth = 64

  let bytes: [UInt8]
  let pointerSize: UInt64
  /// The first number of a record; lower ones are the basic types.
  public let firstIndex: UInt32
  /// Where each record's content begins (its leaf), in order of numbers.
  private let places: [UInt32]
  /// Definitions by a hash of their names, sorted: a dictionary of all names would take ten times as long to make.
  private let definitions: [UInt64]

  public var count: Int { places.count }

  init(_ bytes: [UInt8], pointerSize: UInt64) throws(ReadError) {
    self.bytes = bytes
    self.pointerSize = pointerSize
    let span = bytes.span.bytes
    let head = Int(try span.load(at: 4, as: UInt32.self, reading: "TPI HeaderSize"))
    firstIndex = try span.load(at: 8, as: UInt32.self, reading: "TPI TypeIndexBegin")
    let last = try span.load(at: 12, as: UInt32.self, reading: "TPI TypeIndexEnd")
    let length = Int(try span.load(at: 16, as: UInt32.self, reading: "TPI TypeRecordBytes"))
    guard head >= 20, head <= bytes.count, last >= firstIndex else {
      throw ReadError(
        .malformed, reading: "TPI header", expected: "a header of 20 to \(bytes.count) bytes and rising numbers",
        found: "\(head) bytes, \(firstIndex) to \(last)")
    }
    let end = min(bytes.count, head + length)
    var places: [UInt32] = []
    places.reserveCapacity(min(Int(last - firstIndex), (end - head) / 4))
    var at = head
    while places.count < Int(last - firstIndex), at + 4 <= end, let size = span.loadIfPresent(at: at, as: UInt16.self),
      size >= 2, at + 2 + Int(size) <= end
    {
      places.append(UInt32(at + 2))
      at += 2 + Int(size)
    }
    self.places = places
    var definitions: [UInt64] = []
    for index in places.indices {
      let place = Int(places[index])
      guard let leaf = span.loadIfPresent(at: place, as: UInt16.self), TypeLeaf.kind(leaf) != nil,
        let found = try? Self.head(span, at: place), !found.isForward
      else { continue }
      definitions.append(UInt64(Self.hash(bytes[found.name])) << 32 | UInt64(index))
    }
    definitions.sort()
    self.definitions = definitions
  }

  /// FNV-1a of 32 bits: any even hash does.
  private static func hash(_ name: some Sequence<UInt8>) -> UInt32 {
    var value: UInt32 = 0x811C_9DC5
    for byte in name { value = (value ^ UInt32(byte)) &* 0x0100_0193 }
    return value
  }

  private func place(_ type: UInt32) -> Int? {
    guard type >= firstIndex, type - firstIndex < UInt32(places.count) else { return nil }
    return Int(places[Int(type - firstIndex)])
  }

  /// The record's content: its length stands in front of its leaf.
  private func record(_ type: UInt32) throws(ReadError) -> (leaf: UInt16, from: Int, to: Int) {
    guard let place = place(type) else {
      throw ReadError(
        .malformed, reading: "type", expected: "a number from \(firstIndex) to \(Int(firstIndex) + places.count)",
        found: String(type), trail: ["TPI"])
    }
    let span = bytes.span.bytes
    let size = Int(span.loadIfPresent(at: place - 2, as: UInt16.self) ?? 2)
    return (span.loadIfPresent(at: place, as: UInt16.self) ?? 0, place + 2, place + size)
  }

  private static func head(_ span: RawSpan, at place: Int) throws(ReadError) -> Head {
    let size = Int(try span.load(at: place - 2, as: UInt16.self))
    let leaf = try span.load(at: place, as: UInt16.self)
    var reader = TypeReader(span, at: place + 2, end: place + size)
    guard let kind = TypeLeaf.kind(leaf) else {
      throw ReadError(
        .malformed, reading: "type", expected: "a structure, union or enumeration",
        found: hexadecimal(UInt64(leaf), digits: 4), trail: ["TPI"])
    }
    _ = try reader.read(UInt16.self)
    let properties = try reader.read(UInt16.self)
    var underlying: UInt32 = 0
    if kind == .enumeration { underlying = try reader.read(UInt32.self) }
    let fields = try reader.read(UInt32.self)
    if kind != .enumeration, kind != .union { try reader.skip(8) }
    let bytes = kind == .enumeration ? 0 : try reader.number()
    let name = reader.name(isCounted: TypeLeaf.isCounted(leaf))
    return Head(
      kind: kind, fields: fields, underlying: underlying, size: UInt64(bitPattern: bytes),
      isForward: properties & 0x80 != 0, name: name)
  }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// The number of a structure, union or enumeration by its name, forward declarations aside.
  public func type(named name: String) -> UInt32? {
    let wanted = Array(name.utf8)
    let key = UInt64(Self.hash(wanted)) << 32
    var low = 0
    var high = definitions.count
    while low < high {
      let middle = (low + high) / 2
      if definitions[middle] < key { low = middle + 1 } else { high = middle }
    }
    while low < definitions.count, definitions[low] >> 32 == key >> 32 {
      let index = Int(definitions[low] & 0xFFFF_FFFF)
      if let head = try? Self.head(bytes.span.bytes, at: Int(places[index])), bytes[head.name].elementsEqual(wanted) {
        return firstIndex + UInt32(index)
      }
      low += 1
    }
    return nil
  }

  /// A structure's fields; nil where no such type is defined.
  public func layout(named name: String) throws(ReadError) -> Layout? {
    guard let type = type(named: name) else { return nil }
    return try layout(of: type)
  }

  /// Throws where the type is none with fields or its records do not fit.
  public func layout(of type: UInt32) throws(ReadError) -> Layout {
    let record = try record(type)
    let head = try Self.head(bytes.span.bytes, at: record.from - 2)
    if head.isForward, let definition = self.type(named: text(head.name)), definition != type {
      return try layout(of: definition)
    }
    var layout = Layout(kind: head.kind, name: text(head.name), size: head.size, fields: [])
    if head.kind == .enumeration { layout.size = size(of: head.underlying) ?? 0 }
    if head.fields != 0 { try fields(head.fields, into: &layout) }
    return layout
  }

  /// Reads the parts of a field list, each of which may name the next.
  private func fields(_ list: UInt32, into layout: inout Layout) throws(ReadError) {
    var next: UInt32? = list
    var parts = 0
    while let type = next {
      parts += 1
      guard parts <= Self.maximumParts else {
        throw ReadError(
          .malformed, reading: "field list", expected: "at most \(Self.maximumParts) parts", found: "more",
          trail: ["TPI"])
      }
      let record = try record(type)
      guard record.leaf == TypeLeaf.fieldList else {
        throw ReadError(
          .malformed, reading: "field list", expected: "leaf 0x1203",
          found: hexadecimal(UInt64(record.leaf), digits: 4), trail: ["TPI"])
      }
      var reader = TypeReader(bytes.span.bytes, at: record.from, end: record.to)
      next = nil
      while reader.at + 2 <= reader.end, layout.fields.count < Self.maximumFields {
        if let continued = try member(&reader, into: &layout) {
          next = continued
          break
        }
        reader.skipPadding()
      }
    }
  }

  /// One member; the number of the next part where the list goes on elsewhere.
  private func member(_ reader: inout TypeReader, into layout: inout Layout) throws(ReadError) -> UInt32? {
    let leaf = try reader.read(UInt16.self)
    let isCounted = leaf < 0x1500
    switch leaf {
    case 0x1404:  // LF_INDEX
      try reader.skip(2)
      return try reader.read(UInt32.self)
    case 0x150D, 0x1405:  // LF_MEMBER
      try reader.skip(2)
      let type = try reader.read(UInt32.self)
      let offset = try reader.number()
      let name = reader.name(isCounted: isCounted)
      var field = Field(name: text(name), offset: UInt64(bitPattern: offset), type: type)
      if let bits = bitField(type) { (field.type, field.bitPosition, field.bitCount) = bits }
      layout.fields.append(field)
    case 0x1502, 0x0403:  // LF_ENUMERATE
      try reader.skip(2)
      let value = try reader.number()
      let name = reader.name(isCounted: leaf == 0x0403)
      layout.fields.append(Field(name: text(name), offset: UInt64(bitPattern: value), type: 0))
    case 0x1400, 0x151A:  // LF_BCLASS, LF_BINTERFACE
      try reader.skip(2)
      layout.baseTypes.append(try reader.read(UInt32.self))
      layout.baseOffsets.append(UInt64(bitPattern: try reader.number()))
    case 0x1401, 0x1402:  // LF_VBCLASS, LF_IVBCLASS
      try reader.skip(10)
      _ = try reader.number()
      _ = try reader.number()
    case 0x1409, 0x140A: try reader.skip(6)  // LF_VFUNCTAB, LF_FRIENDCLS
    case 0x140C: try reader.skip(10)  // LF_VFUNCOFF
    case 0x1511, 0x140B:  // LF_ONEMETHOD: a virtual one that is new has a place in the table
      let attributes = try reader.read(UInt16.self)
      try reader.skip(4)
      let kind = attributes >> 2 & 7
      if kind == 4 || kind == 6 { try reader.skip(4) }
      _ = reader.name(isCounted: isCounted)
    case 0x150E, 0x1406, 0x150F, 0x1407, 0x1510, 0x1408, 0x1512, 0x140D, 0x150C, 0x1403:
      // LF_STMEMBER, LF_METHOD, LF_NESTTYPE, LF_NESTTYPEEX, LF_FRIENDFCN
      try reader.skip(6)
      _ = reader.name(isCounted: isCounted)
    default:
      throw ReadError(
        .unsupported, reading: "member of \(layout.name)", expected: "a known kind of member",
        found: hexadecimal(UInt64(leaf), digits: 4), trail: ["TPI"])
    }
    return nil
  }

  private func bitField(_ type: UInt32) -> (UInt32, UInt8, UInt8)? {
    guard let record = try? record(type), record.leaf == TypeLeaf.bitField else { return nil }
    var reader = TypeReader(bytes.span.bytes, at: record.from, end: record.to)
    guard let base = try? reader.read(UInt32.self), let count = try? reader.read(UInt8.self),
      let position = try? reader.read(UInt8.self)
    else { return nil }
    return (base, position, count)
  }

  // MARK: Sizes and descriptions

  /// Bytes of a type; nil where it has none (functions, void) or cannot be read.
  public func size(of type: UInt32) -> UInt64? { size(of: type, depth: 0) }

  private func size(of type: UInt32, depth: Int) -> UInt64? {
    guard depth < Self.maximumDepth else { return nil }
    if type < firstIndex { return BasicType(type)?.size }
    guard let record = try? record(type) else { return nil }
    var reader = TypeReader(bytes.span.bytes, at: record.from, end: record.to)
    switch record.leaf {
    case TypeLeaf.modifier, TypeLeaf.bitField:
      return (try? reader.read(UInt32.self)).flatMap { size(of: $0, depth: depth + 1) }
    case TypeLeaf.pointer:
      guard (try? reader.skip(4)) != nil, let attributes = try? reader.read(UInt32.self) else { return nil }
      let size = UInt64(attributes >> 13 & 0x3F)
      return size == 0 ? pointerSize : size
    case TypeLeaf.array, TypeLeaf.arrayST:
      guard (try? reader.skip(8)) != nil else { return nil }
      return (try? reader.number()).map { UInt64(bitPattern: $0) }
    default:
      guard let head = try? Self.head(bytes.span.bytes, at: record.from - 2) else { return nil }
      if head.kind == .enumeration { return size(of: head.underlying, depth: depth + 1) }
      if head.isForward, let definition = self.type(named: text(head.name)), definition != type {
        return size(of: definition, depth: depth + 1)
      }
      return head.size
    }
  }

  /// A type as C spells it, roughly: `_LIST_ENTRY`, `unsigned long *`, `unsigned char [16]`.
  public func description(of type: UInt32) -> String { description(of: type, depth: 0) }

  private func description(of type: UInt32, depth: Int) -> String {
    guard depth < 16 else { return "…" }
    if type < firstIndex { return BasicType(type)?.name ?? "type \(hexadecimal(UInt64(type)))" }
    guard let record = try? record(type) else { return "type \(hexadecimal(UInt64(type)))" }
    var reader = TypeReader(bytes.span.bytes, at: record.from, end: record.to)
    let target = (try? reader.read(UInt32.self)) ?? 0
    switch record.leaf {
    case TypeLeaf.modifier, TypeLeaf.bitField: return description(of: target, depth: depth + 1)
    case TypeLeaf.pointer: return description(of: target, depth: depth + 1) + " *"
    case TypeLeaf.array, TypeLeaf.arrayST:
      guard let element = size(of: target), element > 0, let bytes = size(of: type) else {
        return description(of: target, depth: depth + 1) + " []"
      }
      return description(of: target, depth: depth + 1) + " [\(bytes / element)]"
    case TypeLeaf.procedure, TypeLeaf.memberFunction: return "function"
    default:
      guard let head = try? Self.head(bytes.span.bytes, at: record.from - 2) else { return "type" }
      return text(head.name)
    }
  }
}
