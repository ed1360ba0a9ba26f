import Facts

/// What an honest reader states about a machine made here.
extension CaseBuilder {
  static func stopFact(_ machine: SynthesizedMachine) -> Fact {
    let code = machine.stop.code.base
    return Fact(.stop, "The machine stopped with \(code).", attributes: ["code": .stopCode(code)])
  }

  static func moduleFact(_ machine: SynthesizedMachine, _ name: String) -> [Fact] {
    machine.modules.filter { $0.name == name }.map {
      Fact(
        .module, "\($0.name) is loaded.",
        attributes: ["module": .text($0.name), "timestamp": .integer(Int64($0.timestamp))])
    }
  }

  static func processFact(_ machine: SynthesizedMachine) -> [Fact] {
    guard machine.layout != nil, let process = machine.process else { return [] }
    var attributes: [FactAttribute: FactValue] = ["process": .text(String(process.name.prefix(15)))]
    if let session = process.session { attributes["session"] = .integer(Int64(session)) }
    return [Fact(.process, "The current process was \(process.name).", attributes: attributes)]
  }

  /// The innermost frame that is not the stop's own machinery: the first one given to `machine(_:access:in:)`.
  static func topFact(_ machine: SynthesizedMachine, _ symbol: String, position: String = "top") -> [Fact] {
    guard let frame = machine.stack.frames.first(where: { $0.name.hasPrefix(symbol + "+") }),
      let module = machine.module(at: frame.address)
    else { return [] }
    return [
      Fact(
        .frame, "\(frame.name) is on the stack.",
        attributes: ["position": .text(position), "module": .text(module.name), "symbol": .text(symbol)])
    ]
  }

  static func nullFact(_ machine: SynthesizedMachine, _ symbol: String, _ access: Access) -> Fact {
    let module = machine.stack.frames.first { $0.name.hasPrefix(symbol + "+") }.flatMap {
      machine.module(at: $0.address)
    }
    return Fact(
      .nullDereference, "\(symbol) touched \(hexadecimal(access.address)).",
      attributes: [
        "module": .text(module?.name ?? ""), "symbol": .text(symbol),
        "referenced": .address(VirtualAddress(access.address)),
      ])
  }
}
