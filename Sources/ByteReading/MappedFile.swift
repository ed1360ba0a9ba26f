/// A file's bytes, read once or mapped; the only type here that holds raw pointers.
///
/// Files up to `readLimit` are read into memory, so that another process shortening one cannot fault us; larger ones are
/// mapped, never read whole.
public final class MappedFile: Sendable {
  /// Larger files are mapped. 16 MiB: a triage dump, a log or an article is read; memory dumps are mapped.
  public static let readLimit = 16 << 20

  public let path: String
  public let byteCount: Int
  // Immutable after init and freed only by deinit, so sharing between tasks is safe.
  private nonisolated(unsafe) let storage: UnsafeRawBufferPointer
  private let isMapped: Bool

  public init(path: String) throws(FileError) {
    self.path = path
    let content = unsafe try FileContent.open(path, readLimit: Self.readLimit)
    storage = unsafe content.bytes
    isMapped = unsafe content.isMapped
    byteCount = unsafe content.bytes.count
  }

  /// Bytes that come from elsewhere than a file: standard input, an archive's member, a test.
  public init(bytes: [UInt8], path: String) {
    self.path = path
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
    unsafe copy.copyBytes(from: bytes)
    storage = unsafe UnsafeRawBufferPointer(rebasing: copy[0..<bytes.count])
    isMapped = false
    byteCount = bytes.count
  }

  deinit {
    unsafe FileContent.release(storage, isMapped: isMapped)
  }

  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = unsafe RawSpan(_unsafeBytes: storage)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Bytes will be read from the beginning to the end: the system reads ahead.
  public func readsInOrder() {
    if isMapped { unsafe FileContent.adviseOrder(storage) }
  }

  /// Bytes that will not be read again: their pages need not stay in memory. They are read from the file if they are.
  public func release(_ range: Range<Int>) {
    guard isMapped, range.lowerBound >= 0, range.upperBound <= byteCount else { return }
    unsafe FileContent.release(pagesOf: UnsafeRawBufferPointer(rebasing: storage[range]))
  }

  /// All bytes as an array: for small files that are decoded as text.
  public func array() -> [UInt8] { unsafe Array(storage) }
}
