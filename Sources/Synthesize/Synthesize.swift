import ArgumentParser

/// Writes evidence of machines that never were, for demonstrations and tests.
@main struct Synthesize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write crash dumps of described machines, and captures.",
    subcommands: [List.self, Write.self, Headers.self, Whole.self, Capture.self])
}
