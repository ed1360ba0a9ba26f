#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What unpacking accepts, so that a hostile archive costs no more than a stated amount.
public struct UnpackLimits: Hashable, Sendable {
  public var members = 20_000
  /// All members together.
  public var bytes: Int64 = 64 << 30

  public init() {}
}

/// The members of a `.zip`, `.tar` or compressed `.tar`, each in parts, for evidence that may be larger than memory.
///
/// Only regular files are given: links, devices and folders are passed over. Names are as the archive holds them, and mean
/// nothing until somebody has looked at them.
public final class ArchiveUnpacker {
  private let library: ArchiveLibrary
  private let handle: OpaquePointer
  private let limits: UnpackLimits
  private var members = 0
  private var bytes: Int64 = 0
  /// Members passed over because they are links or devices.
  public private(set) var links = 0

  /// nil where the file is no archive that holds files: a compressed capture begins like a compressed `.tar`.
  ///
  /// Throws where this computer has no libarchive.
  public init?(path: String, limits: UnpackLimits) throws(StoreError) {
    guard let library = ArchiveLibrary.shared else {
      throw StoreError(
        .inputOutput, path: path, "archives are read with libarchive, which this computer lacks (Debian: libarchive13)")
    }
    guard let handle = library.new() else { throw StoreError(.inputOutput, path: path, "no memory for an archive") }
    self.library = library
    self.handle = handle
    self.limits = limits
    for support in library.supports { _ = support(handle) }
    guard library.open(handle, path, 1 << 18) == 0 else { return nil }
  }

  deinit { _ = library.free(handle) }

  /// Whether a file begins as an archive does.
  public static func mayBeArchive(_ head: [UInt8]) -> Bool { ArchiveReader.isArchive(head) }

  private func failure(_ reason: String) -> StoreError { StoreError(.damaged, path: "", reason) }

  private func failure() -> StoreError {
    failure(
      "cannot be read as an archive: " + (library.errorText(handle).map { String(cString: $0) } ?? "unknown error"))
  }

  /// The name of the next regular member; nil at the end. Throws where the rest of the archive cannot be read.
  public func next() throws(StoreError) -> String? {
    while true {
      var entry: OpaquePointer?
      let status = unsafe library.next(handle, &entry)
      if status == 1 { return nil }
      // -20 is a warning about one member.
      guard status == 0 || status == -20 else { throw failure() }
      members += 1
      guard members <= limits.members else { throw failure("holds more than \(limits.members) members") }
      let kind = library.entryKind(entry) & 0o170000
      guard kind == 0o100000, library.hardLink?(entry) == nil else {
        if kind != 0o040000 { links += 1 }
        continue
      }
      if let isEncrypted = library.isEncrypted, isEncrypted(entry) != 0 {
        throw failure("is encrypted: unpack it first")
      }
      guard let name = library.entryName(entry) else { throw failure("holds a member without a name") }
      return unsafe String(cString: name)
    }
  }

  /// The current member's next bytes into a buffer; 0 at its end.
  public func read(into buffer: inout [UInt8]) throws(StoreError) -> Int {
    let room = buffer.count
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe library.data(handle, $0.baseAddress, room) }
    guard count >= 0 else { throw failure() }
    bytes += Int64(count)
    guard bytes <= limits.bytes else { throw failure("unpacks to more than \(limits.bytes) bytes") }
    return count
  }
}
