import Facts
import KernelLayouts

extension DebuggerLogView {
  /// What a debugger's log states, as a dump's facts would be: `stated` where the debugger says it.
  public var facts: [Fact] {
    stopFacts + exceptionFacts + culpritFacts + frameFacts + processFacts + moduleFacts
  }

  /// The machine a log describes, as far as it goes.
  public var machine: Machine {
    var machine = Machine(architecture: architecture)
    if let build {
      let type: ProductType? =
        switch productType?.lowercased() {
        case "winnt": .workstation
        case "server", "servernt", "lanmannt": .server
        default: nil
        }
      let product = Product.find(build: Int(build), type: type, architecture: architecture)
      machine.product = product?.name
      machine.servicePack = servicePack ?? product?.servicePack
      let prefix = Product.candidates(build: Int(build), architecture: architecture).first?.version
      machine.version = version ?? prefix.map { "\($0).\(build)" }
    } else {
      machine.version = version
      machine.servicePack = servicePack
    }
    return machine
  }

  // MARK: Parts

  private var stopFacts: [Fact] {
    guard let code else { return [] }
    let name = StopCodes.name(of: code) ?? name
    var attributes: [FactAttribute: FactValue] = ["code": .stopCode(code.base)]
    if let name { attributes["name"] = .text(name) }
    for (index, value) in parameters.prefix(4).enumerated() {
      attributes[FactAttribute(rawValue: "parameter\(index + 1)")] = .address(VirtualAddress(value))
    }
    let values = parameters.map { hexadecimal($0, digits: pointerDigits) }.joined(separator: ", ")
    var facts = [
      Fact(
        .stop,
        "The system stopped with \(code)" + (name.map { " \($0)" } ?? "") + (values.isEmpty ? "" : " (\(values))")
          + ".",
        attributes: attributes, trust: .stated, origin: "bugcheck")
    ]
    if let meaning = StopCodeMeaning.of(code), meaning.stopClass == .forced, let trigger = meaning.trigger {
      facts.append(
        Fact(
          .forcedDump, "The stop was asked for: its code says nothing about why.",
          attributes: ["how": .text(trigger.rawValue)], trust: .stated, origin: "bugcheck"))
    }
    return facts
  }

  private var exceptionFacts: [Fact] {
    let meaning = code.flatMap { StopCodeMeaning.of($0) }
    let status =
      exceptionCode
      ?? meaning?.value(.exceptionCode, in: parameters).map { NTStatus(UInt32(truncatingIfNeeded: $0)) }
    let referenced = self.referenced ?? meaning?.value(.referenced, in: parameters).map { VirtualAddress($0) }
    let access = self.access ?? meaning?.access(in: parameters)?.rawValue
    guard status != nil || referenced != nil else { return [] }
    var attributes: [FactAttribute: FactValue] = [:]
    attributes["code"] = status.map { .status($0) }
    attributes["address"] = faultingAddress.map { .address($0) }
    attributes["referenced"] = referenced.map { .address($0) }
    attributes["access"] = access.map { .text($0) }
    let place = faultingPlace ?? faultingAddress.flatMap { address in stack.first { $0.address == address }?.place }
    place.map { name($0, &attributes) }
    var text =
      status.map { "Exception \($0)" + (NTStatusNames.name(of: $0).map { " \($0)" } ?? "") }
      ?? "A memory access failed"
    if let place { text += " at \(place)" }
    if let referenced { text += ", touching \(hexadecimal(referenced.rawValue, digits: pointerDigits))" }
    var facts = [Fact(.exception, text + ".", attributes: attributes, trust: .stated, origin: "exception")]
    if let referenced, referenced.rawValue < 0x1_0000, status == nil || status == .accessViolation {
      var null: [FactAttribute: FactValue] = ["referenced": .address(referenced)]
      null["module"] = attributes["module"]
      null["symbol"] = attributes["symbol"]
      let distance = referenced.rawValue == 0 ? "" : " plus \(hexadecimal(referenced.rawValue))"
      facts.append(
        Fact(
          .nullDereference, "A null pointer\(distance) was followed" + (place.map { " at \($0)" } ?? "") + ".",
          attributes: null, trust: .stated, origin: "exception"))
    }
    return facts
  }

  /// Module and routine of a place.
  private func name(_ place: String, _ attributes: inout [FactAttribute: FactValue]) {
    let routine = CulpritAnalysis.routine(place)
    let module = String(routine.prefix { $0 != "!" })
    guard !module.isEmpty, !module.hasPrefix("0x") else { return }
    attributes["module"] = .text(fileName(module))
    if routine.contains("!") { attributes["symbol"] = .text(routine) }
  }

