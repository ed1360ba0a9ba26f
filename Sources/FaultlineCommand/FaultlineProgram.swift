import ArgumentParser
@main struct FaultlineProgram: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "faultline")
}
