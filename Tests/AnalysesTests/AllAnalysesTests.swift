import Analyses
import Foundation
import TestSupport
import Testing

@Suite struct AllAnalysesTests {
  /// Adding an analysis is one file, its test and one line of the list: here the line.
  @Test func everyAnalysisIsListed() throws {
    let folder = SharedEvidence.packageRoot + "/Sources/Analyses"
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    #expect(files.count > 5)
    var declared: Set<String> = []
    for file in files {
      let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
      for line in text.split(separator: "\n") where line.contains(": DumpAnalysis") {
        let words = line.split { $0 == " " || $0 == ":" || $0 == "{" }
        let name = words.firstIndex { $0 == "enum" || $0 == "struct" }.map { words[$0 + 1] }
        declared.insert(String(try #require(name, "\(file): \(line)")))
      }
    }
    let listed = AllAnalyses.ofDumps.map { "\($0)" }
    #expect(declared == Set(listed))
    #expect(listed.count == Set(listed).count)
  }
}
