import ByteReading
import Facts

/// The debug information stream of a PDB: its header, modules and the numbers of the streams beside it
/// (llvm.org/docs/PDB/DbiStream.html).
public struct DebugStreams: Hashable, Sendable {
  public struct Module: Hashable, Sendable {
    public var name: String
    /// nil where the module has no symbols of its own.
    public var stream: Int?
    /// Bytes of symbols at the stream's beginning.
    public var symbolBytes: Int
  }

  /// A stretch of a section that one module gave.
  public struct Contribution: Hashable, Sendable {
    /// Counted from one.
    public var section: UInt16
    public var offset: UInt32
    public var size: UInt32
    public var characteristics: UInt32
    public var module: UInt16
  }

  /// Streams of the optional debug header, by their place in it.
  public enum Optional {
    public static let framePointerOmission = 0
    public static let omapToSource = 3
    public static let omapFromSource = 4
    public static let sectionHeaders = 5
    public static let newFramePointerOmission = 9
    public static let originalSectionHeaders = 10
  }

  public var version: UInt32
  /// As the image states it.
  public var age: UInt32
  public var machineType: UInt16
  public var globals: Int?
  public var publics: Int?
  public var symbolRecords: Int?
  /// 1 incrementally linked, 2 stripped of private symbols.
  public var flags: UInt16
  public var modules: [Module]
  public var contributions: [Contribution]
  /// nil where the header has no such stream.
  public var optional: [Int?]

  public func optional(_ index: Int) -> Int? { optional.indices.contains(index) ? optional[index] : nil }

  static let headerBytes = 64
  static let maximumModules = 0x1_0000
  static let contributionVersions: [UInt32: Int] = [0xF12E_BA2D: 28, 0xF131_51E4: 32]

  /// nil where the stream is empty.
  init?(_ bytes: [UInt8]) throws(ReadError) {
    guard !bytes.isEmpty else { return nil }
    let span = bytes.span.bytes
    func word(_ at: Int) throws(ReadError) -> UInt32 { try span.load(at: at, as: UInt32.self, reading: "DBI header") }
    func half(_ at: Int) throws(ReadError) -> UInt16 { try span.load(at: at, as: UInt16.self, reading: "DBI header") }
    func stream(_ number: UInt16) -> Int? { number == .max ? nil : Int(number) }
    func size(_ at: Int) throws(ReadError) -> Int {
      let value = Int(Int32(bitPattern: try word(at)))
      guard value >= 0, value <= bytes.count else {
        throw ReadError(
          .malformed, reading: "DBI header +\(at)", expected: "at most the stream's \(bytes.count) bytes",
          found: String(value))
      }
      return value
    }
    guard try word(0) == .max else {
      throw ReadError(
        .unsupported, reading: "DBI header", expected: "the mark ffffffff of Visual C++ 4.1 and later",
        found: hexadecimal(UInt64(try word(0)), digits: 8))
    }
    version = try word(4)
    age = try word(8)
    globals = stream(try half(12))
    publics = stream(try half(16))
    symbolRecords = stream(try half(20))
    flags = try half(56)
    machineType = try half(58)
    let moduleBytes = try size(24)
    let contributionBytes = try size(28)
    // Then the section map, file information, type servers, edit-and-continue and last the optional header.
    var header = Self.headerBytes
    for field in [24, 28, 32, 36, 40, 52] { header += try size(field) }
    let optionalBytes = try size(48)
    optional = (0..<(optionalBytes / 2)).map { index in
      span.loadIfPresent(at: header + 2 * index, as: UInt16.self).flatMap(stream)
    }
    modules = Self.modules(bytes, from: Self.headerBytes, to: min(bytes.count, Self.headerBytes + moduleBytes))
    contributions = Self.contributions(
      bytes, from: Self.headerBytes + moduleBytes,
      to: min(bytes.count, Self.headerBytes + moduleBytes + contributionBytes))
  }

  private static func modules(_ bytes: [UInt8], from start: Int, to end: Int) -> [Module] {
    let span = bytes.span.bytes
    var modules: [Module] = []
    var at = start
    while at + 64 <= end, modules.count < maximumModules {
      let stream = span.loadIfPresent(at: at + 34, as: UInt16.self) ?? .max
      let size = span.loadIfPresent(at: at + 36, as: UInt32.self) ?? 0
      let name = bytes[(at + 64)..<end].prefix { $0 != 0 }
      let object = bytes[min(end, name.endIndex + 1)..<end].prefix { $0 != 0 }
      modules.append(
        Module(
          name: decodeText(Array(name)).text, stream: stream == .max ? nil : Int(stream), symbolBytes: Int(size)))
      at = (object.endIndex + 1 + 3) & ~3
    }
    return modules
  }

  private static func contributions(_ bytes: [UInt8], from start: Int, to end: Int) -> [Contribution] {
    let span = bytes.span.bytes
    guard start + 4 <= end, let version = span.loadIfPresent(at: start, as: UInt32.self),
      let size = contributionVersions[version]
    else { return [] }
    let count = (end - start - 4) / size
    var result: [Contribution] = []
    result.reserveCapacity(count)
    for index in 0..<count {
      let at = start + 4 + size * index
      func word(_ offset: Int) -> UInt32 { span.loadIfPresent(at: at + offset, as: UInt32.self) ?? 0 }
      result.append(
        Contribution(
          section: UInt16(truncatingIfNeeded: word(0)), offset: word(4), size: word(8), characteristics: word(12),
          module: UInt16(truncatingIfNeeded: word(16))))
    }
    return result
  }
}
