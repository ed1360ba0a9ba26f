import ByteReading
import Facts

/// A program database: the symbols and types of one build of one image.
///
/// Opening it reads the container's directory, the identity and the headers of the debug information; symbols and types are
/// read when asked. Source: llvm.org/docs/PDB.
public struct PDBFile: Sendable {
  public let container: MSFFile
  /// Version of the information stream: 20000404 from Visual C++ 7.0 on.
  public let version: UInt32
  /// When the database was made, seconds since 1970, or a hash.
  public let signature: UInt32
  /// 32 upper-case digits; nil before version 7.0, where the signature takes its place.
  public let guid: String?
  /// Counts writes to the database. An image carries `DebugStreams.age`, which only the linker counts up.
  public let writes: UInt32
  public let namedStreams: [String: Int]
  /// nil where the database has no debug information or it cannot be read: `problems` says why.
  public let debug: DebugStreams?
  public let problems: [ReadError]
  public let path: String

  static let informationStream = 1
  static let typeStream = 2
  static let debugStream = 3

  public static func matches(firstBytes bytes: RawSpan) -> Bool { MSFFile.matches(firstBytes: bytes) }

  public init(parsing file: MappedFile) throws(ReadError) {
    let container = try MSFFile(parsing: file)
    self.container = container
    path = file.path
    guard let information = try container.stream(Self.informationStream), information.count >= 12 else {
      throw ReadError(
        .malformed, reading: "PDB information stream", expected: "stream 1 with at least 12 bytes",
        found: "\(container.streamSizes.dropFirst().first.flatMap { $0 } ?? 0) bytes")
    }
    let span = information.span.bytes
    func word(_ at: Int) -> UInt32 { span.loadIfPresent(at: at, as: UInt32.self) ?? 0 }
    version = word(0)
    signature = word(4)
    writes = word(8)
    // From Visual C++ 7.0 on a GUID follows; newer versions are smaller numbers than 2.00's dates would allow by accident.
    var problems: [ReadError] = []
    if version >= 20_000_404, information.count >= 28 {
      let order = [15, 14, 13, 12, 17, 16, 19, 18] + Array(20..<28)
      guid = order.map { String(hexadecimal(UInt64(information[$0]), digits: 2).dropFirst(2)) }.joined().uppercased()
      do {
        namedStreams = try Self.names(information)
      } catch {
        namedStreams = [:]
        problems.append(error)
      }
    } else {
      guid = nil
      namedStreams = [:]
    }
    var debug: DebugStreams?
    do {
      debug = try container.stream(Self.debugStream).flatMap { stream throws(ReadError) in try DebugStreams(stream) }
    } catch {
      problems.append(error)
    }
    self.debug = debug
    self.problems = problems
  }

  /// Name, GUID (or signature) and age as an image states them and a symbol store spells them.
  public var identity: DebugIdentity {
    let name = path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? path
    return DebugIdentity(
      name: name,
      guid: guid ?? String(hexadecimal(UInt64(signature), digits: 8).dropFirst(2)).uppercased(),
      age: debug?.age ?? writes)
  }

  public var architecture: Architecture? {
    debug.flatMap { $0.machineType == 0 ? nil : Architecture(machineType: $0.machineType) }
  }

  /// The named-stream map: a buffer of names, then a hash table of offset and stream number
  /// (llvm.org/docs/PDB/PdbStream.html, HashTable.html).
  private static func names(_ bytes: [UInt8]) throws(ReadError) -> [String: Int] {
    var reader = ByteReader(bytes.span.bytes)
    try reader.seek(to: 28)
    let size = Int(try reader.read(UInt32.self, "names' size"))
    let start = reader.offset
    try reader.skip(size, reading: "names")
    let count = Int(try reader.read(UInt32.self, "names' count"))
    _ = try reader.read(UInt32.self, "names' capacity")
    for _ in 0..<2 {
      let words = Int(try reader.read(UInt32.self, "bit vector's size"))
      guard words <= reader.remaining / 4 else {
        throw ReadError(
          .malformed, reading: "bit vector's size", at: .nowhere, expected: "at most \(reader.remaining / 4)",
          found: String(words), trail: ["named streams"])
      }
      try reader.skip(4 * words)
    }
    var result: [String: Int] = [:]
    for _ in 0..<min(count, reader.remaining / 8) {
      let offset = Int(try reader.read(UInt32.self))
      let stream = Int(try reader.read(UInt32.self))
      guard offset < size else { continue }
      let name = bytes[(start + offset)..<(start + size)].prefix { $0 != 0 }
      result[String(decoding: name, as: UTF8.self)] = stream
    }
    return result
  }
}
