import ArgumentParser
import KnowledgeBase

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
      Diagnose.self, Match.self, Inspect.self, Dump.self, Pool.self, Audit.self, Verify.self, KnowledgeBaseCommand.self,
    ])

  public static func main() async {
    Terminal.ignoreClosedPipes()
    preload()
    do {
      var command = try parsed(Terminal.arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
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

  public init() {}

  /// The command that the arguments ask for.
  ///
  /// A call by name is taken apart without the arguments of the other commands, which took longer than finding the articles;
  /// whatever is wrong with it is told by the whole program, which knows how it is called.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    let direct: [any ParsableCommand.Type] = [Match.self, Diagnose.self, Audit.self]
    if let name = arguments.first, let command = direct.first(where: { $0.configuration.commandName == name }),
      let parsed = try? command.parseAsRoot(Array(arguments.dropFirst())), type(of: parsed) == command
    {
      return parsed
    }
    return try parseAsRoot(arguments)
  }

  /// Reads the catalogue on another core while the arguments are taken apart and the knowledge base is opened.
  private static func preload() {
    let arguments = Terminal.arguments.prefix(2)
    guard let command = arguments.first, ["diagnose", "match", "audit"].contains(command) || arguments == ["kb", "search"] else {
      return
    }
    Task.detached(priority: .high) { _ = try? Catalogue.bundled() }
  }
}
