import ByteReading
import Facts

/// What an image offers to others: IMAGE_EXPORT_DIRECTORY (PE format, "The .edata Section").
public struct ExportDirectory: Hashable, Sendable {
  public struct Symbol: Hashable, Sendable {
    public var ordinal: UInt32
    /// nil where it is exported by ordinal alone.
    public var name: String?
    /// Relative to the base.
    public var offset: UInt32
    /// `NTDLL.RtlAllocateHeap` where the export stands for another image's.
    public var forwarder: String?
  }

  /// The image's own name for itself.
  public var name: String?
  public var ordinalBase: UInt32
  /// By ordinal, then by name; an ordinal with several names stands several times.
  public var symbols: [Symbol]
  /// Names that could not be read.
  public var unreadableNames: Int
}

extension PEImage {
  /// Ordinals have 16 bits.
  static let maximumExports = 0x1_0000
  static let maximumExportNameBytes = 16 << 20

  /// nil where the image exports nothing. Throws where its tables are not there.
  public func exports() throws(ReadError) -> ExportDirectory? {
    guard let directory = header.directory(ImageHeader.DirectoryIndex.export) else { return nil }
    guard let head = bytes(at: directory.offset, count: 40) else {
      throw missing("IMAGE_EXPORT_DIRECTORY", at: directory.offset, "40 bytes")
    }
    let span = head.span.bytes
    func word(_ at: Int) -> UInt32 { span.loadIfPresent(at: at, as: UInt32.self) ?? 0 }
    func table(_ reading: String, at offset: UInt32, count: UInt32, size: Int) throws(ReadError) -> [UInt8] {
      guard count <= Self.maximumExports else {
        var error = missing(reading, at: offset, "at most \(Self.maximumExports) entries")
        error.kind = .malformed
        error.found = String(count)
        throw error
      }
      guard count > 0 else { return [] }
      guard let bytes = bytes(at: offset, count: Int(count) * size) else {
        throw missing(reading, at: offset, "\(count) entries")
      }
      return bytes
    }
    let functions = try table("AddressOfFunctions", at: word(28), count: word(20), size: 4)
    let names = try table("AddressOfNames", at: word(32), count: word(24), size: 4)
    let ordinals = try table("AddressOfNameOrdinals", at: word(36), count: word(24), size: 2)
    let base = word(16)
    func symbol(_ index: Int, name: String?) -> ExportDirectory.Symbol? {
      guard let offset = functions.span.bytes.loadIfPresent(at: 4 * index, as: UInt32.self) else { return nil }
      let isForwarder = offset >= directory.offset && offset - directory.offset < directory.size
      return ExportDirectory.Symbol(
        ordinal: base &+ UInt32(index), name: name, offset: offset,
        forwarder: isForwarder ? string(at: offset, limit: 512) : nil)
    }
    var symbols: [ExportDirectory.Symbol] = []
    var named = [Bool](repeating: false, count: functions.count / 4)
    var unreadable = 0
    var nameBytes = 0
    for index in 0..<(names.count / 4) {
      let place = names.span.bytes.loadIfPresent(at: 4 * index, as: UInt32.self) ?? 0
      let ordinal = Int(ordinals.span.bytes.loadIfPresent(at: 2 * index, as: UInt16.self) ?? 0)
      guard nameBytes < Self.maximumExportNameBytes, let name = string(at: place), named.indices.contains(ordinal)
      else {
        unreadable += 1
        continue
      }
      nameBytes += name.utf8.count
      if let found = symbol(ordinal, name: name) { symbols.append(found) }
      named[ordinal] = true
    }
    for index in named.indices where !named[index] {
      if let found = symbol(index, name: nil), found.offset != 0 { symbols.append(found) }
    }
    symbols.sort { ($0.ordinal, $0.name ?? "") < ($1.ordinal, $1.name ?? "") }
    return ExportDirectory(
      name: string(at: word(12), limit: 512), ordinalBase: base, symbols: symbols, unreadableNames: unreadable)
  }
}
