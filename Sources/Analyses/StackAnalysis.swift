import Facts
import Symbols
import WindowsKernel

/// The frames of the faulting thread, with where each stands relative to the failure.
enum StackAnalysis: DumpAnalysis {
  /// Frames from the failing one on that count as `upper`.
  static let upperFrames = 5

  static func facts(_ dump: KernelDump) -> [Fact] {
    var facts: [Fact] = []
    for (index, frame) in dump.stack.enumerated() {
      var position = "any"
      if let top = dump.topFrame, index >= top {
        position = index == top ? "top" : index - top <= upperFrames ? "upper" : "any"
      }
      facts.append(fact(frame, index: index, position: position, dump))
    }
    // Where the failing instruction is not on the walked stack, the stop's own parameter still names it.
    if let address = dump.exception?.address, !dump.stack.contains(where: { $0.address == address }) {
      facts.append(fact(dump.frame(at: address), index: nil, position: "top", dump))
    }
    return facts
  }

  private static func fact(_ frame: StackFrame, index: Int?, position: String, _ dump: KernelDump) -> Fact {
    var attributes: [FactAttribute: FactValue] = [
      "position": .text(position), "trust": .text(frame.trust.rawValue), "thread": .text("faulting"),
    ]
    if let index { attributes["index"] = .integer(Int64(index)) }
    if let module = frame.module { attributes["module"] = .text(module) }
    if let symbol = frame.symbol { attributes["symbol"] = .text(CulpritAnalysis.routine(symbol)) }
    // A return address found by scanning may be left over from an earlier call; a name from a table chosen by file name
    // alone may be another build's.
    let trust = frame.trust == .scan ? Trust.guessed : frame.symbol == nil ? .observed : dump.symbolTrust(of: frame)
    return Fact(
      .frame, (index.map { "Frame \($0): " } ?? "Failing instruction: ") + frame.place + ".", attributes: attributes,
      trust: trust,
      origin: index.map { "frame \($0)" } ?? "exception address")
  }
}

extension StackFrame {
  /// `netbt!Name+0x12`, `amdppm.sys+0x334c`, or the bare address.
  public var place: String {
    if let symbol { return symbol }
    if let module, let offset { return module + "+" + hexadecimal(offset) }
    return address.description
  }
}

extension KernelDump {
  /// An address as a frame of its own: module, offset and, where a table names it, the function.
  func frame(at address: VirtualAddress) -> StackFrame {
    stack.first { $0.address == address && $0.trust == .context }
      ?? modules.frame(address.rawValue, stackPointer: nil, trust: .context)
  }

  /// How well a frame's name is known: a table chosen by its file name alone may belong to another build.
  func symbolTrust(of frame: StackFrame) -> Trust {
    modules.entry(at: frame.address.rawValue)?.symbolMatch == .nameOnly ? .guessed : .observed
  }
}
