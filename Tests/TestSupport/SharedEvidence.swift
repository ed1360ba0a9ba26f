import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Real evidence beside the repository, which belongs to others and is not part of it. Tests over it are skipped where it is not.
public enum SharedEvidence {
  /// The folder that holds Package.swift.
  public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// `FAULTLINE_SHARED`, or `../shared` beside the repository.
  public static let folder: String? = {
    let named = ProcessInfo.processInfo.environment["FAULTLINE_SHARED"]
    let folder = named ?? URL(filePath: packageRoot).deletingLastPathComponent().appending(path: "shared").path
    return FileManager.default.fileExists(atPath: folder + "/evidence/MANIFEST.jsonl") ? folder : nil
  }()

  public static var isPresent: Bool { folder != nil }
  public static let absence: Comment = "no folder of real evidence: set FAULTLINE_SHARED, or put it at ../shared"

  public struct Entry: Decodable, Sendable {
    /// Relative to the folder of evidence.
    public var file: String
    /// `dumps`, `pcap`, `hives`, `pe`, `pdb`, `analyze-logs`, `inventory`, `poolmon`.
    public var kind: String
  }

  /// What the manifest lists.
  public static func entries() throws -> [Entry] {
    guard let folder else { return [] }
    let manifest = try String(contentsOfFile: folder + "/evidence/MANIFEST.jsonl", encoding: .utf8)
    return try manifest.utf8.split(separator: UInt8(ascii: "\n")).map { line in
      try JSONDecoder().decode(Entry.self, from: Data(line))
    }
  }

  public static func path(_ entry: Entry) -> String { (folder ?? "") + "/evidence/" + entry.file }
}
