#if Server
import CaseStore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import KnowledgeBase
import KnowledgeStore
import Logging
import NIOCore
import NIOSSL
import Reporting

/// The web server: pages and API over a queue of cases.
public struct FaultlineServer: Sendable {
  private static let tokenSetting = "token-sha256"

  private let options: ServerOptions
  private let queue: CaseQueue

  public init(_ options: ServerOptions, queue: CaseQueue) {
    self.options = options
    self.queue = queue
  }

  /// The token, where it has to be shown: at the first start that asks for one, and where a new one is wanted. Only its hash is kept.
  public func prepareToken(renew: Bool) async throws -> String? {
    let known = try await queue.store.setting(Self.tokenSetting)
    guard options.needsToken || renew, known == nil || renew else { return nil }
    let token = Guard.newSecret()
    try await queue.store.set(Self.tokenSetting, to: Guard.hash(token))
    return token
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter ready: called with the port once connections are taken.
  public func run(ready: @escaping @Sendable (Int) async -> Void) async throws {
    let tokenHash = options.needsToken ? try await queue.store.setting(Self.tokenSetting) : nil
    if options.needsToken, tokenHash == nil { throw ServerFailure("no token has been made") }
    let access = Guard(options, tokenHash: tokenHash)
    let metrics = Metrics()
    let state = ServerState(
      options: options, queue: queue, access: access, metrics: metrics, catalogue: try Catalogue.bundled(),
      knowledge: try options.knowledgeBase.map { try KnowledgeStore(readingAt: $0) })
    let responder = ServerResponder(access: access, routes: state.pageRoutes + state.apiRoutes, metrics: metrics)
    try await queue.start()
    let headSeconds = Int64(options.headSeconds)
    let channel = HTTP1Channel.Configuration(
      additionalChannelHandlers: [HeadDeadline(limit: .seconds(headSeconds))],
      idleTimeout: .seconds(Int64(options.idleSeconds)),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
    let application = Application(
      responder: responder, server: try server(.http1(configuration: channel)),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port),
        availableConnectionsDelegate: MaximumAvailableConnections(options.connections)),
      onServerRunning: { channel in await ready(channel.localAddress?.port ?? options.port) },
      logger: Logger(label: "faultline") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      group.addTask { [queue] in
        while true {
          try await Task.sleep(for: .seconds(3600))
          try? await queue.removeExpired()
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func server(_ plain: HTTPServerBuilder) throws -> HTTPServerBuilder {
    guard let certificate = options.certificate, let key = options.key else { return plain }
    let chain: [NIOSSLCertificate]
    let secret: NIOSSLPrivateKey
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificate)
      secret = try NIOSSLPrivateKey(file: key, format: .pem)
    } catch {
      throw ServerFailure(
        "the certificate or its key cannot be read: both have to be PEM files, and to belong together")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    configuration.minimumTLSVersion = .tlsv12
    return try .tls(plain, tlsConfiguration: configuration)
  }
}
#endif
