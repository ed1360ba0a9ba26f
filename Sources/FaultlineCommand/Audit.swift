import ArgumentParser
import Facts
import Faultline
import KnowledgeBase
import KnowledgeStore
import Reporting

struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", _superCommandName: "faultline",
    abstract: "A machine's updates against the knowledge base: missing, installed, superseded, unknown.",
    discussion: """
      Evidence is what describes a machine: systeminfo, lists of installed updates,
      registry hives, a system volume, dumps. Several machines may be given at once.

      Examples:
        faultline kb import security-updates.zip
        faultline audit systeminfo.txt qfe.txt
        faultline audit fleet --format jsonl > fleet.jsonl
        faultline audit systeminfo.txt --update KB950162
      """)

  @Argument(help: ArgumentHelp("Files and folders of evidence.", valueName: "path"))
  var paths: [String] = []

  @Option(
    help: ArgumentHelp(
      "Tell about this update alone, even where it is not for the machine. Repeatable.", valueName: "id"))
  var update: [String] = []

  @Flag(help: "Text shows every update instead of the first ones.")
  var all = false

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var placement: ReportOptions

  func validate() throws {
    if paths.isEmpty { throw ValidationError("Name at least one file or folder.") }
    try placement.refuse([.html, .svg], "audit")
  }

  func run() async throws {
    let output = placement.output
    let store = try knowledge.store()
    if store == nil { output.note("no imported catalogue of updates: faultline kb import brings one") }
    var evidence = EvidenceOptions()
    evidence.paths = paths
    let pieces = try await evidence.read(Diagnoser(catalogue: Catalogue([])), output, hash: false)
    try EvidenceOptions.check(pieces)
    let described = MachineGrouping.machines(of: pieces)
    guard !described.isEmpty else {
      throw CommandFailure.unreadable("\(paths.joined(separator: ", ")): nothing in it describes a machine")
    }
    let auditor = MachineAuditor(catalogue: try knowledge.catalogue(), store: store, asked: update)
    var reports: [AuditReport] = []
    for machine in described {
      let problems = pieces.filter { machine.paths.contains($0.path) }.flatMap(\.problems)
      do {
        reports.append(
          AuditReport(audit: try auditor.audit(machine), evidence: machine.paths, problems: problems))
      } catch {
        throw CommandFailure(error)
      }
    }
    switch placement.format {
    case .json: try output.emit(AuditReport.json(reports))
    case .jsonl: try output.emit(reports.map { $0.json.text() + "\n" }.joined())
    case .csv: try output.emit(AuditReport.csv(reports))
    default:
      try output.emit(reports.map { $0.text(output.style, limit: all ? nil : 20) }.joined(separator: "\n"))
    }
    for piece in pieces where !piece.isRead {
      output.note("\(piece.path): \(piece.problems.first?.text ?? "not read")")
    }
  }
}
