import Foundation
import TestSupport
import Testing

@Suite struct TerminalTests {
  @Test func timeZones() throws {
    let cases = try Cases()
    let utc = try Program.run(["dump", "summary", cases.netbt.dump, "--time-zone", "UTC"]).text
    #expect(utc.contains(" UTC)"))
    let berlin = try Program.run(["dump", "summary", cases.netbt.dump, "--time-zone", "Europe/Berlin"])
    #expect(berlin.status == 0)
    #expect(berlin.text.contains(" CET)") || berlin.text.contains(" CEST)"))
    #expect(
      try Program.run(["dump", "summary", cases.netbt.dump], environment: ["TZ": "Europe/Berlin"]).bytes == berlin.bytes
    )
    // JSON is in UTC whatever the reader's zone.
    let json = try Program.run(["dump", "summary", cases.netbt.dump, "--format", "json", "--time-zone", "Asia/Tokyo"])
    #expect(json.bytes == (try Program.run(["dump", "summary", cases.netbt.dump, "--format", "json"]).bytes))
    let system = try #require(try json.json()["system"] as? [String: Any])
    #expect((system["crashTime"] as? String)?.hasSuffix("Z") == true)
  }

  @Test func articleTimesAreTheReaders() throws {
    let utc = try Program.run(["kb", "show", "KB950162", "--time-zone", "UTC"]).text
    let tokyo = try Program.run(["kb", "show", "KB950162", "--time-zone", "Asia/Tokyo"]).text
    if utc.contains("Files (times") {
      #expect(utc != tokyo)
      #expect(tokyo.contains("JST"))
    }
  }

  @Test func noColorWhereThereIsNoTerminal() throws {
    let cases = try Cases()
    for environment in [[:], ["TERM": "xterm-256color"], ["NO_COLOR": "1"]] {
      let output = try Program.run(["diagnose", cases.netbt.dump], environment: environment)
      #expect(!output.bytes.contains(0x1B))
    }
  }

  /// `script` gives the program a terminal.
  @Test(.enabled(if: isLinux && FileManager.default.isExecutableFile(atPath: "/usr/bin/script"))) func colors() throws {
    let cases = try Cases()
    func run(_ options: String, _ environment: [String: String] = [:]) throws -> Program.Output {
      try Program.shell(
        #"script -qec "\"$FAULTLINE\" diagnose '$1' \#(options)" /dev/null"#, [cases.netbt.dump],
        environment: ["TERM": "xterm"].merging(environment) { $1 })
    }
    #expect(try run("").bytes.contains(0x1B))
    #expect(try !run("--no-color").bytes.contains(0x1B))
    #expect(try !run("", ["NO_COLOR": "1"]).bytes.contains(0x1B))
    #expect(try !run("", ["TERM": "dumb"]).bytes.contains(0x1B))
    #expect(try !run("--format json").bytes.contains(0x1B))
  }

  /// `| head` has seen enough: no message, no trap, and the exit code the evidence asks for.
  @Test func closedPipes() throws {
    let cases = try Cases()
    let many = (0..<40).map { _ in cases.driver.dump }
    let script = #"{ "$FAULTLINE" "$@"; echo "status $?" >&2; } | head -c 1"#
    for arguments in [
      ["inspect", "--format", "jsonl"] + many, ["diagnose"] + many, ["kb", "search", "pool"], ["--help"],
    ] {
      let output = try Program.shell(script, arguments)
      #expect(output.bytes.count == 1)
      #expect(output.error == "status 0\n", "\(arguments.prefix(2)): \(output.error)")
    }
    let confirmed = ["diagnose", "--fail-on", "confirmed", "--symbols", cases.netbt.symbols]
    let failing = try Program.shell(script, confirmed + (0..<40).map { _ in cases.netbt.dump })
    #expect(failing.error == "status 1\n")
    // Whether or not the caller ignores the signal.
    #expect(try Program.shell("trap '' PIPE; " + script, ["kb", "stats"]).error == "status 0\n")
  }

  @Test func noProgressWhereThereIsNoTerminal() throws {
    let cases = try Cases()
    let output = try Program.run(["inspect"] + (0..<40).map { _ in cases.netbt.dump })
    #expect(output.status == 0 && output.errorBytes.isEmpty)
  }
}
