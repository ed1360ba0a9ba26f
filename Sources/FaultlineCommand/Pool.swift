import Analyses
import ArgumentParser
import ByteReading
import Facts
import Faultline
import KnowledgeBase
import Reporting

struct Pool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pool",
    abstract: "Growth of pool per tag over snapshots: leaks, caches, bursts; table, plot, JSON.",
    discussion: """
      Snapshots are poolmon's, the debugger's !poolused, tables of other viewers, or several dumps: many files or one long log.
      Times come from the log, from file names, or from --interval. A systeminfo among the paths tells the limits of the pools.
      Logs of performance counters (typeperf, relog) show whole pools and processes, not tags.

      Examples:
        faultline pool pool1.txt pool2.txt pool3.txt --interval 15m
        faultline pool logs systeminfo.txt
        faultline pool pool.log --events loads.csv --format json
        faultline pool pool.log --format svg --output growth.svg
      """)

  @Argument(help: ArgumentHelp("Files and folders with snapshots.", valueName: "path"))
  var paths: [String] = []

  @Option(help: ArgumentHelp("Time between snapshots that state none: 90s, 15m, 2h or 1d.", valueName: "time"))
  var interval: String?

  @Option(
    help: ArgumentHelp(
      "CSV of events to count growth by: a time, then optionally a name and a number.", valueName: "file"))
  var events: String?

  @Option(
    help: ArgumentHelp("Only tags like this, with * and ?; letter case matters. Repeatable.", valueName: "pattern"))
  var tag: [String] = []

  @Option(help: ArgumentHelp("Rows that text shows at most (default: 40); the other forms have all.", valueName: "n"))
  var limit: Int?

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var placement: ReportOptions

  func validate() throws {
    if paths.isEmpty { throw ValidationError("Name at least one file or folder.") }
    if let interval, Self.hours(interval) == nil {
      throw ValidationError("'\(interval)' is no time between snapshots. Examples: 90s, 15m, 2h, 1d.")
    }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number of rows from 1 on.") }
  }

  /// `15m` in hours.
  static func hours(_ text: String) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let value = Double(digits), value > 0, value.isFinite else { return nil }
    switch text.dropFirst(digits.count).lowercased() {
    case "s", "sec": return value / 3600
    case "m", "min": return value / 60
    case "h", "": return value
    case "d": return value * 24
    default: return nil
    }
  }

  func run() async throws {
    let output = placement.output
    var evidence = EvidenceOptions()
    evidence.paths = paths
    let pieces = try await evidence.read(Diagnoser(catalogue: Catalogue([])), output, hash: false)
    try EvidenceOptions.check(pieces)
    let logs = pieces.compactMap(\.poolSnapshots)
    guard !logs.isEmpty else {
      throw CommandFailure.unreadable(
        "\(paths.joined(separator: ", ")): holds no table of pool tags and no performance counters of pool")
    }
    var context = PoolGrowthView.Context(interval: interval.flatMap(Self.hours), events: try eventList())
    context.machine = MachineGrouping.machines(of: pieces).first?.machine ?? Machine()
    do {
      context.importedOwners = try knowledge.store().map { try PoolOwners.imported(in: logs.map(\.view), $0) } ?? [:]
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure.inputOutput("\(error)")
    }
    var view = PoolGrowthView(logs, context)
    if !tag.isEmpty { view = view.selecting(tag) }
    switch placement.format {
    case .text: try output.emit(view.text(output.style, limit: limit ?? 40))
    case .json, .jsonl: try output.emit(view.json)
    case .csv: try output.emit(view.csv)
    case .svg: try output.emit(PoolPlot.svg(view))
    case .html: try output.emit(PoolPlot.html(view))
    }
    for piece in pieces where !piece.isRead {
      output.note("\(piece.path): \(piece.problems.first?.text ?? "not read")")
    }
  }

  private func eventList() throws -> [PoolEvent] {
    guard let events else { return [] }
    guard FileStatus.of(events) != .missing else { throw CommandFailure.notFound("\(events): no such file or folder") }
    do {
      let found = try PoolOwners.events(at: events)
      guard !found.isEmpty else {
        throw CommandFailure.unreadable("\(events): expected lines with a time, found none")
      }
      return found
    } catch let error as FileError {
      throw CommandFailure.inputOutput("\(events): \(error.detail)")
    }
  }
}
