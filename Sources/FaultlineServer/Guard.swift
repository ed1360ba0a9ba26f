#if Server
import CaseStore
import Crypto
import Facts
import HTTPTypes
import Hummingbird
import Synchronization

/// Who may ask: the names under which the server is reached, requests from other sites, and the token.
final class Guard: Sendable {
  static let cookie = "faultline-session"
  /// Sessions at once; the oldest goes first.
  private static let maximumSessions = 1000

  private let options: ServerOptions
  /// SHA-256 of the token, in hexadecimal digits; nil where none is asked for.
  private let tokenHash: String?
  /// Hashes of the sessions' secrets, in the order of their beginning.
  private let sessions = Mutex<[String]>([])

  init(_ options: ServerOptions, tokenHash: String?) {
    self.options = options
    self.tokenHash = tokenHash
  }

  var needsToken: Bool { tokenHash != nil }

  static func hash(_ text: String) -> String {
    SHA256.hash(data: Array(text.utf8)).map { String(hexadecimal(UInt64($0), digits: 2).dropFirst(2)) }.joined()
  }

  /// 52 letters and digits of 260 random bits.
  static func newSecret() -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
    var generator = SystemRandomNumberGenerator()
    return String((0..<52).map { _ in alphabet[Int(generator.next() & 31)] })
  }

  /// The time it takes tells nothing of where they differ.
  private static func areSame(_ one: String, _ other: String) -> Bool {
    let (a, b) = (Array(one.utf8), Array(other.utf8))
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// Why a request is refused whatever it asks for; nil where it is not.
  ///
  /// On the loopback address nobody shows a token. A page of another site could then send requests through the browser of
  /// whoever uses this computer, or have its own name lead to this address: both are told by headers that no page can set.
  func refusal(_ request: Request) -> String? {
    let host = request.head.authority ?? ""
    if options.isLoopback, !names(host) {
      return "This server answers on this computer alone, under localhost or its address."
    }
    guard request.method != .get, request.method != .head else { return nil }
    if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" {
      return "The request was sent by a page of another site."
    }
    if let origin = request.headers[.origin] {
      let scheme = options.isSecure ? "https://" : "http://"
      guard origin.lowercased() == scheme + host.lowercased() else {
        return "The request was sent by a page of another site."
      }
    }
    return nil
  }

  private func names(_ authority: String) -> Bool {
    var name = authority.lowercased()
    if name.hasPrefix("[") {
      guard let end = name.firstIndex(of: "]") else { return false }
      name = String(name[name.index(after: name.startIndex)..<end])
    } else if let colon = name.lastIndex(of: ":") {
      name = String(name[..<colon])
    }
    return ["localhost", "127.0.0.1", "::1", options.host.lowercased()].contains(name)
      || options.names.contains { $0.lowercased() == name }
  }

  /// Whether the request shows the token, or a session that was begun with it.
  func admits(_ request: Request) -> Bool {
    guard let tokenHash else { return true }
    if let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") {
      return Self.areSame(Self.hash(String(header.dropFirst(7))), tokenHash)
    }
    guard let secret = Self.secret(request) else { return false }
    let hash = Self.hash(secret)
    return sessions.withLock { $0.contains { Self.areSame($0, hash) } }
  }

  private static func secret(_ request: Request) -> String? {
    for pair in (request.headers[.cookie] ?? "").split(separator: ";") {
      let halves = pair.split(separator: "=", maxSplits: 1)
      if halves.count == 2, halves[0].drop(while: { $0 == " " }) == cookie { return String(halves[1]) }
    }
    return nil
  }

  /// The cookie of a session for whoever knows the token; nil for a wrong one.
  func begin(token: String) -> String? {
    guard let tokenHash, Self.areSame(Self.hash(token), tokenHash) else { return nil }
    let secret = Self.newSecret()
    sessions.withLock { sessions in
      sessions.append(Self.hash(secret))
      if sessions.count > Self.maximumSessions { sessions.removeFirst() }
    }
    return setting(secret, seconds: 30 * 86_400)
  }

  /// The cookie that ends a session.
  func end(_ request: Request) -> String {
    if let secret = Self.secret(request) {
      let hash = Self.hash(secret)
      sessions.withLock { $0.removeAll { $0 == hash } }
    }
    return setting("", seconds: 0)
  }

  private func setting(_ value: String, seconds: Int) -> String {
    "\(Self.cookie)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
      + (options.isSecure ? "; Secure" : "")
  }
}

extension HTTPField.Name {
  /// Only further ones: the first is the request's authority.
  static let host = HTTPField.Name("Host") ?? .origin
  static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
  static let contentSecurityPolicy = HTTPField.Name("Content-Security-Policy") ?? .origin
  static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .origin
  static let openerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy") ?? .origin
  static let resourcePolicy = HTTPField.Name("Cross-Origin-Resource-Policy") ?? .origin
}

extension HTTPFields {
  /// Nothing but our own style and script, no frame around our pages, no address told to other sites.
  mutating func harden() {
    self[.contentSecurityPolicy] =
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    self[.xContentTypeOptions] = "nosniff"
    self[.referrerPolicy] = "no-referrer"
    self[.openerPolicy] = "same-origin"
    self[.resourcePolicy] = "same-origin"
    if self[.cacheControl] == nil { self[.cacheControl] = "no-store" }
  }
}
#endif
