import Facts

extension DumpView {
  /// `dump summary`.
  public func summary(_ style: TextStyle) -> String {
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ value: String?) { if let value { rows.append((key, value)) } }
    row(
      "dump",
      "\(signature), \(dumpType ?? "type not stated")\(dumpTypeNumber.map { " (type \($0))" } ?? ""), \(architecture), \(bytes) bytes"
    )
    let pack = servicePack.map { $0.number > 0 ? " Service Pack \($0)" : "" } ?? ""
    row("system", [product.map { $0 + pack }, version, productType].compactMap { $0 }.joined(separator: ", "))
    if let match = buildMatch {
      row(
        "build",
        "\(match.version) by address match: \(match.agreed.count) of \(match.compared) addresses agree"
          + (match.isUnique ? ", no other known build fits" : ", other builds fit as well"))
      row("kernel symbols", "\(match.pdbName) \(match.pdbGUID)-\(match.pdbAge)")
    }
    row("processors", processors > 0 ? "\(processors)" : nil)
    row(
      hasStop ? "stopped" : "taken",
      crashTime.map { time in
        Self.unixSeconds(time).map { "\(time) (\(style.localTime($0)))" } ?? time
      })
    row("up for", uptimeSeconds.map(Self.duration))
    row("stop", hasStop ? "\(bugcheck)" + (bugcheckName.map { " \($0)" } ?? "") : nil)
    for (index, value) in parameters.enumerated() where hasStop {
      let text = parameterMeanings.indices.contains(index) ? parameterMeanings[index].text : ""
      row("  parameter \(index + 1)", hexadecimal(value, digits: pointerDigits) + (text.isEmpty ? "" : ": \(text)"))
    }
    if hasException {
      let code = exceptionCode.map { "\($0)" + (exceptionName.map { " \($0)" } ?? "") } ?? "memory access"
      row(
        "exception",
        code + (exceptionPlace.map { " at \($0)" } ?? "")
          + (referenced.map { ", \(access ?? "touching") \(hexadecimal($0.rawValue, digits: pointerDigits))" } ?? ""))
    }
    row("culprit", culprit.map { "\($0): \(culpritReason ?? "")" })
    row("process", processName.map { $0 + (processID.map { " (id \($0))" } ?? "") })
    row("modules", modules.isEmpty ? nil : "\(modules.count) loaded, \(unloadedModules.count) unloaded")
    row("comment", comment)
    var out = [style.definitions(rows)]
    if let meaning { out.append("\n" + style.wrap(meaning)) }
    for note in notes { out.append(style.wrap(note, first: "Note: ")) }
    out.append(contentsOf: missingLines(style))
    return out.joined(separator: "\n") + "\n"
  }

  /// `dump modules`.
  public func moduleList(_ style: TextStyle) -> String {
    var rows = [["base", "size", "timestamp", "version", "name"]]
    for module in modules {
      let identity = module.identity
      let stamp: String
      switch (identity.timestamp, module.timestampMeaning) {
      case (let value?, .date): stamp = Self.date(Int64(value))
      case (let value?, .buildHash): stamp = "hash " + hexadecimal(UInt64(value), digits: 8).dropFirst(2)
      default: stamp = "-"
      }
      rows.append([
        identity.base.map { hexadecimal($0.rawValue, digits: pointerDigits) } ?? "-",
        identity.size.map { hexadecimal($0) } ?? "-", stamp,
        identity.version?.description ?? "-", identity.name,
      ])
    }
    var out = [table(rows, indent: 0)]
    if !unloadedModules.isEmpty {
      out.append(style.heading("Unloaded"))
      out.append(
        table(
          unloadedModules.map {
            [
              hexadecimal($0.start.rawValue, digits: pointerDigits),
              hexadecimal($0.end.rawValue, digits: pointerDigits), $0.name,
            ]
          }, indent: 0))
    }
    out.append(contentsOf: missingLines(style))
    return out.joined(separator: "\n") + "\n"
  }

  /// `dump stack`.
  public func stackList(_ style: TextStyle) -> String {
    var out: [String] = []
    if let processorStacks {
      for processor in processorStacks {
        let process = processor.processName.map { $0 + (processor.processID.map { " (id \($0))" } ?? "") }
        let thread = processor.thread.map { "thread \(hexadecimal($0.rawValue, digits: pointerDigits))" }
        let words = [processor.isStopped ? "stopped the system" : nil, process, thread].compactMap { $0 }
        out.append(
          style.heading("Processor \(processor.number)" + (words.isEmpty ? "" : ": " + words.joined(separator: ", "))))
        out.append(
          processor.stack.isEmpty
            ? "No registers were saved." : frameTable(processor.stack, top: processor.isStopped ? topFrame : nil))
      }
    }
    // The stop's own stack stands among them, unless its processor was not found.
    if processorStacks?.contains(where: \.isStopped) != true { out.append(frameTable(stack, top: topFrame)) }
    if topFrame != nil { out.append("\n* the failing frame") }
    if (processorStacks ?? []).contains(where: { $0.stack.contains { $0.trust == .scan } })
      || stack.contains(where: { $0.trust == .scan })
    {
      out.append(
        style.wrap(
          "Frames of trust \"scan\" were found as words on the stack that look like return addresses; one may be left over from an earlier call."
        ))
    }
    for note in notes { out.append(style.wrap(note, first: "Note: ")) }
    out.append(contentsOf: missingLines(style))
    return out.joined(separator: "\n") + "\n"
  }

  private func frameTable(_ frames: [StackFrame], top: Int?) -> String {
    var rows = [["#", "stack pointer", "address", "trust", "place"]]
    for (index, frame) in frames.enumerated() {
      let place =
        frame.symbol ?? frame.module.map { module in frame.offset.map { "\(module)+\(hexadecimal($0))" } ?? module }
        ?? "-"
      rows.append([
        "\(index)\(index == top ? " *" : "")",
        frame.stackPointer.map { hexadecimal($0.rawValue, digits: pointerDigits) } ?? "-",
        hexadecimal(frame.address.rawValue, digits: pointerDigits), frame.trust.rawValue, place,
      ])
    }
    return table(rows, indent: 0)
  }

  private func missingLines(_ style: TextStyle) -> [String] {
    guard !missing.isEmpty else { return [] }
    return [style.heading("What is missing")]
      + missing.map {
        style.wrap("\($0.what) (\($0.because.rawValue)): \($0.detail)", indent: 2, hanging: 4, first: "- ")
      }
  }

  static func duration(_ seconds: UInt64) -> String {
    let days = seconds / 86_400
    return (days > 0 ? "\(days) d " : "")
      + "\(twoDigits(seconds / 3600 % 24)):\(twoDigits(seconds / 60 % 60)):\(twoDigits(seconds % 60))"
  }

  /// The day of a Unix time, UTC.
  static func date(_ seconds: Int64) -> String { String(CivilTime(unixSeconds: seconds).rfc3339.prefix(10)) }

  static func unixSeconds(_ rfc3339: String) -> Int64? { CivilTime(rfc3339: rfc3339)?.unixSeconds }
}
