import Facts

extension SynthesizedCase {
  /// What was put into the dump, for people, line by line.
  public func description(of scenario: Scenario, seed: UInt64) -> String {
    var lines = ["scenario: \(scenario.id)", "seed: \(seed)", "shows: \(scenario.title)"]
    if let article = scenario.article { lines.append("article: \(article)") }
    if let article = scenario.resembles { lines.append("resembles, must not be confirmed: \(article)") }
    let version = machine.version
    lines += [
      "", "architecture: \(machine.architecture)",
      "version: \(version.major).\(version.minor).\(version.build), service pack \(version.servicePack >> 8)",
      "product type: \(machine.productType.rawValue), suites \(hexadecimal(UInt64(machine.suiteMask)))",
      "processors: \(machine.processors)", "up time: \(machine.upTime / 10_000_000) s",
      "stop: \(machine.stop.code) (\(machine.stop.parameters.map { hexadecimal($0) }.joined(separator: ", ")))",
    ]
    if let process = machine.process {
      let session = process.session.map { ", session \($0)" } ?? ""
      lines.append("process: \(process.name), id \(process.id)\(session)")
    }
    if machine.layout == nil { lines.append("no copies of process, thread and processor") }
    lines +=
      ["", "facts:"]
      + facts.map { fact in
        let attributes = fact.attributes.sorted { $0.key.rawValue < $1.key.rawValue }
        return "  \(fact.kind.rawValue): " + attributes.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
      }
    lines += ["", "stack (innermost first; stack pointer, address, place):"]
    for (frame, pointer) in zip(machine.stack.frames, machine.stack.stackPointers) {
      lines.append("  \(hexadecimal(pointer)) \(hexadecimal(frame.address)) \(frame.name)")
    }
    lines +=
      ["", "modules:"]
      + machine.modules.map {
        "  \(hexadecimal($0.base)) \(hexadecimal(UInt64($0.size))) \(hexadecimal(UInt64($0.timestamp), digits: 8)) \($0.name)"
      }
    lines += ["", "symbol tables:"] + symbols.map { "  \($0.module): \($0.relativePath)" }
    if !notes.isEmpty { lines += ["", "liberties:"] + notes.map { "  " + $0 } }
    return lines.joined(separator: "\n") + "\n"
  }
}
