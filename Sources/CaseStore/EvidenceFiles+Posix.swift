import ByteReading
import Crypto
import Dispatch
import Facts

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Calls that wait for the disk run on threads of their own, so that those that answer pages stay free.
public func offloaded<Value: Sendable>(
  _ work: @escaping @Sendable () throws(CaseError) -> Value
) async throws(CaseError) -> Value {
  let result: Result<Value, CaseError> = await withCheckedContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(returning: Result { () throws(CaseError) in try work() }) }
  }
  return try result.get()
}

/// Evidence by the hash of its content, each content once: `evidence/ab/ab12…`. What is being received lies in `incoming`, what a
/// worker reads in `work`.
struct EvidenceFiles: Sendable {
  let root: String

  var incoming: String { root + "/incoming" }
  var work: String { root + "/work" }

  init(root: String) throws(CaseError) {
    self.root = root
    for folder in [root, root + "/evidence", root + "/incoming", root + "/work"] { try Self.makeFolder(folder) }
    // What a server that was killed left behind; both are only ever means.
    for folder in [incoming, work] {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
        try? FileManager.default.removeItem(atPath: folder + "/" + name)
      }
    }
  }

  static func makeFolder(_ path: String) throws(CaseError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("a folder cannot be made") }
  }

  static func failure(_ what: String) -> CaseError {
    let code = errno
    if code == ENOSPC || code == EDQUOT { return CaseError(.inputOutput, "the server's disk is full") }
    return unsafe CaseError(.inputOutput, "\(what): \(String(cString: strerror(code)))")
  }

  func path(of sha256: String) -> String { "\(root)/evidence/\(sha256.prefix(2))/\(sha256)" }

  /// Every stored content.
  var all: [String] {
    var found: [String] = []
    for folder in (try? FileManager.default.contentsOfDirectory(atPath: root + "/evidence")) ?? [] {
      found += (try? FileManager.default.contentsOfDirectory(atPath: root + "/evidence/" + folder)) ?? []
    }
    return found
  }

  func remove(_ sha256: String) { unlink(path(of: sha256)) }

  /// A folder in which a case's files lie under their names, for a worker to read. The files are the stored ones, by hard links.
  func lay(_ files: [CaseFile], of id: String) throws(CaseError) -> (input: String, output: String) {
    let folder = work + "/" + id
    try? FileManager.default.removeItem(atPath: folder)
    try Self.makeFolder(folder)
    try Self.makeFolder(folder + "/evidence")
    try Self.makeFolder(folder + "/answer")
    var made: Set<String> = []
    for file in files {
      for parent in file.name.folders where made.insert(parent).inserted {
        try Self.makeFolder(folder + "/evidence/" + parent)
      }
      let place = folder + "/evidence/" + file.name.text
      guard link(path(of: file.sha256), place) == 0 else { throw Self.failure("stored evidence cannot be laid out") }
    }
    return (folder + "/evidence", folder + "/answer")
  }

  func clear(_ id: String) { try? FileManager.default.removeItem(atPath: work + "/" + id) }

  /// Makes what was written to a folder's list of names last.
  static func flushFolder(_ path: String) {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// A file that was not there before, and is written once.
final class NewFile {
  let descriptor: CInt

  init(_ path: String) throws(CaseError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
    guard descriptor >= 0 else { throw EvidenceFiles.failure("evidence cannot be stored") }
  }

  deinit { close(descriptor) }

  func write(_ bytes: ArraySlice<UInt8>) throws(CaseError) {
    let error: CaseError? = unsafe bytes.withUnsafeBytes { part in
      do throws(CaseError) {
        unsafe try write(part)
        return nil
      } catch {
        return error
      }
    }
    if let error { throw error }
  }

  func write(_ part: UnsafeRawBufferPointer) throws(CaseError) {
    var offset = 0
    while offset < part.count {
      let place = unsafe part.baseAddress?.advanced(by: offset)
      #if canImport(Darwin)
      let count = unsafe Darwin.write(descriptor, place, part.count - offset)
      #elseif canImport(Musl)
      let count = unsafe Musl.write(descriptor, place, part.count - offset)
      #else
      let count = unsafe Glibc.write(descriptor, place, part.count - offset)
      #endif
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw EvidenceFiles.failure("evidence cannot be stored") }
      offset += count
    }
  }
}

/// A file that is being received: written and hashed part by part, then stored by its hash.
public final class IncomingEvidence: @unchecked Sendable {
  // Used by one task at a time, which waits for each part.
  private let files: EvidenceFiles
  private let path: String
  private let file: NewFile
  private var hash = SHA256()
  public private(set) var bytes: Int64 = 0

  init(_ files: EvidenceFiles, name: String) throws(CaseError) {
    self.files = files
    path = files.incoming + "/" + name
    file = try NewFile(path)
  }

  deinit { unlink(path) }

  /// Waits for the disk.
  public func write(_ part: UnsafeRawBufferPointer) throws(CaseError) {
    unsafe hash.update(bufferPointer: part)
    unsafe try file.write(part)
    bytes += Int64(part.count)
  }

  /// Ends the writing: everything is on the disk. Returns the content's hash. Waits for the disk.
  func seal() throws(CaseError) -> String {
    guard fsync(file.descriptor) == 0 else { throw EvidenceFiles.failure("evidence cannot be stored") }
    return hash.finalize().map { String(hexadecimal(UInt64($0), digits: 2).dropFirst(2)) }.joined()
  }

  /// Puts it where its hash says; content that is there already is kept once.
  func place(_ sha256: String) throws(CaseError) {
    let target = files.path(of: sha256)
    if access(target, F_OK) == 0 { return }
    let folder = String(target.prefix(target.count - sha256.count - 1))
    try EvidenceFiles.makeFolder(folder)
    guard link(path, target) == 0 || errno == EEXIST else { throw EvidenceFiles.failure("evidence cannot be stored") }
    EvidenceFiles.flushFolder(folder)
  }
}

extension IncomingEvidence {
  /// Waits for the disk.
  public func write(_ bytes: [UInt8]) throws(CaseError) {
    hash.update(data: bytes)
    try file.write(bytes[...])
    self.bytes += Int64(bytes.count)
  }
}
