/// Gets one file by HTTP.
public protocol HTTPTransport: Sendable {
  /// - Parameters:
  ///   - limit: a longer body is refused.
  ///   - progress: called with the bytes that have come, and how many there will be where the server says.
  func get(_ url: String, limit: Int, progress: (Int, Int?) -> Void) throws(HTTPFailure) -> HTTPResponse
}

public struct HTTPResponse: Hashable, Sendable {
  /// 200, 404.
  public var status: Int
  public var body: [UInt8]

  public init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// Why nothing came: no such host, no answer in time, a body beyond the limit, no library for it.
public struct HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public var reason: String
  public var description: String { reason }

  public init(_ reason: String) { self.reason = reason }
}
