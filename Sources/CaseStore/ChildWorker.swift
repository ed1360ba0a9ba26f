import ChildProcesses
import Dispatch
import Synchronization

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
    let child: ChildProcess
    do {
      child = try ChildProcess([program] + arguments + options + [job.input, job.output])
    } catch {
      throw CaseError(.inputOutput, "no process can be started for the work on this case")
    }
    let limit = seconds
    let late = Late()
    let ending: ChildProcess.Ending = await withTaskCancellationHandler {
      let watch = Task {
        try await Task.sleep(for: .seconds(limit))
        late.isLate.withLock { $0 = true }
        child.kill()
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
    if late.isLate.withLock({ $0 }) {
      throw CaseError(.timedOut, "the work took longer than \(limit) seconds and was ended; give less evidence at once")
    }
    guard ending == .exited(0) else {
      throw CaseError(
        .failed,
        "the evidence ended the process that read it; diagnose its files one by one to find which, and report it")
    }
  }
}

/// Ended because it took too long.
private final class Late: Sendable {
  let isLate = Mutex(false)
}
