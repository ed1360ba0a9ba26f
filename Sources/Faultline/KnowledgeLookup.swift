import Facts
import KernelLayouts
import KnowledgeBase
import KnowledgeStore
import Reporting

/// What people look up in the catalogue and the imported articles together.
public enum KnowledgeLookup {
  /// Articles that answer a search, the best first, and owners of pool tags among its words.
  public static func search(
    _ query: SearchQuery, limit: Int, store: KnowledgeStore?, catalogue: () throws -> Catalogue
  ) throws -> SearchReport {
    let stored = try store?.search(query, limit: limit) ?? []
    let owners = try query.poolTags.flatMap { try TagOwnerReport.all(of: $0, store) }
    // The filters ask for what only articles have.
    var hits = query.hasFilter ? [] : try catalogue().search(query.plain)
    let known = Set(hits.map(\.id))
    hits += stored.filter { !known.contains($0.id) }
    if !stored.isEmpty { hits.sort { ($1.score, $0.id) < ($0.score, $1.id) } }
    return SearchReport(Array(hits.prefix(limit)), owners: owners)
  }

  /// What is known of an id.
  public enum Entry: Sendable {
    case issue(KnownIssue)
    case article(StoredArticleReport)
    /// Only a catalogue of updates knows it.
    case update(UpdateReport)

    public var json: JSONValue {
      switch self {
      case .issue(let issue): issue.article.json
      case .article(let report): report.json
      case .update(let report): report.json
      }
    }

    /// For a page.
    public var htmlBody: String {
      switch self {
      case .issue(let issue): issue.htmlBody
      case .article(let report): report.htmlBody
      case .update(let report): report.htmlBody
      }
    }

    public var title: String {
      switch self {
      case .issue(let issue): "\(issue.id): \(issue.title)"
      case .article(let report):
        [report.stored.name, report.stored.article.title].compactMap { $0 }.joined(separator: ": ")
      case .update(let report): KnowledgeStore.StoredUpdate.id(report.update.name)
      }
    }
  }

  public static func entry(
    _ id: String, store: KnowledgeStore?, catalogue: Catalogue
  ) throws(StoreError) -> Entry? {
    if let issue = catalogue[id] { return .issue(issue) }
    guard let store else { return nil }
    let update = try store.update(id)
    if let stored = try store.article(id) {
      var owners: [TagOwnerReport] = []
      for tag in stored.article.poolTags.prefix(20) { owners += try TagOwnerReport.all(of: tag, store) }
      return .article(StoredArticleReport(stored, update: update, owners: owners))
    }
    return update.map { .update(UpdateReport($0)) }
  }
}

extension TagOwnerReport {
  /// The imported lists first: they say what the tag is for.
  public static func all(of tag: String, _ store: KnowledgeStore?) throws(StoreError) -> [TagOwnerReport] {
    var owners =
      try store?.owners(ofTag: tag).map {
        TagOwnerReport(tag: tag, binary: $0.binary, description: $0.description, source: "imported")
      } ?? []
    if let known = PoolTag(tag).flatMap({ TagOwners.owner(of: $0) }), !owners.contains(where: { $0.binary != nil }) {
      owners.append(TagOwnerReport(tag: tag, binary: known, source: "bundled"))
    }
    return owners
  }
}
