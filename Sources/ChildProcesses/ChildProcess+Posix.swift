import Dispatch
import Facts
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A process that this one started, with pipes to its standard input and output. It is told that we are gone by the end of its
/// input, which comes also where we were killed. The Windows calls go beside this file.
public final class ChildProcess: Sendable {
  /// No process could be started.
  public struct NotStarted: Error {}

  /// What came of waiting for output.
  public enum Arrival: Hashable, Sendable {
    /// So many bytes.
    case bytes(Int)
    /// Nobody writes to it any more.
    case end
    /// Nothing came in time.
    case late
  }

  private let process: pid_t
  private let output: CInt
  /// nil once closed.
  private let input: Mutex<CInt?>
  /// Once it has been waited for, its number may be another's.
  private let isOver = Mutex(false)

  /// - Parameters:
  ///   - command: the program's path and its arguments, which may hold bytes as `PathText` has them.
  ///   - isSilent: whether its standard error goes nowhere instead of where ours goes.
  public init(_ command: [String], isSilent: Bool = false) throws(NotStarted) {
    guard let program = command.first else { throw NotStarted() }
    var toChild: [CInt] = [-1, -1]
    var fromChild: [CInt] = [-1, -1]
    guard Self.pipe(&toChild) else { throw NotStarted() }
    guard Self.pipe(&fromChild) else {
      for descriptor in toChild { close(descriptor) }
      throw NotStarted()
    }
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    #else
    var actions = posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    if isSilent { unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map {
      unsafe PathText.withCString($0) { unsafe strdup($0) }
    }
    unsafe arguments.append(nil)
    defer { for argument in unsafe arguments { unsafe free(argument) } }
    var process = pid_t()
    let result = unsafe posix_spawn(&process, program, &actions, nil, arguments, environ)
    close(toChild[0])
    close(fromChild[1])
    guard result == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw NotStarted()
    }
    self.process = process
    output = fromChild[0]
    input = Mutex(toChild[1])
  }

  deinit {
    close(output)
    closeInput()
  }

  /// Both ends closed in programs that are started; a child closes whatever else it was given.
  private static func pipe(_ ends: inout [CInt]) -> Bool {
    #if canImport(Darwin)
    guard unsafe Darwin.pipe(&ends) == 0 else { return false }
    #elseif canImport(Musl)
    guard unsafe Musl.pipe(&ends) == 0 else { return false }
    #else
    guard unsafe Glibc.pipe(&ends) == 0 else { return false }
    #endif
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return true
  }

  /// Closes what a process was given by its parent beside the three streams, such as the ends of other children's pipes; what
  /// is closed by starting a program anyway is the process's own, such as the runtime's. For the child, as its first act.
  public static func closeInherited() {
    for descriptor in CInt(3)..<1024 {
      let flags = fcntl(descriptor, F_GETFD)
      if flags >= 0, flags & FD_CLOEXEC == 0 { close(descriptor) }
    }
  }

  // MARK: Streams

  public func closeInput() {
    input.withLock { descriptor in
      if let open = descriptor { close(open) }
      descriptor = nil
    }
  }

  /// Writes all of it; false where nobody reads it any more. Waits where the pipe is full.
  public func write(_ bytes: [UInt8]) -> Bool {
    guard let descriptor = input.withLock({ $0 }) else { return false }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe writeBytes(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return false
      }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Waits until there is output, it ends, or the deadline has come.
  public func read(into buffer: inout [UInt8], until deadline: ContinuousClock.Instant? = nil) -> Arrival {
    while true {
      if let deadline {
        let left = ContinuousClock.now.duration(to: deadline).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
        guard milliseconds > 0 else { return .late }
        var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&request, 1, CInt(clamping: milliseconds))
        // Not ready: asked again, until the deadline has come.
        if ready <= 0 { continue }
      }
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe readBytes(output, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      return count > 0 ? .bytes(count) : .end
    }
  }

  /// Each line of its output, without what is beyond 256 bytes of it, until the output ends. Waits.
  public func readLines(_ body: (String) -> Void) {
    var line: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while case .bytes(let count) = read(into: &part) {
      for byte in part[..<count] {
        if byte == UInt8(ascii: "\n") {
          body(String(decoding: line, as: UTF8.self))
          line = []
        } else if line.count < 256 {
          line.append(byte)
        }
      }
    }
  }

  // MARK: Its end

  /// How a process ended.
  public enum Ending: Hashable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Waits for its end.
  public func wait() -> Ending {
    // Without taking it away first: until it is, nobody else has its number, and it can still be ended.
    var information = siginfo_t()
    while unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    return isOver.withLock { isOver in
      isOver = true
      var status: CInt = 0
      while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
      // As POSIX's WTERMSIG and WEXITSTATUS, which are macros, take it apart on all systems at hand.
      let signal = status & 0x7F
      return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }
  }

  public func kill() {
    isOver.withLock { isOver in
      guard !isOver else { return }
      #if canImport(Darwin)
      _ = Darwin.kill(process, SIGKILL)
      #elseif canImport(Musl)
      _ = Musl.kill(process, SIGKILL)
      #else
      _ = Glibc.kill(process, SIGKILL)
      #endif
    }
  }

  /// Ends it, and takes it away when it is gone: a process in a call that cannot be interrupted, as to a file server that does not
  /// answer, may outlive its end for a long time, and nobody is to wait for that.
  public func end() {
    closeInput()
    kill()
    DispatchQueue.global(qos: .utility).async { _ = self.wait() }
  }
}

private func writeBytes(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}
private func readBytes(_ descriptor: CInt, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  unsafe read(descriptor, bytes, count)
}
