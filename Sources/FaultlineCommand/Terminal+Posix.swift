import ByteReading
import Facts
import Reporting

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal and the process's streams. The Windows calls go beside this file.
enum Terminal {
  static var outputIsTerminal: Bool { isatty(1) == 1 }
  static var errorIsTerminal: Bool { isatty(2) == 1 }

  /// Columns of the terminal; 100 where output is no terminal.
  static var width: Int {
    guard outputIsTerminal else { return 100 }
    var size = winsize()
    guard unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }

  /// The time, as RFC 3339 in UTC.
  static var now: String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return
      "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
  }

  /// A reader that goes away early (`| head`) shows as EPIPE where it is written to, instead of ending the program there.
  static func ignoreClosedPipes() { _ = signal(SIGPIPE, SIG_IGN) }

  /// The program's own arguments, with those that are no UTF-8 kept.
  static var arguments: [String] {
    var arguments: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = unsafe CommandLine.unsafeArgv[index] else { break }
      arguments.append(
        PathText.text(
          unsafe Array(UnsafeBufferPointer(start: argument, count: strlen(argument))).map(UInt8.init(bitPattern:))))
    }
    return arguments
  }

  /// Writes all of a text to a descriptor; the system's reason where it cannot. A reader that has seen enough is no failure.
  static func write(_ text: String, to descriptor: Int32) -> String? {
    write(Array(text.utf8), to: descriptor)
  }

  static func write(_ content: [UInt8], to descriptor: Int32) -> String? {
    var bytes = content[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe posixWrite(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return errno == EPIPE ? nil : unsafe String(cString: strerror(errno))
      }
      bytes = bytes.dropFirst(count)
    }
    return nil
  }

  /// One message on stderr. It quotes names from evidence, which must not drive the terminal.
  static func complain(_ message: String) { _ = write("faultline: " + TextStyle.clean(message) + "\n", to: 2) }

  /// All of standard input, up to a limit; nil beyond it.
  static func standardInput(limit: Int) -> [UInt8]? {
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return result }
      result += chunk[0..<count]
      if result.count > limit { return nil }
    }
  }

  /// A file of this content, complete or not at all: written beside its place and renamed. A link stays a link, and devices and
  /// pipes are written to as they are.
  static func writeFile(_ text: String, to path: String) -> String? { writeFile(Array(text.utf8), to: path) }

  static func writeFile(_ content: [UInt8], to path: String) -> String? {
    if FileStatus.isSymbolicLink(path), FileStatus.of(path) != .missing,
      let target = unsafe PathText.withCString(path, { unsafe realpath($0, nil) })
    {
      defer { unsafe free(target) }
      let bytes = unsafe UnsafeBufferPointer(start: target, count: strlen(target)).map(UInt8.init(bitPattern:))
      return writeFile(content, to: PathText.text(bytes))
    }
    if FileStatus.isSpecial(path) {
      let descriptor = unsafe PathText.withCString(path) { unsafe posixOpen($0, O_WRONLY | O_CLOEXEC, 0) }
      guard descriptor >= 0 else { return unsafe String(cString: strerror(errno)) }
      defer { close(descriptor) }
      return write(content, to: descriptor)
    }
    let temporary = path + ".\(getpid()).part"
    let descriptor = unsafe PathText.withCString(temporary) {
      unsafe posixOpen($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { return unsafe String(cString: strerror(errno)) }
    var reason = write(content, to: descriptor)
    if close(descriptor) != 0, reason == nil { reason = unsafe String(cString: strerror(errno)) }
    if reason == nil,
      unsafe PathText.withCString(temporary, { from in unsafe PathText.withCString(path) { unsafe rename(from, $0) } })
        != 0
    {
      reason = unsafe String(cString: strerror(errno))
    }
    if reason != nil { _ = unsafe PathText.withCString(temporary) { unsafe unlink($0) } }
    return reason
  }
}

private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}
private func posixOpen(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 {
  unsafe open(path, flags, mode)
}
