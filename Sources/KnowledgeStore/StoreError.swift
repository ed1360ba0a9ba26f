/// Why a knowledge base cannot be used.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  public struct Code: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let notFound = Code(rawValue: "not-found")
    /// The file is no knowledge base of Faultline's, or one of a later version.
    public static let notAKnowledgeBase = Code(rawValue: "not-a-knowledge-base")
    public static let damaged = Code(rawValue: "damaged")
    public static let inputOutput = Code(rawValue: "input-output")
    public static let busy = Code(rawValue: "busy")
  }

  public var code: Code
  public var path: String
  public var reason: String

  public init(_ code: Code, path: String, _ reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
}
