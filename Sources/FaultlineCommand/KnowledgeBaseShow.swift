import ArgumentParser
import Facts
import Faultline
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
      let entry: KnowledgeLookup.Entry?
      do {
        // An issue of the catalogue needs no knowledge base, which may be one that cannot be opened.
        let catalogue = try knowledge.catalogue()
        let store = catalogue[id] == nil ? try knowledge.store() : nil
        entry = try KnowledgeLookup.entry(id, store: store, catalogue: catalogue)
      } catch let error as StoreError {
        throw CommandFailure(error)
      }
      guard let entry else { throw missing }
      if output.format != .text { return try output.emit(entry.json) }
      switch entry {
      case .issue(let issue): try output.emit(issue.text(issue.article, output.style))
      case .article(let report): try output.emit(report.text(output.style))
      case .update(let report): try output.emit(report.text(output.style))
      }
    }

    private var missing: CommandFailure {
      .notFound("\(id): no such article or update in the knowledge base. List them with: faultline kb stats")
    }
  }
}
