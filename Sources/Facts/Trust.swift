/// How a stack frame was found, from strongest to weakest.
@frozen
public enum FrameTrust: String, Hashable, Sendable, CaseIterable {
  /// The register context itself.
  case context
  /// Unwound by the code's own unwind data, or by executing the function's epilogue as the dump holds it.
  case unwind
  /// Followed by a frame-pointer chain.
  case framePointer = "frame-pointer"
  /// A word on the stack that looks like a return address.
  case scan
}

/// How a fact came to be known. A conclusion is only as strong as its weakest necessary step.
@frozen
public enum Trust: Int, Hashable, Comparable, Sendable, CaseIterable {
  /// A guessed layout, symbols of unknown origin, a stack word that merely looks like a return address.
  case guessed = 0
  /// Follows from observations by an inference that is usually, not always, right.
  case inferred = 1
  /// Somebody typed it, or a log states it.
  case stated = 2
  /// Read from the evidence's bytes, or computed from them without a guess.
  case observed = 3

  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  public var name: String {
    switch self {
    case .guessed: "guessed"
    case .inferred: "inferred"
    case .stated: "stated"
    case .observed: "observed"
    }
  }
}