  /// The file behind a module's name: as the log lists it, as Windows ships it, else a driver's.
  func fileName(_ module: String) -> String {
    if module.contains(".") { return module }
    if let listed = modules.first(where: { $0.name.lowercased() == module.lowercased() })?.file { return listed }
    if let image, image.contains("."), image.prefix(while: { $0 != "." }).lowercased() == module.lowercased() {
      return image
    }
    if module.lowercased() == "nt" {
      return image.map { ModuleIdentity(name: $0).isKernel ? $0 : "ntoskrnl.exe" } ?? "ntoskrnl.exe"
    }
    let ending = [".sys", ".dll", ".exe"].first { InboxModules.contains(module + $0) }
    return module + (ending ?? ".sys")
  }

  private var culpritFacts: [Fact] {
    // Who asked for a stop, or for memory last when there was none, is not its cause.
    let stopClass = code.flatMap { StopCodeMeaning.of($0) }?.stopClass
    if stopClass == .forced || stopClass == .poolExhaustion { return [] }
    let blamed =
      image.flatMap { $0.contains(".") ? $0 : nil } ?? module.flatMap { $0 == "Unknown_Module" ? nil : fileName($0) }
    let isWindows = blamed.map { ModuleIdentity(name: $0).isKernel || InboxModules.contains($0) } ?? true
    if isWindows, let index = foreignFrame, stack.indices.contains(index), let module = stack[index].module {
      let file = fileName(module)
      return [
        Fact(
          .culprit,
          "\(file) is the first module on the stack that Windows does not ship (frame \(index))"
            + (blamed.map { "; the debugger lays it to \($0)" } ?? "") + ".",
          attributes: [
            "module": .text(file), "reason": .text("is on the stack and Windows does not ship it"),
            "inbox": .flag(false),
          ], trust: stack[index].isDoubtful ? .guessed : .inferred, origin: "frame \(index)")
      ]
    }
    guard let blamed, !ModuleIdentity(name: blamed).isKernel else { return [] }
    return [
      Fact(
        .culprit, "The debugger lays it to \(blamed)" + (blamedSymbol.map { " (\($0))" } ?? "") + ".",
        attributes: [
          "module": .text(blamed), "reason": .text("is named by the debugger"),
          "inbox": .flag(InboxModules.contains(blamed)),
        ], trust: .stated, origin: "IMAGE_NAME")
    ]
  }

  private var frameFacts: [Fact] {
    var facts: [Fact] = []
    for (index, frame) in stack.enumerated() {
      var position = "any"
      if let top = topFrame, index >= top {
        position = index == top ? "top" : index - top <= StackAnalysis.upperFrames ? "upper" : "any"
      }
      facts.append(fact(frame.place, index, position, frame.isDoubtful ? .guessed : .stated, "frame \(index)"))
    }
    // The failing instruction, where the stack was cut off or does not hold it.
    if let place = faultingPlace, !stack.contains(where: { $0.address == faultingAddress && faultingAddress != nil }) {
      facts.append(fact(place, nil, "top", .stated, "FAULTING_IP"))
    }
    return facts
  }

  private func fact(_ place: String, _ index: Int?, _ position: String, _ trust: Trust, _ origin: String) -> Fact {
    var attributes: [FactAttribute: FactValue] = ["position": .text(position), "thread": .text("faulting")]
    attributes["index"] = index.map { .integer(Int64($0)) }
    name(place, &attributes)
    return Fact(
      .frame, (index.map { "Frame \($0): " } ?? "Failing instruction: ") + place + ".", attributes: attributes,
      trust: trust, origin: origin)
  }

  private var processFacts: [Fact] {
    guard let process else { return [] }
    return [
      Fact(
        .process, "The current process was \(process).", attributes: ["process": .text(process)], trust: .stated,
        origin: "PROCESS_NAME")
    ]
  }

  private var moduleFacts: [Fact] {
    modules.map { module in
      let file = fileName(module.name)
      guard !module.isUnloaded else {
        return Fact(
          .unloadedModule, "\(file) was unloaded before the stop.", attributes: ["module": .text(file)], trust: .stated,
          origin: "lm")
      }
      var attributes: [FactAttribute: FactValue] = ["module": .text(file), "inbox": .flag(InboxModules.contains(file))]
      attributes["timestamp"] = module.timestamp.map { .text(hexadecimal(UInt64($0), digits: 8)) }
      return Fact(.module, "\(file) is loaded.", attributes: attributes, trust: .stated, origin: "lm")
    }
  }
}
