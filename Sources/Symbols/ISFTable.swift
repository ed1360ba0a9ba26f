import ByteReading
import Facts

extension SymbolTable {
  /// A Volatility 3 symbol table (ISF, JSON): `symbols: {NAME: {address, linkage_name?}}` and
  /// `metadata.windows.pdb {GUID, age, database}`. The types are passed over and read
  /// when one is asked for; other parts are skipped unread.
  public init(isf bytes: [UInt8]) throws(ReadError) {
    var scanner = JSONScanner(bytes)
    var symbols: [Symbol] = []
    var identity: DebugIdentity?
    var types: Range<Int>?
    try scanner.members { key, scanner throws(ReadError) in
      switch key {
      case "symbols":
        symbols.reserveCapacity(40_000)
        try scanner.members { name, scanner throws(ReadError) in
          var address: UInt64?
          var linkage: String?
          try scanner.members { field, scanner throws(ReadError) in
            switch field {
            case "address": address = try scanner.unsigned()
            case "linkage_name": linkage = try scanner.string()
            default: try scanner.skip()
            }
          }
          // The table's producer strips one leading underscore, which x64 names do not carry as decoration; linkage_name
          // keeps the real one (`__C_specific_handler`). A name that begins with DEL is the linker's, not code's.
          if let address, let offset = UInt32(exactly: address) {
            let real = linkage.flatMap { $0.utf8.first == 0x7F ? nil : $0 } ?? name
            symbols.append(Symbol(offset: offset, name: real))
          }
        }
      case "metadata":
        identity = try Self.identity(&scanner)
      case "user_types":
        let start = scanner.position
        try scanner.skip()
        types = start..<scanner.position
      default:
        try scanner.skip()
      }
    }
    self.init(identity: identity, symbols: symbols)
    isfTypes = types.map { ISFTypeSource(Array(bytes[$0])) }
  }

  private static func identity(_ scanner: inout JSONScanner) throws(ReadError) -> DebugIdentity? {
    var name: String?
    var guid: String?
    var age: UInt64?
    try scanner.members { key, scanner throws(ReadError) in
      guard key == "windows" else { return try scanner.skip() }
      try scanner.members { key, scanner throws(ReadError) in
        guard key == "pdb" else { return try scanner.skip() }
        try scanner.members { key, scanner throws(ReadError) in
          switch key {
          case "GUID": guid = try scanner.string()
          case "age": age = try scanner.unsigned()
          case "database": name = try scanner.string()
          default: try scanner.skip()
          }
        }
      }
    }
    guard let name, let guid else { return nil }
    return DebugIdentity(name: name, guid: guid.uppercased(), age: UInt32(clamping: age ?? 0))
  }
}
