import CaseStore
import Testing

@Suite struct EvidenceNameTests {
  @Test(arguments: [
    ("a.dmp", "a.dmp"), ("logs/pool.txt", "logs/pool.txt"), ("./logs/./pool.txt", "logs/pool.txt"),
    ("logs\\deep\\pool.txt", "logs/deep/pool.txt"), ("Gr\u{fc}\u{df}e.txt", "Gr\u{fc}\u{df}e.txt"), ("..a", "..a"),
    ("<script>.txt", "<script>.txt"), ("c:", "c:"),
  ]) func relativeNamesStay(given: String, wanted: String) throws {
    #expect(try EvidenceName(given).text == wanted)
  }

  @Test(arguments: [
    "", ".", "/", "/etc/passwd", "..", "../a", "a/../b", "a/..", "..\\a", "a//b", "a/", "c:\\windows\\memory.dmp",
    "C:/x", "a\0b", "a\nb", "a\u{7f}", "a\u{fffd}", "\\\\server\\share\\x",
  ]) func whatLeadsElsewhereIsRefused(given: String) {
    #expect(throws: CaseError.self) { try EvidenceName(given) }
  }

  @Test func limitsHold() throws {
    let longest = String(repeating: "a", count: EvidenceName.maximumComponentBytes)
    #expect(try EvidenceName(longest).text == longest)
    #expect(throws: CaseError.self) { try EvidenceName(longest + "a") }
    let deepest = Array(repeating: "a", count: EvidenceName.maximumDepth).joined(separator: "/")
    #expect(try EvidenceName(deepest).text == deepest)
    #expect(throws: CaseError.self) { try EvidenceName(deepest + "/a") }
    let wide = Array(repeating: String(repeating: "b", count: 127), count: 8).joined(separator: "/")
    #expect(wide.utf8.count == EvidenceName.maximumBytes - 1)
    #expect(try EvidenceName(wide + "b").text.utf8.count == EvidenceName.maximumBytes)
    #expect(throws: CaseError.self) { try EvidenceName(wide + "bb") }
  }
}
