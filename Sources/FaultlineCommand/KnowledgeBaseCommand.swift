import ArgumentParser
import Facts
import Faultline
import KnowledgeBase
import KnowledgeStore
import Reporting

struct KnowledgeBaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kb", abstract: "The knowledge base: import, show an article, search, export, count.",
    discussion: """
      Examples:
        faultline kb import articles.tar.xz
        faultline kb show KB961799
        faultline kb search netbt NbtCopyToStartOfIndicate
      """,
    subcommands: [Import.self, Show.self, Search.self, Export.self, Stats.self])

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Prints every article as JSON, one object per line.",
      discussion: "Example: faultline kb export --output articles.jsonl")

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      var lines = ""
      for issue in try knowledge.catalogue().issues { lines += issue.article.json.text(pretty: false) + "\n" }
      guard let store = try knowledge.store() else { return try output.emit(lines) }
      var last: Int64 = 0
      do {
        while let page = try store.articles(after: last) {
          last = page.last
          for article in page.articles { lines += article.json.text(pretty: false) + "\n" }
          // A file is written whole; a pipe gets a page at a time.
          if output.output == nil {
            try output.emit(lines)
            lines = ""
          }
        }
      } catch let error as StoreError {
        throw CommandFailure(error)
      }
      if output.output != nil { try output.emit(lines) }
    }
  }

  struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "search", _superCommandName: "faultline kb",
      abstract: "Finds articles by words, stop codes, file names, pool tags, symbols and numbers.",
      discussion: """
        Examples:
          faultline kb search 0x41 Mdl shadowing
          faultline kb search '"page file" tcpip.sys product:"Windows 2000" after:1999-06 mechanism:leak'
        """)

    @Argument(
      help: ArgumentHelp(
        "Words, phrases in quotes, stop codes, file names, symbols, pool tags and article numbers; product:, before:, after: and mechanism: narrow down.",
        valueName: "words"))
    var words: [String]

    @Option(help: ArgumentHelp("How many to print at most.", valueName: "number"))
    var limit = 20

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
      if limit < 1 { throw ValidationError("--limit takes a number of articles from 1 on.") }
    }

    func run() throws {
      let report: SearchReport
      do {
        let query = try SearchQuery(words.map(Self.quoted).joined(separator: " "))
        let store = try knowledge.store()
        report = try KnowledgeLookup.search(query, limit: limit, store: store) { try knowledge.catalogue() }
      } catch let refusal as SearchQuery.Refusal {
        throw CommandFailure.usage(refusal.reason)
      } catch let error as StoreError {
        throw CommandFailure(error)
      }
      if output.format != .text { return try output.emit(report.json) }
      try output.emit(report.text(output.style))
    }

    /// A shell takes quotes away; an argument with a space in it was quoted.
    private static func quoted(_ word: String) -> String {
      guard word.contains(" "), !word.contains("\"") else { return word }
      guard let colon = word.firstIndex(of: ":"), !word[..<colon].contains(" ") else { return "\"\(word)\"" }
      return word[...colon] + "\"" + word[word.index(after: colon)...] + "\""
    }
  }

  struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "stats",
      abstract: "What the knowledge base holds.", discussion: "Example: faultline kb stats --format json")

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
      let imported: StoreStatistics?
      do {
        imported = try knowledge.store().map { StoreStatistics(try $0.statistics(), path: $0.path) }
      } catch let error as StoreError {
        throw CommandFailure(error)
      }
      let report = StatisticsReport(try knowledge.catalogue(), imported: imported)
      if output.format != .text { return try output.emit(report.json) }
      try output.emit(report.text(output.style))
    }
  }
}
