import KnowledgeBase
import KnowledgeStore

/// `kb show` of an imported article: its fields, then its text.
public struct StoredArticleReport: Sendable {
  public var stored: KnowledgeStore.StoredArticle

  public init(_ stored: KnowledgeStore.StoredArticle) { self.stored = stored }

  public func text(_ style: TextStyle) -> String {
    var out = [stored.article.text(style)]
    if !stored.nearDuplicates.isEmpty {
      out.append(style.wrap("Nearly the same: " + stored.nearDuplicates.joined(separator: ", "), hanging: 2))
    }
    if !stored.olderRevisions.isEmpty {
      out.append(style.wrap("Older revisions kept: " + stored.olderRevisions.joined(separator: ", "), hanging: 2))
    }
    out.append(style.heading("Text"))
    // Line by line: the article's own tables and indents stay.
    for line in stored.text.split(separator: "\n", omittingEmptySubsequences: false) {
      out.append(TextStyle.clean(String(line)))
    }
    return out.joined(separator: "\n") + "\n"
  }
}
