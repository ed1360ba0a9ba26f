#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a path leads to. The Windows calls go beside this file.
public enum FileStatus: Hashable, Sendable {
  case missing
  case folder
  /// Anything else, readable or not: opening it tells.
  case file

  /// Following symbolic links.
  public static func of(_ path: String) -> FileStatus {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      // A loop of links, or a folder one may not enter, exists all the same.
      return errno == ENOENT || errno == ENOTDIR ? .missing : .file
    }
    return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  public static func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
