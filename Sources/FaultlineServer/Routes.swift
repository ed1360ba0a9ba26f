#if Server
import CaseStore
import Facts
import Faultline
import HTTPTypes
import Hummingbird
import KnowledgeBase
import KnowledgeStore
import NIOCore
import Reporting

/// One way to ask: a method, a path whose parts may be `{id}`, and what answers.
struct Route: Sendable {
  var method: HTTPRequest.Method
  var path: String
  /// Answered also to whoever shows no token.
  var isOpen = false
  var answer: @Sendable (Exchange) async throws -> Response

  private var parts: [Substring] { path.split(separator: "/") }

  /// Values of `{id}`; nil where the path is another one.
  func values(in asked: [String]) -> [String]? {
    let parts = parts
    guard parts.count == asked.count else { return nil }
    var values: [String] = []
    for (part, text) in zip(parts, asked) {
      if part == "{id}" { values.append(text) } else if part != text { return nil }
    }
    return values
  }
}

/// Answers every request: what is refused to anybody, then the token, then the route.
struct ServerResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let access: Guard
  let routes: [Route]
  let metrics: Metrics

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    let start = ContinuousClock.now
    var response = await answer(request)
    if request.method == .head {
      // The same head, without what it speaks of.
      response.body = ResponseBody(contentLength: response.body.contentLength) { try await $0.finish(nil) }
    }
    response.headers.harden()
    // What came with a request that is refused is not read on.
    if response.status.code >= 400, request.method == .post { response.headers[.connection] = "close" }
    let taken = ContinuousClock.now - start
    metrics.answered(
      response.status.code, seconds: Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18)
    return response
  }

  private func answer(_ request: Request) async -> Response {
    // Which of two a proxy took is not known; whoever sends them wants that nobody knows (RFC 9112 has both refused).
    guard request.headers[values: .host].isEmpty else {
      return Self.failure(request, CaseError(.refused, "The request names more than one host."))
    }
    if let reason = access.refusal(request) {
      return Self.failure(request, CaseError(.refused, reason), status: .forbidden)
    }
    let asked = request.uri.path.split(separator: "/").map { FormText.decoded($0, plusIsSpace: false) }
    var allowed: [String] = []
    for route in routes {
      guard let values = route.values(in: asked) else { continue }
      guard route.method == request.method || route.method == .get && request.method == .head else {
        allowed.append(route.method.rawValue)
        continue
      }
      let exchange = Exchange(request, path: values)
      guard route.isOpen || access.admits(request) else {
        if exchange.wantsPage, request.method == .get || request.method == .head { return .see("/login") }
        var response = Self.failure(
          request,
          CaseError(.refused, "This server asks for its token: Authorization: Bearer TOKEN, or log in on its page."),
          status: .unauthorized)
        response.headers[.wwwAuthenticate] = "Bearer"
        return response
      }
      do {
        return try await route.answer(exchange)
      } catch {
        return Self.failure(request, Self.told(error))
      }
    }
    guard !allowed.isEmpty else {
      return Self.failure(request, CaseError(.notFound, "There is nothing at this address."))
    }
    var response = Self.failure(
      request, CaseError(.refused, "This address answers \(allowed.joined(separator: " and "))."),
      status: .methodNotAllowed)
    response.headers[.allow] = allowed.joined(separator: ", ")
    return response
  }

  /// Any error in words that name no path of this computer.
  private static func told(_ error: any Error) -> CaseError {
    switch error {
    case let error as CaseError: error
    case let error as StoreError: CaseError(.inputOutput, "The knowledge base cannot be used: it \(error.reason).")
    case let error as SearchQuery.Refusal: CaseError(.refused, error.reason)
    case is CancellationError: CaseError(.cancelled, "The connection ended.")
    default: CaseError(.inputOutput, "The request could not be answered.")
    }
  }

  static func failure(_ request: Request, _ error: CaseError, status: HTTPResponse.Status? = nil) -> Response {
    let status = status ?? error.status
    var response: Response
    if !request.uri.path.hasPrefix("/api/"), request.headers[.accept]?.contains("text/html") == true {
      response = .page(Page.failure(status.code, error.reason), status: status)
    } else {
      response = .json(error.json, status: status)
    }
    if error.code == .busy { response.headers[.retryAfter] = "10" }
    return response
  }
}

/// What the routes need.
struct ServerState: Sendable {
  let options: ServerOptions
  let queue: CaseQueue
  let access: Guard
  let metrics: Metrics
  let catalogue: Catalogue
  let knowledge: KnowledgeStore?
  let pages = PageCache()

  var store: CaseStore { queue.store }

  func search(_ words: String, limit: Int) throws -> SearchReport {
    let query = try SearchQuery(words)
    return try KnowledgeLookup.search(query, limit: limit, store: knowledge) { catalogue }
  }

  func entry(_ id: String) throws -> KnowledgeLookup.Entry {
    guard let entry = try KnowledgeLookup.entry(id, store: knowledge, catalogue: catalogue) else {
      throw CaseError(.notFound, "There is no such article or update in the knowledge base.")
    }
    return entry
  }

  func document(_ id: String) async throws -> [UInt8] {
    let record = try await queue.record(id)
    return record.document(
      files: try await store.files(id), steps: try await store.stepsDone(id), diagnosis: try await store.diagnosis(id))
  }

  func query(_ exchange: Exchange) throws -> CaseQuery {
    var query = CaseQuery(words: exchange.query["q"], before: exchange.query["before"])
    if let state = exchange.query["state"], !state.isEmpty {
      guard let known = CaseState(rawValue: state) else {
        throw CaseError(.refused, "state is one of \(CaseState.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      query.state = known
    }
    if let limit = try limit(exchange) { query.limit = limit }
    return query
  }

  func limit(_ exchange: Exchange) throws -> Int? {
    guard let text = exchange.query["limit"] else { return nil }
    guard let limit = Int(text), (1...CaseQuery.maximumLimit).contains(limit) else {
      throw CaseError(.refused, "limit is a number from 1 to \(CaseQuery.maximumLimit)")
    }
    return limit
  }
}
#endif
