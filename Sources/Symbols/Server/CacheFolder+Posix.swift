import ByteReading
import Facts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Files kept for later runs.
enum CacheFolder {
  /// Writes a file whole or not at all: a run that is interrupted leaves no half file under the name. The system's reason
  /// where it cannot.
  static func write(_ bytes: [UInt8], name: String, in folder: String) -> String? {
    if let reason = make(folder) { return reason }
    let target = folder + "/" + name
    let temporary = folder + "/.\(name).\(getpid()).part"
    let descriptor = unsafe PathText.withCString(temporary) {
      unsafe open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { return reason(errno) }
    var failure: String?
    var rest = bytes[...]
    while failure == nil, !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Self.write(descriptor, $0) }
      if count < 0 {
        if errno != EINTR { failure = reason(errno) }
      } else {
        rest = rest.dropFirst(count)
      }
    }
    if close(descriptor) != 0, failure == nil { failure = reason(errno) }
    if failure == nil {
      let result = unsafe PathText.withCString(temporary) { from in
        unsafe PathText.withCString(target) { unsafe rename(from, $0) }
      }
      if result != 0 { failure = reason(errno) }
    }
    if failure != nil { _ = unsafe PathText.withCString(temporary) { unsafe unlink($0) } }
    return failure
  }

  private static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
    unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #elseif canImport(Musl)
    unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #else
    unsafe Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }

  private static func reason(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

  /// A folder with all those above it.
  private static func make(_ path: String) -> String? {
    var place = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      place += "/" + part
      if FileStatus.of(place) == .folder { continue }
      let result = unsafe PathText.withCString(place) { unsafe mkdir($0, 0o755) }
      if result != 0, errno != EEXIST { return reason(errno) }
    }
    return nil
  }
}
