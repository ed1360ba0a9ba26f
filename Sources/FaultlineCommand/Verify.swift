import ArgumentParser
import Facts
import Faultline
import KnowledgeBase
import Reporting

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Is this fix really in place on this machine: every file at or above, per branch and architecture.",
    discussion: """
      Versions of files come from a mounted or copied system volume, from single binaries, from the output of wmic datafile, dir
      or similar lists, and from dumps. A list of updates alone proves nothing.

      Examples:
        faultline verify KB950162 systeminfo.txt files.txt
        faultline verify KB961799 /mnt/windows-volume
        faultline verify Q315817 td.txt --format json
      """)

  @Argument(help: ArgumentHelp("The fix: KB950162, Q315817, 961799.", valueName: "kb"))
  var update: String

  @Argument(help: ArgumentHelp("Files and folders of evidence.", valueName: "path"))
  var paths: [String] = []

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var placement: ReportOptions

  func validate() throws {
    guard ArticleNumber(update) != nil || update.uppercased().hasPrefix("FL-") || update.uppercased().hasPrefix("MS")
    else {
      throw ValidationError("'\(update)' is no fix's number. Examples: KB950162, Q315817.")
    }
    if paths.isEmpty { throw ValidationError("Name at least one file or folder.") }
    try placement.refuse([.html, .svg], "verify")
  }

  func run() async throws {
    let output = placement.output
    var evidence = EvidenceOptions()
    evidence.paths = paths
    let pieces = try await evidence.read(Diagnoser(catalogue: Catalogue([])), output, hash: false)
    try EvidenceOptions.check(pieces)
    let described = MachineGrouping.machines(of: pieces)
    guard !described.isEmpty else {
      throw CommandFailure.unreadable(
        "\(paths.joined(separator: ", ")): nothing in it describes a machine or its files")
    }
    let verifier = MachineVerifier(catalogue: try knowledge.catalogue(), store: try knowledge.store())
    var reports: [VerificationReport] = []
    for machine in described {
      do {
        reports.append(try verifier.verify(update, machine))
      } catch {
        throw CommandFailure(error)
      }
    }
    switch placement.format {
    case .json: try output.emit(VerificationReport.json(reports))
    case .jsonl: try output.emit(reports.map { $0.json.text() + "\n" }.joined())
    case .csv: try output.emit(VerificationReport.csv(reports))
    default: try output.emit(reports.map { $0.text(output.style) }.joined(separator: "\n"))
    }
    for piece in pieces where !piece.isRead {
      output.note("\(piece.path): \(piece.problems.first?.text ?? "not read")")
    }
  }
}
