import ByteReading
import Facts
import Synchronization

/// Structure types by name, from a symbol table of either kind.
public protocol TypeSource: Sendable {
  /// Bytes from a structure's beginning to a field, or to a field of a field: `Header.Type`. nil where there is none.
  func offset(of field: String, in type: String) throws(ReadError) -> UInt64?
  /// Bytes of a structure; nil where no such type is defined.
  func size(of type: String) throws(ReadError) -> UInt64?
}

/// A PDB's types, read when the first one is asked for and kept.
public final class PDBTypeSource: TypeSource {
  private let pdb: PDBFile
  private let cache = Mutex<Result<PDBTypes?, ReadError>?>(nil)

  init(_ pdb: PDBFile) { self.pdb = pdb }

  /// nil where the database has no types. Throws where they cannot be read.
  public func types() throws(ReadError) -> PDBTypes? {
    try cache.withLock { cache in
      if let cache { return cache }
      let result = Result { () throws(ReadError) in try pdb.types() }
      cache = result
      return result
    }.get()
  }

  /// Bytes from a structure's beginning to a field, or to a field of a field: `Header.Type`. nil where there is none.
  public func offset(of field: String, in type: String) throws(ReadError) -> UInt64? {
    guard let types = try types(), var layout = try types.layout(named: type) else { return nil }
    var offset: UInt64 = 0
    let parts = field.split(separator: ".")
    for (index, part) in parts.enumerated() {
      guard let found = layout.fields.first(where: { $0.name == part }) else { return nil }
      offset &+= found.offset
      if index < parts.count - 1 { layout = try types.layout(of: found.type) }
    }
    return parts.isEmpty ? nil : offset
  }

  public func size(of type: String) throws(ReadError) -> UInt64? { try types()?.layout(named: type)?.size }
}

extension PDBFile {
  /// Reads the type stream and the places of its records; nil where the database has none.
  public func types() throws(ReadError) -> PDBTypes? {
    guard let bytes = try container.stream(Self.typeStream), !bytes.isEmpty else { return nil }
    return try PDBTypes(bytes, pointerSize: UInt64(architecture?.pointerSize ?? 8))
  }
}
