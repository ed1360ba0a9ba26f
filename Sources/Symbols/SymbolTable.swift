import Facts

/// The public symbols of one image: addresses relative to its base, with names. Public tables do not tell functions from data.
public struct SymbolTable: Sendable {
  public struct Symbol: Hashable, Sendable {
    public var offset: UInt32
    public var name: String
  }

  public var identity: DebugIdentity?
  /// Sorted by offset; one name for each offset.
  public let symbols: [Symbol]

  public init(identity: DebugIdentity?, symbols unsorted: [Symbol]) {
    self.identity = identity
    // Aliases at one address (KiStartSystemThread, KxStartSystemThread): names of functions before those of data, then
    // alphabetical, so that the answer does not depend on the order in the file.
    var sorted = unsorted.sorted {
      $0.offset != $1.offset
        ? $0.offset < $1.offset
        : (Self.isData($0.name) ? 1 : 0, $0.name) < (Self.isData($1.name) ? 1 : 0, $1.name)
    }
    var last: UInt32?
    sorted.removeAll { symbol in
      defer { last = symbol.offset }
      return symbol.offset == last
    }
    symbols = sorted
  }

  /// The nearest symbol at or below an offset.
  public func nearest(to offset: UInt64) -> Symbol? {
    guard let target = UInt32(exactly: offset) else { return nil }
    var low = 0
    var high = symbols.count
    while low < high {
      let middle = (low + high) / 2
      if symbols[middle].offset <= target { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? symbols[low - 1] : nil
  }

  public func offset(of name: String) -> UInt32? { symbols.first { $0.name == name }?.offset }

  /// A function can be this long at most: beyond it the nearest symbol is another function's, and the name would be wrong.
  /// KiSystemServiceUser and the like in real kernels stay below 16 KiB; 64 KiB leaves room for a driver's dispatch routine.
  public static let maximumFunctionBytes: UInt64 = 0x1_0000

  /// The function an address lies in, as `Name` or `Name+0x69`; nil where the nearest symbol is data, a string or too far off.
  public func function(at offset: UInt64) -> String? {
    guard let symbol = nearest(to: offset), !Self.isData(symbol.name) else { return nil }
    let distance = offset - UInt64(symbol.offset)
    guard distance < Self.maximumFunctionBytes else { return nil }
    return distance == 0 ? symbol.name : symbol.name + "+" + hexadecimal(distance)
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
