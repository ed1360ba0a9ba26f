import ArgumentParser
import ByteReading
import Facts
import Faultline
import Reporting
import Signatures

struct SignatureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signature",
    abstract: "The stable bucket of each case: what failed, without what changes from build to build.",
    discussion: """
      Each path is one case: a file, or a folder whose files are read together.

      Examples:
        faultline signature 112126-8765-01.dmp
        faultline signature 112126-8765-01.dmp case-folder --explain
        faultline signature dumps/*.dmp --rules 1 --format jsonl
        faultline signature dumps/*.dmp --compare 1,2
      """)

  @OptionGroup var evidence: EvidenceOptions
  @OptionGroup var output: OutputOptions

  @Option(help: ArgumentHelp("Version of the rules (default: \(SignatureRules.current)).", valueName: "version"))
  var rules: Int?

  @Flag(help: "Also print what each rule did, and why.")
  var explain = false

  @Option(
    help: ArgumentHelp(
      "Two versions of the rules: which buckets of the first the second splits, and which it merges.",
      valueName: "version,version"))
  var compare: String?

  func validate() throws {
    let known = SignatureRules.versions.keys.sorted().map(String.init).joined(separator: ", ")
    if let rules, SignatureRules.versions[rules] == nil {
      throw ValidationError("--rules takes a version there is: \(known).")
    }
    if compare != nil, compared == nil {
      throw ValidationError("--compare takes two versions with a comma between, such as 1,2. There are: \(known).")
    }
    if compare != nil, rules != nil || explain {
      throw ValidationError("--compare prints no single signatures: --rules and --explain do not go with it.")
    }
  }

  private var compared: (Int, Int)? {
    guard let compare else { return nil }
    let numbers = compare.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let first = numbers[0], let second = numbers[1], first != second,
      SignatureRules.versions[first] != nil, SignatureRules.versions[second] != nil
    else { return nil }
    return (first, second)
  }

  private struct Case: Sendable {
    var path: String
    var results: [SignatureResult]
    var problems: [EvidenceProblem]
    var isRead: Bool
    var isInputOutputFailure: Bool
  }

  func run() async throws {
    let versions = compared.map { [$0.0, $0.1] } ?? [rules ?? SignatureRules.current]
    let diagnoser = Diagnoser(
      symbols: try evidence.symbolOptions.symbolFolder(), images: try evidence.symbolOptions.imageFolder(),
      server: try evidence.symbolOptions.server(quiet: output.quiet))
    let cases = await read(diagnoser, versions)
    if let (first, second) = compared {
      let comparison = SignatureComparison(
        first, second, cases.filter(\.isRead).map { ($0.path, $0.results[0].signature, $0.results[1].signature) })
      if output.format == .text {
        try output.emit(comparison.text(output.style))
      } else {
        try output.emit(comparison.json)
      }
    } else {
      let reports = cases.map { one in
        SignatureReport(path: one.path, version: versions[0], result: one.results[0], problems: one.problems)
      }
      if output.format == .text {
        try output.emit(reports.map { $0.text(output.style, explained: explain) }.joined())
      } else {
        let pretty = output.format == .json
        try output.emit(reports.map { $0.json(explained: explain).text(pretty: pretty) + "\n" }.joined())
      }
    }
    guard !cases.contains(where: \.isRead) else { return }
    let message = "nothing of the evidence could be read"
    if paths.allSatisfy({ FileStatus.of($0) == .missing }) {
      throw CommandFailure.notFound("\(paths.joined(separator: ", ")): no such file or folder")
    }
    throw cases.allSatisfy(\.isInputOutputFailure) ? CommandFailure.inputOutput(message) : .unreadable(message)
  }

  private var paths: [String] { evidence.paths }

  /// Each path as a case of its own, as many at once as keep the cores busy, in their order.
  private func read(_ diagnoser: Diagnoser, _ versions: [Int]) async -> [Case] {
    let paths = paths
    return await withTaskGroup(of: (Int, Case).self) { group in
      var cases = [Case?](repeating: nil, count: paths.count)
      var next = 0
      func start(_ group: inout TaskGroup<(Int, Case)>) {
        let index = next
        next += 1
        group.addTask { (index, Self.read(paths[index], diagnoser, versions)) }
      }
      while next < min(4, paths.count) { start(&group) }
      for await (index, one) in group {
        cases[index] = one
        if next < paths.count { start(&group) }
      }
      return cases.compactMap { $0 }
    }
  }

  private static func read(_ path: String, _ diagnoser: Diagnoser, _ versions: [Int]) -> Case {
    let (facts, pieces) = diagnoser.caseFacts(path)
    let empty = SignatureResult()
    let isRead = pieces.contains(where: \.isRead)
    return Case(
      path: path, results: versions.map { SignatureRules.signature(facts, version: $0) ?? empty },
      problems: isRead ? [] : pieces.flatMap(\.problems), isRead: isRead,
      isInputOutputFailure: pieces.allSatisfy(\.isInputOutputFailure))
  }
}
