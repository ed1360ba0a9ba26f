/// Why something about a case cannot be done, in words for whoever asked. Never names a path of this computer.
public struct CaseError: Error, Hashable, Sendable, CustomStringConvertible {
  @frozen
  public enum Code: String, Hashable, Sendable {
    /// No case of that id, or no such part of it.
    case notFound = "not-found"
    /// What was sent is not understood or not allowed.
    case refused
    case tooLarge = "too-large"
    /// The case is in a state in which that cannot be done.
    case conflict
    /// The queue is full; later there is room again.
    case busy
    /// The disk is full, or the store cannot be read or written.
    case inputOutput = "input-output"
    case cancelled
    case timedOut = "timed-out"
    /// The evidence ended the process that read it.
    case failed
  }

  public var code: Code
  public var reason: String

  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  public var description: String { reason }
}
