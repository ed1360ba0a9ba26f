import ByteReading
import Facts
import Synchronization

/// Folders of symbol tables, at any depth: laid out as Volatility does (`NAME.pdb/GUID-AGE.json`, also `.json.xz`), as symbol
/// stores are (`NAME.pdb/GUIDAGE/NAME.pdb`), or PDB files anywhere.
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

    public init(path: String, identity: DebugIdentity) {
      self.path = path
      self.identity = identity
    }
  }

  /// Files looked at below the folder; symbol stores of whole fleets are larger, but are asked by path, not listed.
  public static let maximumEntries = 200_000
  static let maximumDepth = 8

  public private(set) var entries: [Entry] = []
  /// PDB files whose path says nothing of their identity: opened only when one of that name is asked for.
  public private(set) var loose: [String] = []
  /// Tables read once: many dumps of one build share theirs.
  private let cache = SymbolCache()

  public init(paths: [String]) {
    for path in paths { list(path, depth: 0) }
    entries.sort { ($0.identity.name, $0.identity.guid, $0.path) < ($1.identity.name, $1.identity.guid, $1.path) }
    loose.sort()
  }

  private mutating func list(_ path: String, depth: Int) {
    guard depth < Self.maximumDepth, entries.count + loose.count < Self.maximumEntries,
      let names = try? folderNames(path)
    else { return }
    for name in names {
      let child = path + "/" + name
      if let entry = Self.entry(child) {
        entries.append(entry)
      } else if Self.isDatabase(name), FileStatus.of(child) == .file {
        if let entry = Self.storeEntry(child) { entries.append(entry) } else { loose.append(child) }
      } else if !name.contains(".json"), !FileStatus.isSymbolicLink(child) {
        // Links to folders may lead in circles; the folder that was named may be one.
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

  /// `NAME.pdb`, or `NAME.pd_` as `compress` leaves it.
  static func isDatabase(_ name: some StringProtocol) -> Bool {
    let ending = name.suffix(4).lowercased()
    return ending == ".pdb" || ending == ".pd_"
  }

  /// `…/ntkrnlmp.pdb/5278AFF86C341677D7D7835C85B7B8441/ntkrnlmp.pdb` → its identity; nil where the folders say something else.
  static func storeEntry(_ path: String) -> Entry? {
    let parts = path.split(separator: "/")
    guard parts.count >= 3, let file = parts.last else { return nil }
    let folder = parts[parts.count - 3]
    guard folder.lowercased().dropLast() == file.lowercased().dropLast() else { return nil }
    let key = parts[parts.count - 2]
    // A GUID of 32 digits or, before PDB 7.00, a signature of 8; then the age.
    guard key.allSatisfy(\.isHexDigit) else { return nil }
    for digits in [32, 8] where (digits + 1...digits + 8).contains(key.utf8.count) {
      guard let age = UInt32(key.dropFirst(digits), radix: 16) else { return nil }
      return Entry(
        path: path, identity: DebugIdentity(name: String(folder), guid: key.prefix(digits).uppercased(), age: age))
    }
    return nil
  }

  public func find(_ identity: DebugIdentity) -> Entry? {
    let name = identity.name.lowercased()
    let found = entries.first {
      $0.identity.guid == identity.guid.uppercased() && $0.identity.age == identity.age
        && $0.identity.name.lowercased() == name
    }
    return found
      ?? loose(named: name).first { $0.identity.guid == identity.guid.uppercased() && $0.identity.age == identity.age }
  }

  /// The only table of a PDB name, where there is just one.
  public func findByName(_ name: String) -> Entry? {
    let name = name.lowercased()
    let found = entries.filter { $0.identity.name.lowercased() == name } + loose(named: name)
    return found.count == 1 ? found[0] : nil
  }

  /// Opens the databases that have a name but no identity in their path; those that cannot be read are passed over.
  private func loose(named name: String) -> [Entry] {
    loose.compactMap { path in
      let file = path.split(separator: "/").last?.lowercased() ?? ""
      guard file.dropLast() == name.dropLast() else { return nil }
      if let known = cache.identity(path) { return Entry(path: path, identity: known) }
      guard let database = try? Self.database(path) else { return nil }
      var identity = database.identity
      identity.name = name
      cache.keep(identity, path)
      return Entry(path: path, identity: identity)
    }
  }

  /// A database from its file; throws for one that is compressed in a way that is not read.
  static func database(_ path: String) throws -> PDBFile {
    let file = try MappedFile(path: path)
    guard Cabinet.matches(firstBytes: file.bytes) else { return try PDBFile(parsing: file) }
    let member = try Cabinet(parsing: file).firstMember()
    return try PDBFile(parsing: MappedFile(bytes: member, path: path))
  }

  public func load(_ entry: Entry) throws -> SymbolTable {
    if let table = cache[entry.path] { return table }
    var table: SymbolTable
    if Self.isDatabase(entry.path) {
      let database = try Self.database(entry.path)
      guard database.identity.guid == entry.identity.guid, database.identity.age == entry.identity.age else {
        throw ReadError(
          .malformed, reading: "PDB identity",
          expected: "\(entry.identity.guid)-\(entry.identity.age), as the path says",
          found: "\(database.identity.guid)-\(database.identity.age)")
      }
      table = try SymbolTable(pdb: database)
      table.identity = entry.identity
    } else {
      let file = try MappedFile(path: entry.path)
      let bytes = XZ.matches(file.bytes) ? try XZ.decompress(file.array()) : file.array()
      table = try SymbolTable(isf: bytes)
      if table.identity == nil { table.identity = entry.identity }
    }
    cache[entry.path] = table
    return table
  }
}

/// The symbol tables of this run, by path.
private final class SymbolCache: Sendable {
  /// A kernel's table takes 3 MB; a fleet on a few dozen builds fits.
  static let maximumTables = 64

  private let tables = Mutex<[String: SymbolTable]>([:])
  private let identities = Mutex<[String: DebugIdentity]>([:])

  func identity(_ path: String) -> DebugIdentity? { identities.withLock { $0[path] } }
  func keep(_ identity: DebugIdentity, _ path: String) { identities.withLock { $0[path] = identity } }

  subscript(path: String) -> SymbolTable? {
    get { tables.withLock { $0[path] } }
    set {
      tables.withLock { tables in
        if tables.count < Self.maximumTables { tables[path] = newValue }
      }
    }
  }
}
