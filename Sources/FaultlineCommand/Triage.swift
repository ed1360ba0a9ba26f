import ArgumentParser
import ByteReading
import KnowledgeStore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct Triage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "triage",
    abstract: "Many files: one JSON object per line for each, in their order, on all cores.",
    discussion: """
      Paths come as arguments, or as lines of standard input. Of a folder every file
      that is evidence has a line; with --by-folder the whole folder is one case with
      one line. A file that cannot be read, takes too long or too much memory, or
      ends the process that reads it, has a line that says so, and the next one is
      read. A run that was ended goes on where its output ends.

      Examples:
        faultline triage dumps --output lines.jsonl
        find /srv/dumps -name '*.dmp' | faultline triage --jobs 8 > lines.jsonl
        faultline triage dumps --resume lines.jsonl --output lines.jsonl
        faultline triage --by-folder cases/* --time-limit 300
      """)

  @Argument(
    help: ArgumentHelp("Files and folders; '-' or none for the lines of standard input.", valueName: "path"))
  var paths: [String] = []

  @Flag(help: "Each path that is a folder is one case: its files are read together, and it has one line.")
  var byFolder = false

  @Option(help: ArgumentHelp("Processes that read at the same time (default: the number of cores).", valueName: "n"))
  var jobs: Int?

  @Option(help: ArgumentHelp("Seconds that one file may take.", valueName: "seconds"))
  var timeLimit: Double = 60

  @Option(
    help: ArgumentHelp(
      "MiB of memory that reading one file may take; files that are mapped do not count.", valueName: "MiB"))
  var memoryLimit = 2048

  @Option(
    help: ArgumentHelp(
      "Output of an earlier run: paths that have a line in it are not read again; a torn last line does not count. The same file as --output is continued.",
      valueName: "file"))
  var resume: String?

  @Option(help: ArgumentHelp("Write the lines to this file instead of standard output.", valueName: "file"))
  var output: String?

  @Flag(help: "Also print every fact.")
  var facts = false

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var symbolOptions: SymbolOptions

  func validate() throws {
    if paths.contains("-"), paths.count > 1 {
      throw ValidationError("'-' stands for the lines of standard input, and takes no other path beside it.")
    }
    if let jobs, !(1...512).contains(jobs) { throw ValidationError("--jobs takes 1 to 512.") }
    guard timeLimit.isFinite, (0.01...1_000_000).contains(timeLimit) else {
      throw ValidationError("--time-limit takes 0.01 to 1000000 seconds.")
    }
    guard (16...1_048_576).contains(memoryLimit) else {
      throw ValidationError("--memory-limit takes 16 to 1048576 MiB.")
    }
  }

  private var readsInput: Bool { paths.isEmpty || paths == ["-"] }

  func run() throws {
    guard !readsInput || isatty(0) == 0 || paths == ["-"] else {
      throw CommandFailure.usage("name files or folders, or give their paths as lines of standard input")
    }
    // What a worker would fail by is said here, where it can be told.
    if try knowledge.store() == nil { _ = try knowledge.catalogue() }
    _ = try symbolOptions.symbolFolder()
    _ = try symbolOptions.imageFolder()
    var earlier = TriageEarlier()
    let continues =
      resume.map { resume in output.map { resume == $0 || FileStatus.areSame(resume, $0) } ?? false } ?? false
    if let resume, !continues || FileStatus.of(resume) != .missing { earlier = try TriageEarlier(output: resume) }
    let target =
      try output.map { try TriageOutput(path: $0, keeping: continues ? earlier.wholeBytes : nil) } ?? TriageOutput()
    let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    let run = TriageRun(
      TriagePaths(readsInput ? [] : paths, readsInput: readsInput, byFolder: byFolder), earlier: earlier,
      output: target,
      command: try workerCommand(), limits: TriageRun.Limits(seconds: timeLimit, memory: memoryLimit))
    let (count, skipped) = try run.run(workers: jobs ?? cores)
    // One line at least was printed for each path; a list without any is done.
    guard count.read == 0, skipped == 0, count.lines > 0 || !readsInput else { return }
    let named = paths.prefix(3).joined(separator: ", ")
    if count.lines > 0, count.missing == count.lines {
      throw CommandFailure.notFound(readsInput ? "none of the paths exists" : "\(named): no such file or folder")
    }
    throw CommandFailure.unreadable(
      readsInput ? "nothing of the evidence could be read" : "\(named): nothing of the evidence could be read")
  }

  private func workerCommand() throws -> [String] {
    guard let program = Terminal.programPath else {
      throw CommandFailure(code: ExitCode(70), message: "the program's own file is not known: no worker can be started")
    }
    var command = [program, "triage-worker", "--memory", "\(memoryLimit)"]
    if let place = knowledge.place, knowledge.knowledgeBase != nil || FileStatus.of(place) != .missing {
      command.append("--kb=\(place)")
    }
    if byFolder { command.append("--by-folder") }
    if facts { command.append("--facts") }
    command += symbolOptions.symbols.map { "--symbols=\($0)" }
    command += symbolOptions.images.map { "--images=\($0)" }
    if let server = symbolOptions.symbolServer { command.append("--symbol-server=\(server)") }
    if let cache = symbolOptions.symbolCache { command.append("--symbol-cache=\(cache)") }
    return command
  }
}
