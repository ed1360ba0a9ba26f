import ArgumentParser
import Faultline
import Matching
import Reporting

enum FailOn: String, ExpressibleByArgument, CaseIterable {
  case confirmed, probable
}

struct Diagnose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diagnose", _superCommandName: "faultline",
    abstract: "Files and folders of evidence in; machine, facts, findings and plan out.",
    discussion: """
      Examples:
        faultline diagnose 112126-8765-01.dmp
        faultline diagnose case-folder --symbols symbols --format json
        faultline diagnose case-folder --fail-on confirmed --output answer.txt
        faultline diagnose case-folder --server http://127.0.0.1:8080
        faultline diagnose case-folder --format html --output report.html
        faultline diagnose case-folder --redact --format json
      """)

  @OptionGroup var evidence: EvidenceOptions
  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var placement: ReportOptions

  @Option(
    help: ArgumentHelp(
      "Exit with 1 when there is a finding of this verdict or a stronger one: confirmed or probable.",
      valueName: "verdict"))
  var failOn: FailOn?

  @Option(
    help: ArgumentHelp(
      "Give the evidence to this server (faultline serve) instead of reading it here, and print its answer.",
      valueName: "url"))
  var server: String?

  @Option(
    help: ArgumentHelp("The server's token (default: the environment's FAULTLINE_TOKEN).", valueName: "token"))
  var token: String?

  @Flag(
    help:
      "Put placeholders such as host-1 and address-2 in the place of computers' names, network addresses, shares, users and the evidence's paths: the same for the same name throughout. For a report that leaves the site."
  )
  var redact = false

  func validate() throws {
    try placement.refuse([.csv, .svg], "diagnose")
    if server != nil, placement.format == .html {
      throw ValidationError("The server has a page for each case; --format html does not go with --server.")
    }
    if token != nil, server == nil { throw ValidationError("--token belongs to --server.") }
    if server != nil, failOn != nil || redact || knowledge.knowledgeBase != nil {
      throw ValidationError(
        "--server works with the server's own knowledge base and prints its answer as it is; --kb, --fail-on and --redact do not go with it."
      )
    }
  }

  func run() async throws {
    let output = placement.output
    if let server {
      let client = try CaseClient(server, token: token ?? Terminal.environment("FAULTLINE_TOKEN"))
      let answer = try await client.diagnose(evidence.paths, output: output)
      switch output.format {
      case .text: try output.emit(String(decoding: answer.text, as: UTF8.self))
      case .json: try output.emit(JSONValue.indented(answer.json) + "\n")
      default: try output.emit(String(decoding: answer.json, as: UTF8.self) + "\n")
      }
      return
    }
    let diagnoser = Diagnoser(
      store: try knowledge.store(), symbols: try evidence.symbolOptions.symbolFolder(),
      images: try evidence.symbolOptions.imageFolder(), server: try evidence.symbolOptions.server(quiet: output.quiet))
    let pieces = try await evidence.read(diagnoser, output)
    try EvidenceOptions.check(pieces)
    let diagnosis = try print(pieces, diagnoser, output)
    if let failOn {
      let least: Verdict = failOn == .confirmed ? .confirmed : .probable
      if diagnosis.findings.contains(where: { $0.finding.verdict >= least }) { throw ExitCode(1) }
    }
  }

  private func print(
    _ pieces: [EvidencePiece], _ diagnoser: Diagnoser, _ output: OutputOptions
  ) throws -> Diagnosis {
    if placement.format == .html {
      let whole = try report(pieces, diagnoser)
      let report = redact ? whole.redacted() : whole
      try output.emit(report.html)
      return report.diagnosis
    }
    let whole = diagnoser.diagnose(pieces)
    let diagnosis = redact ? whole.redacted() : whole
    if placement.format == .text {
      try output.emit(diagnosis.text(output.style))
    } else {
      try output.emit(diagnosis.json)
    }
    return diagnosis
  }

  private func report(_ pieces: [EvidencePiece], _ diagnoser: Diagnoser) throws -> CaseReport {
    do {
      return try diagnoser.report(pieces)
    } catch {
      throw CommandFailure.inputOutput("\(error)")
    }
  }
}
