import Analyses
import ArgumentParser
import ByteReading
import CrashDumpFormat
import Facts
import Faultline
import KnowledgeStore
import Reporting
import WindowsKernel

enum DumpViewName: String, ExpressibleByArgument, CaseIterable {
  case summary, modules, stack, processes, threads, pool, queues, locks, packets, symbols
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
    abstract:
      "One view of one crash dump: summary, modules, stack, processes, threads, pool, queues, locks, packets or symbols.",
    discussion: """
      Examples:
        faultline dump summary MEMORY.DMP
        faultline dump processes MEMORY.DMP --format json
        faultline dump threads MEMORY.DMP --process 'svchost*' --waiting
        faultline dump queues MEMORY.DMP
        faultline dump locks MEMORY.DMP --format json
        faultline dump pool MEMORY.DMP --tag 'Tcp*' --sort count
        faultline dump packets MEMORY.DMP --carve packets.pcap
        faultline dump stack 112126-8765-01.dmp --symbols symbols --images images
        faultline dump symbols 112126-8765-01.dmp
      """)

  @Argument(
    help:
      "What to show: summary, modules, stack, processes, threads, pool, queues, locks, packets or symbols (files that would help)."
  )
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

  @Option(
    help: ArgumentHelp(
      "threads: only those of this process, by id or by name with * and ?. Repeatable.", valueName: "process"))
  var process: [String] = []

  @Flag(help: "threads: only those that wait.")
  var waiting = false

  @Option(
    help: ArgumentHelp(
      "threads, pool, queues, locks: rows that text shows at most (default: 40); JSON has all.", valueName: "n"))
  var limit: Int?

  @Option(
    help: ArgumentHelp("packets: write the packets found to this file, in pcap format.", valueName: "path"))
  var carve: String?

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if view != .packets, carve != nil { throw ValidationError("--carve belongs to the view packets.") }
    if view != .pool, !tag.isEmpty || sort != nil || knowledge.knowledgeBase != nil {
      throw ValidationError("--tag, --sort and --kb belong to the view pool.")
    }
    if view != .threads, !process.isEmpty || waiting {
      throw ValidationError("--process and --waiting belong to the view threads.")
    }
    if limit != nil, ![.threads, .pool, .queues, .locks].contains(view) {
      throw ValidationError("--limit belongs to the views threads, pool, queues and locks.")
    }
    if allProcessors, view != .stack { throw ValidationError("--all-processors belongs to the view stack.") }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number of rows from 1 on.") }
  }

  func run() throws {
    if FileStatus.of(file) == .missing && !FileStatus.isSymbolicLink(file) {
      throw CommandFailure.notFound("\(file): no such file or folder")
    }
    for (option, target) in [("--output", output.output), ("--carve", carve)] {
      if let target, FileStatus.areSame(file, target) {
        throw CommandFailure.usage("\(target): \(option) would overwrite the evidence")
      }
    }
    if let carve, let target = output.output, carve == target || FileStatus.areSame(carve, target) {
      throw CommandFailure.usage("\(carve): --output would overwrite what --carve writes")
    }
    let piece = EvidencePiece.read(
      file, symbols: try symbolOptions.symbolFolder(), images: try symbolOptions.imageFolder(),
      server: try symbolOptions.server(quiet: output.quiet), hash: false)
    guard case .dump(let dump) = piece.content else {
      try EvidenceOptions.check([piece])
      throw CommandFailure.unreadable("\(file): is \(piece.kind.rawValue), not a crash dump")
    }
    defer { for problem in piece.problems { output.note("\(file): \(problem.text)") } }
    let style = output.style
    let rows = limit ?? 40
    switch view {
    case .summary, .modules, .stack:
      let report = allProcessors ? dump.viewOfAllProcessors : dump.view
      try emit(report.json, text: text(report, style))
    case .processes:
      let report = dump.processListView
      try emit(report.json, text: report.text(style))
    case .threads:
      let report = dump.threadListView().selecting(processes: process, waitingOnly: waiting)
      try emit(report.json, text: report.text(style, limit: rows))
    case .pool:
      var report = dump.poolView().selecting(tag, order: (sort ?? .bytes).order)
      try addImportedOwners(to: &report)
      try emit(report.json, text: report.text(style, limit: rows))
    case .queues:
      let report = dump.queueListView()
      try emit(report.json, text: report.text(style, limit: rows))
    case .locks:
      let report = dump.lockListView()
      try emit(report.json, text: report.text(style, limit: rows))
    case .packets:
      let report = dump.packets()
      try carve(report)
      try emit(report.json, text: report.text(style))
    case .symbols:
      let report = dump.symbolFilesView
      try emit(report.json, text: report.text(style))
    }
  }

  private func text(_ report: DumpView, _ style: TextStyle) -> String {
    switch view {
    case .summary: report.summary(style)
    case .modules: report.moduleList(style)
    default: report.stackList(style)
    }
  }

  private func carve(_ report: PacketsView) throws {
    guard let carve else { return }
    guard let capture = report.capture else { return output.note("\(carve): not written, no packet was found") }
    if let reason = Terminal.writeFile(capture, to: carve) {
      throw CommandFailure.inputOutput("\(carve): \(reason)")
    }
  }

  private func emit(_ document: @autoclosure () -> JSONValue, text: @autoclosure () -> String) throws {
    if output.format == .text { try output.emit(text()) } else { try output.emit(document()) }
  }

  /// Owners of tags that neither the bundled list nor an image names, from the lists that were imported.
  private func addImportedOwners(to report: inout PoolView) throws {
    guard report.rows.contains(where: { $0.owner == nil }), let store = try knowledge.store() else { return }
    do {
      for index in report.rows.indices where report.rows[index].owner == nil {
        guard let owner = try store.owners(ofTag: report.rows[index].tag.description).first else { continue }
        report.rows[index].owner = owner.binary ?? owner.description
        report.rows[index].ownerSource = "imported"
      }
    } catch {
      throw CommandFailure(error)
    }
  }
}
