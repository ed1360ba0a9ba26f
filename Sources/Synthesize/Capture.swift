import ArgumentParser
import EvidenceSynthesis
import Foundation

extension Synthesize {
  struct Capture: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a capture of SMB sessions, some of whose messages are malformed.",
      discussion: "Beside it, in FILE.truth, one line for each malformed frame: its number and what is wrong.")

    @Option(help: "The file to write.")
    var output: String

    @Option(help: "Messages in all conversations together.")
    var messages = 20_000

    @Option(help: "Conversations.")
    var conversations = 16

    @Option(help: "Malformed messages of 10,000.")
    var malformed = 10

    @Option(help: "Segments of 10,000 that are lost, come in another order, come twice, or overlap.")
    var disorder = 0

    @Option(help: "The seed that decides everything else.")
    var seed: UInt64 = 1

    @Option(help: "Bytes of data in a message at most.")
    var data = 700

    @Flag(help: "SMB on port 445 without the session service.")
    var direct = false

    @Flag(help: "SMB2 instead of SMB1.")
    var smb2 = false

    @Flag(help: "Overwrite files that exist.")
    var force = false

    func run() throws {
      var traffic = SessionTraffic(seed: seed)
      traffic.messages = messages
      traffic.conversations = conversations
      traffic.malformedShare = malformed
      traffic.lost = disorder
      traffic.reordered = disorder
      traffic.repeated = disorder
      traffic.overlapping = disorder
      traffic.isDirect = direct
      traffic.isSecond = smb2
      traffic.largestData = data
      let result = traffic.generate()
      if !force, FileManager.default.fileExists(atPath: output) {
        throw ValidationError("'\(output)' exists; use --force to overwrite it.")
      }
      let bytes = SynthesizedCaptureFile.pcap(result.frames, link: traffic.link.number)
      try Data(bytes).write(to: URL(filePath: output))
      let truth = result.malformed.map { "\($0.frame) \($0.fault)\n" }.joined()
      try Data(truth.utf8).write(to: URL(filePath: output + ".truth"))
      print("\(output), \(result.frames.count) frames, \(bytes.count) bytes, \(result.malformed.count) malformed")
    }
  }
}
