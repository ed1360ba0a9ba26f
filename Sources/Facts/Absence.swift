/// Why a value is not known. The four are never mixed: a value that was not collected can be collected, a malformed one cannot.
@frozen
public enum Absence: String, Hashable, Sendable, CaseIterable {
  /// The evidence has no such thing: a dump without secondary data, an article without a title.
  case notPresent = "not-present"
  /// The thing exists on the machine, but this dump does not hold the memory it lies in.
  case notInDump = "not-in-dump"
  /// It is there and its bytes contradict the format.
  case malformed = "malformed"
  /// It is there and well-formed as far as can be told; Faultline does not read it.
  case unsupported = "unsupported"
}

/// A value that stands in a report's `missing` list instead of being guessed.
public struct Missing: Hashable, Sendable {
  /// What is not known, as a dotted key of the report (`system.version`) or a few words.
  public var what: String
  public var because: Absence
  /// One sentence for people: what was expected where, or which evidence would settle it.
  public var detail: String

  public init(_ what: String, because: Absence, detail: String) {
    self.what = what
    self.because = because
    self.detail = detail
  }
}
