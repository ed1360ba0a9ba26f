import Facts
import WindowsKernel

/// The process that was current when the system stopped.
enum ProcessAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    guard let process = dump.process else { return [] }
    var attributes: [FactAttribute: FactValue] = ["process": .text(process.name)]
    if let session = process.session { attributes["session"] = .integer(Int64(session)) }
    let id = process.id.map { " (id \($0))" } ?? ""
    return [
      Fact(
        .process, "The current process was \(process.name)\(id).", attributes: attributes,
        trust: process.isGuess ? .guessed : .observed, origin: "EPROCESS.ImageFileName")
    ]
  }
}
