import ByteReading
import Facts

/// A transaction log that lies beside a hive: what a write that was not finished should have changed.
struct HiveLog {
  /// Bytes for one place of the bins.
  struct Page: Hashable {
    /// In the hive's file.
    var offset: Int
    var source: Int
    var count: Int
  }

  /// One transaction of the newer form.
  struct Entry: Hashable {
    var sequence: UInt32
    var binsSize: UInt32
    var pages: [Page]
  }

  let file: MappedFile
  let base: HiveBaseBlock
  /// In the file's order: of the newer form, each with the sequence number that follows; of the older, one for all.
  let entries: [Entry]
  /// Why reading ended before the log did.
  let end: ReadError?

  /// Sectors in which the older form counts.
  static let sector = 512
  /// A hive may have 4 GiB; a log that states more is damaged.
  static let maximumBins = 0x7FFF_F000

  init(parsing file: MappedFile) throws(ReadError) {
    let bytes = file.bytes
    let base = try HiveBaseBlock(parsing: bytes)
    guard base.isChecksumRight else {
      throw ReadError(
        .malformed, reading: "Checksum", at: .file(UInt64(HiveBaseBlock.checksumOffset)),
        expected: hexadecimal(UInt64(base.computedChecksum)), found: hexadecimal(UInt64(base.checksum)),
        trail: ["transaction log"])
    }
    self.file = file
    self.base = base
    switch HiveBaseBlock.FileType(rawValue: base.fileType) {
    case .entryLog:
      var entries: [Entry] = []
      var offset = HiveBaseBlock.logByteCount
      var end: ReadError?
      while offset < bytes.byteCount, bytes.starts(with: "HvLE", at: offset) {
        do throws(ReadError) {
          let (entry, count) = try Self.entry(bytes, at: offset)
          if let last = entries.last, entry.sequence != last.sequence &+ 1 { break }
          entries.append(entry)
          offset += count
        } catch {
          end = error
          break
        }
      }
      self.entries = entries
      self.end = end
    case .sectorLog, .sectorLogVariant:
      entries = [try Self.sectors(bytes, base)]
      end = nil
    default:
      throw ReadError(
        .malformed, reading: "FileType", at: .file(28), expected: "a transaction log's: 1, 2 or 6",
        found: String(base.fileType), trail: ["transaction log"])
    }
  }

  /// The newer form: a header of 40 bytes, references of 8 bytes, then the pages.
  private static func entry(_ bytes: RawSpan, at offset: Int) throws(ReadError) -> (Entry, Int) {
    func bad(_ field: String, _ at: Int, _ expected: String, _ found: some CustomStringConvertible) -> ReadError {
      ReadError(
        .malformed, reading: field, at: .file(UInt64(clamping: offset + at)), expected: expected,
        found: found.description, trail: ["transaction log", "HvLE"])
    }
    let size = Int(try bytes.load(at: offset + 4, as: UInt32.self, reading: "Size"))
    guard size >= 40, size % sector == 0, let part = bytes.part(at: offset, count: size) else {
      throw bad("Size", 4, "a multiple of 512 within the file", size)
    }
    let header = Marvin32.hash(part.extracting(0..<32))
    guard header == part.loadIfPresent(at: 32, as: UInt64.self) else {
      throw bad("Hash-2", 32, hexadecimal(header), "another hash: the entry was not written whole")
    }
    let content = Marvin32.hash(part.extracting(40..<size))
    guard content == part.loadIfPresent(at: 24, as: UInt64.self) else {
      throw bad("Hash-1", 24, hexadecimal(content), "another hash: the entry was not written whole")
    }
    let sequence = try part.load(at: 12, as: UInt32.self)
    let binsSize = try part.load(at: 16, as: UInt32.self)
    let count = Int(try part.load(at: 20, as: UInt32.self))
    guard count <= (size - 40) / 8 else { throw bad("DirtyPagesCount", 20, "at most \((size - 40) / 8)", count) }
    var pages: [Page] = []
    var source = 40 + 8 * count
    for index in 0..<count {
      let place = Int(try part.load(at: 40 + 8 * index, as: UInt32.self))
      let bytes = Int(try part.load(at: 44 + 8 * index, as: UInt32.self))
      guard bytes <= size - source, place <= maximumBins - bytes else {
        throw bad("DirtyPage[\(index)]", 40 + 8 * index, "a page within the entry and the hive", bytes)
      }
      pages.append(Page(offset: HiveBaseBlock.byteCount + place, source: offset + source, count: bytes))
      source += bytes
    }
    return (Entry(sequence: sequence, binsSize: binsSize, pages: pages), size)
  }

  /// The older form: one bit for each sector of the bins, then the sectors whose bit is set, one after the other.
  private static func sectors(_ bytes: RawSpan, _ base: HiveBaseBlock) throws(ReadError) -> Entry {
    let start = HiveBaseBlock.logByteCount
    guard bytes.starts(with: "DIRT", at: start) else {
      throw ReadError(
        .malformed, reading: "Signature", at: .file(UInt64(start)), expected: "DIRT", found: "other bytes",
        trail: ["transaction log", "dirty vector"])
    }
    let mapBytes = (Int(base.binsSize) + 8 * sector - 1) / (8 * sector)
    guard let map = bytes.array(at: start + 4, count: mapBytes) else {
      throw ReadError(
        .malformed, reading: "bitmap", at: .file(UInt64(start + 4)), expected: "\(mapBytes) bytes",
        found: "\(max(0, bytes.byteCount - start - 4)) to the end", trail: ["transaction log", "dirty vector"])
    }
    var source = (start + 4 + mapBytes + sector - 1) / sector * sector
    var pages: [Page] = []
    for (index, byte) in map.enumerated() where byte != 0 {
      for bit in 0..<8 where byte & 1 << UInt8(bit) != 0 {
        guard bytes.byteCount - source >= sector else {
          throw ReadError(
            .malformed, reading: "sector \(pages.count)", at: .file(UInt64(clamping: source)), expected: "512 bytes",
            found: "\(max(0, bytes.byteCount - source)) to the end", trail: ["transaction log", "dirty vector"])
        }
        pages.append(
          Page(offset: HiveBaseBlock.byteCount + (index * 8 + bit) * sector, source: source, count: sector))
        source += sector
      }
    }
    return Entry(sequence: base.primarySequence, binsSize: base.binsSize, pages: pages)
  }
}
