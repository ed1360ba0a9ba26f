/// What is wrong with a catalogue file, and where.
public struct KnownIssueError: Error, Hashable, Sendable, CustomStringConvertible {
  public struct Code: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Not YAML at all.
    public static let syntax = Code(rawValue: "syntax")
    public static let unknownField = Code(rawValue: "unknown-field")
    public static let missingField = Code(rawValue: "missing-field")
    /// A value of the wrong form: a list for a text, a version with three parts.
    public static let badValue = Code(rawValue: "bad-value")
    /// Well-formed, but it breaks a rule of the catalogue.
    public static let rule = Code(rawValue: "rule")
  }

  public var code: Code
  public var file: String
  /// One-based; nil where the fault has no place in the text.
  public var line: Int?
  /// Path of keys: `conditions[2].where.symbol`.
  public var field: String
  public var reason: String

  public init(_ code: Code, file: String, line: Int?, field: String, reason: String) {
    self.code = code
    self.file = file
    self.line = line
    self.field = field
    self.reason = reason
  }

  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return field.isEmpty ? "\(place): \(reason)" : "\(place): \(field): \(reason)"
  }
}
