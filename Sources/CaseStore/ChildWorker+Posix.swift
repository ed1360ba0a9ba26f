import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Works on each case in a process of its own: the program with `case-worker` and the two folders. The process says how far it is in
/// lines `phase done total`, and ends itself when its standard input closes, which happens also where the server was killed.
public struct ChildWorker: CaseWorker {
  /// The program, and arguments before the folders.
  public var program: String
  public var arguments: [String]
  /// A case that takes longer is failed.
  public var seconds: Int

  public init(program: String, arguments: [String], seconds: Int) {
    self.program = program
    self.arguments = arguments
    self.seconds = seconds
  }

  public func work(
    on job: CaseJob, progress: @escaping @Sendable (CaseProgress) -> Void
  ) async throws(CaseError) -> CaseAnswer {
    try await run([], on: job, progress: progress)
    return try CaseAnswer(folder: job.output)
  }

  public func verify(_ fix: String, on job: CaseJob) async throws(CaseError) -> [UInt8] {
    try await run(["--verify", fix], on: job) { _ in }
    return try CaseAnswer.file(CaseAnalysis.pageFile, in: job.output)
  }

  private func run(
    _ options: [String], on job: CaseJob, progress: @escaping @Sendable (CaseProgress) -> Void
  ) async throws(CaseError) {
    let child = try Child([program] + arguments + options + [job.input, job.output])
    let limit = seconds
    let status: CInt = await withTaskCancellationHandler {
      let watch = Task {
        try await Task.sleep(for: .seconds(limit))
        child.kill(isLate: true)
      }
      defer { watch.cancel() }
      return await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          child.readLines { line in
            let words = line.split(separator: " ")
            guard words.count == 3, let done = Int(words[1]), let total = Int(words[2]) else { return }
            progress(CaseProgress(phase: String(words[0]), done: done, total: total))
          }
          continuation.resume(returning: child.wait())
        }
      }
    } onCancel: {
      child.kill()
    }
    if Task.isCancelled { throw CaseError(.cancelled, "cancelled") }
    if child.isLate {
      throw CaseError(.timedOut, "the work took longer than \(limit) seconds and was ended; give less evidence at once")
    }
    guard status == 0 else {
      throw CaseError(
        .failed,
        "the evidence ended the process that read it; diagnose its files one by one to find which, and report it")
    }
  }
}

/// A process of this one's.
private final class Child: Sendable {
  private let process: pid_t
  /// Its standard output, and the end of its standard input that tells it that we live.
  private let output: CInt
  private let life: CInt
  /// Once it has been waited for, its number may be another's.
  private let isOver = Mutex(false)
  private let late = Mutex(false)

  init(_ command: [String]) throws(CaseError) {
    let failure = CaseError(.inputOutput, "no process can be started for the work on this case")
    var input: [CInt] = [-1, -1]
    var output: [CInt] = [-1, -1]
    guard Self.pipe(&input) else { throw failure }
    guard Self.pipe(&output) else {
      for descriptor in input { close(descriptor) }
      throw failure
    }
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    #else
    var actions = posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input[0], 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    defer { for argument in unsafe arguments { unsafe free(argument) } }
    var process = pid_t()
    let result = unsafe posix_spawn(&process, command[0], &actions, nil, arguments, environ)
    close(input[0])
    close(output[1])
    guard result == 0 else {
      close(input[1])
      close(output[0])
      throw failure
    }
    self.process = process
    self.output = output[0]
    life = input[1]
  }

  deinit {
    close(output)
    close(life)
  }

  /// Both ends closed in programs that are started; the worker closes whatever else it was given.
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

  /// Each line of its output, until that ends. Waits.
  func readLines(_ body: (String) -> Void) {
    var line: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(output, &part, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
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

  /// Its exit status; not 0 where it was ended by a signal.
  func wait() -> CInt {
    // Without taking it away first: until it is, nobody else has its number, and it can still be ended.
    var information = siginfo_t()
    while unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    return isOver.withLock { isOver in
      isOver = true
      var status: CInt = 0
      while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
      return status
    }
  }

  /// Ended because it took too long.
  var isLate: Bool { late.withLock { $0 } }

  func kill(isLate: Bool = false) {
    if isLate { late.withLock { $0 = true } }
    isOver.withLock { isOver in
      #if canImport(Darwin)
      if !isOver { _ = Darwin.kill(process, SIGKILL) }
      #elseif canImport(Musl)
      if !isOver { _ = Musl.kill(process, SIGKILL) }
      #else
      if !isOver { _ = Glibc.kill(process, SIGKILL) }
      #endif
    }
  }
}
