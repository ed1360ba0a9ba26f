import Facts

extension DumpView {
  /// `faultline.dump/1`.
  public var json: JSONValue {
    .members([
      schema("dump"),
      (
        "format",
        .members([
          ("kind", .string(signature)), ("architecture", .string(architecture.rawValue)),
          ("dumpType", .optional(dumpType)),
          ("dumpTypeNumber", dumpTypeNumber.map { .count($0) }), ("bytes", .count(bytes)),
          ("comment", .optional(comment)),
          ("memoryBytes", memoryBytes > 0 ? .count(memoryBytes) : nil),
          ("absentPages", absentPages > 0 ? .count(absentPages) : nil),
          (
            "absentRanges",
            absentRanges.isEmpty
              ? nil
              : .array(
                absentRanges.map {
                  .members([
                    ("start", .hex(VirtualAddress($0.lowerBound << 12), digits: 16)),
                    ("pages", .count($0.upperBound - $0.lowerBound)),
                  ])
                })
          ),
          ("secondaryDataBlocks", secondaryDataBlocks > 0 ? .count(secondaryDataBlocks) : nil),
        ])
      ),
      (
        "system",
        .members([
          ("version", .optional(version)), ("build", .count(build)), ("product", .optional(product)),
          ("productType", .optional(productType)), ("servicePack", servicePack.map { .servicePack($0) }),
          ("processors", processors > 0 ? .count(processors) : nil),
          ("uptimeSeconds", uptimeSeconds.map { .count($0) }),
          ("crashTime", .optional(crashTime)), ("buildMatch", buildMatch?.json),
        ])
      ),
      (
        "bugcheck",
        !hasStop
          ? nil
          : .members([
            ("code", .string(bugcheck.description)), ("name", .optional(bugcheckName)),
            ("parameters", .array(parameters.map { .hex(VirtualAddress($0), digits: pointerDigits) })),
            ("meaning", .optional(meaning)),
            ("parameterMeanings", .some(parameterMeanings.map { .string($0.text) })),
          ])
      ),
      ("exception", exceptionJSON),
      (
        "culprit",
        culprit.map { .members([("module", .string($0)), ("reason", .optional(culpritReason))]) }
      ),
      (
        "process",
        processName.map {
          .members([
            ("name", .string($0)), ("id", processID.map { .count($0) }), ("session", session.map { .count($0) }),
          ])
        }
      ),
      ("stack", .array(stack.map { $0.json(digits: pointerDigits) })),
      ("topFrame", topFrame.map { .count($0) }),
      ("processors", processorStacks.map { .array($0.map { $0.json(digits: pointerDigits) }) }),
      ("modules", .array(modules.map { $0.json(digits: pointerDigits) })),
      (
        "unloadedModules",
        .array(
          unloadedModules.map {
            .members([
              ("name", .string($0.name)), ("start", .hex($0.start, digits: pointerDigits)),
              ("end", .hex($0.end, digits: pointerDigits)),
            ])
          })
      ),
      ("notes", notes.isEmpty ? nil : .strings(notes)),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  private var exceptionJSON: JSONValue? {
    guard hasException else { return nil }
    return .members([
      ("code", exceptionCode.map { .string($0.description) }), ("name", .optional(exceptionName)),
      ("address", exceptionAddress.map { .hex($0, digits: pointerDigits) }), ("place", .optional(exceptionPlace)),
      ("access", .optional(access)), ("referenced", referenced.map { .hex($0, digits: pointerDigits) }),
    ])
  }
}

extension DumpView.BuildMatch {
  var json: JSONValue {
    .members([
      ("version", .string(version.description)), ("agreed", .strings(agreed)), ("compared", .count(compared)),
      ("unique", .bool(isUnique)),
      ("pdb", .members([("name", .string(pdbName)), ("guid", .string(pdbGUID)), ("age", .count(pdbAge))])),
    ])
  }
}

extension DumpView.ProcessorStack {
  func json(digits: Int) -> JSONValue {
    .members([
      ("number", .count(number)), ("stopped", .bool(isStopped)),
      ("thread", thread.map { .hex($0, digits: digits) }),
      (
        "process",
        processName.map { .members([("name", .string($0)), ("id", processID.map { .count($0) })]) }
      ),
      ("stack", .array(stack.map { $0.json(digits: digits) })),
    ])
  }
}

extension DumpView.Module {
  func json(digits: Int) -> JSONValue {
    .members([
      ("name", .string(identity.name)), ("base", identity.base.map { .hex($0, digits: digits) }),
      ("size", identity.size.map { .count($0) }),
      ("timestamp", identity.timestamp.map { .string(hexadecimal(UInt64($0), digits: 8)) }),
      ("timestampMeaning", .string(timestampMeaning.rawValue)),
      ("checksum", identity.checksum.map { .string(hexadecimal(UInt64($0), digits: 8)) }),
      ("version", identity.version.map { .string($0.description) }),
      ("branch", .optional(identity.branchSuffix)),
      ("path", identity.path.flatMap { $0.isEmpty ? nil : .string($0) }), ("inbox", .bool(isInbox)),
    ])
  }
}

extension StackFrame {
  func json(digits: Int) -> JSONValue {
    .members([
      ("address", .hex(address, digits: digits)), ("module", .optional(module)),
      ("offset", offset.map { .string(hexadecimal($0)) }),
      ("symbol", .optional(symbol)), ("stackPointer", stackPointer.map { .hex($0, digits: digits) }),
      ("trust", .string(trust.rawValue)),
    ])
  }
}
