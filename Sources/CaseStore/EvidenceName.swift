/// A file's name within a case, with the folders it lies in: relative, parted by `/`, leading nowhere else.
public struct EvidenceName: Hashable, Comparable, Sendable {
  /// As file systems and readers of reports can bear.
  public static let maximumBytes = 1024
  public static let maximumComponentBytes = 200
  public static let maximumDepth = 32

  public let text: String

  /// From a name that somebody sent or an archive holds. Backslashes part folders, as on the machine the evidence comes from.
  ///
  /// Throws what is wrong with it: empty, absolute, a component `..`, control characters, too long or too deep.
  public init(_ text: String) throws(CaseError) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw CaseError(.refused, "a file's name is longer than \(Self.maximumBytes) bytes")
    }
    // A byte that is no text could not be shown; what steers a terminal or file system has no place in a name.
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0xFFFD }) else {
      throw CaseError(.refused, "a file's name holds control characters or bytes that are no text")
    }
    var components: [Substring] = []
    for component in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "\\" }) {
      if component == "." { continue }
      guard !component.isEmpty, component != ".." else {
        throw CaseError(
          .refused,
          "a file's name is empty, absolute or leads out of its folder; names are relative, such as logs/pool.txt")
      }
      guard component.utf8.count <= Self.maximumComponentBytes else {
        throw CaseError(.refused, "a part of a file's name is longer than \(Self.maximumComponentBytes) bytes")
      }
      components.append(component)
    }
    guard !components.isEmpty else { throw CaseError(.refused, "a file has no name") }
    guard components.count <= Self.maximumDepth else {
      throw CaseError(.refused, "a file lies deeper than \(Self.maximumDepth) folders")
    }
    // `C:` names a drive where it begins a name.
    guard components.count == 1 || !(components[0].count == 2 && components[0].last == ":") else {
      throw CaseError(.refused, "a file's name begins with a drive; names are relative, such as logs/pool.txt")
    }
    self.text = components.joined(separator: "/")
  }

  /// A name that was accepted before.
  init(stored text: String) { self.text = text }

  /// The folders that it lies in, the outermost first.
  var folders: [String] {
    var folders: [String] = []
    for index in text.indices where text[index] == "/" { folders.append(String(text[..<index])) }
    return folders
  }

  public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
}
