import ByteReading
import Facts

/// The headers of an image: IMAGE_FILE_HEADER and IMAGE_OPTIONAL_HEADER (PE format, "COFF File Header", "Optional Header").
public struct ImageHeader: Hashable, Sendable {
  /// One of the optional header's tables: an address relative to the base, and bytes.
  public struct Directory: Hashable, Sendable {
    public var offset: UInt32
    public var size: UInt32
    public var isPresent: Bool { offset != 0 }
  }

  /// Indices of `directories` (PE format, "Optional Header Data Directories").
  public enum DirectoryIndex {
    public static let export = 0
    public static let importTable = 1
    public static let resource = 2
    public static let exception = 3
    public static let security = 4
    public static let debug = 6
  }

  /// IMAGE_FILE_HEADER.Machine.
  public var machineType: UInt16
  public var sectionCount: Int
  public var timestamp: UInt32
  /// IMAGE_FILE_* bits.
  public var characteristics: UInt16
  /// PE32+ (magic 0x20B): 64-bit addresses.
  public var is64Bit: Bool
  public var linkerMajor: UInt8
  public var linkerMinor: UInt8
  public var entryPoint: UInt32
  /// The base the image would like.
  public var preferredBase: UInt64
  public var sectionAlignment: UInt32
  public var fileAlignment: UInt32
  public var imageSize: UInt32
  public var headerSize: UInt32
  public var checksum: UInt32
  /// IMAGE_SUBSYSTEM_*: 1 native, 2 windowed, 3 console.
  public var subsystem: UInt16
  /// IMAGE_DLLCHARACTERISTICS_* bits.
  public var dllCharacteristics: UInt16
  /// At most sixteen.
  public var directories: [Directory]

  /// Where `PE\0\0` stands, from the image's beginning.
  public var signatureOffset: UInt64
  /// Where the checksum and the table of sections stand.
  public var checksumOffset: UInt64
  public var sectionTableOffset: UInt64

  public var architecture: Architecture { Architecture(machineType: machineType) }

  public func directory(_ index: Int) -> Directory? {
    guard directories.indices.contains(index), directories[index].isPresent else { return nil }
    return directories[index]
  }

  static let maximumDirectories = 16
  /// Bytes of PE32+'s optional header with all sixteen directories.
  static let largestOptionalHeader = 240
  /// As far as IMAGE_OPTIONAL_HEADER.DllCharacteristics; a file may end behind, and the loader reads zeros there.
  static let leastOptionalHeader = 72

  /// Throws where the bytes are no PE image, and says what they are instead.
  init(_ memory: any ImageMemory, absence: Absence, position: (UInt64) -> ReadError.Position) throws(ReadError) {
    func failure(
      _ kind: Absence, _ reading: String, _ offset: UInt64, _ expected: String, _ found: String
    ) -> ReadError {
      ReadError(kind, reading: reading, at: position(offset), expected: expected, found: found, trail: ["PE image"])
    }
    guard let mark = memory.load16(at: 0) else {
      throw failure(absence, "MZ", 0, "the two bytes MZ", "no bytes")
    }
    guard mark == 0x5A4D else {
      throw failure(.malformed, "MZ", 0, "the two bytes MZ", hexadecimal(UInt64(mark), digits: 4))
    }
    guard let newHeader = memory.load32(at: 0x3C) else {
      throw failure(absence, "e_lfanew", 0x3C, "4 bytes", "the end: a DOS program or a cut file")
    }
    let start = UInt64(newHeader)
    guard let signature = memory.load32(at: start) else {
      throw Self.refusal(memory.load16(at: start), at: start, found: nil, failure)
    }
    guard signature == 0x0000_4550 else {
      throw Self.refusal(UInt16(truncatingIfNeeded: signature), at: start, found: signature, failure)
    }
    guard let machine = memory.load16(at: start + 4), let sections = memory.load16(at: start + 6),
      let stamp = memory.load32(at: start + 8), let optionalSize = memory.load16(at: start + 20),
      let flags = memory.load16(at: start + 22), let magic = memory.load16(at: start + 24)
    else { throw failure(absence, "IMAGE_FILE_HEADER", start + 4, "22 bytes", "the end") }
    guard magic == 0x10B || magic == 0x20B else {
      throw failure(
        magic == 0x107 ? .unsupported : .malformed, "IMAGE_OPTIONAL_HEADER.Magic", start + 24, "0x10b or 0x20b",
        magic == 0x107 ? "0x107, a ROM image" : hexadecimal(UInt64(magic), digits: 4))
    }
    // A tiny image ends within its optional header; what is behind the end reads as zero, as the loader maps it.
    var optional = memory.available(at: start + 24, limit: Self.largestOptionalHeader)
    guard optional.count >= Self.leastOptionalHeader else {
      throw failure(
        absence, "IMAGE_OPTIONAL_HEADER", start + 24, "at least \(Self.leastOptionalHeader) bytes",
        "\(optional.count) to the end")
    }
    optional.append(contentsOf: repeatElement(0, count: Self.largestOptionalHeader - optional.count))
    let bytes = optional.span.bytes
    func byte(_ at: Int) -> UInt8 { bytes.loadIfPresent(at: at, as: UInt8.self) ?? 0 }
    func half(_ at: Int) -> UInt16 { bytes.loadIfPresent(at: at, as: UInt16.self) ?? 0 }
    func word(_ at: Int) -> UInt32 { bytes.loadIfPresent(at: at, as: UInt32.self) ?? 0 }
    machineType = machine
    sectionCount = Int(sections)
    timestamp = stamp
    characteristics = flags
    is64Bit = magic == 0x20B
    linkerMajor = byte(2)
    linkerMinor = byte(3)
    entryPoint = word(16)
    preferredBase = is64Bit ? bytes.loadIfPresent(at: 24, as: UInt64.self) ?? 0 : UInt64(word(28))
    sectionAlignment = word(32)
    fileAlignment = word(36)
    imageSize = word(56)
    headerSize = word(60)
    checksum = word(64)
    subsystem = half(68)
    dllCharacteristics = half(70)
    let table = is64Bit ? 112 : 96
    let count = min(Int(word(table - 4)), Self.maximumDirectories)
    directories = (0..<count).map { Directory(offset: word(table + 8 * $0), size: word(table + 8 * $0 + 4)) }
    signatureOffset = start
    checksumOffset = start + 24 + 64
    sectionTableOffset = start + 24 + UInt64(optionalSize)
  }

  /// What stands where `PE\0\0` should: older formats begin with the same MZ.
  private static func refusal(
    _ mark: UInt16?, at offset: UInt64, found: UInt32?,
    _ failure: (Absence, String, UInt64, String, String) -> ReadError
  ) -> ReadError {
    let expected = "the signature PE"
    switch mark {
    case 0x454E: return failure(.unsupported, "signature", offset, expected, "NE, a 16-bit Windows or OS/2 program")
    case 0x454C: return failure(.unsupported, "signature", offset, expected, "LE, a virtual device driver")
    case 0x584C: return failure(.unsupported, "signature", offset, expected, "LX, an OS/2 program")
    case nil: return failure(.unsupported, "signature", offset, expected, "no bytes there: a DOS program or a cut file")
    default:
      let text = found.map { hexadecimal(UInt64($0), digits: 8) } ?? "the end"
      return failure(.unsupported, "signature", offset, expected, "\(text): a DOS program or no program at all")
    }
  }
}
