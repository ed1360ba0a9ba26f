import ByteReading

/// A symbol of a PDB, before its address is known.
public struct PDBSymbol: Hashable, Sendable {
  @frozen
  public enum Kind: UInt8, Hashable, Sendable {
    /// From the table of public symbols: decorated names, no lengths.
    case publicFunction, publicData
    /// Public, and nothing says what it is.
    case publicOther
    /// With a length, from a module or the global table.
    case procedure
    case data
    case thunk
  }

  public var kind: Kind
  public var section: UInt16
  public var offset: UInt32
  /// Bytes of code; zero where not stated.
  public var size: UInt32
  /// Where the name's bytes lie in the stream.
  public var name: Range<Int>
}

/// Walks a stream of symbol records (llvm.org/docs/PDB/CodeViewSymbols.html; record layouts by Microsoft's published cvinfo.h).
enum SymbolRecords {
  /// Bits of S_PUB32's flags.
  static let isCode: UInt32 = 1
  static let isFunction: UInt32 = 2

  /// Calls `body` for every symbol of interest in `bytes[start..<end]`; stops where a record does not fit.
  static func each(_ bytes: [UInt8], from start: Int, to end: Int, _ body: (PDBSymbol) -> Void) {
    let span = bytes.span.bytes
    var at = start
    let end = min(end, bytes.count)
    while at + 4 <= end, let length = span.loadIfPresent(at: at, as: UInt16.self), length >= 2,
      let kind = span.loadIfPresent(at: at + 2, as: UInt16.self)
    {
      let next = at + 2 + Int(length)
      guard next <= end else { return }
      if let symbol = symbol(kind, span, from: at + 4, to: next) { body(symbol) }
      at = next
    }
  }

  private static func symbol(_ kind: UInt16, _ span: RawSpan, from at: Int, to end: Int) -> PDBSymbol? {
    func word(_ offset: Int) -> UInt32 { span.loadIfPresent(at: at + offset, as: UInt32.self) ?? 0 }
    func half(_ offset: Int) -> UInt16 { span.loadIfPresent(at: at + offset, as: UInt16.self) ?? 0 }
    switch kind {
    case 0x110E, 0x1009:  // S_PUB32, S_PUB32_ST
      guard end - at >= 11 else { return nil }
      let flags = word(0)
      let meaning: PDBSymbol.Kind =
        flags & isFunction != 0 ? .publicFunction : flags & isCode != 0 ? .publicOther : .publicData
      return make(meaning, half(8), word(4), 0, span, at + 10, end, isCounted: kind == 0x1009)
    case 0x0203:  // S_PUB32_16t
      guard end - at >= 9 else { return nil }
      return make(.publicOther, half(4), word(0), 0, span, at + 8, end, isCounted: true)
    case 0x110F, 0x1110, 0x1146, 0x1147, 0x1155, 0x1156, 0x100A, 0x100B:
      // S_LPROC32, S_GPROC32, their _ID and _DPC forms; S_LPROC32_ST, S_GPROC32_ST
      guard end - at >= 36 else { return nil }
      return make(.procedure, half(32), word(28), word(12), span, at + 35, end, isCounted: kind < 0x1100)
    case 0x0204, 0x0205:  // S_LPROC32_16t, S_GPROC32_16t
      guard end - at >= 34 else { return nil }
      return make(.procedure, half(28), word(24), word(12), span, at + 33, end, isCounted: true)
    case 0x110C, 0x110D, 0x1007, 0x1008:  // S_LDATA32, S_GDATA32 and _ST
      guard end - at >= 11 else { return nil }
      return make(.data, half(8), word(4), 0, span, at + 10, end, isCounted: kind < 0x1100)
    case 0x1102:  // S_THUNK32
      guard end - at >= 22 else { return nil }
      return make(.thunk, half(16), word(12), UInt32(half(18)), span, at + 21, end, isCounted: false)
    default: return nil
    }
  }

  private static func make(
    _ kind: PDBSymbol.Kind, _ section: UInt16, _ offset: UInt32, _ size: UInt32, _ span: RawSpan, _ start: Int,
    _ end: Int, isCounted: Bool
  ) -> PDBSymbol {
    PDBSymbol(
      kind: kind, section: section, offset: offset, size: size,
      name: name(span, from: start, to: end, isCounted: isCounted))
  }

  /// A name ends in a zero, or begins with its length in the older forms.
  static func name(_ span: RawSpan, from start: Int, to end: Int, isCounted: Bool) -> Range<Int> {
    guard start < end else { return end..<end }
    if isCounted {
      let count = Int(span.loadIfPresent(at: start, as: UInt8.self) ?? 0)
      return (start + 1)..<max(start + 1, min(end, start + 1 + count))
    }
    var index = start
    while index < end, let byte = span.loadIfPresent(at: index, as: UInt8.self), byte != 0 { index += 1 }
    return start..<index
  }
}

extension PDBFile {
  /// Public symbols, and global data, from the one stream both tables refer to.
  public func globalSymbols(_ body: (PDBSymbol, [UInt8]) -> Void) throws(ReadError) {
    guard let number = debug?.symbolRecords, let bytes = try container.stream(number) else { return }
    SymbolRecords.each(bytes, from: 0, to: bytes.count) { body($0, bytes) }
  }

  /// Procedures, thunks and data of all modules. A module whose stream cannot be read is passed over.
  public func moduleSymbols(_ body: (PDBSymbol, [UInt8]) -> Void) -> [ReadError] {
    var failures: [ReadError] = []
    for module in debug?.modules ?? [] {
      guard let number = module.stream, module.symbolBytes > 4 else { continue }
      do {
        guard let bytes = try container.stream(number, limit: module.symbolBytes) else { continue }
        SymbolRecords.each(bytes, from: 4, to: module.symbolBytes) { body($0, bytes) }
      } catch {
        if failures.count < 16 { failures.append(error) }
      }
    }
    return failures
  }
}
