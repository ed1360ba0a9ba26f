import ByteReading
import Facts

/// The container of a program database: a file of fixed blocks in which streams lie scattered.
///
/// Sources: llvm.org/docs/PDB/MsfFile.html for version 7.00; for 2.00, whose page numbers have 16 bits, public readers of it.
public struct MSFFile: Sendable {
  @frozen
  public enum Version: Hashable, Sendable {
    /// `Microsoft C/C++ MSF 7.00`
    case seven
    /// `Microsoft C/C++ program database 2.00`
    case two
  }

  public let version: Version
  public let blockSize: Int
  public let blockCount: Int
  /// Bytes of each stream; nil for one that was deleted.
  public let streamSizes: [Int?]

  let file: MappedFile
  /// The blocks of all streams, one stream behind the other, and where each stream's begin.
  private let blocks: [UInt32]
  private let firstBlock: [Int]

  static let magic7: StaticString = "Microsoft C/C++ MSF 7.00\r\n\u{1A}DS\0\0\0"
  static let magic2: StaticString = "Microsoft C/C++ program database 2.00\r\n\u{1A}JG\0\0"
  /// A stream's number has 16 bits.
  static let maximumStreams = 0xFFFF
  /// Linkers write 512 to 32,768; twice that still makes sense.
  static let blockSizes = 512...65536

  public static func matches(firstBytes bytes: RawSpan) -> Bool {
    bytes.starts(with: magic7) || bytes.starts(with: magic2)
  }

  public init(parsing file: MappedFile) throws(ReadError) {
    let bytes = file.bytes
    if bytes.starts(with: Self.magic7) {
      version = .seven
    } else if bytes.starts(with: Self.magic2) {
      version = .two
    } else {
      throw ReadError(
        .malformed, reading: "MSF signature", at: .file(0), expected: "MSF 7.00 or program database 2.00",
        found: "other bytes")
    }
    self.file = file
    let head = version == .seven ? Self.magic7.utf8CodeUnitCount : Self.magic2.utf8CodeUnitCount
    let size = Int(try bytes.load(at: head, as: UInt32.self, reading: "MSF BlockSize"))
    guard Self.blockSizes.contains(size), size & (size - 1) == 0 else {
      throw Self.failure("BlockSize", at: head, "a power of two from 512 to 65536", String(size))
    }
    blockSize = size
    let directory: [UInt8]
    switch version {
    case .seven:
      blockCount = Int(try bytes.load(at: head + 8, as: UInt32.self, reading: "MSF NumBlocks"))
      let directoryBytes = Int(try bytes.load(at: head + 12, as: UInt32.self, reading: "MSF NumDirectoryBytes"))
      let mapBlock = Int(try bytes.load(at: head + 20, as: UInt32.self, reading: "MSF BlockMapAddr"))
      // The map of the directory's blocks is contiguous, also where it takes more than one block.
      let count = try Self.blocks(directoryBytes, size, limit: file.byteCount, "NumDirectoryBytes", at: head + 12)
      let (start, overflow) = mapBlock.multipliedReportingOverflow(by: size)
      guard !overflow, bytes.part(at: start, count: 4 * count) != nil else {
        throw Self.failure(
          "BlockMapAddr", at: head + 20, "a block of the file's \(file.byteCount / size) with \(4 * count) bytes",
          "block \(mapBlock)")
      }
      let map = (0..<count).map { bytes.loadIfPresent(at: start + 4 * $0, as: UInt32.self) ?? .max }
      directory = try Self.gather(map[...], bytes: directoryBytes, size, file, "stream directory")
    case .two:
      blockCount = Int(try bytes.load(at: head + 6, as: UInt16.self, reading: "MSF NumPages"))
      let directoryBytes = Int(try bytes.load(at: head + 8, as: UInt32.self, reading: "MSF directory size"))
      let count = try Self.blocks(directoryBytes, size, limit: file.byteCount, "directory size", at: head + 8)
      guard bytes.part(at: head + 16, count: 2 * count) != nil else {
        throw Self.failure("directory pages", at: head + 16, "\(count) page numbers", "the end")
      }
      let map = (0..<count).map { UInt32(bytes.loadIfPresent(at: head + 16 + 2 * $0, as: UInt16.self) ?? .max) }
      directory = try Self.gather(map[...], bytes: directoryBytes, size, file, "stream directory")
    }
    (streamSizes, blocks, firstBlock) = try Self.streams(directory, version, size, limit: file.byteCount)
  }

