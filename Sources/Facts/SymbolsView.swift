/// What a file of symbols says of itself, as reports print it.
public struct SymbolsView: Hashable, Sendable {
  /// `PDB 7.00`, `PDB 2.00`, `ISF`.
  public var form: String
  public var name: String?
  /// 32 digits of a GUID, or 8 of a signature before version 7.00.
  public var identifier: String?
  /// As the image states it.
  public var age: UInt32?
  /// Writes to the database, which may be more.
  public var writes: UInt32?
  public var architecture: Architecture?
  public var streams: Int?
  public var blockSize: Int?
  /// Names with addresses.
  public var symbols: Int?
  public var modules: Int?
  public var types: Int?
  /// Whether code was moved after linking, so that addresses go through a table.
  public var isMoved: Bool
  /// Whether private symbols were taken out; nil where it is not stated.
  public var isStripped: Bool?

  public init(
    form: String, name: String? = nil, identifier: String? = nil, age: UInt32? = nil, writes: UInt32? = nil,
    architecture: Architecture? = nil, streams: Int? = nil, blockSize: Int? = nil, symbols: Int? = nil,
    modules: Int? = nil, types: Int? = nil, isMoved: Bool = false, isStripped: Bool? = nil
  ) {
    self.form = form
    self.name = name
    self.identifier = identifier
    self.age = age
    self.writes = writes
    self.architecture = architecture
    self.streams = streams
    self.blockSize = blockSize
    self.symbols = symbols
    self.modules = modules
    self.types = types
    self.isMoved = isMoved
    self.isStripped = isStripped
  }
}
