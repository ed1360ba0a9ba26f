#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// libarchive, loaded when the first archive is opened. Linked at start it would add some 9 ms to every run, because it brings
/// a dozen libraries along; only imports need it.
struct ArchiveLibrary: @unchecked Sendable {
  typealias New = @convention(c) () -> OpaquePointer?
  typealias Step = @convention(c) (OpaquePointer?) -> CInt
  typealias Open = @convention(c) (OpaquePointer?, UnsafePointer<CChar>?, Int) -> CInt
  typealias Next = @convention(c) (OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>?) -> CInt
  typealias Data = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int) -> Int
  typealias Text = @convention(c) (OpaquePointer?) -> UnsafePointer<CChar>?
  typealias Kind = @convention(c) (OpaquePointer?) -> UInt32
  typealias Position = @convention(c) (OpaquePointer?, CInt) -> Int64

  let new: New
  let supports: [Step]
  let open: Open
  let next: Next
  let data: Data
  let skip: Step
  let free: Step
  let errorText: Text
  let entryName: Text
  let entryKind: Kind
  /// Bytes of a filter's output; -1 is the file itself.
  let position: Position?
  let isEncrypted: Step?
  let hardLink: Text?

  static let shared = ArchiveLibrary()

  private init?() {
    let names = ["libarchive.so.13", "libarchive.so", "libarchive.13.dylib", "libarchive.dylib"]
    guard let handle = names.lazy.compactMap({ dlopen($0, RTLD_LAZY | RTLD_LOCAL) }).first else { return nil }
    func load<Function>(_ name: String, _: Function.Type) -> Function? {
      dlsym(handle, name).map { unsafeBitCast($0, to: Function.self) }
    }
    guard let new = load("archive_read_new", New.self), let open = load("archive_read_open_filename", Open.self),
      let next = load("archive_read_next_header", Next.self), let data = load("archive_read_data", Data.self),
      let skip = load("archive_read_data_skip", Step.self), let free = load("archive_read_free", Step.self),
      let errorText = load("archive_error_string", Text.self),
      let entryName = load("archive_entry_pathname_utf8", Text.self) ?? load("archive_entry_pathname", Text.self),
      let entryKind = load("archive_entry_filetype", Kind.self)
    else { return nil }
    self.new = new
    self.open = open
    self.next = next
    self.data = data
    self.skip = skip
    self.free = free
    self.errorText = errorText
    self.entryName = entryName
    self.entryKind = entryKind
    position = load("archive_filter_bytes", Position.self)
    isEncrypted = load("archive_entry_is_encrypted", Step.self)
    hardLink = load("archive_entry_hardlink", Text.self)
    supports = [
      "archive_read_support_filter_xz", "archive_read_support_filter_gzip", "archive_read_support_filter_bzip2",
      "archive_read_support_filter_zstd", "archive_read_support_format_tar", "archive_read_support_format_zip",
    ].compactMap { load($0, Step.self) }
  }
}

/// The members of a `.zip`, `.tar` or compressed `.tar`, one after the other; nothing is written to disk, so a member's name
/// is a label and no path.
final class ArchiveReader {
  struct Member {
    var name: String
    /// nil where the member is larger than the limit.
    var bytes: [UInt8]?
    /// Why the member's bytes cannot be had.
    var reason: String?
  }

  private let library: ArchiveLibrary
  private let handle: OpaquePointer
  private let path: String
  private let limits: ImportLimits
  private var members = 0
  /// Of these, regular files.
  private(set) var files = 0
  private var unpacked = 0

  init(path: String, limits: ImportLimits) throws(StoreError) {
    guard let library = ArchiveLibrary.shared else {
      throw StoreError(
        .inputOutput, path: path, "archives are read with libarchive, which this computer lacks (Debian: libarchive13)")
    }
    guard let handle = library.new() else { throw StoreError(.inputOutput, path: path, "no memory for an archive") }
    self.library = library
    self.handle = handle
    self.path = path
    self.limits = limits
    for support in library.supports { _ = support(handle) }
    guard library.open(handle, path, 1 << 18) == 0 else { throw failure() }
  }

  deinit { _ = library.free(handle) }

  /// Of the archive's file, as far as it was read.
  var bytesRead: Int { library.position.map { Int(clamping: $0(handle, -1)) } ?? 0 }

