import Facts
import KnowledgeBase
import Testing

@testable import KnowledgeStore

@Suite struct ArticleCodingTests {
  private var article: Article {
    var article = Article(layout: .archive)
    article.id = "Q100001"
    article.title = "A Driver Stops"
    article.stopCodes = [StopCode(0xA), StopCode(0x1000_007E)]
    article.stopParameters = [["0x00000001", "parameter"], []]
    article.hotfixAvailable = false
    article.restartRequired = true
    article.mechanism = .leak
    article.workarounds = 300
    article.correctedIn = [CorrectedIn(product: "Windows NT 4.0", servicePack: "6a")]
    article.eventIDs = ["2019", "2020"]
    article.files = [ArticleFile(name: "one.sys", version: "5.0.1.2", size: 1 << 40, date: "2001-02-03", group: "x86")]
    return article
  }

  @Test func readsWhatItWrote() {
    #expect(ArticleCoding.decode(ArticleCoding.encode(article)) == article)
  }

  @Test func everyCutIsFoundOut() {
    let bytes = ArticleCoding.encode(article)
    for count in bytes.indices { #expect(ArticleCoding.decode(Array(bytes[..<count])) == nil) }
    #expect(ArticleCoding.decode(bytes + [0]) == nil)
  }
}
