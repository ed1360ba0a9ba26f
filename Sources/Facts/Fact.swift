/// Something the evidence shows, in one sentence and as typed attributes, with where it came from.
///
/// A fact is generic on purpose: a new analysis states facts of a new kind, and a catalogue file names that kind in a
/// condition, without a line changing in the matcher. The kinds and their attributes are listed in `FactKind`.
public struct Fact: Hashable, Sendable {
  /// `f1`, `f2`, …: unique within one diagnosis, given when facts are collected. Empty before.
  public var id: String
  public var kind: FactKind
  /// One sentence for people.
  public var text: String
  public var attributes: [FactAttribute: FactValue]
  public var trust: Trust
  /// Index of the piece of evidence in the diagnosis; nil when it comes from several.
  public var evidence: Int?
  /// Where in it, for people: `DUMP_HEADER64.BugCheckCode`, `frame 9`.
  public var origin: String

  public init(
    _ kind: FactKind, _ text: String, attributes: [FactAttribute: FactValue] = [:], trust: Trust = .observed,
    evidence: Int? = nil, origin: String = "", id: String = ""
  ) {
    self.id = id
    self.kind = kind
    self.text = text
    self.attributes = attributes
    self.trust = trust
    self.evidence = evidence
    self.origin = origin
  }

  public subscript(attribute: FactAttribute) -> FactValue? { attributes[attribute] }
}

/// An attribute's name, as catalogue files spell it.
@frozen
public struct FactAttribute: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral {
  public var rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(stringLiteral value: String) { rawValue = value }
}