  private static func failure(_ reading: String, at offset: Int, _ expected: String, _ found: String) -> ReadError {
    ReadError(
      .malformed, reading: reading, at: .file(UInt64(clamping: offset)), expected: expected, found: found,
      trail: ["MSF"])
  }

  private static func blocks(
    _ bytes: Int, _ size: Int, limit: Int, _ reading: String, at offset: Int
  ) throws(ReadError) -> Int {
    guard bytes >= 4, bytes <= limit else {
      throw failure(reading, at: offset, "4 bytes to the file's \(limit)", "\(bytes) bytes")
    }
    return (bytes + size - 1) / size
  }

  private static func streams(
    _ directory: [UInt8], _ version: Version, _ blockSize: Int, limit: Int
  ) throws(ReadError) -> ([Int?], [UInt32], [Int]) {
    let span = directory.span.bytes
    let wide = version == .seven
    let count =
      wide
      ? Int(span.loadIfPresent(at: 0, as: UInt32.self) ?? .max)
      : Int(span.loadIfPresent(at: 0, as: UInt16.self) ?? .max)
    // Version 2 keeps a pointer of no meaning behind each size.
    let entry = wide ? 4 : 8
    guard count <= maximumStreams, 4 + entry * count <= directory.count else {
      throw failure("NumStreams", at: 0, "at most \(maximumStreams), in \(directory.count) bytes", String(count))
    }
    var sizes: [Int?] = []
    var blocks: [UInt32] = []
    var first: [Int] = []
    sizes.reserveCapacity(count)
    blocks.reserveCapacity(directory.count / (wide ? 4 : 2))
    var at = 4 + entry * count
    for index in 0..<count {
      let size = span.loadIfPresent(at: 4 + entry * index, as: UInt32.self) ?? .max
      first.append(blocks.count)
      guard size != .max else {
        sizes.append(nil)
        continue
      }
      guard Int(size) <= limit else {
        throw failure("size of stream \(index)", at: 0, "at most the file's \(limit) bytes", String(size))
      }
      sizes.append(Int(size))
      for _ in 0..<((Int(size) + blockSize - 1) / blockSize) {
        let block =
          wide
          ? span.loadIfPresent(at: at, as: UInt32.self)
          : span.loadIfPresent(at: at, as: UInt16.self).map(UInt32.init)
        guard let block else {
          throw failure("blocks of stream \(index)", at: 0, "a directory with all of them", "its end")
        }
        blocks.append(block)
        at += wide ? 4 : 2
      }
    }
    first.append(blocks.count)
    return (sizes, blocks, first)
  }

  /// Bytes that lie scattered over blocks, as one piece.
  private static func gather(
    _ blocks: ArraySlice<UInt32>, bytes count: Int, _ size: Int, _ file: MappedFile, _ what: @autoclosure () -> String
  ) throws(ReadError) -> [UInt8] {
    let bytes = file.bytes
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var index = blocks.startIndex
    while index < blocks.endIndex, result.count < count {
      // Neighbouring blocks in one go: most streams are laid down in long runs.
      var end = index + 1
      while end < blocks.endIndex, blocks[end] == blocks[end - 1] &+ 1 { end += 1 }
      let wanted = min((end - index) * size, count - result.count)
      let (start, overflow) = Int(blocks[index]).multipliedReportingOverflow(by: size)
      guard !overflow, let part = bytes.part(at: start, count: wanted) else {
        throw failure(
          what(), at: overflow ? 0 : start, "blocks within the file's \(file.byteCount) bytes", "block \(blocks[index])"
        )
      }
      part.withUnsafeBytes { unsafe result.append(contentsOf: $0) }
      index = end
    }
    return result
  }

  public var streamCount: Int { streamSizes.count }

  /// A stream's bytes; nil where there is no such stream. Throws where its blocks are not in the file.
  public func stream(_ index: Int, limit: Int = .max) throws(ReadError) -> [UInt8]? {
    guard streamSizes.indices.contains(index), let size = streamSizes[index] else { return nil }
    return try Self.gather(
      blocks[firstBlock[index]..<firstBlock[index + 1]], bytes: min(size, limit), blockSize, file, "stream \(index)")
  }
}
