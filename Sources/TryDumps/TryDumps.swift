import Analyses
import ArgumentParser
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Faultline
import Foundation
import Reporting
import WindowsKernel

/// Reads damaged dumps as the program does, one after another, and stops at nothing but a trap: `Scripts/try-dumps` runs it, sees
/// which case a trap was in, and goes on behind it.
@main struct TryDumps: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "TryDumps",
    abstract: "Read damaged dumps of every container and processor, all views of each.",
    discussion: "Case N of a seed is always the same bytes: `--first N --count 1 --write FILE` writes them.")

  @Option(help: "Decides every damage.")
  var seed: UInt64 = 1

  @Option(help: "The first case.")
  var first: UInt64 = 0

  @Option(help: "How many cases.")
  var count: UInt64 = 1000

  @Option(help: "Only every so manieth case, from --first on.")
  var step: UInt64 = 1

  @Option(help: "A file in which the number of the case at hand stands.")
  var journal: String?

  @Option(help: "Write the cases' bytes to this file (the last one stays) and read nothing.")
  var write: String?

  @Flag(help: "Print each case's name and time.")
  var verbose = false

  /// A case that takes longer is a find.
  private static let longest = 2.0

  func run() throws {
    let originals = Originals.all(seed: seed)
    let note = journal.flatMap { path -> FileHandle? in
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      return FileHandle(forWritingAtPath: path)
    }
    let clock = ContinuousClock()
    var slowest = (seconds: 0.0, number: first, name: "")
    var slow = 0
    var read = 0
    var number = first
    for _ in 0..<count {
      defer { number += step }
      let original = originals[Int(number % UInt64(originals.count))]
      let bytes = Damage.damaged(original.bytes, seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ number)
      if let write {
        try Data(bytes).write(to: URL(filePath: write))
        print("\(number) \(original.name) \(bytes.count) bytes")
        continue
      }
      if let note {
        try note.seek(toOffset: 0)
        try note.write(contentsOf: Data("\(number) \(original.name)                    \n".utf8))
      }
      let start = clock.now
      if Self.everyView(bytes) { read += 1 }
      let time = (clock.now - start) / .seconds(1)
      if time > slowest.seconds { slowest = (time, number, original.name) }
      if time > Self.longest {
        slow += 1
        print("case \(number) (\(original.name)): \(time) s")
      }
      if verbose { print("\(number) \(original.name) \(bytes.count) bytes, \(time) s") }
    }
    if write == nil {
      print(
        "seed \(seed), \(count) cases from \(first) by \(step), \(originals.count) originals: \(read) read, \(slow) over \(Self.longest) s, slowest \(slowest.seconds) s (case \(slowest.number), \(slowest.name))"
      )
    }
    if slow > 0 { throw ExitCode(1) }
  }

  /// Every view and form of report; false where nothing could be read.
  private static func everyView(_ bytes: [UInt8]) -> Bool {
    let piece = EvidencePiece(file: MappedFile(bytes: bytes, path: "damaged.dmp"), hash: false)
    guard case .dump(let dump) = piece.content else { return false }
    let style = TextStyle { "\($0)" }
    let facts = AllAnalyses.facts(dump)
    precondition(facts.allSatisfy { $0.text.utf8.count < 1 << 16 })
    let view = dump.view
    let processes = dump.processListView
    let pool = dump.poolView()
    let packets = dump.packets()
    var length = 0
    for json in [view.json, processes.json, pool.json, packets.json] { length += json.text(pretty: true).utf8.count }
    for text in [
      view.summary(style), view.moduleList(style), view.stackList(style), processes.text(style),
      pool.text(style, limit: 40), packets.text(style),
    ] { length += text.utf8.count }
    precondition(length > 0)
    _ = packets.capture
    return true
  }
}
