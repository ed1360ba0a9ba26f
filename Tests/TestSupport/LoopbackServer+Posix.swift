import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A web server on this computer's loopback address, on a port the system chooses: it answers what it is told.
public final class LoopbackServer: Sendable {
  public enum Reply: Sendable {
    case file([UInt8])
    /// Says that more will come than does.
    case cut([UInt8], stated: Int)
    case status(Int)
    case redirect(String)
    /// No length, more bytes than a reader should take.
    case endless
  }

  private let listener: Int32
  public let port: UInt16
  private let replies: [String: Reply]
  private let log = Mutex<[String]>([])
  private let isStopped = Atomic(false)

  public var url: String { "http://127.0.0.1:\(port)/store" }
  /// Paths that were asked for, in order.
  public var asked: [String] { log.withLock { $0 } }

  public init(_ replies: [String: Reply]) throws {
    struct Failure: Error { var call: String }
    self.replies = replies
    let listener = Self.openSocket()
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound =
      Self.withAddress(port: 0) { bind(listener, $0, $1) } == 0 && listen(listener, 16) == 0
      && withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) == 0 }
      }
    guard listener >= 0, bound else { throw Failure(call: "bind") }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    #if canImport(Darwin)
    var thread: pthread_t?
    #else
    var thread = pthread_t()
    #endif
    let box = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread, nil,
      { context in
        #if canImport(Darwin)
        let server = Unmanaged<LoopbackServer>.fromOpaque(context).takeRetainedValue()
        #else
        guard let context else { return nil }
        let server = Unmanaged<LoopbackServer>.fromOpaque(context).takeRetainedValue()
        #endif
        server.serve()
        return nil
      }, box.toOpaque())
    guard result == 0 else { throw Failure(call: "pthread_create") }
    #if canImport(Darwin)
    if let thread { pthread_detach(thread) }
    #else
    pthread_detach(thread)
    #endif
  }

  /// Ends the thread, which closes its socket itself: closed from here, the number could be another server's before the thread
  /// looks at it again.
  public func stop() {
    isStopped.store(true, ordering: .releasing)
    let caller = Self.openSocket()
    _ = Self.withAddress(port: port) { connect(caller, $0, $1) }
    close(caller)
  }

  private static func openSocket() -> Int32 {
    #if canImport(Glibc)
    return socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    return socket(AF_INET, SOCK_STREAM, 0)
    #endif
  }

  private static func withAddress<Result>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result)
    -> Result
  {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private func serve() {
    defer { close(listener) }
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 { return }
      defer { close(connection) }
      if isStopped.load(ordering: .acquiring) { return }
      answer(connection)
    }
  }

  private func answer(_ connection: Int32) {
    var request: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while !request.contains(UInt8(ascii: "\n")) {
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0, request.count < 1 << 16 else { return }
      request += chunk[..<count]
    }
    let line = String(decoding: request.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    let path = line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    log.withLock { $0.append(path) }
    func send(_ bytes: [UInt8]) -> Bool {
      var rest = bytes[...]
      while !rest.isEmpty {
        #if canImport(Darwin)
        let count = rest.withUnsafeBytes { Darwin.send(connection, $0.baseAddress, $0.count, 0) }
        #elseif canImport(Musl)
        let count = rest.withUnsafeBytes { Musl.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        #else
        let count = rest.withUnsafeBytes {
          Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        #endif
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
    func head(_ status: String, _ more: String) -> [UInt8] {
      Array("HTTP/1.1 \(status)\r\n\(more)Connection: close\r\n\r\n".utf8)
    }
    switch replies[path] ?? .status(404) {
    case .file(let bytes): _ = send(head("200 OK", "Content-Length: \(bytes.count)\r\n") + bytes)
    case .cut(let bytes, let stated): _ = send(head("200 OK", "Content-Length: \(stated)\r\n") + bytes)
    case .status(let number): _ = send(head("\(number) No", "Content-Length: 0\r\n"))
    case .redirect(let target): _ = send(head("302 Found", "Location: \(target)\r\nContent-Length: 0\r\n"))
    case .endless:
      guard send(head("200 OK", "")) else { return }
      while send([UInt8](repeating: 0x5A, count: 1 << 16)) {}
    }
  }
}
