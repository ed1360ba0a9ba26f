/// What the rules have put together so far.
public struct SignatureDraft: Hashable, Sendable {
  /// How it failed: `race`, `leak`.
  public var mechanism: String?
  /// Whose failure it is: a file's name, in lower case.
  public var culprit: String?
  /// What the mechanism concerns: a pool and its tags, a queue, a protocol's field.
  public var details: [String] = []
  /// The normalized stack, from the failing frame outwards.
  public var frames: [String] = []
  /// The stop code, where it tells failures apart.
  public var stop: String?
  /// Structures show how it failed: what only points to it, such as the stack, adds nothing.
  public var isProven = false
  /// The process, where it tells failures apart.
  public var process: String?

  public init() {}

  static let separator = " · "

  /// nil where nothing says what failed.
  public var text: String? {
    let stack = frames.isEmpty ? nil : frames.joined(separator: " < ")
    let parts = ([mechanism, culprit] + details + [stack, stop, process]).compactMap { $0 }.filter { !$0.isEmpty }
    return parts.isEmpty ? nil : parts.joined(separator: Self.separator)
  }
}
