import ArgumentParser

@main
struct FaultlineProgram: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
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
    subcommands: [Diagnose.self, Match.self, Inspect.self, Dump.self, KnowledgeBaseCommand.self])

  static func main() async {
    Terminal.ignoreClosedPipes()
    do {
      var command = try parseAsRoot(Terminal.arguments)
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
}
