import ByteReading
import Facts

/// The files of a folder one after another, in the order of the bytes of their paths. Holds the names of the folders on the way
/// to the present one, and no more.
public struct EvidenceWalk: Sendable {
  public enum Step: Hashable, Sendable {
    case file(String)
    /// A folder that was left out, and why.
    case leftOut(String, reason: String)
  }

  private struct Entry {
    var path: String
    var isFolder: Bool
  }

  private struct Level {
    var entries: ArraySlice<Entry>
  }

  private var levels: [Level] = []
  private var pending: [Step] = []

  /// - Parameter folder: named as the steps are to name it.
  public init(_ folder: String) {
    enter(folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder)
  }

  public mutating func next() -> Step? {
    while true {
      if let step = pending.popLast() { return step }
      guard let last = levels.indices.last else { return nil }
      guard let entry = levels[last].entries.popFirst() else {
        levels.removeLast()
        continue
      }
      guard entry.isFolder else { return .file(entry.path) }
      enter(entry.path)
    }
  }

  private mutating func enter(_ folder: String) {
    guard levels.count < EvidencePaths.maximumDepth else {
      pending.append(.leftOut(folder, reason: "is nested deeper than \(EvidencePaths.maximumDepth) folders"))
      return
    }
    let names: [String]
    do {
      names = try folderNames(folder)
    } catch {
      pending.append(.leftOut(folder, reason: error.detail))
      return
    }
    // Of a system's volume what describes it is read, not its hundred thousand files.
    let marks: Set<String> = ["windows", "winnt", "system32"]
    if names.contains(where: { marks.contains($0.lowercased()) }),
      let volume = SystemVolume.evidence(under: folder)
    {
      levels.append(Level(entries: volume.map { Entry(path: $0, isFolder: false) }[...]))
      return
    }
    let entries = names.compactMap { name -> Entry? in
      let path = folder == "/" ? "/" + name : folder + "/" + name
      guard FileStatus.of(path) == .folder else { return Entry(path: path, isFolder: false) }
      // Links to folders are not followed: a loop of them has no end.
      return FileStatus.isSymbolicLink(path) ? nil : Entry(path: path, isFolder: true)
    }
    // `a/b` comes after `a.txt`, as its bytes do.
    let sorted = entries.map { (key: PathText.bytes($0.path + ($0.isFolder ? "/" : "")), entry: $0) }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.entry)
    levels.append(Level(entries: sorted[...]))
  }
}
