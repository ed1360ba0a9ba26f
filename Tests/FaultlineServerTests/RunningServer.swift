#if Server
import Foundation
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The built program's `serve` on a free loopback port.
final class RunningServer: Sendable {
  struct NotStarted: Error, CustomStringConvertible {
    var description: String
  }

  let port: UInt16
  /// What it printed until it answered.
  let printed: String
  private let process: Mutex<Process>

  static func program() throws -> String {
    let bundle = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    let candidates = [
      bundle, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent(),
      bundle.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent(),
    ].map { $0.appending(path: "faultline").path }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw NotStarted(description: "the program is not built; looked for \(candidates.joined(separator: ", "))")
    }
    return found
  }

  init(_ folder: TemporaryFolder, _ arguments: [String] = []) throws {
    let process = Process()
    process.executableURL = URL(filePath: try Self.program())
    process.arguments = ["serve", "--folder", folder.path + "/cases", "--port", "0"] + arguments
    // A user's own knowledge base would change the answers.
    process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path, "TZ": "UTC"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var printed = ""
    var port: UInt16?
    while port == nil {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { throw NotStarted(description: "the server ended: \(printed)") }
      printed += String(decoding: part, as: UTF8.self)
      for line in printed.split(separator: "\n") where line.hasPrefix("Listening") && printed.hasSuffix("\n") {
        port = line.split(separator: ":").last.flatMap { UInt16($0.dropLast()) }
      }
    }
    self.port = try #require(port)
    self.printed = printed
    self.process = Mutex(process)
  }

  deinit { kill() }

  /// At once, as `kill -9`.
  func kill() {
    process.withLock { process in
      if process.isRunning {
        #if canImport(Glibc)
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        #elseif canImport(Musl)
        _ = Musl.kill(process.processIdentifier, SIGKILL)
        #else
        _ = Darwin.kill(process.processIdentifier, SIGKILL)
        #endif
        process.waitUntilExit()
      }
    }
  }

  var processIdentifier: Int32 { process.withLock { $0.processIdentifier } }

  // MARK: Asking

  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> [String: Any] {
      try #require(
        try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any], "no JSON object: \(text.prefix(200))")
    }
  }

  /// One request on a connection of its own.
  func ask(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil
  ) throws -> Answer {
    var head = "\(method) \(path) HTTP/1.1\r\n"
    var headers = headers
    if headers["Host"] == nil { headers["Host"] = "127.0.0.1:\(port)" }
    headers["Connection"] = "close"
    if let body { headers["Content-Length"] = "\(body.count)" }
    for (key, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(key): \(value)\r\n" }
    return try exchange(Array((head + "\r\n").utf8) + (body ?? []))
  }

  func get(_ path: String, headers: [String: String] = [:]) throws -> Answer { try ask("GET", path, headers: headers) }

  /// Bytes as they are; the answer until the connection ends.
  func exchange(_ request: [UInt8]) throws -> Answer {
    let connection = try Connection(port: port)
    connection.send(request)
    return try Self.answer(connection.readAll())
  }

  private static func answer(_ bytes: [UInt8]) throws -> Answer {
    let mark = Array("\r\n\r\n".utf8)
    let end = try #require(
      bytes.indices.first { bytes[$0...].starts(with: mark) }, "no answer: \(String(decoding: bytes, as: UTF8.self))")
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let halves = line.split(separator: ":", maxSplits: 1)
      if halves.count == 2 { headers[halves[0].lowercased()] = halves[1].trimmingCharacters(in: .whitespaces) }
    }
    var body = Array(bytes[(end + 4)...])
    if headers["transfer-encoding"] == "chunked" { body = unchunked(body) }
    return Answer(status: status, headers: headers, body: body)
  }

  private static func unchunked(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var rest = bytes[...]
    while let line = rest.firstIndex(of: 0x0D),
      let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16), size > 0
    {
      rest = rest[(line + 2)...]
      out += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return out
  }

  /// Files and fields as a form. A field has no file name.
  static func form(_ parts: [(name: String, fileName: String?, bytes: [UInt8])]) -> (type: String, body: [UInt8]) {
    let boundary = "faultline-test-7391"
    var body: [UInt8] = []
    for part in parts {
      let file = part.fileName.map { "; filename=\"\($0)\"" } ?? ""
      body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n".utf8)
      body += part.bytes + [0x0D, 0x0A]
    }
    body += Array("--\(boundary)--\r\n".utf8)
    return ("multipart/form-data; boundary=\(boundary)", body)
  }

  /// A case of these files; its id.
  func accept(_ files: [(name: String, bytes: [UInt8])], name: String = "case") throws -> String {
    let (type, body) = Self.form([("name", nil, Array(name.utf8))] + files.map { ("evidence", $0.name, $0.bytes) })
    let answer = try ask("POST", "/api/cases", headers: ["Content-Type": type], body: body)
    try #require(answer.status == 201, "\(answer.text)")
    return try #require(try answer.json()["id"] as? String)
  }

  /// The case once its work has ended, by the events that tell of it.
  func ended(_ id: String) throws -> [String: Any] {
    let events = try get("/api/cases/\(id)/events")
    try #require(events.status == 200, "\(events.text)")
    return try get("/api/cases/\(id)").json()
  }
}

/// A connection to a port of the loopback address.
final class Connection {
  private let descriptor: Int32

  init(port: UInt16) throws {
    #if canImport(Glibc)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0, "no connection to port \(port)")
    // Nothing takes longer; only there so that what hangs fails.
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// As far as the other side takes it.
  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { part in
        #if canImport(Glibc)
        Glibc.send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
        #elseif canImport(Musl)
        Musl.send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
        #else
        Darwin.send(descriptor, part.baseAddress, part.count, 0)
        #endif
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &part, part.count, 0)
      guard count > 0 else { return bytes }
      bytes += part[..<count]
    }
  }
}
#endif
