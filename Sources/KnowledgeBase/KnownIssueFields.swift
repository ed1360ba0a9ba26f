import Facts
import Yams

/// One mapping of a catalogue file while it is read. It knows where it stands, remembers which keys were asked for, and
/// refuses the rest: a misspelt key would otherwise silently drop a condition.
struct Fields {
  let file: String
  let path: String
  let line: Int?
  private let values: [String: Node]
  private let keyLines: [String: Int]
  private var asked: Set<String> = []

  init(_ node: Node, file: String, path: String) throws(KnownIssueError) {
    self.file = file
    self.path = path
    line = node.mark?.line
    guard case .mapping(let mapping) = node else {
      throw KnownIssueError(
        .badValue, file: file, line: node.mark?.line, field: path, reason: "expected keys and values")
    }
    var values: [String: Node] = [:]
    var lines: [String: Int] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw KnownIssueError(.badValue, file: file, line: key.mark?.line, field: path, reason: "a key must be a text")
      }
      values[name] = value
      lines[name] = key.mark?.line
    }
    self.values = values
    keyLines = lines
  }

  /// In a stable order.
  var keys: [String] { values.keys.sorted() }

  func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func error(_ code: KnownIssueError.Code, _ key: String, _ reason: String) -> KnownIssueError {
    KnownIssueError(code, file: file, line: keyLines[key] ?? line, field: name(key), reason: reason)
  }

  mutating func node(_ key: String) -> Node? {
    asked.insert(key)
    return values[key]
  }

  func finish() throws(KnownIssueError) {
    for key in keys where !asked.contains(key) { throw error(.unknownField, key, "unknown key") }
  }

  mutating func text(_ key: String) throws(KnownIssueError) -> String? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let scalar) = node else { throw error(.badValue, key, "expected a text") }
    let text = scalar.string.trimmed
    guard !text.isEmpty else { throw error(.badValue, key, "is empty; leave the key out instead") }
    return text
  }

  mutating func required(_ key: String) throws(KnownIssueError) -> String {
    guard let text = try text(key) else { throw error(.missingField, key, "is missing") }
    return text
  }

  /// A text read by `read`; what it cannot read is an error that names the expected form.
  mutating func value<T>(_ key: String, _ form: String, _ read: (String) -> T?) throws(KnownIssueError) -> T? {
    guard let text = try text(key) else { return nil }
    guard let value = read(text) else { throw error(.badValue, key, "'\(text)' is not \(form)") }
    return value
  }

  mutating func flag(_ key: String) throws(KnownIssueError) -> Bool? {
    try value(key, "true or false") { $0 == "true" ? true : $0 == "false" ? false : nil }
  }

  /// A list of texts; a single text stands for a list of one.
  mutating func texts(_ key: String) throws(KnownIssueError) -> [String] {
    guard let node = node(key) else { return [] }
    if case .scalar = node { return [try required(key)] }
    guard case .sequence(let items) = node else { throw error(.badValue, key, "expected a list") }
    var texts: [String] = []
    for (index, item) in items.enumerated() {
      guard let text = item.scalar?.string.trimmed, !text.isEmpty else {
        throw KnownIssueError(
          .badValue, file: file, line: item.mark?.line, field: "\(name(key))[\(index)]", reason: "expected a text")
      }
      texts.append(text)
    }
    return texts
  }

  mutating func values<T>(_ key: String, _ form: String, _ read: (String) -> T?) throws(KnownIssueError) -> [T] {
    var values: [T] = []
    for text in try texts(key) {
      guard let value = read(text) else { throw error(.badValue, key, "'\(text)' is not \(form)") }
      values.append(value)
    }
    return values
  }

  /// A list of mappings, each read whole by `read`.
  mutating func list<T>(
    _ key: String, _ read: (inout Fields) throws(KnownIssueError) -> T
  ) throws(KnownIssueError) -> [T] {
    guard let node = node(key) else { return [] }
    guard case .sequence(let items) = node else { throw error(.badValue, key, "expected a list") }
    var values: [T] = []
    for (index, item) in items.enumerated() {
      var fields = try Fields(item, file: file, path: "\(name(key))[\(index)]")
      values.append(try read(&fields))
      try fields.finish()
    }
    return values
  }

  /// A mapping, read whole by `read`.
  mutating func mapping<T>(
    _ key: String, _ read: (inout Fields) throws(KnownIssueError) -> T
  ) throws(KnownIssueError) -> T? {
    guard let node = node(key) else { return nil }
    var fields = try Fields(node, file: file, path: name(key))
    let value = try read(&fields)
    try fields.finish()
    return value
  }
}
