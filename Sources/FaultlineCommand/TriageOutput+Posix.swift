import ByteReading
import Facts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where triage's lines go: each whole and at once, so that a reader has it, and so that no more than one can be torn.
final class TriageOutput: Sendable {
  enum Failure: Error {
    /// Its reader has seen enough.
    case closed
    case system(String)
  }

  private let descriptor: CInt
  private let path: String

  /// Standard output.
  init() {
    descriptor = 1
    path = "standard output"
  }

  /// A file, new or, where another run's lines are kept, continued behind them.
  init(path: String, keeping bytes: Int?) throws {
    self.path = path
    if bytes == nil { try Self.checkOverwriting(path) }
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (bytes == nil ? O_TRUNC : 0)
    descriptor = unsafe PathText.withCString(path) { unsafe openFile($0, flags, 0o644) }
    guard descriptor >= 0 else {
      throw unsafe CommandFailure.inputOutput("\(path): \(String(cString: strerror(errno)))")
    }
    if let bytes, ftruncate(descriptor, off_t(bytes)) != 0 || lseek(descriptor, 0, SEEK_END) < 0 {
      throw unsafe CommandFailure.inputOutput("\(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Only lines of an earlier run are overwritten: what else is there may be the evidence.
  private static func checkOverwriting(_ path: String) throws {
    guard FileStatus.of(path) == .file, !FileStatus.isSpecial(path), FileStatus.size(of: path) > 0 else { return }
    let beginning = Array("{\"schema\":\"faultline.triage/".utf8)
    let file = try? MappedFile(path: path)
    if let file, file.bytes.array(at: 0, count: beginning.count) == beginning { return }
    throw CommandFailure.usage("\(path): exists and holds no lines of triage; --output would overwrite it")
  }

  deinit { if descriptor != 1 { close(descriptor) } }

  func write(_ line: [UInt8]) throws(Failure) {
    var rest = line[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe writeBytes(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EPIPE { throw .closed }
        throw unsafe .system("\(path): \(String(cString: strerror(errno)))")
      }
      rest = rest.dropFirst(count)
    }
  }
}

private func writeBytes(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}
private func openFile(_ path: UnsafePointer<CChar>, _ flags: CInt, _ mode: mode_t) -> CInt {
  unsafe open(path, flags, mode)
}
