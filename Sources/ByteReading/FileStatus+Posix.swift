import Facts

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
    guard unsafe PathText.withCString(path, { unsafe stat($0, &status) }) == 0 else {
      // A loop of links, or a folder one may not enter, exists all the same.
      return errno == ENOENT || errno == ENOTDIR ? .missing : .file
    }
    return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
  }

  public static func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe PathText.withCString(path, { unsafe lstat($0, &status) }) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// In bytes, following symbolic links; 0 where it cannot be told.
  public static func size(of path: String) -> Int {
    var status = stat()
    guard unsafe PathText.withCString(path, { unsafe stat($0, &status) }) == 0 else { return 0 }
    return max(0, Int(status.st_size))
  }

  /// Seconds since 1970 of the last change, following symbolic links; nil where it cannot be told.
  public static func modified(_ path: String) -> Int64? {
    var status = stat()
    guard unsafe PathText.withCString(path, { unsafe stat($0, &status) }) == 0 else { return nil }
    #if canImport(Darwin)
    return Int64(status.st_mtimespec.tv_sec)
    #else
    return Int64(status.st_mtim.tv_sec)
    #endif
  }

  /// A device, pipe or socket.
  public static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    guard unsafe PathText.withCString(path, { unsafe stat($0, &status) }) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  /// Whether two paths lead to one existing file.
  public static func areSame(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard unsafe PathText.withCString(a, { unsafe stat($0, &first) }) == 0,
      unsafe PathText.withCString(b, { unsafe stat($0, &second) }) == 0
    else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }
}

/// The names in a folder, in the order of their bytes.
public func folderNames(_ path: String) throws(FileError) -> [String] {
  guard let folder = unsafe PathText.withCString(path, { unsafe opendir($0) }) else {
    throw FileContent.failure(path, errno)
  }
  defer { unsafe closedir(folder) }
  var names: [String] = []
  errno = 0
  while let entry = unsafe readdir(folder) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
    let text = PathText.text(name)
    if text != "." && text != ".." { names.append(text) }
    errno = 0
  }
  guard errno == 0 else { throw FileContent.failure(path, errno) }
  return names.sorted(by: PathText.precedes)
}
