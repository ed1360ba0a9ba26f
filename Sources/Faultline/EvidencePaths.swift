import ByteReading
import Facts

/// The files behind the paths somebody named: each file itself, each folder's files in a stable order.
public struct EvidencePaths: Sendable {
  /// Folders nested deeper, and files beyond this many, are left out and named as problems.
  public static let maximumDepth = 32
  public static let maximumFiles = 100_000

  /// Files to read, as the reports name them: the argument, or argument/relative path.
  public private(set) var files: [String] = []
  /// Arguments that do not exist.
  public private(set) var notFound: [String] = []
  /// What was left out, and why.
  public private(set) var problems: [(path: String, error: FileError)] = []

  public init(_ paths: [String]) {
    for path in paths {
      switch FileStatus.of(path) {
      case .missing:
        // A link to nothing exists, and reading it says what is wrong.
        if FileStatus.isSymbolicLink(path) { files.append(path) } else { notFound.append(path) }
      case .folder: list(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path, depth: 0)
      case .file: files.append(path)
      }
    }
  }

  private mutating func list(_ folder: String, depth: Int) {
    guard depth < Self.maximumDepth else {
      problems.append(
        (
          folder,
          FileError(path: folder, reason: .system(0), detail: "is nested deeper than \(Self.maximumDepth) folders")
        ))
      return
    }
    // Of a system's volume what describes it is read, not its hundred thousand files.
    if let volume = SystemVolume.evidence(under: folder) {
      files += volume.prefix(max(0, Self.maximumFiles - files.count))
      return
    }
    let names: [String]
    do {
      names = try folderNames(folder)
    } catch {
      problems.append((folder, error))
      return
    }
    for name in names {
      guard files.count < Self.maximumFiles else {
        problems.append(
          (folder, FileError(path: folder, reason: .system(0), detail: "holds more than \(Self.maximumFiles) files")))
        return
      }
      let child = folder + "/" + name
      // Links to folders are not followed: a loop of them has no end.
      if FileStatus.of(child) == .folder {
        if !FileStatus.isSymbolicLink(child) { list(child, depth: depth + 1) }
      } else {
        files.append(child)
      }
    }
  }
}
