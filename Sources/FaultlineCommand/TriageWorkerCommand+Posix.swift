import ArgumentParser
import ByteReading
import ChildProcesses
import Dispatch
import Facts
import Faultline
import KnowledgeBase
import KnowledgeStore
import Reporting
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What `triage` starts for each core: reads the files that standard input names, each ended by a zero byte, and says what each
/// says. See `TriageWorker`.
struct TriageWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "triage-worker", abstract: "Reads files for a triage.", shouldDisplay: false)

  /// Only this one: the user's own may have come since.
  @Option(name: .customLong("kb")) var knowledgeBase: String?
  @Flag var byFolder = false
  @Flag var facts = false
  /// MiB that reading one file may take, beyond what the process takes without.
  @Option var memory: Int
  @OptionGroup var symbolOptions: SymbolOptions

  func run() throws {
    ChildProcess.closeInherited()
    let diagnoser = Diagnoser(
      store: try knowledgeBase.map { try KnowledgeStore(readingAt: $0) }, symbols: try symbolOptions.symbolFolder(),
      images: try symbolOptions.imageFolder(), server: try symbolOptions.server(quiet: true))
    Self.warmUp(diagnoser)
    let paths = InputPaths()
    paths.begin()
    Self.limitMemory(to: memory)
    guard Terminal.write(TriageWorker.greeting, to: 1) == nil else { return }
    while true {
      let path = paths.next()
      errno = 0
      let report = diagnoser.triage(path, isCase: byFolder, showsFacts: facts)
      let line = [Self.mark(report).rawValue] + Array(report.json.text().utf8) + [0x0A]
      guard Terminal.write(line, to: 1) == nil else { return }
    }
  }

  private static func mark(_ report: TriageReport) -> TriageWorker.Mark {
    switch report.outcome {
    case .read: .read
    case .noSuchFile: .missing
    default: report.kind == EvidenceKind.unknown.rawValue ? .unknown : .unread
    }
  }

  /// What every file takes is there before the first, whose time and memory are its own.
  private static func warmUp(_ diagnoser: Diagnoser) {
    var symptoms = Symptoms()
    symptoms.stopCode = StopCode(0x0A)
    symptoms.modules = [ModuleIdentity(name: "tcpip.sys")]
    symptoms.product = "Windows 2000"
    _ = diagnoser.match(symptoms).json.text()
  }

  /// Memory that is written to counts, files that are mapped do not: a dump may be larger. Held by the system on Linux; Darwin
  /// takes the limit and does not hold it.
  private static func limitMemory(to mebibytes: Int) {
    let bytes = rlim_t(ownMemory + max(0, mebibytes) << 20)
    var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
    #if canImport(Glibc)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
    #else
    _ = unsafe setrlimit(RLIMIT_DATA, &limit)
    #endif
    // An allocation that fails ends the process, by whichever signal: the number that the allocation left behind tells.
    for number in [SIGTRAP, SIGILL, SIGABRT, SIGSEGV, SIGBUS] {
      _ = signal(number) { number in
        if errno == ENOMEM { _exit(TriageWorker.memoryExit) }
        _ = signal(number, SIG_DFL)
      }
    }
  }

  /// Bytes of data and stacks that the process has already: the sixth field of Linux's `statm`, in pages.
  private static var ownMemory: Int {
    let file = openForReading("/proc/self/statm")
    guard file >= 0 else { return 0 }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe read(file, &bytes, bytes.count)
    let fields = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split { $0 == " " || $0 == "\n" }
    guard fields.count > 5, let pages = Int(fields[5]), pages < 1 << 32 else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

private func openForReading(_ path: String) -> CInt { open(path, O_RDONLY | O_CLOEXEC) }

/// The paths on standard input, read by a thread of its own, which ends the process where its parent is gone or done.
private final class InputPaths: Sendable {
  private let arrived = DispatchSemaphore(value: 0)
  private let paths = Mutex<[String]>([])

  func begin() {
    DispatchQueue(label: "paths").async {
      var path: [UInt8] = []
      var part = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = unsafe read(0, &part, part.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { _exit(0) }
        for byte in part[..<count] {
          if byte != 0 {
            path.append(byte)
            continue
          }
          self.paths.withLock { $0.append(PathText.text(path)) }
          path = []
          self.arrived.signal()
        }
      }
    }
  }

  /// Waits for the next one.
  func next() -> String {
    arrived.wait()
    return paths.withLock { $0.removeFirst() }
  }
}
