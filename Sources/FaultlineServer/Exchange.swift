#if Server
import CaseStore
import Facts
import HTTPTypes
import Hummingbird
import NIOCore
import Reporting

/// A request with what its address says.
struct Exchange: Sendable {
  var request: Request
  /// Values of the path's `{id}`, in order.
  var path: [String]

  /// The first value of each key, decoded.
  let query: [String: String]

  init(_ request: Request, path: [String]) {
    self.request = request
    self.path = path
    query = FormText.pairs(request.uri.query ?? "")
  }

  var id: String { path.first ?? "" }

  /// A program asks for JSON, a browser for a page.
  var wantsPage: Bool { request.headers[.accept]?.contains("text/html") == true }

  /// The whole body, of at most so many bytes.
  func body(limit: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    let passed = Passed()
    var pace = UploadPace(now: passed.now)
    for try await part in request.body {
      try pace.received(part.readableBytes, now: passed.now)
      guard bytes.count + part.readableBytes <= limit else {
        throw CaseError(.tooLarge, "the request has more than \(limit) bytes")
      }
      bytes.append(contentsOf: part.readableBytesView)
    }
    return bytes
  }
}

/// `application/x-www-form-urlencoded`, as queries and small forms are.
enum FormText {
  static let maximumPairs = 1000

  static func list(_ text: String) -> [(key: String, value: String)] {
    text.split(separator: "&").prefix(maximumPairs).map { pair in
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(halves[0]), halves.count > 1 ? decoded(halves[1]) : "")
    }
  }

  static func pairs(_ text: String) -> [String: String] {
    Dictionary(list(text).map { ($0.key, $0.value) }) { first, _ in first }
  }

  static func decoded(_ text: Substring, plusIsSpace: Bool = true) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+"), plusIsSpace {
        bytes.append(0x20)
      } else if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Response {
  static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
    bytes(Array(value.text().utf8), type: "application/json", status: status)
  }

  static func bytes(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  static func page(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
    page(ByteBuffer(string: html), status: status)
  }

  static func page(_ html: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "text/html; charset=utf-8"], body: ResponseBody(byteBuffer: html))
  }

  /// To another page, by GET.
  static func see(_ path: String) -> Response { Response(status: .seeOther, headers: [.location: path]) }
}

extension CaseError {
  var status: HTTPResponse.Status {
    switch code {
    case .notFound: .notFound
    case .refused: .badRequest
    case .tooLarge: .contentTooLarge
    case .conflict, .cancelled: .conflict
    case .busy: .serviceUnavailable
    case .inputOutput: reason.contains("disk is full") ? .init(code: 507) : .internalServerError
    case .timedOut: .requestTimeout
    case .failed: .internalServerError
    }
  }

  /// `faultline.error/1`.
  var json: JSONValue {
    .members([
      ("schema", .string("faultline.error/1")), ("error", .string(code.rawValue)), ("message", .string(reason)),
    ])
  }
}
#endif
