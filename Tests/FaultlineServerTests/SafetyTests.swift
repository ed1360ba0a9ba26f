#if Server
import Foundation
import TestSupport
import Testing

/// What is tried against a server, and what it says.
@Suite(.serialized) struct SafetyTests {
  @Test func pagesAllowNothingFromElsewhere() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    for path in ["/", "/cases", "/machines", "/articles", "/articles?q=netbt.sys", "/articles/KB961799", "/nowhere"] {
      let answer = try server.get(path, headers: ["Accept": "text/html"])
      #expect(answer.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true, "\(path)")
      #expect(answer.headers["x-content-type-options"] == "nosniff" && answer.headers["cache-control"] == "no-store")
      // Only our own style, script and icon.
      let addresses =
        answer.text.split(separator: "src=\"").dropFirst() + answer.text.split(separator: "<link ").dropFirst()
      #expect(addresses.allSatisfy { $0.hasPrefix("/assets/") || $0.contains("href=\"/assets/") }, "\(path)")
      #expect(!answer.text.contains("style=\"") && !answer.text.contains("onclick"), "\(path)")
    }
  }

  @Test func requestsOfOtherSitesAreRefused() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let id = try server.accept([("a.txt", [1])])
    let own = "127.0.0.1:\(server.port)"
    for headers in [
      ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"], ["Origin": "https://evil.example"],
      ["Origin": "null"], ["Origin": "http://127.0.0.1:1"], ["Host": "evil.example"],
      ["Host": "evil.example:\(server.port)"],
      ["Host": "127.0.0.1.evil.example"],
    ] {
      #expect(try server.ask("POST", "/cases/\(id)/delete", headers: headers, body: []).status == 403, "\(headers)")
      #expect(try server.ask("DELETE", "/api/cases/\(id)", headers: headers).status == 403, "\(headers)")
    }
    #expect(try server.get("/api/cases", headers: ["Host": "evil.example"]).status == 403)
    #expect(try server.get("/api/cases/\(id)").status == 200)
    #expect(
      try server.ask(
        "POST", "/cases/\(id)/delete", headers: ["Origin": "http://\(own)", "Sec-Fetch-Site": "same-origin"], body: []
      )
      .status == 303)
  }

  @Test func namesThatLeadElsewhereAreRefused() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    for name in ["../../etc/cron.d/x", "/etc/passwd", "a/../../b", "..\\..\\b", "C:\\x\\y", "a\u{1}b"] {
      let (type, body) = RunningServer.form([("evidence", name, [1])])
      let answer = try server.ask("POST", "/api/cases", headers: ["Content-Type": type], body: body)
      #expect(answer.status == 400, "\(name): \(answer.text)")
      #expect(!answer.text.contains(folder.path))
    }
    #expect(try server.get("/api/cases").json()["cases"] as? [String] == [])
    for path in ["/assets/../cases.sqlite", "/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/cases/..%2f..%2fetc"]
    {
      #expect(try server.get(path).status == 404, "\(path)")
    }
  }

  /// A `.tar` member, header and padding.
  private static func member(_ name: String, _ content: [UInt8], kind: UInt8 = UInt8(ascii: "0"), link: String = "")
    -> [UInt8]
  {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ place: Int) {
      for (index, byte) in text.utf8.enumerated() { header[place + index] = byte }
    }
    put(name, 0)
    put("0000644\0", 100)
    put(String(content.count, radix: 8).leftPadded(11) + "\0", 124)
    put("00000000000\0", 136)
    put("        ", 148)
    header[156] = kind
    put(link, 157)
    put("ustar\u{0}00", 257)
    let sum = header.reduce(0) { $0 + Int($1) }
    put(String(sum, radix: 8).leftPadded(6) + "\0 ", 148)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  @Test func archivesStayWhereTheyAre() throws {
    let folder = try TemporaryFolder()
    try folder.write("secret.txt", "0x41 the server's own secret")
    let server = try RunningServer(folder)
    let good = Self.member("logs/one.txt", Array("one".utf8))
    let end = [UInt8](repeating: 0, count: 1024)
    let attacks: [(String, [UInt8])] = [
      ("upwards", Self.member("../../../../escaped.txt", Array("x".utf8))),
      ("absolute", Self.member(folder.path + "/escaped.txt", Array("x".utf8))),
      ("symbolic link", Self.member("link", [], kind: UInt8(ascii: "2"), link: folder.path + "/secret.txt")),
      ("hard link", Self.member("link", [], kind: UInt8(ascii: "1"), link: folder.path + "/secret.txt")),
      (
        "through a link",
        Self.member("dir", [], kind: UInt8(ascii: "2"), link: folder.path) + Self.member("dir/escaped.txt", [65])
      ),
      ("device", Self.member("null", [], kind: UInt8(ascii: "3"))),
      ("twice", Self.member("logs/one.txt", Array("two".utf8))),
    ]
    for (what, bytes) in attacks {
      let id = try server.accept([("evil.tar", good + bytes + end)], name: what)
      let record = try server.ended(id)
      #expect(record["state"] as? String == "done", "\(what)")
      let text = try server.get("/api/cases/\(id)").text
      #expect(
        text.contains("evil.tar/logs/one.txt") && text.contains("not all of it was unpacked"),
        "\(what): \(text.prefix(1500))")
      #expect(!text.contains("own secret") && !text.contains(folder.path + "/cases"), "\(what)")
    }
    let found = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }.filter {
      $0.contains("escaped")
    }
    #expect(found == [])
    #expect(try String(contentsOfFile: folder.path + "/secret.txt", encoding: .utf8).hasPrefix("0x41"))
  }

  /// Script in every string that a user or the evidence gives.
  @Test func stringsAreEscapedEverywhere() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    let symptoms = """
      {"stopCode": "0x41", "module": "<script>alert(1)</script>.sys", "stackTop": ["a!<script>alert(1)</script>"],
       "osProduct": "<script>alert(1)</script>", "processName": "<img src=x onerror=alert(1)>",
       "observations": ["<script>alert(1)</script> \\"'><img src=x onerror=alert(1)>"], "servicePack": "<script>"}
      """
    let id = try server.accept(
      [("<img src=x onerror=alert(1)>.json", Array(symptoms.utf8)), ("<script>alert(1)<", [1, 2, 3])], name: script)
    _ = try server.ended(id)
    let query = "%3Cscript%3Ealert(1)%3C/script%3E%22%27%3E"
    for path in [
      "/cases/\(id)", "/cases", "/machines", "/articles?q=\(query)", "/articles/\(query)", "/cases?q=\(query)",
      "/cases/\(query)", "/\(query)",
    ] {
      let answer = try server.get(path, headers: ["Accept": "text/html"])
      #expect(answer.headers["content-type"]?.hasPrefix("text/html") == true)
      #expect(!answer.text.contains("<script>") && !answer.text.contains("<img"), "\(path)")
    }
  }

  @Test func limitsHold() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder, ["--maximum-upload", "1"])
    let (type, body) = RunningServer.form([("evidence", "big", [UInt8](repeating: 7, count: 1 << 20))])
    #expect(try server.ask("POST", "/api/cases", headers: ["Content-Type": type], body: body).status == 413)
    // Without saying how long it is.
    let head =
      "POST /api/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunked = Array((head + String(body.count, radix: 16) + "\r\n").utf8) + body + Array("\r\n0\r\n\r\n".utf8)
    #expect(try server.exchange(chunked).status == 413)
    #expect(FileManager.default.enumerator(atPath: folder.path + "/cases/incoming")?.allObjects.isEmpty == true)
    let long = "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "a", count: 100_000) + "\r\n\r\n"
    #expect(try server.exchange(Array(long.utf8)).status == 400)
    let many = "GET / HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X: a\r\n", count: 5000) + "\r\n"
    #expect(try server.exchange(Array(many.utf8)).status == 400)
    for wrong in ["text/plain", "multipart/form-data", "multipart/form-data; boundary=other"] {
      #expect(
        try server.ask("POST", "/api/cases", headers: ["Content-Type": wrong], body: body.dropLast(600_000)).status
          == 400)
    }
    #expect(try server.get("/health").status == 200)
  }

  @Test func aSecondHostIsRefused() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    for hosts in [["localhost", "localhost"], ["localhost", "evil.example"], ["evil.example", "localhost"], []] {
      let lines = hosts.map { "Host: \($0)\r\n" }.joined()
      let status = try server.exchange(Array("GET /api/cases HTTP/1.1\r\n\(lines)Connection: close\r\n\r\n".utf8))
        .status
      #expect(status == 400 || status == 403, "\(hosts)")
    }
  }

  @Test func theTokenIsAskedFor() throws {
    let folder = try TemporaryFolder()
    var token = ""
    do {
      let server = try RunningServer(folder, ["--require-token"])
      let line = try #require(server.printed.split(separator: "\n").first { $0.hasPrefix("Token") })
      token = String(try #require(line.split(separator: " ").last))
      #expect(token.count >= 40)
      #expect(try server.get("/api/cases").status == 401)
      #expect(try server.get("/metrics").status == 401)
      #expect(try server.get("/", headers: ["Accept": "text/html"]).headers["location"] == "/login")
      #expect(try server.get("/health").status == 200)
      #expect(try server.get("/login").status == 200)
    }
    // Shown once; only its hash is kept.
    let server = try RunningServer(folder, ["--require-token"])
    #expect(!server.printed.contains("Token"))
    for name in ["cases.sqlite", "cases.sqlite-wal"] {
      let bytes = (try? Data(contentsOf: URL(filePath: folder.path + "/cases/" + name))) ?? Data()
      #expect(bytes.range(of: Data(token.utf8)) == nil)
    }
    #expect(try server.get("/api/cases", headers: ["Authorization": "Bearer \(token)"]).status == 200)
    for wrong in ["Bearer x", "Bearer ", "Bearer \(token)x", "Basic \(token)", "Bearer \(token.uppercased())"] {
      #expect(try server.get("/api/cases", headers: ["Authorization": wrong]).status == 401, "\(wrong)")
    }
    let form = ["Content-Type": "application/x-www-form-urlencoded"]
    #expect(try server.ask("POST", "/login", headers: form, body: Array("token=wrong".utf8)).status == 401)
    let login = try server.ask("POST", "/login", headers: form, body: Array("token=\(token)".utf8))
    let cookie = try #require(login.headers["set-cookie"])
    #expect(login.status == 303 && cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
    let session = try #require(cookie.split(separator: ";").first.map(String.init))
    #expect(try server.get("/api/cases", headers: ["Cookie": session]).status == 200)
    #expect(try server.get("/api/cases", headers: ["Cookie": session + "x"]).status == 401)
    #expect(try server.ask("POST", "/logout", headers: ["Cookie": session], body: []).status == 303)
    #expect(try server.get("/api/cases", headers: ["Cookie": session]).status == 401)
    let renewed = try RunningServer(folder, ["--require-token", "--new-token"])
    #expect(renewed.printed.contains("Token"))
    #expect(try renewed.get("/api/cases", headers: ["Authorization": "Bearer \(token)"]).status == 401)
  }
}

extension String {
  fileprivate func leftPadded(_ count: Int) -> String {
    String(repeating: "0", count: max(0, count - self.count)) + self
  }
}
#endif
