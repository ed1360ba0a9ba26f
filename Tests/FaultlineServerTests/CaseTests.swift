#if Server
import EvidenceSynthesis
import Foundation
import TestSupport
import Testing

/// Evidence in, answer out, over HTTP.
@Suite(.serialized) struct CaseTests {
  /// A dump with its symbols, as files of an upload.
  private static func evidence(_ scenario: String = "netbt-stop") throws -> [(name: String, bytes: [UInt8])] {
    let found = try #require(Scenario.named(scenario))
    let content = found(seed: 3)
    return [(name: "case/MEMORY.DMP", bytes: content.dump())]
      + content.symbols.map { (name: "case/symbols/" + $0.relativePath, bytes: Array($0.json().utf8)) }
  }

  @Test func aDumpIsDiagnosedAsTheCommandDoes() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let files = try Self.evidence()
    let id = try server.accept(files, name: "Ward 3 <b>server</b>")
    let record = try server.ended(id)
    #expect(record["state"] as? String == "done" && record["verdict"] as? String == "confirmed")
    let diagnosis = try #require(record["diagnosis"] as? [String: Any])
    #expect(diagnosis["schema"] as? String == "faultline.diagnosis/1")

    // The same files, read by the command.
    for file in files { try folder.write(file.name, file.bytes) }
    let process = Process()
    process.executableURL = URL(filePath: try RunningServer.program())
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.arguments = ["diagnose", "case", "--symbols", "case", "--format", "jsonl"]
    process.environment = ["HOME": folder.path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(try server.get("/api/cases/\(id)/diagnosis").text + "\n" == String(decoding: printed, as: UTF8.self))
    #expect(try server.get("/api/cases/\(id)/text").text.hasPrefix("This is KB961799"))

    let page = try server.get("/cases/\(id)", headers: ["Accept": "text/html"])
    #expect(page.status == 200 && page.text.contains("KB961799") && page.text.contains("type=\"checkbox\""))
    #expect(page.text.contains("Ward 3 &lt;b&gt;server&lt;/b&gt;") && !page.text.contains("<b>server"))
    #expect(page.text.contains("netbt!NbtCopyToStartOfIndicate"))
  }

