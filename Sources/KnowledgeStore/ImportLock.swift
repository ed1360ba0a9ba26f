import ByteReading

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One import at a time for each knowledge base.
///
/// Where the folder is read-only there is no lock to be had, and none is needed: nothing can be written there.
struct ImportLock: ~Copyable {
  private let descriptor: Int32
  /// Why the place cannot be written; nil where it can.
  let refusal: String?

  /// Makes the folders above the knowledge base where they are missing. The system releases the lock of a process that died.
  init(_ path: String) throws(StoreError) {
    Self.makeFolders(above: path)
    descriptor = lockOpen(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      refusal = String(cString: strerror(errno))
      return
    }
    refusal = nil
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw StoreError(.busy, path: path, "another import is writing it")
    }
  }

  func release() {
    guard descriptor >= 0 else { return }
    // A child process that another thread has just forked shares the lock until it runs its program: closing our end alone
    // would leave it held for that moment.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func makeFolders(above path: String) {
    var folder = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false).dropLast() {
      folder += part + "/"
      if FileStatus.of(folder) == .missing { mkdir(folder, 0o755) }
    }
  }
}

/// Steps that put a complete database in its place.
enum DatabaseFile {
  /// The files that SQLite keeps beside a database in use.
  static let companions = ["-journal", "-wal", "-shm"]

  static func remove(_ path: String) {
    for ending in [""] + companions { unlink(path + ending) }
  }

  /// Where links lead to: a renamed file replaces a link, not what it points at.
  static func resolved(_ path: String) -> String {
    guard let target = realpath(path, nil) else { return path }
    defer { free(target) }
    return String(cString: target)
  }

  /// Whether nobody may write the file, not even the one who may write its folder.
  static func isReadOnly(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & 0o222 == 0 || access(path, W_OK) != 0
  }

  /// Synchronises the file and its folder around the renaming; who may read it stays as it was. Gives the reason where it
  /// fails.
  static func publish(_ target: String, as path: String) -> String? {
    var status = stat()
    let isThere = stat(path, &status) == 0
    let file = lockOpen(target, O_RDWR | O_CLOEXEC, 0)
    guard file >= 0 else { return String(cString: strerror(errno)) }
    defer { close(file) }
    if isThere {
      // Another owner's file can only be given back to him by the system's administrator; for others it stays theirs.
      _ = fchown(file, status.st_uid, status.st_gid)
      fchmod(file, status.st_mode & 0o7777)
    }
    guard fsync(file) == 0, rename(target, path) == 0 else { return String(cString: strerror(errno)) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = lockOpen(folder, O_RDONLY | O_CLOEXEC, 0)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
    return nil
  }
}

private func lockOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
