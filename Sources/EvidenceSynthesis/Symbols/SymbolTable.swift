import Facts

/// The symbols of one described module, written as a Volatility 3 symbol table (ISF, JSON), which debuggers of dumps read.
/// Names of real modules' functions are real; where a build's addresses are not public they are invented, and the table's
/// identity with them.
public struct SynthesizedSymbolTable: Hashable, Sendable {
  /// File name of the module: `netbt.sys`.
  public var module: String
  /// `netbt.pdb`.
  public var database: String
  /// 32 hexadecimal digits, upper case.
  public var guid: String
  public var age: UInt32
  /// IMAGE_FILE_HEADER.Machine.
  public var machineType: UInt16
  /// Addresses relative to the module's base.
  public var symbols: [String: UInt32]

  public init(
    module: String, database: String, guid: String, age: UInt32 = 1, machineType: UInt16, symbols: [String: UInt32]
  ) {
    self.module = module
    self.database = database
    self.guid = guid
    self.age = age
    self.machineType = machineType
    self.symbols = symbols
  }

  /// `netbt.pdb/0123…-1.json`, the arrangement of Volatility's own `symbols/windows` folder.
  public var relativePath: String { "\(database)/\(guid)-\(age).json" }

  /// The table; symbols ascend by name.
  public func json() -> String {
    let entries = symbols.sorted { $0.key < $1.key }.map { name, address in
      "    \(Self.quoted(name)): {\"address\": \(address)}"
    }
    return """
      {
        "metadata": {
          "format": "6.2.0",
          "producer": {"name": "faultline Synthesize", "version": "1"},
          "windows": {
            "pdb": {"GUID": \(Self.quoted(guid)), "age": \(age), "database": \(Self.quoted(database)), \
      "machine_type": \(machineType)}
          }
        },
        "base_types": {},
        "user_types": {},
        "enums": {},
        "symbols": {
      \(entries.joined(separator: ",\n"))
        }
      }

      """
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case " "...: result.unicodeScalars.append(scalar)
      default: result += "?"
      }
    }
    return result + "\""
  }
}