  @Test func anyFixIsVerifiedOnACase() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let id = try server.accept(try Self.evidence(), name: "Ward 3")
    _ = try server.ended(id)
    #expect(try server.get("/cases/\(id)").text.contains("action=\"/cases/\(id)/verify\""))
    let form = try server.get("/cases/\(id)/verify")
    #expect(form.status == 200 && form.text.contains("name=\"fix\"") && !form.text.contains("id=\"verify-1\""))
    let known = try server.get("/cases/\(id)/verify?fix=KB961799")
    #expect(
      known.status == 200 && known.text.contains("id=\"verify-1\"")
        && known.text.contains("lists no files of KB961799"))
    let unknown = try server.get("/cases/\(id)/verify?fix=KB1")
    #expect(unknown.status == 200 && unknown.text.contains("No article on KB1"))
    for word in ["--help", "..%2F..", "%3Cscript%3E"] {
      let answer = try server.get("/cases/\(id)/verify?fix=\(word)", headers: ["Accept": "text/html"])
      #expect(answer.status == 400 && !answer.text.contains("<script>"), "\(word)")
    }
    #expect(
      try server.get("/cases/\(id)/verify?fix=KB1", headers: ["Sec-Fetch-Site": "cross-site"]).status == 400)
    #expect(try server.get("/cases/none/verify?fix=KB1").status == 404)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cases/work") == [])
  }

  /// Pages of ended cases are kept in memory, never longer than they hold.
  @Test func aKeptPageFollowsItsCase() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let id = try server.accept(try Self.evidence(), name: "Ward 3")
    _ = try server.ended(id)
    let first = try server.get("/cases/\(id)")
    #expect(try server.get("/cases/\(id)").body == first.body && !first.text.contains(" checked>"))
    let form = ["Content-Type": "application/x-www-form-urlencoded"]
    #expect(try server.ask("POST", "/cases/\(id)/steps", headers: form, body: Array("step=s1-1".utf8)).status == 303)
    #expect(try server.get("/cases/\(id)").text.contains("value=\"s1-1\" checked>"))
    #expect(try server.ask("POST", "/cases/\(id)/steps", headers: form, body: []).status == 303)
    #expect(try server.get("/cases/\(id)").body == first.body)
    #expect(try server.ask("POST", "/cases/\(id)/again", body: []).status == 303)
    _ = try server.ended(id)
    #expect(try server.get("/cases/\(id)").status == 200)
    #expect(try server.ask("POST", "/cases/\(id)/delete", body: []).status == 303)
    #expect(try server.get("/cases/\(id)").status == 404)
  }

  @Test func symptomsAloneAreACase() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let typed: [(String, String)] = [
      ("stop", "0x41"), ("module", "tdpipe.sys"), ("tag", "Mdl"), ("pool", "nonpaged"),
      ("product", "Windows NT 4.0"), ("name", ""),
    ]
    let (type, body) = RunningServer.form(
      typed.map { ($0.0, nil, Array($0.1.utf8)) } + [("evidence", "", [])])
    let answer = try server.ask("POST", "/cases", headers: ["Content-Type": type], body: body)
    let place = try #require(answer.headers["location"])
    #expect(answer.status == 303 && place.hasPrefix("/cases/"))
    let record = try server.ended(String(place.dropFirst("/cases/".count)))
    #expect((record["answer"] as? String)?.contains("Q315817") == true)
    let posted = try server.ask(
      "POST", "/api/cases", headers: ["Content-Type": "application/json"], body: Array("{\"stopCode\":\"0x41\"}".utf8))
    #expect(posted.status == 201)
    for wrong in ["{\"stopCode\":\"none\"}", "[]", "", "{\"stopCode\":7}"] {
      let refused = try server.ask(
        "POST", "/api/cases", headers: ["Content-Type": "application/json"], body: Array(wrong.utf8))
      #expect(refused.status == 400, "\(wrong)")
    }
  }

  @Test func stepsOfThePlanStayChecked() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let id = try server.accept(try Self.evidence())
    _ = try server.ended(id)
    let form = ["Content-Type": "application/x-www-form-urlencoded"]
    #expect(try server.ask("POST", "/cases/\(id)/steps", headers: form, body: Array("step=s1-1".utf8)).status == 303)
    #expect(try server.get("/cases/\(id)").text.contains("value=\"s1-1\" checked>"))
    #expect(try server.get("/api/cases/\(id)").json()["stepsDone"] as? [String] == ["s1-1"])
    #expect(try server.ask("POST", "/cases/\(id)/steps", headers: form, body: Array("step=x".utf8)).status == 400)
  }

  @Test func deletedCasesAreGone() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let id = try server.accept([("a.txt", Array("nothing known".utf8))])
    _ = try server.ended(id)
    #expect(try server.ask("DELETE", "/api/cases/\(id)").status == 204)
    for path in ["/api/cases/\(id)", "/cases/\(id)", "/api/cases/\(id)/events", "/api/cases/\(id)/text"] {
      #expect(try server.get(path).status == 404)
    }
    #expect(try server.ask("DELETE", "/api/cases/\(id)").status == 404)
    let left = FileManager.default.enumerator(atPath: folder.path + "/cases/evidence")?.compactMap { $0 as? String }
    #expect(left?.allSatisfy { !$0.contains("/") } == true)
  }

  /// Killed in the midst of uploads and work, again and again: what was accepted is there and is done in the end.
  @Test func nothingAcceptedIsLost() throws {
    let folder = try TemporaryFolder()
    let files = try Self.evidence()
    var accepted: [String] = []
    for round in 0..<4 {
      let server = try RunningServer(folder)
      for index in 0..<3 {
        accepted.append(try server.accept(files + [("n.txt", Array("\(round) \(index)".utf8))]))
      }
      // One that is cut off with the server.
      let (_, body) = RunningServer.form([("evidence", "cut", [UInt8](repeating: 1, count: 200_000))])
      let connection = try Connection(port: server.port)
      connection.send(
        Array(
          "POST /api/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=faultline-test-7391\r\nContent-Length: \(body.count)\r\n\r\n"
            .utf8) + body.prefix(100_000))
      server.kill()
    }
    let server = try RunningServer(folder)
    for id in accepted { #expect(try server.ended(id)["state"] as? String == "done") }
    let list = try #require(try server.get("/api/cases?limit=200").json()["cases"] as? [[String: Any]])
    #expect(Set(list.compactMap { $0["id"] as? String }) == Set(accepted))
    for part in ["incoming", "work"] {
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cases/" + part) == [])
    }
  }

  @Test func evidenceIsAskedForByTheCommand() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    for file in try Self.evidence() { try folder.write(file.name, file.bytes) }
    func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
      let process = Process()
      process.executableURL = URL(filePath: try RunningServer.program())
      process.currentDirectoryURL = URL(filePath: folder.path)
      process.arguments = ["diagnose"] + arguments
      process.environment = ["HOME": folder.path, "TZ": "UTC"]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let printed = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
    }
    let url = "http://127.0.0.1:\(server.port)"
    for format in ["text", "json", "jsonl"] {
      let here = try run(["case", "--symbols", "case", "--format", format, "--time-zone", "UTC"])
      let there = try run(["case", "--server", url, "--format", format])
      #expect(here.status == 0 && there.status == 0 && here.text == there.text)
    }
    #expect(try run(["absent", "--server", url]).status == 66)
    #expect(try run(["case", "--server", "ftp://x"]).status == 64)
  }
}
#endif
