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
  case summary, modules, stack, processes, pool, packets
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
    abstract: "One view of one crash dump: summary, modules, stack, processes, pool, packets.",
    discussion: """
      Examples:
        faultline dump summary MEMORY.DMP
        faultline dump processes MEMORY.DMP --format json
        faultline dump pool MEMORY.DMP --tag 'Tcp*' --sort count
        faultline dump packets MEMORY.DMP --carve packets.pcap
        faultline dump stack 112126-8765-01.dmp --symbols symbols
      """)

  @Argument(help: "What to show: summary, modules, stack, processes, pool or packets.")
  var view: DumpViewName

  @Argument(help: ArgumentHelp("The crash dump.", valueName: "file"))
  var file: String

  @Option(
    help: ArgumentHelp(
      "Folder with symbol tables, laid out as NAME.pdb/GUID-AGE.json or .json.xz. Repeatable.", valueName: "dir"))
  var symbols: [String] = []

  @Option(
    help: ArgumentHelp(
      "pool: only tags like this, with * and ?; letter case matters. Repeatable.", valueName: "pattern"))
  var tag: [String] = []

  @Option(help: "pool: the order of rows (default: bytes).")
  var sort: PoolSort?

  @Option(help: ArgumentHelp("pool: rows that text shows at most (default: 40); JSON has all.", valueName: "n"))
  var limit: Int?

  @Option(
    help: ArgumentHelp("packets: write the packets found to this file, in pcap format.", valueName: "path"))
  var carve: String?

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if view != .packets, carve != nil { throw ValidationError("--carve belongs to the view packets.") }
    if view != .pool, !tag.isEmpty || sort != nil || limit != nil || knowledge.knowledgeBase != nil {
      throw ValidationError("--tag, --sort, --limit and --kb belong to the view pool.")
    }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number of rows from 1 on.") }
  }

  func run() throws {
    var evidence = EvidenceOptions()
    evidence.paths = [file]
    evidence.symbols = symbols
    if FileStatus.of(file) == .missing && !FileStatus.isSymbolicLink(file) {
      throw CommandFailure.notFound("\(file): no such file or folder")
    }
    for (option, target) in [("--output", output.output), ("--carve", carve)] {
      if let target, FileStatus.areSame(file, target) {
        throw CommandFailure.usage("\(target): \(option) would overwrite the evidence")
      }
    }
    let piece = EvidencePiece.read(file, symbols: try evidence.symbolFolder(), hash: false)
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
    if view == .pool {
      var report = dump.poolView().selecting(tag, order: (sort ?? .bytes).order)
      try addImportedOwners(to: &report)
      if output.format == .text {
        try output.emit(report.text(output.style, limit: limit ?? 40))
      } else {
        try output.emit(report.json)
      }
      for problem in piece.problems { output.note("\(file): \(problem.text)") }
      return
    }
    if view == .packets {
      let report = dump.packets()
      if let carve {
        if let capture = report.capture {
          if let reason = Terminal.writeFile(capture, to: carve) {
            throw CommandFailure.inputOutput("\(carve): \(reason)")
          }
        } else {
          output.note("\(carve): not written, no packet was found")
        }
      }
      if output.format == .text { try output.emit(report.text(output.style)) } else { try output.emit(report.json) }
      for problem in piece.problems { output.note("\(file): \(problem.text)") }
      return
    }
    let report = dump.view
    if output.format != .text { return try output.emit(report.json) }
    let style = output.style
    switch view {
    case .summary: try output.emit(report.summary(style))
    case .modules: try output.emit(report.moduleList(style))
    case .stack: try output.emit(report.stackList(style))
    case .processes, .pool, .packets: break
    }
    for problem in piece.problems { output.note("\(file): \(problem.text)") }
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
