import Facts
import Foundation
import Testing

@testable import KnowledgeBase

/// The labelled articles, where their folder is at hand: the five founding ones in every field, the others by their share.
@Suite(.enabled(if: ArticleFixtures.shared != nil, "no labelled articles: set FAULTLINE_SHARED"))
struct ArticleLabelTests {
  struct Label: Decodable {
    struct Row: Decodable, Hashable {
      var name: String
      var version, date, time, platform, servicePack, serviceBranch, group: String?
      var size: UInt64?
    }
    var file: String
    var layout: String
    var id, title, lastReviewed, revision, documentDate: String?
    var products, stopCodes, bugcheckNames, poolTags, drivers, symbols: [String]
    var stopParameters: [[String]]
    var mechanism: String
    var mechanismAlt: [String]
    var fixKind, requires, replaces, supersededBy, references: [String]
    var hotfixAvailable, restartRequired, registryChange: Bool?
    var workarounds: Int
    var files: [Row]
    var ambiguous: [String]
    var alsoFile: String?
  }

  static let labels: [Label] = {
    guard let shared = ArticleFixtures.shared,
      let text = try? String(contentsOf: shared.appendingPathComponent("eval/articles-dev.jsonl"), encoding: .utf8)
    else { return [] }
    return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Label.self, from: Data($0.utf8)) }
  }()

  /// Those that also lie among the seeds.
  static let founding: [Label] = labels.filter { label in
    guard let shared = ArticleFixtures.shared else { return false }
    let seeds = shared.appendingPathComponent("seeds")
    return [label.file, label.alsoFile ?? ""].contains {
      !$0.isEmpty && FileManager.default.fileExists(atPath: seeds.appendingPathComponent($0).path)
    }
  }

  private func article(_ label: Label) throws -> Article {
    let folder = try #require(ArticleFixtures.shared).appendingPathComponent("eval/articles-dev")
    return Article.parse([UInt8](try Data(contentsOf: folder.appendingPathComponent(label.file))))
  }

  private func row(_ file: ArticleFile) -> Label.Row {
    Label.Row(
      name: file.name, version: file.version, date: file.date, time: file.time, platform: file.platform,
      servicePack: file.servicePack, serviceBranch: file.serviceBranch, group: file.group, size: file.size)
  }

  @Test func fiveFoundingArticles() throws {
    #expect(Self.founding.count == 5)
    for label in Self.founding {
      let article = try article(label)
      let file = Comment(rawValue: label.file)
      #expect(article.layout.rawValue == label.layout, file)
      #expect(article.id == label.id, file)
      #expect(article.title == label.title, file)
      #expect(article.lastReviewed == label.lastReviewed, file)
      #expect(article.revision == label.revision, file)
      #expect(article.documentDate == label.documentDate, file)
      #expect(article.products == label.products, file)
      #expect(article.stopCodes.map(\.description) == label.stopCodes.map { $0.lowercased() }, file)
      #expect(article.stopParameters == label.stopParameters, file)
      #expect(article.bugcheckNames == label.bugcheckNames, file)
      #expect(article.poolTags == label.poolTags, file)
      #expect(article.drivers == label.drivers, file)
      #expect(article.symbols == label.symbols, file)
      #expect(article.mechanism.rawValue == label.mechanism, file)
      #expect(article.fixKind.map(\.rawValue).sorted() == label.fixKind.sorted(), file)
      #expect(article.hotfixAvailable == label.hotfixAvailable, file)
      #expect(article.requires == label.requires, file)
      #expect(article.replaces == label.replaces, file)
      #expect(article.supersededBy == label.supersededBy, file)
      #expect(article.references == label.references, file)
      #expect(article.restartRequired == label.restartRequired, file)
      #expect(article.registryChange == label.registryChange, file)
      #expect(article.workarounds == label.workarounds, file)
      #expect(article.files.map(row) == label.files, file)
    }
  }

  /// Every other labelled article: the scalar fields and lists agree in 95 of 100 places.
  @Test func othersByTheirShare() throws {
    var right = 0
    var total = 0
    func count(_ field: String, _ label: Label, _ agrees: Bool) {
      guard !label.ambiguous.contains(field) else { return }
      total += 1
      right += agrees ? 1 : 0
    }
    for label in Self.labels {
      let article = try article(label)
      count("id", label, article.id == label.id)
      count("title", label, article.title == label.title)
      count("products", label, article.products == label.products)
      count(
        "stopCodes", label, Set(article.stopCodes.map(\.description)) == Set(label.stopCodes.map { $0.lowercased() }))
      count("drivers", label, Set(article.drivers) == Set(label.drivers))
      count("mechanism", label, ([label.mechanism] + label.mechanismAlt).contains(article.mechanism.rawValue))
      count("fixKind", label, article.fixKind.map(\.rawValue).sorted() == label.fixKind.sorted())
      count("references", label, article.references == label.references)
      count("files", label, article.files.map(\.name) == label.files.map(\.name))
    }
    #expect(total > 0)
    #expect(right * 100 >= total * 95, "\(right) of \(total)")
  }
}
