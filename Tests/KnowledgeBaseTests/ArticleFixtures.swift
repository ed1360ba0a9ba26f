import Foundation

/// Where the tests' articles lie.
enum ArticleFixtures {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: root.appendingPathComponent("Fixtures/articles").appendingPathComponent(name)))
  }

  static let names = ["archive.txt", "glued-table.txt", "hard-wrapped.txt", "one-line.txt", "prose.txt"]

  /// The folder with labelled articles, which is no part of the package: `FAULTLINE_SHARED`, or `shared` beside it.
  static let shared: URL? = {
    let named = ProcessInfo.processInfo.environment["FAULTLINE_SHARED"].map { URL(fileURLWithPath: $0) }
    let folder = named ?? root.deletingLastPathComponent().appendingPathComponent("shared")
    let labels = folder.appendingPathComponent("eval/articles-dev.jsonl")
    return FileManager.default.fileExists(atPath: labels.path) ? folder : nil
  }()
}

/// Deterministic numbers for mutations (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
