import ArgumentParser
import ByteReading
import CaseStore
import Facts

#if Server
import FaultlineServer
#endif

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Web pages and HTTP API: drop the evidence, watch, read the answer, keep the case.",
    discussion: """
      Cases are kept in a folder: their evidence once by its hash, what is known of
      them in a SQLite database. Without further options only this computer can ask.
      Any other address asks for a token, which is shown once, at the first start.

      Examples:
        faultline serve
        faultline serve --folder /srv/cases --keep-days 90
        faultline serve --host 0.0.0.0 --certificate chain.pem --key key.pem
      """)

  @Option(help: ArgumentHelp("Address to answer on.", valueName: "address"))
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("Port; 0 takes a free one.", valueName: "number"))
  var port = 8080

  @Option(
    help: ArgumentHelp(
      "Folder for cases (default: faultline/cases in the user's data folder).", valueName: "dir"))
  var folder: String?

  @Option(
    name: .customLong("name"),
    help: ArgumentHelp("Another name under which this server is reached. Repeatable.", valueName: "host"))
  var names: [String] = []

  @Option(help: ArgumentHelp("Certificate chain for https, as PEM.", valueName: "file"))
  var certificate: String?

  @Option(help: ArgumentHelp("The certificate's key, as PEM.", valueName: "file"))
  var key: String?

  @Flag(help: "Ask for the token on the loopback address too.")
  var requireToken = false

  @Flag(help: "Make a new token, which ends the old one, and show it.")
  var newToken = false

  @Option(help: ArgumentHelp("Delete cases so many days after they ended.", valueName: "days"))
  var keepDays: Int?

  @Option(help: ArgumentHelp("Cases worked on at once.", valueName: "number"))
  var workers = 1

  @Option(help: ArgumentHelp("Cases that may wait.", valueName: "number"))
  var maximumWaiting = 1000

  @Option(help: ArgumentHelp("MiB that one upload may have.", valueName: "number"))
  var maximumUpload = 65_536

  @Option(help: ArgumentHelp("MiB that an archive may unpack to.", valueName: "number"))
  var maximumUnpacked = 65_536

  @Option(help: ArgumentHelp("Seconds that the work on one case may take.", valueName: "seconds"))
  var maximumWork = 1800

  @OptionGroup var knowledge: KnowledgeOptions
  @OptionGroup var symbolOptions: SymbolOptions

  func validate() throws {
    if (certificate == nil) != (key == nil) { throw ValidationError("--certificate and --key belong together.") }
    for (name, value, range) in [
      ("--port", port, 0...65_535), ("--workers", workers, 1...64),
      ("--maximum-waiting", maximumWaiting, 1...1_000_000),
      ("--maximum-upload", maximumUpload, 1...(1 << 24)), ("--maximum-unpacked", maximumUnpacked, 1...(1 << 24)),
      ("--maximum-work", maximumWork, 1...604_800),
      ("--keep-days", keepDays ?? 1, 1...36_500),
    ] where !range.contains(value) {
      throw ValidationError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
    }
  }

  #if Server
  func run() async throws {
    guard let folder = folder ?? Self.defaultFolder else {
      throw CommandFailure.usage("no folder for cases is known; name one with --folder")
    }
    guard let program = Terminal.programPath else {
      throw CommandFailure(code: ExitCode(70), message: "the program does not find its own file")
    }
    // Whether they can be used is told now, not by the first case.
    let place = knowledge.place.flatMap { FileStatus.of($0) == .missing ? nil : $0 }
    if let named = knowledge.knowledgeBase, place == nil {
      throw CommandFailure.notFound("\(named): no such knowledge base; make one with: faultline kb import")
    }
    _ = try symbolOptions.symbolFolder()
    _ = try symbolOptions.imageFolder()
    var arguments = ["case-worker", "--unpacked", "\(maximumUnpacked)"]
    if let place { arguments += ["--kb", Terminal.absolute(place)] }
    arguments += symbolOptions.symbols.flatMap { ["--symbols", Terminal.absolute($0)] }
    arguments += symbolOptions.images.flatMap { ["--images", Terminal.absolute($0)] }
    if let server = symbolOptions.symbolServer { arguments += ["--symbol-server", server] }
    if let cache = symbolOptions.symbolCache { arguments += ["--symbol-cache", Terminal.absolute(cache)] }

    var limits = CaseQueue.Limits()
    limits.workers = workers
    limits.pending = maximumWaiting
    limits.keptDays = keepDays
    var options = ServerOptions(folder: Terminal.absolute(folder))
    options.host = host
    options.port = port
    options.names = names
    options.certificate = certificate
    options.key = key
    options.requiresToken = requireToken
    options.knowledgeBase = place
    options.uploadBytes = Int64(maximumUpload) << 20
    do {
      try Terminal.makeFolders(options.folder)
      let store = try CaseStore(folder: options.folder) { Terminal.seconds }
      let queue = CaseQueue(
        store: store, worker: ChildWorker(program: program, arguments: arguments, seconds: maximumWork), limits: limits
      ) { Terminal.seconds }
      let server = FaultlineServer(options, queue: queue)
      if let token = try await server.prepareToken(renew: newToken) {
        _ = Terminal.write("Token, shown this once: \(token)\n", to: 1)
      }
      let isOpen = !["127.0.0.1", "::1", "localhost"].contains(host.lowercased())
      if isOpen, certificate == nil {
        Terminal.complain("without --certificate and --key whoever is on the way reads the token and the evidence")
      }
      let scheme = certificate == nil ? "http" : "https"
      let shown = host.contains(":") ? "[\(host)]" : host
      try await server.run { port in
        _ = Terminal.write("Listening on \(scheme)://\(shown):\(port)/\n", to: 1)
      }
    } catch let error as CaseError {
      throw CommandFailure.inputOutput("\(folder): \(error.reason)")
    } catch let error as ServerFailure {
      throw CommandFailure.usage(error.description)
    } catch let error as CommandFailure {
      throw error
    } catch {
      throw CommandFailure.inputOutput("\(host) port \(port) cannot be answered on: \(error)")
    }
  }

  private static var defaultFolder: String? {
    KnowledgeOptions.place(nil).flatMap { place in
      place.lastIndex(of: "/").map { place[..<$0] + "/cases" }
    }
  }
  #else
  func run() async throws {
    throw CommandFailure.usage("this program was built without its server; build it with: swift build --traits Server")
  }
  #endif
}
