import ArgumentParser
import EvidenceSynthesis
import Facts

@main struct Synthesize: ParsableCommand {
  func run() {
  }
}
