import KnowledgeBase
import KnowledgeStore

/// `kb show` of an imported article: its fields, then its text.
public struct StoredArticleReport: Sendable {
  public var stored: KnowledgeStore.StoredArticle
  /// What a catalogue of updates says of the same number.
  public var update: KnowledgeStore.StoredUpdate?
  /// Owners that lists state for the tags it names.
  public var owners: [TagOwnerReport]

  public init(
    _ stored: KnowledgeStore.StoredArticle, update: KnowledgeStore.StoredUpdate? = nil, owners: [TagOwnerReport] = []
  ) {
    self.stored = stored
    self.update = update
    self.owners = owners
  }

  /// `faultline.article/1` with what the knowledge base knows besides.
  public var json: JSONValue {
    guard case .object(var members) = stored.article.json else { return stored.article.json }
    func add(_ key: String, _ value: JSONValue?) {
      if let value { members.append(JSONValue.Member(key, value)) }
    }
    add("nearDuplicates", stored.nearDuplicates.isEmpty ? nil : .strings(stored.nearDuplicates))
    add("olderRevisions", stored.olderRevisions.isEmpty ? nil : .strings(stored.olderRevisions))
    add("update", update.map { .members(UpdateReport($0).members) })
    add("tagOwners", .some(owners.map(\.json)))
    return .object(members)
  }

  public func text(_ style: TextStyle) -> String {
    // Without its last line end: each part below begins with a blank line where it needs one.
    var out = [String(stored.article.text(style).dropLast())]
    for owner in owners { out.append(style.wrap(owner.text, hanging: 2)) }
    if !stored.nearDuplicates.isEmpty {
      out.append(style.wrap("Nearly the same: " + stored.nearDuplicates.joined(separator: ", "), hanging: 2))
    }
    if !stored.olderRevisions.isEmpty {
      out.append(style.wrap("Older revisions kept: " + stored.olderRevisions.joined(separator: ", "), hanging: 2))
    }
    if let update { out.append(UpdateReport(update).section(style)) }
    out.append(ArticleReading(stored.text, in: stored.article).text(style))
    return out.joined(separator: "\n") + "\n"
  }
}
