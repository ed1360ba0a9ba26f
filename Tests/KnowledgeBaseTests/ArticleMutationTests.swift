import Testing

@testable import KnowledgeBase

/// Damaged articles: whatever the bytes, an article is returned, within the limits. `ArticleGrowthTests` says how much work that is.
@Suite struct ArticleMutationTests {
  static let seed: UInt64 = 0x0F17_5EED

  private func check(_ bytes: [UInt8]) {
    let article = Article.parse(bytes)
    _ = Article.looksLikeArticle(bytes)
    #expect(article.files.count <= Article.maximumFileRows)
    #expect(article.drivers.count <= Article.maximumValues)
  }

  @Test(arguments: ArticleFixtures.names) func truncation(name: String) throws {
    let bytes = try ArticleFixtures.bytes(name)
    for end in stride(from: 0, through: bytes.count, by: 64) { check(Array(bytes[..<end])) }
  }

  @Test(arguments: ArticleFixtures.names) func flippedBytes(name: String) throws {
    var random = SplitMix64(seed: Self.seed)
    let original = try ArticleFixtures.bytes(name)
    for _ in 0..<60 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...64, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      check(bytes)
    }
  }

  @Test(arguments: ArticleFixtures.names) func repeatedAndMovedPieces(name: String) throws {
    var random = SplitMix64(seed: Self.seed)
    let original = try ArticleFixtures.bytes(name)
    for _ in 0..<40 {
      var bytes = original
      for _ in 0..<4 {
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 1...400, using: &random))
        bytes.insert(contentsOf: Array(bytes[start..<end]), at: Int.random(in: 0...bytes.count, using: &random))
      }
      check(bytes)
    }
  }

  /// Texts that make a careless scanner look at everything again and again. Debug builds get a hundredth of the size.
  @Test(arguments: [
    "(", "_", ".", "!", "a!b0x12", "(0x12", "STOP ", "is tag Ab1 ", "-", "1,", "Q123456 a\n", "0x1 (1,2,3 ",
    "SYMPTOMSWhen ", "07-Jan-2002 10:47 12,728 Ab.sys\n", "This hotfix requires X. ", "    \n", "\u{2022} ",
  ])
  func repetition(piece: String) {
    #if DEBUG
    let size = 10_000
    #else
    let size = 1_000_000
    #endif
    let bytes = Array(String(repeating: piece, count: size / piece.utf8.count).utf8)
    check(bytes)
  }

  @Test func noise() {
    var random = SplitMix64(seed: Self.seed)
    #if DEBUG
    let size = 20_000
    #else
    let size = 1_000_000
    #endif
    let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
    check(bytes)
  }

  @Test func distinctNamesStayWithinTheLimit() {
    let text = (0..<2000).map { "f\($0).sys m!f\($0) STOP 0x\(String($0, radix: 16)) (1,2,\($0))" }.joined(
      separator: " ")
    let article = Article.parse(Array(text.utf8))
    #expect(article.drivers.count == Article.maximumValues)
    #expect(article.stopCodes.count == Article.maximumValues)
    #expect(article.stopParameters.count == Article.maximumValues)
    #expect(article.symbols.count == Article.maximumValues)
  }

  @Test func textBeyondTheLimitIsNotRead() {
    let padding = [UInt8](repeating: 0x20, count: 100)
    let text = ArticleText(decoding: Array("Ferry.sys".utf8) + padding, limit: 9)
    #expect(text.bytes == Array("Ferry.sys".utf8))
    let rows = Array(String(repeating: "07-Jan-2002 10:47 12,728 Ab.sys\n", count: 20).utf8)
    var document = ArticleDocument(ArticleText(decoding: rows), layout: .unknown)
    #expect(document.readFileTables().count == 20)
  }
}
