import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

/// The stop code with its parameters, and whether somebody forced the dump.
enum StopAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    guard dump.hasStop else { return [] }
    let code = dump.header.bugcheck
    let name = StopCodes.name(of: code)
    var attributes: [FactAttribute: FactValue] = ["code": .stopCode(code.base)]
    if let name { attributes["name"] = .text(name) }
    for (index, value) in dump.header.parameters.enumerated() {
      attributes[FactAttribute(rawValue: "parameter\(index + 1)")] = .address(VirtualAddress(value))
    }
    var text = "The system stopped with \(code)"
    if let name { text += " \(name)" }
    let digits = dump.header.is64Bit ? 16 : 8
    text += " (" + dump.header.parameters.map { hexadecimal($0, digits: digits) }.joined(separator: ", ") + ")."
    var facts = [Fact(.stop, text, attributes: attributes, origin: "BugCheckCode")]
    if let type = dump.header.dumpType {
      facts.append(
        Fact(
          .dump, "The evidence is a dump of type \(type.rawValue) (\(type.name)).",
          attributes: ["type": .text(type.name)],
          origin: "DumpType"))
    }
    if let meaning = StopCodeMeaning.of(code), meaning.stopClass == .forced, let trigger = meaning.trigger {
      facts.append(
        Fact(
          .forcedDump, "The dump was \(words(trigger)): its stop code says nothing about why.",
          attributes: ["how": .text(trigger.rawValue)], origin: "BugCheckCode"))
    }
    return facts
  }

  private static func words(_ trigger: DumpTrigger) -> String {
    switch trigger {
    case .keyboard: "forced from the keyboard"
    case .nmi: "forced by a non-maskable interrupt"
    case .powerButton: "forced by holding the power button"
    case .liveDump: "taken from a system that went on running"
    }
  }
}
