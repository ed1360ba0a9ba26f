import Analyses
import ArgumentParser
import Facts
import Faultline
import KnowledgeBase
import Reporting

struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "What each piece of evidence says, without matching.",
    discussion: """
      Examples:
        faultline inspect 112126-8765-01.dmp
        faultline inspect case-folder --format jsonl
      """)

  @OptionGroup var evidence: EvidenceOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let diagnoser = Diagnoser(
      catalogue: Catalogue([]), symbols: try evidence.symbolOptions.symbolFolder(),
      images: try evidence.symbolOptions.imageFolder(), server: try evidence.symbolOptions.server(quiet: output.quiet))
    let pieces = try await evidence.read(diagnoser, output)
    switch output.format {
    case .text:
      try output.emit(pieces.map { text($0) }.joined(separator: "\n"))
    case .json:
      try output.emit(
        .members([("schema", .string("faultline.inspection/1")), ("evidence", .array(pieces.map(\.json)))]))
    default:
      try output.emit(pieces.map { $0.json.text() + "\n" }.joined())
    }
    try EvidenceOptions.check(pieces)
  }

  private func text(_ piece: EvidencePiece) -> String {
    let style = output.style
    var out =
      style.ink(piece.path, .strong) + "\n"
      + style.wrap(piece.kind.rawValue + (piece.sha256.map { ", SHA-256 \($0)" } ?? ""), hanging: 2) + "\n"
    switch piece.content {
    case .dump(let dump): out += dump.view.summary(style)
    case .article(let article): out += article.text(style)
    case .image(let image): out += image.text(style)
    case .symbols(let symbols): out += symbols.text(style)
    case .debuggerLog(let log, let pool):
      out += log.text(style)
      if !pool.snapshots.isEmpty { out += "\n" + pool.text(style) }
    case .poolLog(let pool): out += pool.text(style)
    case .inventory(let inventory): out += inventory.text(style)
    case .hive(let hive): out += hive.text(style)
    case .capture(let capture): out += capture.text(style)
    case .volume(let volume): out += volume.text(style)
    case .symptoms, .nothing: break
    }
    for problem in piece.problems { out += style.wrap(problem.text, first: "problem: ") + "\n" }
    return out
  }
}
