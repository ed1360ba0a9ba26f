import ArgumentParser
import ByteReading
import CaptureFormat
import Facts
import Faultline
import Reporting

struct Capture: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "NetBIOS, SMB and DFS in captures: malformed frames, their senders, servers' versions, referrals.",
    discussion: """
      Reads pcap, pcapng, Network Monitor and each of them packed by gzip. The first bad frame of every conversation is marked.

      Examples:
        faultline capture netbios.pcapng
        faultline capture day1.pcap day2.pcap --format jsonl
        faultline capture netbios.pcapng --format html --output netbios.html
        faultline capture netbios.pcapng --extract bad.pcap
      """)

  @Argument(help: ArgumentHelp("Captures, and folders with captures.", valueName: "path"))
  var paths: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write the malformed and damaged frames of one capture to this file, as pcap; as pcapng where they are of several link types.",
      valueName: "file"))
  var extract: String?

  @OptionGroup var placement: ReportOptions

  func validate() throws {
    if paths.isEmpty { throw ValidationError("Name at least one file or folder.") }
    try placement.refuse([.csv], "capture")
  }

  func run() throws {
    let output = placement.output
    let found = EvidencePaths(paths)
    if found.files.isEmpty && found.problems.isEmpty {
      if let first = found.notFound.first { throw CommandFailure.notFound("\(first): no such file or folder") }
      throw CommandFailure.unreadable("\(paths.joined(separator: ", ")): no file in it")
    }
    for target in [placement.path, extract].compactMap({ $0 }) {
      if let source = found.files.first(where: { FileStatus.areSame($0, target) }) {
        throw CommandFailure.usage("\(target): would overwrite the evidence \(source)")
      }
    }
    var views: [(path: String, view: CaptureView, problems: [ReadError])] = []
    var failures: [String] = found.notFound.map { "\($0): no such file or folder" }
    failures += found.problems.map { "\($0.path): \($0.error.detail)" }
    // Of a folder only the captures are meant; a file that was named is expected to be one.
    let named = Set(paths)
    var isReadable = false
    for path in found.files {
      do throws(FileError) {
        let file = try MappedFile(path: path)
        isReadable = true
        if !named.contains(path), EvidenceKind.detect(file).kind != .capture { continue }
        var problems: [ReadError] = []
        do throws(ReadError) {
          let view = try CaptureReading.view(file, problems: &problems, progress: progress(path, output))
          views.append((path, view, problems))
        } catch {
          failures.append("\(path): \(error)")
        }
      } catch {
        failures.append(error.description)
      }
    }
    if Terminal.errorIsTerminal, !output.quiet { _ = Terminal.write("\r\u{1B}[K", to: 2) }
    guard !views.isEmpty else {
      let message = "no capture could be read\n  " + failures.prefix(5).joined(separator: "\n  ")
      throw isReadable ? CommandFailure.unreadable(message) : CommandFailure.inputOutput(message)
    }
    if let extract { try write(views, to: extract, output) }
    try emit(views, output)
    for failure in failures { output.note(failure) }
    for (path, _, problems) in views {
      for problem in problems { output.note("\(path): \(problem)") }
    }
  }

  private func emit(
    _ views: [(path: String, view: CaptureView, problems: [ReadError])], _ output: OutputOptions
  ) throws {
    switch placement.format {
    case .html:
      guard views.count == 1, let only = views.first else {
        throw CommandFailure.usage("html is a page of one capture; \(views.count) were read")
      }
      try output.emit(only.view.html(path: only.path))
    case .json:
      let documents = views.map { $0.view.document(path: $0.path, problems: $0.problems.map(\.description)) }
      if documents.count == 1 { return try output.emit(documents[0]) }
      try output.emit(
        .members([("schema", .string("faultline.captures/1")), ("captures", .array(documents))]))
    case .jsonl:
      try output.emit(
        views.map { $0.view.document(path: $0.path, problems: $0.problems.map(\.description)).text() + "\n" }.joined())
    default:
      let style = output.style
      try output.emit(
        views.map { style.ink($0.path, .strong) + "\n" + $0.view.text(style) }.joined(separator: "\n"))
    }
  }

  private func write(
    _ views: [(path: String, view: CaptureView, problems: [ReadError])], to target: String, _ output: OutputOptions
  ) throws {
    guard views.count == 1, let only = views.first else {
      throw CommandFailure.usage("--extract takes frames of one capture; \(views.count) were read")
    }
    let frames = Set((only.view.malformed + only.view.damaged).map(\.frame))
    do {
      let bytes = try CaptureExtraction.extract(frames, from: MappedFile(path: only.path))
      if let reason = Terminal.writeFile(bytes, to: target) {
        throw CommandFailure.inputOutput("\(target): \(reason)")
      }
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure.inputOutput("\(only.path): \(error)")
    }
    output.note("\(frames.count) frames written to \(target)")
  }

  private func progress(_ path: String, _ output: OutputOptions) -> (Int, Int) -> Void {
    let isShown = Terminal.errorIsTerminal && !output.quiet
    return { done, total in
      guard isShown, total > 0 else { return }
      _ = Terminal.write("\r\u{1B}[K\(done >> 20) of \(total >> 20) MiB, \(done * 100 / total) %", to: 2)
    }
  }
}
