import Foundation
import TestSupport
import Testing

/// The built program, run as its users run it.
enum Program {
  struct Output: Sendable {
    /// The exit code; 128 + signal where it was killed, as shells say.
    var status: Int32
    var bytes: [UInt8]
    var errorBytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var error: String { String(decoding: errorBytes, as: UTF8.self) }

    /// Standard output as one JSON document.
    func json() throws -> [String: Any] {
      try #require(
        try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any], "no JSON object: \(text.prefix(200))")
    }

    /// Standard output as one JSON object a line.
    func lines() throws -> [[String: Any]] {
      try bytes.split(separator: 0x0A).map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      }
    }
  }

  struct NotBuilt: Error, CustomStringConvertible {
    var candidates: [String]
    var description: String { "the program is not built; looked for \(candidates.joined(separator: ", "))" }
  }

  /// Beside the test bundle, whichever configuration it was built in.
  static func path() throws -> String {
    let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    var folders = [bundle, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
    // In a bundle of macOS the program stands beside the bundle, three folders up.
    folders.append(bundle.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())
    for configuration in ["debug", "release"] {
      folders.append(URL(filePath: SharedEvidence.packageRoot).appending(path: ".build/\(configuration)"))
    }
    let candidates = folders.map { $0.appending(path: "faultline").path }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw NotBuilt(candidates: candidates)
    }
    return found
  }

  /// No run takes longer; only there so that one that hangs fails instead of the whole.
  static let hangLimit = 120.0

  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> Output {
    try launch(path(), arguments, input: input, environment: environment)
  }

  /// A shell script in which `$FAULTLINE` is the program and `$1`, `$2` … the arguments.
  static func shell(_ script: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> Output
  {
    try launch("/bin/sh", ["-c", script, "sh"] + arguments, input: "", environment: environment)
  }

  private static func launch(
    _ executable: String, _ arguments: [String], input: String, environment: [String: String]
  ) throws -> Output {
    let folder = try TemporaryFolder()
    let standardInput = try folder.write("input", input)
    let output = try folder.write("output", "")
    let errors = try folder.write("errors", "")
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "TZ": "UTC0", "LANG": "C.UTF-8",
      "FAULTLINE": try path(), "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
    ].merging(environment) { $1 }
    // Files, not pipes: a full pipe nobody reads would hang both.
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: standardInput))
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
    try process.run()
    let guardian = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + hangLimit, execute: guardian)
    process.waitUntilExit()
    guardian.cancel()
    return Output(
      status: process.terminationReason == .uncaughtSignal
        ? 128 + process.terminationStatus : process.terminationStatus,
      bytes: Array(try Data(contentsOf: URL(filePath: output))),
      errorBytes: Array(try Data(contentsOf: URL(filePath: errors))))
  }
}

/// What everything the program prints obeys.
func expectPlain(_ output: Program.Output, sourceLocation: SourceLocation = #_sourceLocation) {
  for text in [output.text, output.error] {
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, sourceLocation: sourceLocation)
    for trace in ["Fatal error", "Program crashed", "Backtrace", "Swift/", "/Sources/"] {
      #expect(!text.contains(trace), sourceLocation: sourceLocation)
    }
  }
}
