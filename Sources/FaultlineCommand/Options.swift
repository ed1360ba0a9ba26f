import ArgumentParser
import ByteReading
import Faultline
import KnowledgeBase
import KnowledgeStore
import Reporting

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, jsonl, html, csv, svg

  /// What the commands of this version print; the others are refused with a reason.
  static let available: [OutputFormat] = [.text, .json, .jsonl]
  static var allValueStrings: [String] { available.map(\.rawValue) }
}

/// Options of every command that prints a report.
struct OutputOptions: ParsableArguments {
  @Option(help: "How to print: text, json or jsonl (one object per line).")
  var format: OutputFormat = .text

  @Option(help: ArgumentHelp("Write to this file instead of standard output.", valueName: "path"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Time zone for times in text output, such as Europe/Berlin; articles print UTC, people see local time. Default: this computer's.",
      valueName: "name"))
  var timeZone: String?

  @Flag(help: "No progress and no notes on stderr.")
  var quiet = false

  @Flag(help: "No colour, whatever the terminal.")
  var noColor = false

  func validate() throws {
    if !OutputFormat.available.contains(format) {
      throw ValidationError("This command prints text, json or jsonl; it cannot print \(format.rawValue) yet.")
    }
    if let timeZone, !LocalTime.setZone(timeZone) {
      throw ValidationError("'\(timeZone)' is no time zone this computer knows. Example: Europe/Berlin.")
    }
  }

  var style: TextStyle {
    let color =
      !noColor && output == nil && Terminal.outputIsTerminal && Terminal.environment("NO_COLOR") == nil
      && Terminal.environment("TERM") != "dumb"
    return TextStyle(width: Terminal.width, color: color) { LocalTime.text($0) }
  }

  /// Prints a report, or writes it to the file of `--output`.
  func emit(_ text: String) throws {
    if let output {
      if let reason = Terminal.writeFile(text, to: output) { throw CommandFailure.inputOutput("\(output): \(reason)") }
    } else if let reason = Terminal.write(text, to: 1) {
      throw CommandFailure.inputOutput("standard output: \(reason)")
    }
  }

  /// A document as JSON, indented for `json` and on one line for `jsonl`.
  func emit(_ document: JSONValue) throws { try emit(document.text(pretty: format == .json) + "\n") }

  func note(_ text: String) {
    if !quiet { Terminal.complain(text) }
  }
}

/// Where knowledge comes from.
struct KnowledgeOptions: ParsableArguments {
  @Option(
    name: .customLong("kb"),
    help: ArgumentHelp(
      "Knowledge base. Default: the bundled catalogue, and your own knowledge base once you have imported one.",
      valueName: "file"))
  var knowledgeBase: String?

  /// Where the knowledge base is or is to be.
  var place: String? { Self.place(knowledgeBase) }

  static func place(_ named: String?) -> String? {
    named ?? KnowledgeStore.defaultPath(environment: Terminal.environment)
  }

  /// The imported articles: those of `--kb`, which must exist, or the user's own, which may.
  func store() throws -> KnowledgeStore? {
    guard let place, knowledgeBase != nil || FileStatus.of(place) != .missing else { return nil }
    do {
      return try EarlyStore.open(place)
    } catch {
      throw CommandFailure(error)
    }
  }

  func catalogue() throws -> Catalogue {
    do {
      return try Catalogue.bundled()
    } catch {
      throw CommandFailure(code: ExitCode(70), message: "the bundled catalogue is damaged: \(error)")
    }
  }
}

/// Files and folders of evidence.
struct EvidenceOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Files and folders of evidence.", valueName: "path"))
  var paths: [String] = []

  @OptionGroup var symbolOptions: SymbolOptions

  func validate() throws {
    if paths.isEmpty { throw ValidationError("Name at least one file or folder.") }
  }

  /// The evidence read. Fails where a path does not exist and nothing else was named, or where nothing at all could be read.
  func read(_ diagnoser: Diagnoser, _ output: OutputOptions, hash: Bool = true) async throws -> [EvidencePiece] {
    let found = EvidencePaths(paths)
    if found.files.isEmpty && found.problems.isEmpty {
      if let first = found.notFound.first { throw CommandFailure.notFound("\(first): no such file or folder") }
      throw CommandFailure.unreadable("\(paths.joined(separator: ", ")): no file in it")
    }
    if let target = output.output, let source = found.files.first(where: { FileStatus.areSame($0, target) }) {
      throw CommandFailure.usage("\(target): --output would overwrite the evidence \(source)")
    }
    let showsProgress = Terminal.errorIsTerminal && !output.quiet && found.files.count > 8
    var pieces = await diagnoser.read(found.files, hash: hash) { done, total in
      if showsProgress { _ = Terminal.write("\r\(done) of \(total) files read", to: 2) }
    }
    if showsProgress { _ = Terminal.write("\r\u{1B}[K", to: 2) }
    pieces += found.notFound.map { EvidencePiece(unreadable: $0, "no such file or folder") }
    pieces += found.problems.map { EvidencePiece(unreadable: $0.path, $0.error.detail) }
    return pieces
  }

  /// Ends with the contract's code where nothing was read.
  static func check(_ pieces: [EvidencePiece]) throws {
    guard !pieces.contains(where: \.isRead) else { return }
    let lines = pieces.prefix(5).flatMap { piece in piece.problems.prefix(1).map { "\(piece.path): \($0.text)" } }
    let more = pieces.count > 5 ? "\n  and \(pieces.count - 5) more" : ""
    let message = "nothing of the evidence could be read\n  " + lines.joined(separator: "\n  ") + more
    throw pieces.allSatisfy(\.isInputOutputFailure)
      ? CommandFailure.inputOutput(message) : CommandFailure.unreadable(message)
  }
}
