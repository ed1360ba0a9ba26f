/// A file that could not be opened or read at all.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  @frozen
  public enum Reason: Hashable, Sendable {
    case notFound
    case notPermitted
    /// A device, pipe or socket: evidence is files.
    case notRegular
    case isDirectory
    case symbolicLinkLoop
    /// The system's error number.
    case system(Int32)
  }

  public var path: String
  public var reason: Reason
  /// The system's words.
  public var detail: String

  public init(path: String, reason: Reason, detail: String) {
    self.path = path
    self.reason = reason
    self.detail = detail
  }

  public var description: String { "\(path): \(detail)" }
}
