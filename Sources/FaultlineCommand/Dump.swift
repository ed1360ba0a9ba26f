import Analyses
import ArgumentParser
import ByteReading
import CrashDumpFormat
import Facts
import Faultline
import Reporting
import WindowsKernel

enum DumpViewName: String, ExpressibleByArgument, CaseIterable {
  case summary, modules, stack, processes, pool, symbols
}

enum PoolSort: String, ExpressibleByArgument, CaseIterable {
  case bytes, count, tag

  var order: PoolView.Order {
    switch self {
    case .bytes: .bytes
    case .count: .count
    case .tag: .tag
    }
  }
}

struct Dump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "One view of one crash dump: summary, modules, stack, processes, pool or symbols.",
    discussion: """
      Examples:
        faultline dump summary MEMORY.DMP
        faultline dump processes MEMORY.DMP --format json
        faultline dump pool MEMORY.DMP --tag 'Tcp*' --sort count
        faultline dump stack 112126-8765-01.dmp --symbols symbols --images images
        faultline dump symbols 112126-8765-01.dmp
      """)

  @Argument(help: "What to show: summary, modules, stack, processes, pool or symbols (files that would help).")
  var view: DumpViewName

  @Argument(help: ArgumentHelp("The crash dump.", valueName: "file"))
  var file: String

  @OptionGroup var symbolOptions: SymbolOptions

  @Flag(help: "stack: the stacks of all processors, not only of the one that stopped.")
  var allProcessors = false

  @Option(
    help: ArgumentHelp(
      "pool: only tags like this, with * and ?; letter case matters. Repeatable.", valueName: "pattern"))
  var tag: [String] = []

  @Option(help: "pool: the order of rows (default: bytes).")
  var sort: PoolSort?

  @Option(help: ArgumentHelp("pool: rows that text shows at most (default: 40); JSON has all.", valueName: "n"))
  var limit: Int?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if view != .pool, !tag.isEmpty || sort != nil || limit != nil {
      throw ValidationError("--tag, --sort and --limit belong to the view pool.")
    }
    if allProcessors, view != .stack { throw ValidationError("--all-processors belongs to the view stack.") }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number of rows from 1 on.") }
  }

  func run() throws {
    if FileStatus.of(file) == .missing && !FileStatus.isSymbolicLink(file) {
      throw CommandFailure.notFound("\(file): no such file or folder")
    }
    if let target = output.output, FileStatus.areSame(file, target) {
      throw CommandFailure.usage("\(target): --output would overwrite the evidence")
    }
    let piece = EvidencePiece.read(
      file, symbols: try symbolOptions.symbolFolder(), images: try symbolOptions.imageFolder(),
      server: try symbolOptions.server(quiet: output.quiet), hash: false)
    guard case .dump(let dump) = piece.content else {
      if piece.problems.isEmpty {
        throw CommandFailure.unreadable("\(file): is \(piece.kind.rawValue), not a crash dump")
      }
      try EvidenceOptions.check([piece])
      return
    }
    if view == .processes {
      let report = dump.processListView
      if output.format == .text { try output.emit(report.text(output.style)) } else { try output.emit(report.json) }
      for problem in piece.problems { output.note("\(file): \(problem.text)") }
      return
    }
    if view == .symbols {
      let report = dump.symbolFilesView
      if output.format == .text { try output.emit(report.text(output.style)) } else { try output.emit(report.json) }
      for problem in piece.problems { output.note("\(file): \(problem.text)") }
      return
    }
    if view == .pool {
      let report = dump.poolView().selecting(tag, order: (sort ?? .bytes).order)
      if output.format == .text {
        try output.emit(report.text(output.style, limit: limit ?? 40))
      } else {
        try output.emit(report.json)
      }
      for problem in piece.problems { output.note("\(file): \(problem.text)") }
      return
    }
    let report = allProcessors ? dump.viewOfAllProcessors : dump.view
    if output.format != .text { return try output.emit(report.json) }
    let style = output.style
    switch view {
    case .summary: try output.emit(report.summary(style))
    case .modules: try output.emit(report.moduleList(style))
    case .stack: try output.emit(report.stackList(style))
    case .processes, .pool, .symbols: break
    }
    for problem in piece.problems { output.note("\(file): \(problem.text)") }
  }
}
