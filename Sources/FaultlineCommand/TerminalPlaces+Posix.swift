#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension Terminal {
  /// Seconds since 1970 UTC.
  static var seconds: Int64 { Int64(time(nil)) }

  /// This program's own file.
  static var programPath: String? {
    #if canImport(Darwin)
    var bytes = [CChar](repeating: 0, count: 4096)
    var size = UInt32(bytes.count)
    guard unsafe _NSGetExecutablePath(&bytes, &size) == 0 else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    #else
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count)
    guard count > 0, count < bytes.count else { return nil }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    #endif
  }

  /// A path that means the same in another folder.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    var bytes = [CChar](repeating: 0, count: 4096)
    guard unsafe getcwd(&bytes, bytes.count) != nil else { return path }
    return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) + "/" + path
  }

  /// A folder and those on the way to it; a new one is for its owner alone.
  static func makeFolders(_ path: String) throws {
    for index in path.indices.dropFirst() where path[index] == "/" { _ = mkdir(String(path[..<index]), 0o755) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw unsafe CommandFailure.inputOutput("\(path): \(String(cString: strerror(errno)))")
    }
  }
}
