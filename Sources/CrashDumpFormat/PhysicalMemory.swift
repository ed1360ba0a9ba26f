import ByteReading
import Facts

/// The physical pages that a dump holds, by page frame number, wherever its container put them.
///
/// Pages are 4 KiB on every system read here. Nothing is copied: a page is a place in the mapped file. A page that is not
/// there is *not in the dump*, with the reason; that is no error.
public struct PhysicalMemory: Sendable {
  public static let pageBytes = 4096

  /// Neighbouring pages that stand one behind the other in the file.
  @frozen
  public struct Segment: Hashable, Sendable {
    public var firstPage: UInt64
    public var pageCount: UInt64
    /// Where the first page begins.
    public var fileOffset: UInt64

    @inlinable
    public init(firstPage: UInt64, pageCount: UInt64, fileOffset: UInt64) {
      self.firstPage = firstPage
      self.pageCount = pageCount
      self.fileOffset = fileOffset
    }
  }

  /// Where a page is.
  @frozen
  public enum Page: Hashable, Sendable {
    case present(fileOffset: Int)
    /// The dump was never meant to hold it: no memory there, or not a page of this type of dump.
    case notCaptured
    /// The dump states that it holds the page, and the file ends before it.
    case truncated
  }

  public let file: MappedFile
  /// Ascending, without overlaps; empty where a bitmap says what is there.
  public let segments: [Segment]
  public let bitmap: PageBitmap?
  /// With a bitmap: where its first page stands.
  public let firstPageOffset: UInt64
  /// Pages that the dump states, and those of them that the file ends before.
  public let statedPages: UInt64
  public let truncatedPages: UInt64

  /// Physical addresses have at most 52 bits on x64 and ARM64.
  public static let maximumPage: UInt64 = 1 << 40

  /// Segments in any order. Those that overlap an earlier one lose the pages both have, and stand in `problems`.
  public init(_ file: MappedFile, segments: [Segment], problems: inout [ReadError]) {
    var kept: [Segment] = []
    kept.reserveCapacity(segments.count)
    var end: UInt64 = 0
    var overlapping = 0
    var outside = 0
    for segment in segments.sorted(by: { ($0.firstPage, $0.fileOffset) < ($1.firstPage, $1.fileOffset) })
    where segment.pageCount > 0 {
      guard segment.firstPage < Self.maximumPage, segment.pageCount <= Self.maximumPage - segment.firstPage,
        segment.fileOffset <= 1 << 60
      else {
        outside += 1
        continue
      }
      var segment = segment
      if segment.firstPage < end {
        overlapping += 1
        let skip = end - segment.firstPage
        guard skip < segment.pageCount else { continue }
        segment.firstPage += skip
        segment.pageCount -= skip
        segment.fileOffset += skip * UInt64(Self.pageBytes)
      }
      end = segment.firstPage + segment.pageCount
      kept.append(segment)
    }
    if overlapping > 0 || outside > 0 {
      problems.append(
        ReadError(
          .malformed, reading: "runs of physical memory", expected: "separate runs of pages below 2^40",
          found: "\(overlapping) that overlap, \(outside) beyond"))
    }
    self.file = file
    self.segments = kept
    bitmap = nil
    firstPageOffset = 0
    let size = UInt64(file.byteCount)
    statedPages = kept.reduce(0) { $0 + $1.pageCount }
    truncatedPages = kept.reduce(0) { $0 + $1.pageCount - Self.pagesInFile($1, size) }
  }

  public init(_ file: MappedFile, bitmap: PageBitmap, firstPageOffset: UInt64) {
    self.file = file
    segments = []
    self.bitmap = bitmap
    self.firstPageOffset = firstPageOffset
    statedPages = bitmap.setCount
    let room = UInt64(file.byteCount) > firstPageOffset ? UInt64(file.byteCount) - firstPageOffset : 0
    truncatedPages = bitmap.setCount - min(bitmap.setCount, room / UInt64(Self.pageBytes))
  }

  private static func pagesInFile(_ segment: Segment, _ size: UInt64) -> UInt64 {
    size > segment.fileOffset ? min(segment.pageCount, (size - segment.fileOffset) / UInt64(pageBytes)) : 0
  }

  /// Pages that can be read.
  public var presentPages: UInt64 { statedPages - truncatedPages }

  /// Where a page stands in the file; nil where it is not in the dump.
  @inlinable
  public func fileOffset(ofPage page: UInt64) -> Int? {
    if case .present(let offset) = self.page(page) { return offset }
    return nil
  }

