import ArgumentParser
import Facts
import KnowledgeStore
import Reporting

extension KnowledgeBaseCommand {
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Reads articles into the knowledge base.",
      discussion: """
        Takes articles, folders of them and archives (.zip, .tar, .tar.xz, .tar.gz). What is there already is left as it is.
        Example: faultline kb import articles.tar.xz downloaded-articles
        """)

    @Argument(help: ArgumentHelp("Articles, folders and archives.", valueName: "path"))
    var paths: [String]

    @OptionGroup var knowledge: KnowledgeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      guard let path = knowledge.place else {
        throw CommandFailure.usage("no place for the knowledge base is known: name one with --kb FILE")
      }
      let importer = KnowledgeImporter(path: path, now: Terminal.now)
      let meter = ProgressMeter(isShown: Terminal.errorIsTerminal && !output.quiet)
      let report: ImportReport
      do {
        report = try await importer.run(paths) {
          meter.show(files: $0.files, share: $0.share, isFinishing: $0.isFinishing)
        }
      } catch {
        meter.end()
        throw CommandFailure(error)
      }
      meter.end()
      if report.total == 0, report.tables == 0, let first = report.unreadable.first {
        let missing = report.unreadable.allSatisfy { $0.reason == "no such file or folder" }
        let message = "nothing could be imported\n  \(first.path): \(first.reason)"
        throw missing ? CommandFailure.notFound(message) : CommandFailure.unreadable(message)
      }
      let document = ImportDocument(report, path: path)
      if output.format == .text { try output.emit(document.text(output.style)) } else { try output.emit(document.json) }
    }
  }
}

extension CommandFailure {
  init(_ error: StoreError) {
    switch error.code {
    case .notFound: self = .notFound(error.description)
    case .notAKnowledgeBase, .damaged: self = .unreadable(error.description)
    default: self = .inputOutput(error.description)
    }
  }
}