  private func failure() -> StoreError {
    let text = library.errorText(handle).map { String(cString: $0) } ?? "unknown error"
    return StoreError(.damaged, path: path, "cannot be read as an archive: \(text)")
  }

  /// The next regular member; nil at the end. Throws where the rest of the archive cannot be read.
  func next() throws(StoreError) -> Member? {
    while true {
      var entry: OpaquePointer?
      let status = library.next(handle, &entry)
      if status == 1 { return nil }
      // -20 is a warning about one member.
      guard status == 0 || status == -20 else { throw failure() }
      members += 1
      guard members <= limits.members else {
        throw StoreError(.damaged, path: path, "holds more than \(limits.members) members")
      }
      // Links and devices hold no text, wherever they point.
      guard library.entryKind(entry) & 0o170000 == 0o100000, library.hardLink?(entry) == nil else { continue }
      files += 1
      let name = library.entryName(entry).map { String(cString: $0) } ?? "member \(members)"
      if let isEncrypted = library.isEncrypted, isEncrypted(entry) != 0 {
        return Member(name: name, bytes: nil, reason: "is encrypted")
      }
      return try content(name)
    }
  }

  private func content(_ name: String) throws(StoreError) -> Member {
    let limit = limits.bytes(for: name)
    var bytes: [UInt8] = []
    var filled = 0
    while true {
      if bytes.count - filled < 1 << 14 {
        bytes.append(contentsOf: repeatElement(0, count: max(1 << 14, bytes.count)))
      }
      let room = bytes.count - filled
      let count = bytes.withUnsafeMutableBytes { library.data(handle, $0.baseAddress?.advanced(by: filled), room) }
      if count == 0 { break }
      guard count > 0 else {
        if count == -30 { throw failure() }
        return Member(name: name, bytes: nil, reason: "cannot be unpacked: \(failure().reason)")
      }
      filled += count
      unpacked += count
      guard unpacked <= limits.unpackedBytes else {
        throw StoreError(.damaged, path: path, "unpacks to more than \(limits.unpackedBytes) bytes")
      }
      if filled > limit {
        try drain(bytes.count)
        return Member(name: name, bytes: nil, reason: "is larger than \(limit) bytes")
      }
    }
    bytes.removeLast(bytes.count - filled)
    return Member(name: name, bytes: bytes, reason: nil)
  }

  /// Goes through the rest of a member that is too large: a small file can unpack to more than anybody waits for, and skipping
  /// it would unpack it all the same.
  private func drain(_ count: Int) throws(StoreError) {
    var scratch = [UInt8](repeating: 0, count: max(1 << 16, count))
    while true {
      let room = scratch.count
      let count = scratch.withUnsafeMutableBytes { library.data(handle, $0.baseAddress, room) }
      guard count > 0 else { return }
      unpacked += count
      guard unpacked <= limits.unpackedBytes else {
        throw StoreError(.damaged, path: path, "unpacks to more than \(limits.unpackedBytes) bytes")
      }
    }
  }

  /// By the first bytes: zip, xz, gzip, bzip2, zstd, or a tar header.
  static func isArchive(_ head: [UInt8]) -> Bool {
    let signs: [[UInt8]] = [
      [0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x1F, 0x8B, 0x08],
      [0x42, 0x5A, 0x68], [0x28, 0xB5, 0x2F, 0xFD],
    ]
    if signs.contains(where: { head.starts(with: $0) }) { return true }
    return head.count >= 262 && head[257..<262].elementsEqual("ustar".utf8)
  }
}

/// What an import accepts, so that a hostile archive costs no more than a stated amount.
public struct ImportLimits: Hashable, Sendable {
  /// Members of one archive, and files of one folder tree.
  public var members = 1_000_000
  /// One article. The longest of the public archive, a list of fixed bugs, has 0.4 MB.
  public var articleBytes = 16 << 20
  /// One table (`.csv`).
  public var tableBytes = 512 << 20
  /// All members of one archive together.
  public var unpackedBytes = 8 << 30
  /// Folders nested deeper are left out.
  public var depth = 32

  public init() {}

  func bytes(for name: String) -> Int { name.lowercased().hasSuffix(".csv") ? tableBytes : articleBytes }
}
