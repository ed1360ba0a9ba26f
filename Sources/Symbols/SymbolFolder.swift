import ByteReading
import Facts
import Synchronization

/// Folders of symbol tables, laid out as Volatility does (`NAME.pdb/GUID-AGE.json`, also `.json.xz`), at any depth.
public struct SymbolFolder: Sendable {
  /// How a table came to be used for a module.
  public enum Match: Hashable, Sendable {
    /// GUID and age agree with the module's own debug identity, or with that of the one kernel build the addresses fit.
    case identity
    /// Only the PDB's name agrees: the names may belong to another build.
    case nameOnly
  }

  public struct Entry: Hashable, Sendable {
    public var path: String
    public var identity: DebugIdentity
  }

  /// Files looked at below the folder; symbol stores of whole fleets are larger, but are asked by path, not listed.
  public static let maximumEntries = 200_000
  static let maximumDepth = 8

  public private(set) var entries: [Entry] = []
  /// Tables read once: many dumps of one build share theirs.
  private let cache = SymbolCache()

  public init(paths: [String]) {
    for path in paths { list(path, depth: 0) }
    entries.sort { ($0.identity.name, $0.identity.guid, $0.path) < ($1.identity.name, $1.identity.guid, $1.path) }
  }

  private mutating func list(_ path: String, depth: Int) {
    guard depth < Self.maximumDepth, entries.count < Self.maximumEntries,
      let names = try? folderNames(path)
    else { return }
    for name in names {
      let child = path + "/" + name
      if let entry = Self.entry(child) {
        entries.append(entry)
      } else if !name.contains(".json") {
        list(child, depth: depth + 1)
      }
    }
  }

  /// `…/ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B844-1.json.xz` → its identity.
  static func entry(_ path: String) -> Entry? {
    let parts = path.split(separator: "/")
    guard let file = parts.last, parts.count >= 2, file.hasSuffix(".json") || file.hasSuffix(".json.xz"),
      let stem = file.split(separator: ".").first
    else { return nil }
    let halves = stem.split(separator: "-")
    guard halves.count == 2, halves[0].utf8.count == 32, halves[0].allSatisfy(\.isHexDigit),
      let age = UInt32(halves[1], radix: 16)
    else { return nil }
    return Entry(
      path: path,
      identity: DebugIdentity(name: String(parts[parts.count - 2]), guid: halves[0].uppercased(), age: age))
  }

  public func find(_ identity: DebugIdentity) -> Entry? {
    entries.first {
      $0.identity.guid == identity.guid.uppercased() && $0.identity.age == identity.age
        && $0.identity.name.lowercased() == identity.name.lowercased()
    }
  }

  /// The only table of a PDB name, where there is just one.
  public func findByName(_ name: String) -> Entry? {
    let found = entries.filter { $0.identity.name.lowercased() == name.lowercased() }
    return found.count == 1 ? found[0] : nil
  }

  public func load(_ entry: Entry) throws -> SymbolTable {
    if let table = cache[entry.path] { return table }
    let file = try MappedFile(path: entry.path)
    let bytes = XZ.matches(file.bytes) ? try XZ.decompress(file.array()) : file.array()
    var table = try SymbolTable(isf: bytes)
    if table.identity == nil { table.identity = entry.identity }
    cache[entry.path] = table
    return table
  }
}

/// The symbol tables of this run, by path.
private final class SymbolCache: Sendable {
  /// A kernel's table takes 3 MB; a fleet on a few dozen builds fits.
  static let maximumTables = 64

  private let tables = Mutex<[String: SymbolTable]>([:])

  subscript(path: String) -> SymbolTable? {
    get { tables.withLock { $0[path] } }
    set {
      tables.withLock { tables in
        if tables.count < Self.maximumTables { tables[path] = newValue }
      }
    }
  }
}
