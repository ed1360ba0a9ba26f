import Facts
import KnowledgeBase
import KnowledgeStore
import Servicing

extension KnowledgeStore {
  /// Fixes that imported articles describe for a machine's product, and those asked for by id whatever they are for.
  func hotfixes(of machine: Machine, asked: [String]) throws(StoreError) -> [AuditedFix] {
    var fixes: [AuditedFix] = []
    for id in asked {
      guard let article = try article(id)?.article, let issue = KnownIssue(extractedFrom: article, id: id) else {
        continue
      }
      fixes.append(AuditedFix(issue.update, title: article.title, isAskedFor: true))
    }
    guard asked.isEmpty else { return fixes }
    for article in try hotfixArticles(of: machine) {
      guard let issue = KnownIssue(extractedFrom: article) else { continue }
      fixes.append(AuditedFix(issue.update, title: article.title))
    }
    return fixes
  }
}
