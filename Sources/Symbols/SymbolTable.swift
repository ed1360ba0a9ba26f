import Facts

/// The symbols of one image: addresses relative to its base, with names. Where a table tells functions from data, so do these.
///
/// Names stay bytes until one is asked for: a large image has some hundred thousand symbols, of which a stack needs twenty.
public struct SymbolTable: Sendable {
  public struct Symbol: Hashable, Sendable {
    public var offset: UInt32
    public var name: String
  }

  /// What a symbol stands for, as far as its table says.
  @frozen
  public enum Kind: UInt8, Hashable, Sendable {
    /// Code with a stated length.
    case procedure
    case function
    case unknown
    case data
  }

  struct Entry: Sendable {
    var offset: UInt32
    /// Bytes of code; zero where not stated.
    var size: UInt32
    var nameStart: UInt32
    var nameLength: UInt16
    var kind: Kind
  }

  public var identity: DebugIdentity?
  /// The types of the same table; nil where it has none that are read.
  public var types: PDBTypeSource?
  /// The same, or those of a Volatility 3 table.
  public var structures: (any TypeSource)? { types ?? isfTypes }
  var isfTypes: ISFTypeSource?
  /// How x86 functions keep their frames; nil for other tables.
  public internal(set) var frames: FrameRecords?
  /// Sorted by offset; at one offset the best name first.
  let entries: [Entry]
  let names: [UInt8]

  public init(identity: DebugIdentity?, symbols: [Symbol]) {
    var builder = SymbolTableBuilder()
    builder.reserve(symbols: symbols.count, nameBytes: symbols.count * 24)
    for symbol in symbols { builder.add(symbol.offset, size: 0, kind: .unknown, name: symbol.name) }
    self.init(identity: identity, builder)
  }

  init(identity: DebugIdentity?, _ builder: SymbolTableBuilder) {
    self.identity = identity
    names = builder.names
    entries = builder.sorted()
  }

  /// Symbols with their aliases.
  public var count: Int { entries.count }

  /// Sorted by offset; one name for each offset. Makes every name a string: for tables that are listed, not for look-ups.
  public var symbols: [Symbol] {
    var last: UInt32?
    return entries.compactMap { entry in
      defer { last = entry.offset }
      return entry.offset == last ? nil : Symbol(offset: entry.offset, name: name(entry))
    }
  }

  func name(_ entry: Entry) -> String {
    let start = Int(entry.nameStart)
    return String(decoding: names[start..<(start + Int(entry.nameLength))], as: UTF8.self)
  }

  /// The best entry of the nearest offset at or below one.
  private func index(nearest target: UInt32) -> Int? {
    let above = count(while: { $0 <= target })
    guard above > 0 else { return nil }
    let offset = entries[above - 1].offset
    return count(while: { $0 < offset })
  }

  /// How many entries, from the first on, have offsets for which something holds.
  private func count(while holds: (UInt32) -> Bool) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if holds(entries[middle].offset) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The nearest symbol at or below an offset.
  public func nearest(to offset: UInt64) -> Symbol? {
    guard let target = UInt32(exactly: offset), let index = index(nearest: target) else { return nil }
    return Symbol(offset: entries[index].offset, name: name(entries[index]))
  }

  /// The address of a name, which may be an alias.
  public func offset(of name: String) -> UInt32? {
    let bytes = Array(name.utf8)
    guard let first = bytes.first else { return nil }
    return names.withUnsafeBytes { names in
      for entry in entries where Int(entry.nameLength) == bytes.count {
        let start = Int(entry.nameStart)
        guard unsafe names[start] == first else { continue }
        if unsafe names[start..<(start + bytes.count)].elementsEqual(bytes) { return entry.offset }
      }
      return nil
    }
  }

  /// A function can be this long at most: beyond it the nearest symbol is another function's, and the name would be wrong.
  /// KiSystemServiceUser and the like in real kernels stay below 16 KiB; 64 KiB leaves room for a driver's dispatch routine.
  public static let maximumFunctionBytes: UInt64 = 0x1_0000
  /// Data between code, such as jump tables, stand in front of a procedure's later part: so many symbols are looked past.
  static let maximumNested = 32

  /// The function an address lies in, as `Name` or `Name+0x69`; nil where the nearest symbol is data, a string or too far off.
  public func function(at offset: UInt64) -> String? {
    guard let found = place(at: offset) else { return nil }
    let distance = offset - UInt64(found.start)
    return distance == 0 ? found.name : found.name + "+" + hexadecimal(distance)
  }

  /// The function an address lies in, and where it begins.
  public func place(at offset: UInt64) -> (name: String, start: UInt32)? {
    guard let target = UInt32(exactly: offset), let nearest = index(nearest: target) else { return nil }
    if let name = functionName(entries[nearest], target) { return (name, entries[nearest].offset) }
    // A stated length decides: the address may lie in a procedure behind data or labels of its own.
    for index in stride(from: nearest, to: max(-1, nearest - Self.maximumNested), by: -1) {
      let entry = entries[index]
      guard entry.kind == .procedure, target - entry.offset < entry.size else { continue }
      return functionName(entry, target).map { ($0, entry.offset) }
    }
    return nil
  }

  private func functionName(_ entry: Entry, _ target: UInt32) -> String? {
    let distance = UInt64(target - entry.offset)
    switch entry.kind {
    case .data: return nil
    case .procedure where entry.size > 0: guard distance < UInt64(entry.size) else { return nil }
    default: guard distance < Self.maximumFunctionBytes else { return nil }
    }
    let name = Undecoration.function(name(entry))
    return entry.kind == .unknown && Self.isData(name) ? nil : name
  }

  /// Names that decorated data has in the public name mangling: string literals `??_C@`, RTTI `??_R`, vtables `??_7`,
  /// import slots `_imp_`/`__imp_`, floating-point and vector constants, WIL and trace-logging records, thunk data.
  public static func isData(_ name: String) -> Bool {
    dataPrefixes.contains { name.hasPrefix($0) } || name.contains("_NULL_THUNK_DATA") || name.hasPrefix("$$")
  }

  static let dataPrefixes = [
    "??_C@", "??_R", "??_7", "??_8", "_imp_", "__imp_", "__real@", "__xmm@", "__ymm@", "_real@", "_xmm@",
    "_IMPORT_DESCRIPTOR_",
    "__IMPORT_DESCRIPTOR_", "_NULL_IMPORT_DESCRIPTOR", "__NULL_IMPORT_DESCRIPTOR", "_@@_PchSym_", "__@@_PchSym_",
    "?BTraceLogging",
    "_TraceLogging", "_tls", "_guid",
  ]
}
