import ArgumentParser
import EvidenceSynthesis

extension Synthesize {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the scenarios.")

    func run() {
      for scenario in Scenario.all {
        let relation =
          scenario.article.map { "  [\($0)]" } ?? scenario.resembles.map { "  [looks like \($0)]" } ?? ""
        print("\(scenario.id): \(scenario.title)\(relation)")
      }
    }
  }
}
