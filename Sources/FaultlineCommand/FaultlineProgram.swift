import ArgumentParser
import Dispatch
import Facts
import Faultline
import KnowledgeBase
import Reporting
import Synchronization

/// The program's commands; `main` is called by the executable target.
public struct FaultlineProgram: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "faultline",
    abstract:
      "Reads what a failed Windows machine left behind and says what failed, whether it is a known defect, and what to do.",
    discussion: """
      Start with a dump or a folder of evidence:

        faultline diagnose MEMORY.DMP
        faultline diagnose case-folder --format json

      Without evidence, from what is on the blue screen:

        faultline match --stop 0x41 --module tdpipe.sys --pool-tag Mdl

      Exit codes: 0 done, 1 a finding that --fail-on names, 64 usage, 65 nothing
      could be read, 66 no such file, 70 internal error, 74 input or output error.
      """,
    version: "0.1.0",
    subcommands: [
      Diagnose.self, Match.self, Inspect.self, Dump.self, Pool.self, Capture.self, Audit.self, Verify.self,
      KnowledgeBaseCommand.self, LabCommand.self, Triage.self, SignatureCommand.self, Serve.self,
      CaseWorkerCommand.self,
      TriageWorkerCommand.self,
    ])

  /// Runs the command that the arguments ask for, and ends the process where it fails.
  ///
  /// Not `main() async`: that begins with threads that most commands have no use for.
  public static func start() {
    Terminal.ignoreClosedPipes()
    preload()
    do {
      var command = try parsed(Terminal.arguments)
      if let command = command as? any AsyncParsableCommand {
        try wait(for: command)
      } else {
        try command.run()
      }
    } catch let failure as CommandFailure {
      Terminal.complain(failure.message)
      exit(withError: failure.code)
    } catch {
      exit(withError: error)
    }
  }

  /// Handed to one task, and touched by nobody else from then on.
  private struct Handed: @unchecked Sendable {
    var command: any AsyncParsableCommand
  }

  private static func wait(for command: any AsyncParsableCommand) throws {
    let outcome = Mutex<(any Error)?>(nil)
    let done = DispatchSemaphore(value: 0)
    let handed = Handed(command: command)
    Task.detached {
      var command = handed.command
      do { try await command.run() } catch { outcome.withLock { $0 = error } }
      done.signal()
    }
    done.wait()
    if let error = outcome.withLock({ $0 }) { throw error }
  }

  public init() {}

  /// The command that the arguments ask for.
  ///
  /// A call by name is taken apart without the arguments of the other commands, which took longer than finding the articles;
  /// whatever is wrong with it is told by the whole program, which knows how it is called.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    let direct: [([String], any ParsableCommand.Type)] = [
      (["match"], Match.self), (["diagnose"], Diagnose.self), (["audit"], Audit.self),
      (["kb", "search"], KnowledgeBaseCommand.Search.self),
    ]
    if let (name, command) = direct.first(where: { arguments.starts(with: $0.0) }),
      let parsed = try? command.parseAsRoot(Array(arguments.dropFirst(name.count))), type(of: parsed) == command
    {
      return parsed
    }
    return try parseAsRoot(arguments)
  }

  /// Does on another core what will be wanted, while the arguments are taken apart and the knowledge base is opened: reads the
  /// catalogue and the tables of names, and runs the matcher once on nothing much, so that its code and its types are there.
  private static func preload() {
    let arguments = Terminal.arguments.prefix(2)
    if arguments == ["kb", "search"] || ["diagnose", "match", "audit"].contains(arguments.first) {
      EarlyStore.begin(Terminal.arguments)
    }
    if arguments == ["kb", "search"] {
      Task.detached(priority: .high) {
        guard let hits = try? Catalogue.bundled().search("0x41 warm.sys \"up\"") else { return }
        _ = SearchReport(hits, owners: []).text(TextStyle { _ in "" })
      }
    } else if arguments.first == "audit" {
      Task.detached(priority: .high) { _ = try? Catalogue.bundled() }
    } else if let command = arguments.first, ["diagnose", "match"].contains(command) {
      Task.detached(priority: .high) {
        var symptoms = Symptoms()
        symptoms.stopCode = StopCode(0x0A)
        symptoms.modules = [ModuleIdentity(name: "tcpip.sys")]
        symptoms.product = "Windows 2000"
        _ = KnownIssue(extractedFrom: Article(layout: ArticleLayout(rawValue: "none")), id: "Q1")
        _ = Diagnoser(store: nil).match(symptoms).json.text()
      }
    }
  }
}
