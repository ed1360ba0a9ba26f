import ArgumentParser
import Dispatch
import Facts
import Foundation
import Reporting
import Synchronization

/// Reads paths on several workers and prints a line for each, in the order of the paths.
///
/// Each worker has a thread that takes the next path, waits for its answer and hands it over. A line waits in memory until those
/// before it are there; where too many wait, because one file takes long or the output's reader is slow, no further path is taken.
final class TriageRun: Sendable {
  /// For one file. Workers hold themselves to that of memory, in MiB.
  struct Limits {
    var seconds: Double
    var memory: Int
  }

  /// Why no more is printed.
  private enum End: Error {
    /// Whoever reads the lines has seen enough.
    case closed
    case failed(CommandFailure)
  }

  /// What came of the paths so far.
  struct Count: Sendable {
    var lines = 0
    var read = 0
    var missing = 0
  }

  private let source: Mutex<Source>
  private let lines: OrderedLines
  private let limits: Limits
  private let command: [String]

  private struct Source {
    var paths: TriagePaths
    var earlier: TriageEarlier
    var taken = 0
    var skipped = 0
  }

  init(
    _ paths: TriagePaths, earlier: TriageEarlier, output: TriageOutput, command: [String], limits: Limits
  ) {
    source = Mutex(Source(paths: paths, earlier: earlier))
    lines = OrderedLines(output)
    self.command = command
    self.limits = limits
  }

  /// Works until all is printed, or nobody reads it any more.
  ///
  /// - Returns: what was printed, and paths left out because an earlier run has printed them.
  func run(workers: Int) throws -> (count: Count, skipped: Int) {
    let running = Mutex(workers)
    let done = DispatchSemaphore(value: 0)
    let end = Mutex<End?>(nil)
    for number in 0..<workers {
      // A queue of its own is a thread of its own, however long the others wait.
      DispatchQueue(label: "worker \(number)").async {
        do throws(End) {
          try self.work()
        } catch {
          end.withLock { $0 = $0 ?? error }
          done.signal()
        }
        if running.withLock({
          $0 -= 1
          return $0 == 0
        }) {
          done.signal()
        }
      }
    }
    // Threads that are left wait for input or for workers, and end with this process.
    done.wait()
    if case .failed(let failure)? = end.withLock({ $0 }) { throw failure }
    return (lines.count, source.withLock { $0.skipped })
  }

  private func next() -> (index: Int, item: TriagePaths.Item)? {
    source.withLock { source in
      while let item = source.paths.next() {
        if source.earlier.take(item.path) {
          source.skipped += 1
          continue
        }
        source.taken += 1
        return (source.taken - 1, item)
      }
      return nil
    }
  }

  private func work() throws(End) {
    let worker = TriageWorker(command: command, limit: .seconds(limits.seconds))
    while let (index, item) = next() {
      guard lines.admit(index) else { return }
      let line: OrderedLines.Line
      do {
        line = try self.line(item, worker)
      } catch {
        let reason = "a worker cannot be started, or ended before it was ready; try faultline diagnose on one file"
        throw .failed(CommandFailure(code: ExitCode(70), message: reason))
      }
      do {
        try lines.put(line, at: index)
      } catch {
        switch error {
        case .closed: throw .closed
        case .system(let reason): throw .failed(.inputOutput(reason))
        }
      }
    }
  }

  private func line(_ item: TriagePaths.Item, _ worker: TriageWorker) throws(TriageWorker.Unusable) -> OrderedLines.Line
  {
    switch item {
    case .path(let path), .found(let path):
      switch try worker.read(path) {
      case .line(let mark, let bytes):
        if mark == .unknown, case .found = item { return .none }
        return .line(bytes + [0x0A], mark == .read ? .read : mark == .missing ? .missing : .other)
      case .late:
        return ended(path, .timeLimit, "an answer within \(seconds) seconds", "none")
      case .outOfMemory: return ended(path, .memoryLimit, "no more than \(limits.memory) MiB of memory", "more")
      case .crashed: return ended(path, .crashed, "an answer", "the process that read it ended without one, twice")
      }
    case .unreadable(let path, let reason):
      return own(TriageReport(path: path, outcome: .unreadable, problems: [Self.problem("a readable folder", reason)]))
    case .missing(let path):
      let reason = "no such file or folder"
      return own(TriageReport(path: path, outcome: .noSuchFile, problems: [Self.problem("a readable file", reason)]))
    }
  }

  private var seconds: String {
    limits.seconds == limits.seconds.rounded() ? String(Int(limits.seconds)) : String(limits.seconds)
  }

  private func ended(
    _ path: String, _ outcome: TriageReport.Outcome, _ expected: String, _ found: String
  ) -> OrderedLines.Line {
    let problem = EvidenceProblem(
      what: "reading", because: .unsupported, expected: expected, found: found,
      text: "reading: expected \(expected), found \(found); the process that read it was ended")
    return own(TriageReport(path: path, outcome: outcome, problems: [problem]))
  }

  private static func problem(_ expected: String, _ found: String) -> EvidenceProblem {
    EvidenceProblem(what: "file", because: .notPresent, expected: expected, found: found, text: found)
  }

  private func own(_ report: TriageReport) -> OrderedLines.Line {
    .line(Array(report.json.text().utf8) + [0x0A], report.outcome == .noSuchFile ? .missing : .other)
  }
}

extension TriagePaths.Item {
  var path: String {
    switch self {
    case .path(let path), .found(let path), .missing(let path), .unreadable(let path, _): path
    }
  }
}

/// Lines that come in any order and are printed in that of their numbers.
private final class OrderedLines: @unchecked Sendable {
  enum Kind { case read, missing, other }

  enum Line {
    case line([UInt8], Kind)
    /// Nothing is printed for it.
    case none
  }

  /// Lines and bytes that may wait for one before them.
  private static let most = 4096
  private static let mostBytes = 64 << 20

  /// Guards all below.
  private let condition = NSCondition()
  private let output: TriageOutput
  private var waiting: [Int: Line] = [:]
  private var waitingBytes = 0
  private var next = 0
  private var isClosed = false
  private var counted = TriageRun.Count()

  init(_ output: TriageOutput) { self.output = output }

  var count: TriageRun.Count {
    condition.lock()
    defer { condition.unlock() }
    return counted
  }

  /// Waits until a line of this number may be worked on: the one that is printed next always may. False where printing has ended.
  func admit(_ index: Int) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while !isClosed, index != next, index - next >= Self.most || waitingBytes >= Self.mostBytes { condition.wait() }
    return !isClosed
  }

  func put(_ line: Line, at index: Int) throws(TriageOutput.Failure) {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    waiting[index] = line
    if case .line(let bytes, _) = line { waitingBytes += bytes.count }
    while !isClosed, let line = waiting.removeValue(forKey: next) {
      next += 1
      guard case .line(let bytes, let kind) = line else { continue }
      waitingBytes -= bytes.count
      do throws(TriageOutput.Failure) {
        try output.write(bytes)
      } catch {
        isClosed = true
        throw error
      }
      counted.lines += 1
      if kind == .read { counted.read += 1 }
      if kind == .missing { counted.missing += 1 }
    }
  }
}
