import ByteReading
import Facts

/// An entry of an x64 image's exception directory (PE format, "The .pdata Section"): a stretch of code with one description of
/// how to leave it. Addresses are relative to the base.
public struct RuntimeFunction: Hashable, Sendable {
  public var begin: UInt32
  /// The first byte behind the code.
  public var end: UInt32
  /// Where UNWIND_INFO lies; with its lowest bit set, where the entry lies that counts instead.
  public var unwindInfo: UInt32

  public init(begin: UInt32, end: UInt32, unwindInfo: UInt32) {
    self.begin = begin
    self.end = end
    self.unwindInfo = unwindInfo
  }

  public func contains(_ offset: UInt32) -> Bool { offset >= begin && offset < end }
}

/// The exception directory of an x64 image: read entry by entry as it is asked, never whole.
public struct FunctionTable: Sendable {
  /// An image of 4 GiB cannot have more functions of one paragraph each.
  static let maximumEntries = 1 << 28

  public let count: Int
  let image: PEImage
  let offset: UInt32

  init?(_ image: PEImage) {
    guard image.header.architecture == .x64,
      let directory = image.header.directory(ImageHeader.DirectoryIndex.exception)
    else { return nil }
    self.image = image
    offset = directory.offset
    count = min(Int(directory.size) / 12, Self.maximumEntries)
  }

  /// Throws where the table's memory is not there.
  public func entry(_ index: Int) throws(ReadError) -> RuntimeFunction {
    let (at, overflow) = offset.addingReportingOverflow(UInt32(truncatingIfNeeded: 12 * index))
    guard !overflow, index >= 0, index < count, let found = Self.function(at: at, in: image) else {
      throw image.missing("RUNTIME_FUNCTION[\(index)]", at: at, "12 bytes")
    }
    return found
  }

  static func function(at offset: UInt32, in image: PEImage) -> RuntimeFunction? {
    guard offset <= .max - 8, let begin = image.load32(at: offset), let end = image.load32(at: offset + 4),
      let info = image.load32(at: offset + 8)
    else { return nil }
    return RuntimeFunction(begin: begin, end: end, unwindInfo: info)
  }

  /// The entry that covers an address; nil for leaf functions, which need none.
  public func lookup(_ target: UInt32) throws(ReadError) -> RuntimeFunction? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if try entry(middle).begin <= target { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    var found = try entry(low - 1)
    guard found.contains(target) else { return nil }
    if found.unwindInfo & 1 != 0 {
      let at = found.unwindInfo & ~1
      guard let other = Self.function(at: at, in: image) else {
        throw image.missing("RUNTIME_FUNCTION", at: at, "12 bytes")
      }
      found.unwindInfo = other.unwindInfo & ~1
    }
    return found
  }
}

extension PEImage {
  /// The exception directory of an x64 image; nil for other machines and images without one.
  public var functionTable: FunctionTable? { FunctionTable(self) }
}
