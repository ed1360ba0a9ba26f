import ByteReading
import Facts

/// A registry hive as it lies on a disk, read as far as it goes: keys and values that can be read are given, each that
/// cannot is a `ReadError` among the problems.
public struct RegistryHive: Sendable {
  /// With the logs applied, where there were any.
  public let file: MappedFile
  /// As it stands on disk.
  public let base: HiveBaseBlock
  /// What was wrong with the whole, before any key was read.
  public let problems: [ReadError]
  /// Transactions taken from logs.
  public let appliedTransactions: Int
  /// Bytes before a cell's content: its size, and in the two oldest versions also the place of the cell before it.
  let cellHeader: Int
  private let rootOffset: UInt32?

  /// Subkeys or values of one key, which no hive comes near.
  public static let maximumEntries = 1 << 20
  /// Windows allows 512 levels.
  public static let maximumDepth = 512
  /// Bytes of one value's data.
  public static let maximumData = 64 << 20

  /// - Parameter logs: the transaction logs beside the hive, used where it is dirty.
  public init(parsing file: MappedFile, logs: [MappedFile] = []) throws(ReadError) {
    let base = try HiveBaseBlock(parsing: file.bytes)
    let hasBins = file.bytes.starts(with: "hbin", at: HiveBaseBlock.byteCount)
    if base.isLog, !hasBins {
      throw ReadError(
        .unsupported, reading: "registry hive", at: .file(28), expected: "a hive",
        found: "one of its transaction logs, which is read when it lies beside its hive")
    }
    var problems: [ReadError] = []
    if !base.isChecksumRight {
      problems.append(
        ReadError(
          .malformed, reading: "Checksum", at: .file(UInt64(HiveBaseBlock.checksumOffset)),
          expected: hexadecimal(UInt64(base.computedChecksum)), found: hexadecimal(UInt64(base.checksum)),
          trail: ["registry hive", "base block"]))
    }
    var content = file
    var trusted = base
    var applied = 0
    if base.isDirty {
      if let recovered = HiveRecovery.apply(logs, to: file, base: base, &problems) {
        (content, trusted, applied) = recovered
      } else {
        problems.append(
          ReadError(
            .notPresent, reading: "transaction log", at: .file(4),
            expected: "the log of a write that was not finished, beside the hive",
            found: logs.isEmpty
              ? "none: sequence numbers \(base.primarySequence) and \(base.secondarySequence)"
              : "none that fits sequence numbers \(base.primarySequence) and \(base.secondarySequence)",
            trail: ["registry hive"]))
      }
    }
    self.file = content
    self.base = base
    appliedTransactions = applied
    let root = Self.root(content.bytes, stated: trusted.rootCell, &problems)
    rootOffset = root?.offset
    cellHeader = root?.header ?? 4
    self.problems = problems
    guard root != nil else {
      throw problems.first { $0.reading == "RootCellOffset" }
        ?? ReadError(.malformed, reading: "root key", expected: "a key", found: "none")
    }
  }

  /// Where the root key lies; where the base block is wrong about it, the first key that says it is the root.
  private static func root(
    _ bytes: RawSpan, stated: UInt32, _ problems: inout [ReadError]
  ) -> (offset: UInt32, header: Int)? {
    let place = HiveBaseBlock.byteCount + Int(stated)
    for header in [4, 8] where bytes.starts(with: "nk", at: place + header) { return (stated, header) }
    problems.append(
      ReadError(
        .malformed, reading: "RootCellOffset", at: .file(36), expected: "a key's place",
        found: hexadecimal(UInt64(stated)), trail: ["registry hive", "base block"]))
    var offset = HiveBaseBlock.byteCount
    while offset < bytes.byteCount {
      if bytes.starts(with: "nk", at: offset + 4),
        let flags = bytes.loadIfPresent(at: offset + 6, as: UInt16.self), flags & HiveKey.isRootFlag != 0,
        let found = UInt32(exactly: offset - HiveBaseBlock.byteCount)
      {
        return (found, 4)
      }
      offset += 8
    }
    return nil
  }

  /// The root key; a hive without one could not be opened.
  public func root() throws(ReadError) -> HiveKey { try key(at: rootOffset ?? 0) }

  /// A cell's content, as a range of the file. Cells that are marked as free are read too: damage sets the mark, and what a
  /// key points to is meant.
  func cell(at offset: UInt32, _ reading: @autoclosure () -> String) throws(ReadError) -> Range<Int> {
    let place = HiveBaseBlock.byteCount + Int(offset)
    let bytes = file.bytes
    guard offset != .max, let size = bytes.loadIfPresent(at: place, as: Int32.self) else {
      throw ReadError(
        .malformed, reading: reading(), at: .file(UInt64(clamping: place)), expected: "a cell within the file",
        found: "an offset behind its end")
    }
    let count = Int(size.magnitude)
    guard count >= cellHeader, count <= bytes.byteCount - place else {
      throw ReadError(
        .malformed, reading: reading(), at: .file(UInt64(clamping: place)), expected: "a cell within the file",
        found: "a size of \(count) bytes")
    }
    return (place + cellHeader)..<(place + count)
  }

  /// Bytes of a cell's content; nil where it is shorter.
  func load<T: FixedWidthInteger & BitwiseCopyable>(_ cell: Range<Int>, _ offset: Int, as type: T.Type) -> T? {
    guard offset >= 0, offset + MemoryLayout<T>.size <= cell.count else { return nil }
    return file.bytes.loadIfPresent(at: cell.lowerBound + offset, as: T.self)
  }

  /// A key by its path from the root, letter case aside; nil where a part of it is missing or cannot be read.
  public func key(_ path: String...) -> HiveKey? { key(path: path) }

  public func key(path: [String], from start: HiveKey? = nil) -> HiveKey? {
    guard var key = start ?? (try? root()) else { return nil }
    for name in path {
      let wanted = name.lowercased()
      var ignored = HiveProblems()
      guard let next = subkeys(of: key, &ignored).first(where: { $0.name.lowercased() == wanted }) else { return nil }
      key = next
    }
    return key
  }
}
