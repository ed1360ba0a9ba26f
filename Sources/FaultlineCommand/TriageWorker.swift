import ChildProcesses
import Facts

/// One process that reads files for triage, one after another, and the next one where it ended.
///
/// A path goes to it as its bytes and a zero byte. Its answer is a line: a letter, and the JSON of the report.
final class TriageWorker {
  /// What is said of a file, beside the line itself.
  enum Mark: UInt8 {
    /// Something of it was read.
    case read = 0x52
    case unread = 0x55
    case missing = 0x4D
    /// It is no evidence of any kind known, and could be opened.
    case unknown = 0x4E
  }

  enum Answer {
    case line(Mark, [UInt8])
    case late
    case outOfMemory
    /// The process ended; it does so again in a new one.
    case crashed
  }

  /// No process could be started, or it ended before it was ready.
  struct Unusable: Error {}

  /// What a worker says once it is ready.
  static let greeting = Array("ready\n".utf8)
  /// How a worker ends where memory ran out.
  static let memoryExit: Int32 = 98
  /// To open the knowledge base and read the catalogue.
  private static let startLimit = Duration.seconds(120)
  /// No report is as long: a worker that says more has lost its way.
  private static let longestLine = 256 << 20

  private let command: [String]
  private let limit: Duration
  private var child: ChildProcess?
  /// Files the present process has read.
  private var served = 0
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  init(command: [String], limit: Duration) {
    self.command = command
    self.limit = limit
  }

  deinit { child?.end() }

  func read(_ path: String) throws(Unusable) -> Answer {
    var isRepeated = false
    while true {
      if child == nil { try start() }
      guard let child else { throw Unusable() }
      let wasFresh = served == 0
      if child.write(PathText.bytes(path) + [0]) {
        switch line(from: child) {
        case .line(let bytes):
          guard let first = bytes.first, let mark = Mark(rawValue: first) else { throw Unusable() }
          served += 1
          return .line(mark, Array(bytes.dropFirst()))
        case .late:
          end()
          return .late
        case .end: break
        }
      }
      let ending = child.wait()
      self.child = nil
      // Not this file's doing for sure where the process had read others before it, or was killed by somebody: what a new one
      // makes of it counts.
      if !isRepeated, !wasFresh || ending == .killed(signal: 9) {
        isRepeated = true
        continue
      }
      return ending == .exited(Self.memoryExit) ? .outOfMemory : .crashed
    }
  }

  private func start() throws(Unusable) {
    served = 0
    do {
      child = try ChildProcess(command, isSilent: true)
    } catch {
      throw Unusable()
    }
    guard let child, case .line(let bytes) = line(from: child, limit: Self.startLimit), bytes + [0x0A] == Self.greeting
    else {
      end()
      throw Unusable()
    }
  }

  private func end() {
    child?.end()
    child = nil
  }

  private enum Line {
    case line([UInt8])
    case end, late
  }

  private func line(from child: ChildProcess, limit: Duration? = nil) -> Line {
    let deadline = ContinuousClock.now.advanced(by: limit ?? self.limit)
    var line: [UInt8] = []
    while true {
      switch child.read(into: &buffer, until: deadline) {
      case .late: return .late
      case .end: return .end
      case .bytes(let count):
        line += buffer[..<count]
        // It says nothing unasked: what it says ends with the line.
        if line.last == 0x0A { return .line(line.dropLast()) }
        if line.count > Self.longestLine {
          child.kill()
          return .end
        }
      }
    }
  }
}
