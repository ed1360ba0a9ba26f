import ByteReading
import Facts

extension SymbolTable {
  /// The symbols of a program database: publics, global data, and the procedures of its modules where it has them.
  ///
  /// Throws where the database has no debug information or its symbols lie outside the file.
  public init(pdb: PDBFile) throws(ReadError) {
    guard let debug = pdb.debug else {
      throw pdb.problems.first
        ?? ReadError(
          .notPresent, reading: "debug information", expected: "stream 3 with symbols", found: "none", trail: ["PDB"])
    }
    let map = try SectionMap(pdb)
    let isX86 = pdb.architecture == .x86
    var builder = SymbolTableBuilder()
    let recordBytes = debug.symbolRecords.flatMap {
      pdb.container.streamSizes.indices.contains($0) ? pdb.container.streamSizes[$0] : nil
    }
    builder.reserve(symbols: (recordBytes ?? 0) / 48, nameBytes: (recordBytes ?? 0) / 2)
    func add(_ symbol: PDBSymbol, _ bytes: [UInt8]) {
      guard !symbol.name.isEmpty, let offset = map.offset(section: symbol.section, offset: symbol.offset) else {
        return
      }
      let name = bytes[symbol.name]
      builder.add(
        offset, size: symbol.size, kind: Kind(symbol, isExecutable: map.isExecutable(symbol.section)),
        name: isX86 ? Undecoration.x86(name) : name)
    }
    try pdb.globalSymbols(add)
    // Code that was moved is no longer in one piece: its stated length means nothing there.
    _ = pdb.moduleSymbols { symbol, bytes in
      var symbol = symbol
      if map.isMoved { symbol.size = 0 }
      add(symbol, bytes)
    }
    self.init(identity: pdb.identity, builder)
    types = PDBTypeSource(pdb)
    if isX86 { frames = FrameRecords(pdb) }
  }
}

extension SymbolTable.Kind {
  /// Publics without the mark of a function may still be one where assembler code did not say so; in data they never are.
  init(_ symbol: PDBSymbol, isExecutable: Bool) {
    switch symbol.kind {
    case .procedure, .thunk: self = symbol.size > 0 ? .procedure : .function
    case .publicFunction: self = isExecutable ? .function : .data
    case .publicOther, .publicData: self = isExecutable ? .unknown : .data
    case .data: self = .data
    }
  }
}
