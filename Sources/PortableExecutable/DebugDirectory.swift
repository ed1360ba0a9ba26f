import ByteReading
import Facts

/// What ties an image to the PDB of its build: a CodeView record, `RSDS` or `NB10`.
public struct CodeViewRecord: Hashable, Sendable {
  @frozen
  public enum Form: String, Hashable, Sendable {
    /// GUID and age, PDB 7.00.
    case rsds = "RSDS"
    /// A 32-bit signature and age, PDB 2.00.
    case nb10 = "NB10"
  }

  public var form: Form
  /// As symbol stores spell it, upper case: 32 digits of the GUID, or 8 of the signature.
  public var identifier: String
  public var age: UInt32
  /// The path the linker wrote.
  public var path: String

  /// The file's name without folders.
  public var name: String {
    path.split(whereSeparator: { $0 == "\\" || $0 == "/" }).last.map(String.init) ?? path
  }

  /// Throws where the bytes are neither form.
  public init(_ bytes: [UInt8]) throws(ReadError) {
    let span = bytes.span.bytes
    func failure(_ expected: String) -> ReadError {
      ReadError(
        .malformed, reading: "CodeView record", expected: expected,
        found: bytes.count < 4 ? "\(bytes.count) bytes" : decodeWindows1252(bytes[..<4]))
    }
    func text(at offset: Int) -> String { decodeText(Array(bytes[offset...].prefix { $0 != 0 })).text }
    if span.starts(with: "RSDS"), bytes.count >= 24, let age = span.loadIfPresent(at: 20, as: UInt32.self) {
      form = .rsds
      let order = [7, 6, 5, 4, 9, 8, 11, 10] + Array(12..<20)
      identifier = order.map { digits(UInt64(bytes[$0]), 2) }.joined()
      self.age = age
      path = text(at: 24)
    } else if span.starts(with: "NB10"), bytes.count >= 16, let signature = span.loadIfPresent(at: 8, as: UInt32.self),
      let age = span.loadIfPresent(at: 12, as: UInt32.self)
    {
      form = .nb10
      identifier = digits(UInt64(signature), 8)
      self.age = age
      path = text(at: 16)
    } else {
      throw failure("RSDS with 24 bytes or NB10 with 16")
    }
  }
}

/// Upper-case hexadecimal of a fixed length, as symbol stores spell it.
func digits(_ value: UInt64, _ count: Int) -> String {
  String(hexadecimal(value, digits: count).dropFirst(2)).uppercased()
}

/// An entry of the debug directory: IMAGE_DEBUG_DIRECTORY (PE format, "The .debug Section").
public struct DebugEntry: Hashable, Sendable {
  /// IMAGE_DEBUG_TYPE_*: an open set.
  public struct Kind: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let codeView = Kind(rawValue: 2)
    public static let framePointerOmission = Kind(rawValue: 3)
    /// Names the `.dbg` file into which the debug information was split.
    public static let misc = Kind(rawValue: 4)
    /// The build is reproducible: its timestamps are hashes of its content.
    public static let reproducible = Kind(rawValue: 16)
  }

  public var kind: Kind
  public var timestamp: UInt32
  public var size: UInt32
  /// Relative to the base; zero where the data is not mapped.
  public var offset: UInt32
  public var fileOffset: UInt32
}

/// What IMAGE_FILE_HEADER.TimeDateStamp is.
@frozen
public enum TimestampMeaning: Hashable, Sendable {
  case date
  /// A debug entry says that the build is reproducible: the number is a hash.
  case reproducibleBuild
  /// No image could be of that time, so the number is a hash.
  case outOfRange
  /// Zero or all ones: not stated.
  case notStated
}

extension PEImage {
  /// More entries than any linker writes; the rest is left out.
  static let maximumDebugEntries = 64
  /// A CodeView record holds a path: longer ones are cut.
  static let maximumRecord: UInt32 = 4096

  /// The debug directory; empty where the image has none.
  public func debugDirectory() throws(ReadError) -> [DebugEntry] {
    guard let directory = header.directory(ImageHeader.DirectoryIndex.debug) else { return [] }
    let count = min(Int(directory.size / 28), Self.maximumDebugEntries)
    guard let bytes = bytes(at: directory.offset, count: 28 * count) else {
      throw missing("debug directory", at: directory.offset, "\(28 * count) bytes")
    }
    let span = bytes.span.bytes
    return (0..<count).map { index in
      func word(_ at: Int) -> UInt32 { span.loadIfPresent(at: 28 * index + at, as: UInt32.self) ?? 0 }
      return DebugEntry(
        kind: .init(rawValue: word(12)), timestamp: word(4), size: word(16), offset: word(20), fileOffset: word(24))
    }
  }

  /// An entry's data; nil where it is not there. Files keep data that is not mapped at a file offset.
  public func data(of entry: DebugEntry) -> [UInt8]? {
    let size = Int(min(entry.size, Self.maximumRecord))
    if layout == .file, entry.fileOffset != 0 {
      let found = memory.available(at: UInt64(entry.fileOffset), limit: size)
      if !found.isEmpty { return found }
    }
    return entry.offset == 0 ? nil : bytes(at: entry.offset, count: size)
  }

  /// The first CodeView record that names a PDB; nil where there is none.
  public func codeView() throws(ReadError) -> CodeViewRecord? {
    var failure: ReadError?
    for entry in try debugDirectory() where entry.kind == .codeView {
      guard let data = data(of: entry) else {
        failure = failure ?? missing("CodeView record", at: entry.offset, "\(entry.size) bytes")
        continue
      }
      do {
        return try CodeViewRecord(data)
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return nil
  }

  /// The `.dbg` file that images of NT 4.0 and 2000 name: IMAGE_DEBUG_MISC.
  public func splitDebugFile() throws(ReadError) -> String? {
    for entry in try debugDirectory() where entry.kind == .misc {
      guard let data = data(of: entry), data.count > 12 else { continue }
      let text = data[12...]
      return data[8] != 0
        ? decodeUTF16(text).prefix { $0 != "\0" }.description : decodeWindows1252(text.prefix { $0 != 0 })
    }
    return nil
  }

  /// The first release of Windows NT's tools came after 1990; a signed 32-bit time ends in 2038.
  static let plausibleTimes: ClosedRange<UInt32> = 631_152_000...0x7FFF_FFFF

  public var timestampMeaning: TimestampMeaning {
    if (try? debugDirectory())?.contains(where: { $0.kind == .reproducible }) == true { return .reproducibleBuild }
    if header.timestamp == 0 || header.timestamp == .max { return .notStated }
    return Self.plausibleTimes.contains(header.timestamp) ? .date : .outOfRange
  }
}
