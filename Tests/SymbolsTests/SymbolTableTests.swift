import ByteReading
import Facts
import Foundation
import Testing

@testable import Symbols

@Suite struct SymbolTableTests {
  static let isf = """
    {
      "metadata": {
        "format": "6.2.0", "producer": {"name": "test", "version": "1"},
        "windows": {"pdb": {"GUID": "5278aff86c341677d7d7835c85b7b844", "age": 1, "database": "ntkrnlmp.pdb",
                            "machine_type": 34404}, "pe": {"major": 10}}
      },
      "base_types": {"char": {"size": 1, "signed": true, "kind": "char", "endian": "little"}},
      "user_types": {"_X": {"size": 4, "fields": {"a{b\\"}]": {"offset": 0, "type": {"kind": "base", "name": "char"}}}}},
      "enums": {},
      "symbols": {
        "KeBugCheckEx": {"address": 4096},
        "C_specific_handler": {"address": 8192, "linkage_name": "__C_specific_handler"},
        "Data": {"type": {"kind": "array", "count": 3, "subtype": {"kind": "base", "name": "char"}}, "address": 12288},
        "??_C@_0M@text": {"address": 16384},
        "Alias2": {"address": 20480}, "Alias1": {"address": 20480}, "__imp_Alias0": {"address": 20480},
        "Far": {"address": 18446744073709551615},
        "NoAddress": {"type": {}},
        "\\u0046unction\\twith \\"escapes\\"": {"address": 24576}
      }
    }
    """

  private func table(_ text: String = isf) throws(ReadError) -> SymbolTable { try SymbolTable(isf: Array(text.utf8)) }

  @Test func identityAndSymbols() throws {
    let table = try table()
    #expect(
      table.identity == DebugIdentity(name: "ntkrnlmp.pdb", guid: "5278AFF86C341677D7D7835C85B7B844", age: 1))
    #expect(table.symbols.map(\.offset) == [4096, 8192, 12288, 16384, 20480, 24576])
    #expect(table.offset(of: "KeBugCheckEx") == 4096)
    #expect(table.symbols.last?.name == "Function\twith \"escapes\"")
    #expect(table.offset(of: "Far") == nil)
  }

  /// The producer strips an underscore that x64 names do not carry as decoration; linkage_name has the real one.
  @Test func linkageNames() throws {
    #expect(try table().offset(of: "__C_specific_handler") == 8192)
    #expect(try table().offset(of: "C_specific_handler") == nil)
  }

  /// At one address functions come before data, then by the alphabet: the answer does not depend on the order in the file.
  @Test func aliases() throws {
    #expect(try table().nearest(to: 20480)?.name == "Alias1")
  }

  @Test func functionNames() throws {
    let table = try table()
    #expect(table.function(at: 4096) == "KeBugCheckEx")
    #expect(table.function(at: 4096 + 0x69) == "KeBugCheckEx+0x69")
    #expect(table.function(at: 4095) == nil)
    #expect(table.function(at: 16384) == nil, "a string literal is no function")
    #expect(table.function(at: 24576 + SymbolTable.maximumFunctionBytes - 1) != nil)
    #expect(table.function(at: 24576 + SymbolTable.maximumFunctionBytes) == nil)
    #expect(table.function(at: .max) == nil)
    #expect(SymbolTable(identity: nil, symbols: []).nearest(to: 1) == nil)
  }

  @Test func nearestAgreesWithASlowSearch() throws {
    let symbols = (0..<200).map { SymbolTable.Symbol(offset: UInt32($0 * $0 % 911), name: "s\($0)") }
    let table = SymbolTable(identity: nil, symbols: symbols)
    for offset in 0..<1000 as Range<UInt64> {
      #expect(table.nearest(to: offset)?.offset == symbols.map(\.offset).filter { UInt64($0) <= offset }.max())
    }
  }

  @Test(arguments: [
    "", " ", "[]", "{", "{\"symbols\"", "{\"symbols\":", "{\"symbols\":{", "{\"symbols\":{\"a\":}}", "{\"symbols\":[]}",
    "{\"symbols\":{\"a\":{\"address\":-1}}}", "{\"symbols\":{\"a\":{\"address\":\"1\"}}}",
    "{\"symbols\":{\"a\":{\"address\":18446744073709551616}}}", "{\"a\":\"", "{\"a\":\"\\",
    "{\"symbols\":{\"\\u12\":{}}}",
    "{\"metadata\":{\"windows\":{\"pdb\":{\"GUID\":7}}}}", "{\"a\":1,}", "{\"a\":]}", "{\"a\":,}", "{\"a\" 1}", "{a:1}",
    "{\"symbols\":{\"a\":{\"address\":1}}", "\u{FEFF}{}",
  ])
  func malformedJSON(text: String) {
    let error = #expect(throws: ReadError.self) { try SymbolTable(isf: Array(text.utf8)) }
    #expect(error?.kind == .malformed)
    if case .file(let offset)? = error?.position { #expect(offset <= UInt64(text.utf8.count) + 1) }
  }

  @Test func everyPrefixIsRefused() throws {
    let bytes = Array(Self.isf.utf8)
    for end in 0..<bytes.count {
      #expect(throws: ReadError.self, "cut at \(end)") { try SymbolTable(isf: Array(bytes.prefix(end))) }
    }
    _ = try SymbolTable(isf: bytes)
  }

  /// 64 levels are read, 65 are refused: both in a value that is passed over and behind one that is read.
  @Test func nestingLimit() throws {
    func nested(_ depth: Int) -> String {
      "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    _ = try table(nested(63))
    #expect(throws: ReadError.self) { try table(nested(64)) }
    #expect(throws: ReadError.self) { try table(String(repeating: "{\"symbols\":", count: 100_000)) }
    #expect(throws: ReadError.self) { try table(nested(1_000_000)) }
  }

  @Test func bytesThatAreNoUTF8() throws {
    let bytes = Array("{\"symbols\":{\"".utf8) + [0xFF, 0xC0, 0x80] + Array("\":{\"address\":1}}}".utf8)
    #expect(try SymbolTable(isf: bytes).symbols.count == 1)
  }

  /// Every byte of a table changed in turn, to values that break a scanner.
  @Test func mutations() {
    let bytes = Array(Self.isf.utf8)
    var read = 0
    for index in bytes.indices {
      for byte in [0x00, 0x22, 0x5C, 0x7B, 0x5D, 0xFF, 0x39] as [UInt8] {
        var changed = bytes
        changed[index] = byte
        if (try? SymbolTable(isf: changed)) != nil { read += 1 }
      }
    }
    #expect(read > 0)
  }
}
