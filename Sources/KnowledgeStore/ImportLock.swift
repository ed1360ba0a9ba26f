import ByteReading

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One import at a time for each knowledge base, and the steps that put a new one in its place.
struct ImportLock: ~Copyable {
  private let descriptor: Int32

  /// Makes the folders above the knowledge base where they are missing. The system releases the lock of a process that died.
  init(_ path: String) throws(StoreError) {
    Self.makeFolders(above: path)
    let descriptor = lockOpen(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError(.inputOutput, path: path, "cannot be written: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw StoreError(.busy, path: path, "another import is writing it")
    }
    self.descriptor = descriptor
  }

  func release() {
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

  static func removeDatabase(_ path: String) {
    for ending in ["", "-journal", "-wal", "-shm"] { unlink(path + ending) }
  }

  /// Synchronises the file and its folder around the renaming. Gives the reason where it fails.
  static func publish(_ target: String, as path: String) -> String? {
    let file = lockOpen(target, O_RDWR | O_CLOEXEC, 0)
    guard file >= 0, fsync(file) == 0 else { return String(cString: strerror(errno)) }
    close(file)
    guard rename(target, path) == 0 else { return String(cString: strerror(errno)) }
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
