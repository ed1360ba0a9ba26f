import ArgumentParser
import CaseStore
import ChildProcesses
import Dispatch
import Faultline
import KnowledgeStore
import Symbols

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What `serve` starts for each case. It says how far it is in lines `phase done total` on standard output.
struct CaseWorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "case-worker", abstract: "Works on one case of a server.", shouldDisplay: false)

  @Argument var input: String
  @Argument var output: String
  @Option var unpacked = 65_536
  @Option var verify: String?
  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var symbolOptions: SymbolOptions

  func run() async throws {
    Self.begin()
    let store = try knowledge.store()
    let images = try symbolOptions.imageFolder()
    let server = try symbolOptions.server(quiet: true)
    // Before the folder of the evidence is entered: they may be relative to this one.
    let named = try symbolOptions.symbolFolder() == nil ? [] : symbolOptions.symbols.map(Terminal.absolute)
    guard chdir(input) == 0 else { throw CommandFailure.notFound("\(input): cannot be entered") }
    var analysis = CaseAnalysis()
    analysis.unpackLimits.bytes = Int64(clamping: unpacked) << 20
    let diagnoser = {
      // Databases of symbols are taken by their GUID, wherever they lie.
      let symbols = SymbolFolder(paths: ["."] + named)
      let isEmpty = symbols.entries.isEmpty && symbols.loose.isEmpty
      return Diagnoser(store: store, symbols: isEmpty ? nil : symbols, images: images, server: server)
    }
    if let verify { return try await analysis.verify(verify, answerIn: output, diagnoser: diagnoser) }
    try await analysis.run(answerIn: output, diagnoser: diagnoser) { step in
      _ = Terminal.write("\(step.phase) \(step.done) \(step.total)\n", to: 1)
    }
  }

  /// Lets go of what belongs to the server, yields to it, and ends at once when it is gone: its end of our input closes.
  private static func begin() {
    ChildProcess.closeInherited()
    _ = nice(10)
    DispatchQueue.global().async {
      var byte: UInt8 = 0
      while read(0, &byte, 1) > 0 {}
      _exit(1)
    }
  }
}
