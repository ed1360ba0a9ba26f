import ArgumentParser
import Facts
import Faultline
import KnowledgeBase
import Reporting

struct KnowledgeBaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kb", abstract: "The knowledge base: import, show an article, search, count.",
    subcommands: [Import.self, Show.self, Search.self, Stats.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints one article.", discussion: "Example: faultline kb show KB950162 --time-zone Europe/Berlin")

    @Argument(help: ArgumentHelp("Number in any form: KB950162, Q950162 or 950162; or FL-0001.", valueName: "id"))
    var id: String

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      guard let issue = try knowledge.catalogue()[id] else {
        throw CommandFailure.notFound(
          "\(id): no such article in the knowledge base. List them with: faultline kb stats")
      }
      let article = issue.article
      if output.format != .text { return try output.emit(article.json) }
      try output.emit(issue.text(article, output.style))
    }
  }

  struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Finds articles by words, stop codes, file names, pool tags, symbols and numbers.",
      discussion: "Example: faultline kb search 0x41 Mdl shadowing")

    @Argument(help: ArgumentHelp("What to look for.", valueName: "words"))
    var words: [String]

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let hits = try knowledge.catalogue().search(words.joined(separator: " "))
      if output.format != .text { return try output.emit(SearchReport(hits).json) }
      try output.emit(SearchReport(hits).text(output.style))
    }
  }

  struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What the knowledge base holds.")

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let report = StatisticsReport(try knowledge.catalogue())
      if output.format != .text { return try output.emit(report.json) }
      try output.emit(report.text(output.style))
    }
  }
}
