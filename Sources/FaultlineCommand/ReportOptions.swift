import ArgumentParser
import Reporting

/// The options of commands that print more forms than text and JSON. Each command refuses the forms it does not have.
struct ReportOptions: ParsableArguments {
  @Option(
    help: "How to print: text, json, jsonl (one object per line), csv, html or svg, as far as the command has them.")
  var format: OutputFormat = .text

  @Option(
    name: .customLong("output"),
    help: ArgumentHelp("Write to this file instead of standard output.", valueName: "path"))
  var path: String?

  @Option(
    help: ArgumentHelp("Time zone for times in text output. Default: this computer's.", valueName: "name"))
  var timeZone: String?

  @Flag(help: "No progress and no notes on stderr.")
  var quiet = false

  @Flag(help: "No colour, whatever the terminal.")
  var noColor = false

  func validate() throws {
    if let timeZone, !LocalTime.setZone(timeZone) {
      throw ValidationError("'\(timeZone)' is no time zone this computer knows. Example: Europe/Berlin.")
    }
  }

  func refuse(_ formats: [OutputFormat], _ command: String) throws {
    if formats.contains(format) {
      let others = OutputFormat.allCases.filter { !formats.contains($0) }.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(command) prints \(others); it cannot print \(format.rawValue).")
    }
  }

  /// The same as the options of the other commands.
  var output: OutputOptions {
    var options = OutputOptions()
    options.format = format == .json ? .json : format == .jsonl ? .jsonl : .text
    options.output = path
    options.timeZone = timeZone
    options.quiet = quiet
    options.noColor = noColor
    return options
  }
}
