#if Server
import CaseStore
import Foundation
import TestSupport
import Testing

@testable import FaultlineServer

/// What a server does with connections as such: slow clients, TLS. The server runs in this process, so that its times can be short.
@Suite(.serialized) struct ConnectionTests {
  private struct NoWorker: CaseWorker {
    func work(
      on job: CaseJob, progress: @escaping @Sendable (CaseProgress) -> Void
    ) async throws(CaseError) -> CaseAnswer {
      throw CaseError(.failed, "nothing is worked on here")
    }

    func verify(_ fix: String, on job: CaseJob) async throws(CaseError) -> [UInt8] {
      throw CaseError(.failed, "nothing is worked on here")
    }
  }

  /// Runs a server while `body` asks it.
  private static func serving(
    _ folder: TemporaryFolder, _ change: (inout ServerOptions) -> Void,
    _ body: @escaping @Sendable (UInt16) async throws -> Void
  ) async throws {
    var options = ServerOptions(folder: folder.path + "/cases")
    options.port = 0
    change(&options)
    let store = try CaseStore(folder: options.folder) { 1_700_000_000 }
    let queue = CaseQueue(store: store, worker: NoWorker(), limits: .init()) { 1_700_000_000 }
    let server = FaultlineServer(options, queue: queue)
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let running = Task {
      defer { continuation.finish() }
      try await server.run { continuation.yield($0) }
    }
    defer { running.cancel() }
    guard let port = await ports.first(where: { _ in true }) else { return try await running.value }
    try await body(UInt16(port))
  }

  /// Waits on a thread of its own: a test that waits must not take one that the server answers on.
  private static func offThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
  }

  @Test func aHeadThatNeverEndsEndsItsConnection() async throws {
    let folder = try TemporaryFolder()
    try await Self.serving(folder, { $0.headSeconds = 1 }) { port in
      // A byte now and then: it is never idle.
      let answered = try await Self.offThread {
        let connection = try Connection(port: port)
        connection.send(Array("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".utf8))
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(3) {
          connection.send([UInt8(ascii: "a")])
          Thread.sleep(forTimeInterval: 0.1)
        }
        connection.send(Array("\r\n\r\n".utf8))
        return connection.readAll()
      }
      #expect(answered.isEmpty)
      // Whoever asks in time, twice on one connection, is answered.
      let prompt = try await Self.offThread {
        let connection = try Connection(port: port)
        let request = "GET /health HTTP/1.1\r\nHost: localhost\r\n"
        connection.send(Array((request + "\r\n").utf8))
        Thread.sleep(forTimeInterval: 0.5)
        connection.send(Array((request + "Connection: close\r\n\r\n").utf8))
        return String(decoding: connection.readAll(), as: UTF8.self)
      }
      #expect(prompt.split(separator: "HTTP/1.1 200").count == 2)
    }
  }

  @Test func slowUploadsAreRefusedAfterAMinute() throws {
    var pace = UploadPace(now: .zero)
    try pace.received(10, now: .seconds(59))
    #expect(throws: CaseError.self) { try pace.received(10, now: .seconds(61)) }
    var steady = UploadPace(now: .zero)
    for second in 1...300 { try steady.received(UploadPace.bytesPerSecond, now: .seconds(second)) }
    // What came early is no credit for later.
    #expect(throws: CaseError.self) {
      try steady.received(1 << 30, now: .seconds(301))
      try steady.received(1, now: .seconds(361))
      try steady.received(1, now: .seconds(422))
    }
  }

  private static let openssl = "/usr/bin/openssl"
  private static let curl = "/usr/bin/curl"
  private static var hasTools: Bool {
    [openssl, curl].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// A certificate made by OpenSSL, and curl, which trusts it alone.
  @Test(.enabled(if: hasTools, "needs openssl and curl")) func aCertificateIsServedWith() async throws {
    let folder = try TemporaryFolder()
    let (certificate, key) = (folder.path + "/chain.pem", folder.path + "/key.pem")
    let made = try Self.run(
      Self.openssl,
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
      ])
    try #require(made.status == 0)
    try await Self.serving(
      folder,
      {
        $0.certificate = certificate
        $0.key = key
      }
    ) { port in
      let place = "https://localhost:\(port)"
      func ask(_ arguments: [String]) async throws -> (status: Int32, output: String) {
        try await Self.offThread { try Self.run(Self.curl, ["--silent", "--max-time", "20"] + arguments) }
      }
      let good = try await ask(["--cacert", certificate, "--write-out", " %{http_code}", place + "/health"])
      #expect(good.status == 0 && good.output.hasSuffix(" 200"))
      // Requests of its own pages are told by https.
      let own = try await ask([
        "--cacert", certificate, "--output", "/dev/null", "--write-out", "%{http_code}", "-H", "Origin: \(place)",
        "-X", "POST", place + "/cases/none/cancel",
      ])
      #expect(own.output == "404")
      let other = try await ask([
        "--cacert", certificate, "--output", "/dev/null", "--write-out", "%{http_code}", "-H",
        "Origin: http://localhost:\(port)", "-X", "POST", place + "/cases/none/cancel",
      ])
      #expect(other.output == "403")
      // Nobody knows the certificate: 60. Old TLS: 35. Plain HTTP gets no page.
      #expect(try await ask([place + "/health"]).status == 60)
      #expect(try await ask(["--cacert", certificate, "--tls-max", "1.1", place + "/health"]).status == 35)
      let plain = try await ask(["--write-out", "%{http_code}", "http://localhost:\(port)/health"])
      #expect(plain.output == "000")
    }
  }

  @Test func aCertificateThatIsNoneIsTold() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("chain.pem", "no certificate")
    await #expect(throws: ServerFailure.self) {
      try await Self.serving(
        folder,
        {
          $0.certificate = path
          $0.key = path
        }
      ) { _ in }
    }
  }
}
#endif
