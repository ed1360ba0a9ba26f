/// How a server is to run.
public struct ServerOptions: Sendable {
  /// Bytes of one upload, all its files together.
  public static let defaultUploadBytes: Int64 = 64 << 30

  public var host = "127.0.0.1"
  public var port = 8080
  /// Where cases are kept.
  public var folder: String
  /// Knowledge base of imported articles; nil for the bundled catalogue alone.
  public var knowledgeBase: String?
  /// PEM files of a certificate chain and its key; both or none.
  public var certificate: String?
  public var key: String?
  /// Ask for the token on the loopback address too.
  public var requiresToken = false
  /// Names beside the address under which the server is reached.
  public var names: [String] = []
  public var uploadBytes = defaultUploadBytes
  /// Seconds that a connection may stand still, also in the midst of an upload.
  public var idleSeconds = 60
  /// Seconds within which a request's head has to come whole.
  public var headSeconds = 30
  public var connections = 512
  /// The program's version, for pages.
  public var version = ""

  public init(folder: String) { self.folder = folder }

  var isLoopback: Bool { host == "127.0.0.1" || host == "::1" || host.lowercased() == "localhost" }
  var needsToken: Bool { requiresToken || !isLoopback }
  var isSecure: Bool { certificate != nil }
}

/// Why a server cannot start.
public struct ServerFailure: Error, Sendable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}