  @inlinable
  public func page(_ page: UInt64) -> Page {
    var offset: UInt64
    if let bitmap {
      guard let rank = bitmap.rank(of: page, in: file.bytes) else { return .notCaptured }
      offset = firstPageOffset &+ rank &* UInt64(Self.pageBytes)
    } else {
      var low = 0
      var high = segments.count
      while low < high {
        let middle = (low + high) / 2
        if segments[middle].firstPage <= page { low = middle + 1 } else { high = middle }
      }
      guard low > 0 else { return .notCaptured }
      let segment = segments[low - 1]
      let distance = page - segment.firstPage
      guard distance < segment.pageCount else { return .notCaptured }
      offset = segment.fileOffset &+ distance &* UInt64(Self.pageBytes)
    }
    let size = UInt64(file.byteCount)
    guard offset <= size, size - offset >= UInt64(Self.pageBytes) else { return .truncated }
    return .present(fileOffset: Int(offset))
  }

  /// A little-endian integer; nil where any of its bytes is not in the dump.
  @inlinable
  public func load<T: FixedWidthInteger & BitwiseCopyable>(
    at address: PhysicalAddress, as type: T.Type = T.self
  ) -> T? {
    let inPage = Int(address.rawValue & 0xFFF)
    if inPage + MemoryLayout<T>.size <= Self.pageBytes {
      guard let page = fileOffset(ofPage: address.rawValue >> 12) else { return nil }
      return file.bytes.loadIfPresent(at: page + inPage, as: T.self)
    }
    guard let bytes = bytes(at: address, count: MemoryLayout<T>.size) else { return nil }
    return bytes.reversed().reduce(into: T.zero) { $0 = $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  /// Bytes over as many pages as they take; nil where one of those is not in the dump.
  public func bytes(at address: PhysicalAddress, count: Int) -> [UInt8]? {
    guard count >= 0, address.rawValue.addingReportingOverflow(UInt64(count)).overflow == false else { return nil }
    var result: [UInt8] = []
    while result.count < count {
      let next = address.rawValue + UInt64(result.count)
      let inPage = Int(next & 0xFFF)
      guard let page = fileOffset(ofPage: next >> 12),
        let part = file.bytes.array(at: page + inPage, count: min(Self.pageBytes - inPage, count - result.count))
      else { return nil }
      result += part
    }
    return result
  }

  /// Rows of neighbouring pages that can be read, ascending, with the place of each row's first page in the file.
  public func forEachSegment(_ body: (Segment) -> Bool) {
    let size = UInt64(file.byteCount)
    if let bitmap {
      var page = bitmap.next(from: 0, in: file.bytes)
      var rank: UInt64 = 0
      while let first = page, rank < presentPages {
        let end = bitmap.gap(from: first, in: file.bytes)
        let count = min(end - first, presentPages - rank)
        let segment = Segment(
          firstPage: first, pageCount: count, fileOffset: firstPageOffset &+ rank &* UInt64(Self.pageBytes))
        guard body(segment) else { return }
        rank += count
        page = bitmap.next(from: end, in: file.bytes)
      }
      return
    }
    for segment in segments {
      var segment = segment
      segment.pageCount = Self.pagesInFile(segment, size)
      if segment.pageCount > 0, !body(segment) { return }
    }
  }

  /// Rows of pages that the dump states and the file ends before: at most `limit`, ascending.
  public func absentRanges(limit: Int) -> [Range<UInt64>] {
    var ranges: [Range<UInt64>] = []
    func add(_ range: Range<UInt64>) {
      if let last = ranges.last, last.upperBound == range.lowerBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else if ranges.count < limit {
        ranges.append(range)
      }
    }
    guard truncatedPages > 0 else { return [] }
    if let bitmap {
      // Pages stand in ascending order, so all behind the first absent one are absent.
      guard var page = bitmap.page(ofRank: presentPages, in: file.bytes) else { return [] }
      while ranges.count < limit {
        let end = bitmap.gap(from: page, in: file.bytes)
        add(page..<end)
        guard let next = bitmap.next(from: end, in: file.bytes) else { break }
        page = next
      }
      return ranges
    }
    let size = UInt64(file.byteCount)
    for segment in segments {
      let present = Self.pagesInFile(segment, size)
      if present < segment.pageCount {
        add(segment.firstPage + present..<segment.firstPage + segment.pageCount)
      }
    }
    return ranges
  }

  /// The number behind the highest page that the dump states.
  public var endPage: UInt64 {
    bitmap.map(\.bitCount) ?? segments.last.map { $0.firstPage + $0.pageCount } ?? 0
  }
}
