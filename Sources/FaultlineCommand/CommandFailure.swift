import ArgumentParser

/// An end that is not success: what to say, and the exit code others rely on.
struct CommandFailure: Error {
  var code: ExitCode
  var message: String

  static func usage(_ message: String) -> CommandFailure { CommandFailure(code: ExitCode(64), message: message) }
  static func unreadable(_ message: String) -> CommandFailure { CommandFailure(code: ExitCode(65), message: message) }
  static func notFound(_ message: String) -> CommandFailure { CommandFailure(code: ExitCode(66), message: message) }
  static func inputOutput(_ message: String) -> CommandFailure { CommandFailure(code: ExitCode(74), message: message) }
}
