import ArgumentParser
import Facts
import Faultline
import KernelLayouts
import KnowledgeBase
import KnowledgeStore
import Reporting

extension KnowledgeBaseCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show",
      abstract: "Prints one article.", discussion: "Example: faultline kb show KB950162 --time-zone Europe/Berlin")

    @Argument(help: ArgumentHelp("Number in any form: KB950162, Q950162 or 950162; or FL-0001.", valueName: "id"))
    var id: String

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      if let issue = try knowledge.catalogue()[id] {
        let article = issue.article
        if output.format != .text { return try output.emit(article.json) }
        return try output.emit(issue.text(article, output.style))
      }
      do {
        guard let store = try knowledge.store() else { throw missing }
        let update = try store.update(id)
        if let stored = try store.article(id) {
          let owners = try stored.article.poolTags.prefix(20).flatMap { try TagOwnerReport.all(of: $0, store) }
          let report = StoredArticleReport(stored, update: update, owners: owners)
          if output.format != .text { return try output.emit(report.json) }
          return try output.emit(report.text(output.style))
        }
        guard let update else { throw missing }
        if output.format != .text { return try output.emit(UpdateReport(update).json) }
        try output.emit(UpdateReport(update).text(output.style))
      } catch let error as StoreError {
        throw CommandFailure(error)
      }
    }

    private var missing: CommandFailure {
      .notFound("\(id): no such article or update in the knowledge base. List them with: faultline kb stats")
    }
  }
}

extension TagOwnerReport {
  /// The imported lists first: they say what the tag is for.
  static func all(of tag: String, _ store: KnowledgeStore?) throws(StoreError) -> [TagOwnerReport] {
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
