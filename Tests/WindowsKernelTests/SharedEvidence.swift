import ByteReading
import Foundation
import Testing

/// Real dumps and symbol tables, which are not ours to publish: found in the folder that FAULTLINE_SHARED names, else in
/// `shared` beside the package. Tests that need them are skipped, and say so, where it is absent.
enum SharedEvidence {
  static let folder: URL? = {
    var candidates: [URL] = []
    if let path = ProcessInfo.processInfo.environment["FAULTLINE_SHARED"], !path.isEmpty {
      candidates.append(URL(filePath: path, directoryHint: .isDirectory))
    }
    // Tests/WindowsKernelTests/SharedEvidence.swift → the package's folder.
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    candidates.append(package.deletingLastPathComponent().appending(path: "shared", directoryHint: .isDirectory))
    return candidates.first { url in
      FileManager.default.fileExists(atPath: url.appending(path: "evidence/dumps").path(percentEncoded: false))
    }
  }()

  static var isPresent: Bool { folder != nil }
  static let absence: Comment = "no folder of real evidence: set FAULTLINE_SHARED, or put it at ../shared"

  static func path(_ relative: String) throws -> String {
    try #require(folder).appending(path: relative).path(percentEncoded: false)
  }

  static func dump(_ name: String) throws -> MappedFile { try MappedFile(path: path("evidence/dumps/\(name).dmp")) }

  static func lines(_ relative: String) throws -> [String] {
    decodeText(try MappedFile(path: path(relative)).array()).text.split(whereSeparator: \.isNewline).map(String.init)
  }
}

/// `fffff807`5b7d0000` or `0xfffff8075b7d0000` as a number.
func address(_ text: some StringProtocol) -> UInt64? {
  let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : String(text.filter { $0 != "`" })
  return UInt64(digits, radix: 16)
}
