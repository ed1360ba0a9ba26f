import Facts

/// One step of making a signature: it looks at the facts and at what the rules before it left, and changes the draft.
///
/// A rule returns what it did and why as a sentence, or nil where it had nothing to say. One that throws is noted, what it
/// changed is taken back, and the next one goes on.
public protocol SignatureRule: Sendable {
  /// As notes and documentation name it.
  static var name: String { get }
  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) throws(RuleFailure) -> String?
}

/// Facts that a rule cannot make sense of.
public struct RuleFailure: Error, Hashable, Sendable {
  public var reason: String

  public init(_ reason: String) { self.reason = reason }
}
