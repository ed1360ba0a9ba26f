import ArgumentParser
import Facts
import Lab
import Reporting

struct LabCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "The founding cases as models: explore every interleaving, write the evidence of a run.",
    discussion: """
      Examples:
        faultline lab list
        faultline lab explore session-images
        faultline lab run netbios-receive --seed 7 --out case
      """,
    subcommands: [List.self, Explore.self, Run.self])
}

extension LabCase: ExpressibleByArgument {}

extension LabCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The cases: what each shows, its article, the systems whose evidence can be written.",
      discussion: """
        Examples:
          faultline lab list
          faultline lab list --format json
        """)

    @OptionGroup var output: OutputOptions

    func run() throws {
      if output.format != .text { return try output.emit(Self.json) }
      let style = output.style
      var out = ""
      for one in LabCase.allCases {
        out += style.ink(one.rawValue, .strong) + "  [" + one.article + "]\n"
        out += style.wrap(one.title + ".", indent: 2) + "\n"
        out += style.wrap("Must hold: " + one.property + ".", indent: 2, hanging: 4) + "\n"
        let systems = one.systems.map { $0.id + ($0.isAffected ? "" : " (not affected)") }
        out += style.wrap("Systems: " + systems.joined(separator: ", ") + ".", indent: 2, hanging: 4) + "\n"
        let variants = one.variants.map(\.id).joined(separator: ", ")
        out += style.wrap("Variants: " + variants + ".", indent: 2, hanging: 4) + "\n"
      }
      try output.emit(out)
    }

    private static var json: JSONValue {
      .members([
        ("schema", .string("faultline.lab/1")),
        (
          "cases",
          .array(
            LabCase.allCases.map { one in
              .members([
                ("id", .string(one.rawValue)), ("article", .string(one.article)), ("title", .string(one.title)),
                ("property", .string(one.property)),
                (
                  "systems",
                  .array(
                    one.systems.map {
                      .members([
                        ("id", .string($0.id)), ("architecture", .string($0.architecture.rawValue)),
                        ("affected", .bool($0.isAffected)),
                      ])
                    })
                ),
                (
                  "variants",
                  .array(
                    one.variants.map { .members([("id", .string($0.id)), ("title", .string($0.title))]) })
                ),
              ])
            })
        ),
      ])
    }
  }

  struct Explore: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Search every interleaving of a case's model for a failure.",
      discussion: """
        Prints the shortest schedule that fails, or over how many states none does. A
        search that reaches its bound claims nothing.

        Examples:
          faultline lab explore dfs-queue
          faultline lab explore dfs-queue --fixed
          faultline lab explore session-images --size 3 --format json
        """)

    @Argument(help: "The case, as lab list prints it.")
    var `case`: LabCase

    @Flag(help: "The model with the defect repaired.")
    var fixed = false

    @Option(help: ArgumentHelp("Size of the model; what it counts is the case's and printed with it.", valueName: "n"))
    var size: Int?

    @Option(help: ArgumentHelp("States kept at most.", valueName: "n"))
    var states = 1_000_000

    @Option(help: ArgumentHelp("Steps of a schedule at most.", valueName: "n"))
    var depth = 10_000

    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (1...20_000_000).contains(states) else { throw ValidationError("--states takes 1 to 20000000.") }
      guard (0...1_000_000).contains(depth) else { throw ValidationError("--depth takes 0 to 1000000.") }
      if let size, !`case`.size.allowed.contains(size) {
        let allowed = `case`.size.allowed
        throw ValidationError(
          "--size of \(`case`.rawValue) takes \(allowed.lowerBound) to \(allowed.upperBound): \(`case`.size.meaning).")
      }
    }

    func run() throws {
      let explorer = Explorer(bound: ExplorationBound(states: states, depth: depth))
      let model = `case`.model(isFixed: fixed, size: size)
      let (reduced, full) = explorer.decide(model)
      let report = ExplorationReport(
        labCase: `case`, isFixed: fixed, size: size ?? `case`.size.standard, model: model, reduced: reduced, full: full,
        table: `case`.table(isFixed: fixed, explorer))
      if output.format == .text { try output.emit(report.text(output.style)) } else { try output.emit(report.json) }
    }
  }

  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the evidence of a failing run, or of a machine with the fix.",
      discussion: """
        Below DIR: evidence/ for diagnose, and truth.json, which says what may be
        concluded. A variant is a failure that only looks like the case; lab list
        names them.

        Examples:
          faultline lab run netbios-receive --out case
          faultline lab run driver-loads --architecture x64 --seed 7 --out case
          faultline lab run dfs-queue --variant lock-cycle --out case
        """)

    @Argument(help: "The case, as lab list prints it.")
    var `case`: LabCase

    @Flag(help: "A machine with the fix, under the same load.")
    var fixed = false

    @Option(help: ArgumentHelp("The system, as lab list prints it; the first by default.", valueName: "id"))
    var system: String?

    @Option(help: ArgumentHelp("x86 or x64: the first system of that architecture.", valueName: "name"))
    var architecture: String?

    @Option(help: ArgumentHelp("A failure that only looks like the case, as lab list prints it.", valueName: "id"))
    var variant: String?

    @Option(help: "Decides everything that may vary; the same seed gives the same bytes.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Times as much of everything that is counted, 1 to 256.", valueName: "n"))
    var scale = 1

    @Option(
      name: [.customLong("out"), .customLong("output")],
      help: ArgumentHelp("The folder to write into.", valueName: "dir"))
    var output: String

    @Flag(help: "Overwrite files that exist.")
    var force = false

    func validate() throws {
      guard LabRun.scales.contains(scale) else { throw ValidationError("--scale takes 1 to 256.") }
      if let system, !`case`.systems.contains(where: { $0.id == system }) {
        let known = `case`.systems.map(\.id).joined(separator: ", ")
        throw ValidationError("'\(system)' is no system of \(`case`.rawValue). There are: \(known).")
      }
      if let variant, !`case`.variants.contains(where: { $0.id == variant }) {
        let known = `case`.variants.map(\.id).joined(separator: ", ")
        throw ValidationError("'\(variant)' is no variant of \(`case`.rawValue). There are: \(known).")
      }
      if fixed, variant != nil { throw ValidationError("A variant is a failure of its own: it takes no --fixed.") }
      if chosen == nil {
        let known = `case`.systems.map { "\($0.id) (\($0.architecture.rawValue))" }.joined(separator: ", ")
        throw ValidationError("\(`case`.rawValue) has no such system of that architecture. There are: \(known).")
      }
    }

    /// By its id, else the first of the architecture, else the first.
    private var chosen: LabSystem? {
      `case`.systems.first {
        (system == nil || $0.id == system) && (architecture == nil || $0.architecture.rawValue == architecture)
      }
    }

    func run() throws {
      guard let chosen else { return }
      let look = `case`.variants.first { $0.id == variant }
      let result = LabRun(`case`, isFixed: fixed, variant: look, system: chosen, seed: seed, scale: scale)
      let truth = Array((Self.truth(result).text(pretty: true) + "\n").utf8)
      let files = result.files.map { ($0.path, $0.bytes) } + [("truth.json", truth)]
      try OutputFolder.write(files, to: output, overwrites: force)
      var text = files.map { "\(output)/\($0.0), \($0.1.count) bytes\n" }.joined()
      text += "\nfaultline diagnose \(output)/evidence\n"
      if let reason = Terminal.write(text, to: 1) { throw CommandFailure.inputOutput("standard output: \(reason)") }
    }

    private static func truth(_ run: LabRun) -> JSONValue {
      .members([
        ("schema", .string("faultline.lab-run/1")), ("case", .string(run.labCase.rawValue)),
        ("variant", .string(run.variant?.id ?? (run.isFixed ? "fixed" : "broken"))), ("system", .string(run.system.id)),
        ("affected", .bool(run.system.isAffected)), ("seed", .string(String(run.seed))),
        ("scale", .integer(Int64(run.scale))), ("article", .string(run.labCase.article)),
        ("atLeast", run.truth.atLeast.map { .string($0) }), ("atMost", .string(run.truth.atMost)),
        ("because", .string(run.truth.because)),
      ])
    }
  }
}
