import ByteReading
import Facts

/// The first block of a registry hive or of one of its transaction logs.
///
/// Source: the public description of the format in the `regf` repository of M. Suhanov, and real files; see
/// Documentation/Formats/registry-hive.md.
public struct HiveBaseBlock: Hashable, Sendable {
  /// Bytes before the first bin, and all of the block that a log repeats.
  public static let byteCount = 4096
  static let logByteCount = 512
  /// The checksum covers the bytes before it.
  static let checksumOffset = 508

  public enum FileType: UInt32, Sendable {
    case primary = 0
    /// The log of Windows up to 8: a map of dirty sectors and the sectors.
    case sectorLog = 1
    case sectorLogVariant = 2
    /// The log of Windows 8.1 and later: entries with hashes.
    case entryLog = 6
  }

  /// Raised before a write begins; unlike `secondarySequence` where it was not finished.
  public var primarySequence: UInt32
  public var secondarySequence: UInt32
  /// 100-ns units since 1601.
  public var lastWritten: UInt64
  public var majorVersion: UInt32
  public var minorVersion: UInt32
  public var fileType: UInt32
  /// From the first bin.
  public var rootCell: UInt32
  /// Bytes of all bins, as stated.
  public var binsSize: UInt32
  /// The end of the path under which the hive was loaded, at most 31 characters.
  public var fileName: String
  public var checksum: UInt32
  public var computedChecksum: UInt32

  public var isChecksumRight: Bool { checksum == computedChecksum }
  /// Whether the last write was not finished, so that logs hold what the hive lacks.
  public var isDirty: Bool { primarySequence != secondarySequence || !isChecksumRight }
  public var isLog: Bool { FileType(rawValue: fileType).map { $0 != .primary } ?? false }

  public static func matches(firstBytes bytes: RawSpan) -> Bool { bytes.starts(with: "regf") }

  public init(parsing bytes: RawSpan) throws(ReadError) {
    guard Self.matches(firstBytes: bytes) else {
      throw ReadError(
        .malformed, reading: "Signature", at: .file(0), expected: "regf", found: "other bytes",
        trail: ["registry hive", "base block"])
    }
    func number(_ offset: Int, _ field: String) throws(ReadError) -> UInt32 {
      try ReadError.within("registry hive > base block") { () throws(ReadError) in
        try bytes.load(at: offset, as: UInt32.self, reading: field)
      }
    }
    primarySequence = try number(4, "PrimarySequenceNumber")
    secondarySequence = try number(8, "SecondarySequenceNumber")
    lastWritten = UInt64(try number(12, "LastWritten")) | UInt64(try number(16, "LastWritten")) << 32
    majorVersion = try number(20, "MajorVersion")
    minorVersion = try number(24, "MinorVersion")
    fileType = try number(28, "FileType")
    rootCell = try number(36, "RootCellOffset")
    binsSize = try number(40, "HiveBinsDataSize")
    let name = decodeUTF16(bytes.array(at: 48, count: 64) ?? [])
    fileName = String(name.prefix { $0 != "\0" })
    checksum = try number(Self.checksumOffset, "Checksum")
    var sum: UInt32 = 0
    for offset in stride(from: 0, to: Self.checksumOffset, by: 4) { sum ^= try number(offset, "Checksum") }
    // Two results stand for other things and are moved aside.
    computedChecksum = sum == 0 ? 1 : sum == .max ? .max - 1 : sum
  }
}
