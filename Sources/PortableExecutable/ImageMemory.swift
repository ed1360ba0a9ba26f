import ByteReading
import Facts

/// Where an image's bytes come from: a file, or the memory of a dump in which the image is loaded.
///
/// For a file `offset` counts from the file's beginning, for memory from the image's base.
public protocol ImageMemory: Sendable {
  /// Bytes `offset ..< offset + count`; nil where any of them is not there.
  func bytes(at offset: UInt64, count: Int) -> [UInt8]?
  /// Little-endian integers; nil where any of their bytes is not there.
  func load16(at offset: UInt64) -> UInt16?
  func load32(at offset: UInt64) -> UInt32?
  func load64(at offset: UInt64) -> UInt64?
}

extension ImageMemory {
  public func load16(at offset: UInt64) -> UInt16? {
    bytes(at: offset, count: 2).flatMap { $0.span.bytes.loadIfPresent(at: 0, as: UInt16.self) }
  }

  public func load32(at offset: UInt64) -> UInt32? {
    bytes(at: offset, count: 4).flatMap { $0.span.bytes.loadIfPresent(at: 0, as: UInt32.self) }
  }

  public func load64(at offset: UInt64) -> UInt64? {
    bytes(at: offset, count: 8).flatMap { $0.span.bytes.loadIfPresent(at: 0, as: UInt64.self) }
  }

  /// As many bytes as there are from an offset on, at most `limit`: memory ends at a page, a file anywhere.
  func available(at offset: UInt64, limit: Int) -> [UInt8] {
    if let whole = bytes(at: offset, count: limit) { return whole }
    var low = 0
    var high = limit
    while low < high {
      let middle = (low + high + 1) / 2
      if bytes(at: offset, count: middle) != nil { low = middle } else { high = middle - 1 }
    }
    return bytes(at: offset, count: low) ?? []
  }
}

/// A file's bytes as they lie in it.
struct FileBytes: ImageMemory {
  let file: MappedFile

  func bytes(at offset: UInt64, count: Int) -> [UInt8]? {
    Int(exactly: offset).flatMap { file.bytes.array(at: $0, count: count) }
  }

  func load16(at offset: UInt64) -> UInt16? { load(at: offset) }
  func load32(at offset: UInt64) -> UInt32? { load(at: offset) }
  func load64(at offset: UInt64) -> UInt64? { load(at: offset) }

  private func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: UInt64) -> T? {
    Int(exactly: offset).flatMap { file.bytes.loadIfPresent(at: $0, as: T.self) }
  }
}

/// Memory that a function reads: what a dump supplies.
public struct ImageMemoryReader: ImageMemory {
  private let read: @Sendable (_ offset: UInt64, _ count: Int) -> [UInt8]?

  /// `read` gives bytes by their offset from the image's base, nil where any of them is not there.
  public init(_ read: @escaping @Sendable (_ offset: UInt64, _ count: Int) -> [UInt8]?) { self.read = read }

  public func bytes(at offset: UInt64, count: Int) -> [UInt8]? { read(offset, count) }
}
