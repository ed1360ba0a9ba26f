import ByteReading
import Facts
import Faultline

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What triage reads, one after another: arguments or lines of standard input, and the files of folders among them. Never more of
/// it in memory than a piece of the input and the names of the folders being walked.
struct TriagePaths {
  enum Item: Hashable {
    /// A file, or a case's folder.
    case path(String)
    /// A file of a folder: left out where it is no evidence.
    case found(String)
    case unreadable(String, reason: String)
    case missing(String)
  }

  private var arguments: ArraySlice<String>
  private let readsInput: Bool
  /// Folders are cases, and not walked.
  private let byFolder: Bool
  private var walk: EvidenceWalk?
  private var lines = InputLines()

  init(_ arguments: [String], readsInput: Bool, byFolder: Bool) {
    self.arguments = arguments[...]
    self.readsInput = readsInput
    self.byFolder = byFolder
  }

  mutating func next() -> Item? {
    while true {
      if let step = walk?.next() {
        switch step {
        case .file(let path): return .found(path)
        case .leftOut(let path, let reason): return .unreadable(path, reason: reason)
        }
      }
      walk = nil
      let path: String
      if let argument = arguments.popFirst() {
        path = argument
      } else if readsInput, let line = lines.next() {
        // No name has a zero byte; the system would take what stands before it for the name.
        if line.contains(0) { return .missing(PathText.text(line)) }
        path = PathText.text(line)
      } else {
        return nil
      }
      if byFolder || FileStatus.of(path) != .folder { return .path(path) }
      walk = EvidenceWalk(path)
    }
  }
}

/// Lines of standard input as bytes, without those that are empty.
private struct InputLines {
  /// No system takes a longer name.
  private static let longest = 1 << 16

  private var chunk: ArraySlice<UInt8> = []
  private var isAtEnd = false

  mutating func next() -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if let end = chunk.firstIndex(of: 0x0A) {
        line += chunk[..<end].prefix(Self.longest - line.count)
        chunk = chunk[(end + 1)...]
        if !line.isEmpty { return line }
        continue
      }
      line += chunk.prefix(Self.longest - line.count)
      chunk = []
      guard !isAtEnd else { return line.isEmpty ? nil : line }
      fill()
    }
  }

  private mutating func fill() {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      isAtEnd = count <= 0
      chunk = bytes[..<max(0, count)]
      return
    }
  }
}
