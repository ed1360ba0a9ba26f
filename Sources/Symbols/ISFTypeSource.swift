import ByteReading
import Facts
import Synchronization

/// The types of a Volatility 3 table: `user_types: {NAME: {size, fields: {FIELD: {offset, type: {kind, name}}}}}`
/// (volatility3/schemas/schema-6.2.0.json). Where each type stands is listed when the first one is asked for; a type is read
/// when it is.
public final class ISFTypeSource: TypeSource {
  struct Field: Hashable {
    var offset: UInt64
    /// Of embedded structures and unions.
    var structure: String?
  }

  struct Structure {
    var size: UInt64?
    var fields: [String: Field] = [:]
  }

  /// Kernels define three thousand.
  static let maximumTypes = 1 << 16
  /// A structure in a structure in a structure: deeper names are none.
  static let maximumParts = 16

  private let bytes: [UInt8]
  private let places = Mutex<Result<[String: Int], ReadError>?>(nil)
  private let known = Mutex<[String: Structure]>([:])

  /// - Parameter bytes: the object `user_types` alone.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private func place(_ type: String) throws(ReadError) -> Int? {
    try places.withLock { places in
      if let places { return places }
      let result = Result { () throws(ReadError) in
        var scanner = JSONScanner(bytes, at: 0)
        var found: [String: Int] = [:]
        try scanner.members { name, scanner throws(ReadError) in
          if found.count < Self.maximumTypes { found[name] = scanner.position }
          try scanner.skip()
        }
        return found
      }
      places = result
      return result
    }.get()[type]
  }

  private func structure(_ type: String) throws(ReadError) -> Structure? {
    if let found = known.withLock({ $0[type] }) { return found }
    guard let place = try place(type) else { return nil }
    var scanner = JSONScanner(bytes, at: place)
    var structure = Structure()
    try scanner.members { key, scanner throws(ReadError) in
      switch key {
      case "size": structure.size = try scanner.unsigned()
      case "fields":
        try scanner.members { name, scanner throws(ReadError) in structure.fields[name] = try Self.field(&scanner) }
      default: try scanner.skip()
      }
    }
    known.withLock { $0[type] = structure }
    return structure
  }

  private static func field(_ scanner: inout JSONScanner) throws(ReadError) -> Field? {
    var offset: UInt64?
    var kind: String?
    var name: String?
    try scanner.members { key, scanner throws(ReadError) in
      switch key {
      case "offset": offset = try scanner.unsigned()
      case "type":
        try scanner.members { key, scanner throws(ReadError) in
          switch key {
          case "kind": kind = try scanner.string()
          case "name": name = try scanner.string()
          default: try scanner.skip()
          }
        }
      default: try scanner.skip()
      }
    }
    return offset.map { Field(offset: $0, structure: kind == "struct" || kind == "union" ? name : nil) }
  }

  public func offset(of field: String, in type: String) throws(ReadError) -> UInt64? {
    var next: String? = type
    var offset: UInt64 = 0
    let parts = field.split(separator: ".")
    guard !parts.isEmpty, parts.count <= Self.maximumParts else { return nil }
    for part in parts {
      guard let name = next, let found = try structure(name)?.fields[String(part)] else { return nil }
      offset &+= found.offset
      next = found.structure
    }
    return offset
  }

  public func size(of type: String) throws(ReadError) -> UInt64? { try structure(type)?.size }
}
