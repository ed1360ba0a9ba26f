import Facts

extension DebuggerLogView {
  /// The key `log` of `faultline.inspection/1`.
  public var json: JSONValue {
    let digits = pointerDigits
    return .members([
      (
        "bugcheck",
        code == nil && parameters.isEmpty
          ? nil
          : .members([
            ("code", .optional(code?.description)), ("name", .optional(name)),
            ("parameters", .array(parameters.map { .hex(VirtualAddress($0), digits: digits) })),
          ])
      ),
      ("image", .optional(image)), ("module", .optional(module)), ("symbol", .optional(blamedSymbol)),
      ("process", .optional(process)), ("failureBucket", .optional(failureBucket)), ("irql", irql.map { .count($0) }),
      ("exception", exceptionJSON), ("system", systemJSON),
      ("stack", .array(stack.map { $0.json(digits: digits) })), ("topFrame", topFrame.map { .count($0) }),
      ("modules", .some(modules.map { $0.json(digits: digits) })),
      ("locks", .some(locks.map { $0.json(digits: digits) })),
      ("queues", .some(queues.map { $0.json(digits: digits) })), ("notes", .some(notes.map { .string($0) })),
      ("others", .some(others.map(\.json))),
    ])
  }

  private var exceptionJSON: JSONValue? {
    guard exceptionCode != nil || faultingAddress != nil || referenced != nil else { return nil }
    let digits = pointerDigits
    return .members([
      ("code", exceptionCode.map { .string($0.description) }),
      ("address", faultingAddress.map { .hex($0, digits: digits) }), ("place", .optional(faultingPlace)),
      ("access", .optional(access)), ("referenced", referenced.map { .hex($0, digits: digits) }),
    ])
  }

  private var systemJSON: JSONValue? {
    guard version != nil || build != nil || architecture != nil || dumpFile != nil else { return nil }
    return .members([
      ("version", .optional(version)), ("build", build.map { .count($0) }),
      ("servicePack", servicePack.map { .servicePack($0) }), ("architecture", .optional(architecture?.rawValue)),
      ("processors", processors.map { .count($0) }), ("dumpFile", .optional(dumpFile)),
    ])
  }
}

extension DebuggerLogView.Frame {
  func json(digits: Int) -> JSONValue {
    .members([
      ("place", .string(place)), ("module", .optional(module)), ("symbol", .optional(symbol)),
      ("address", address.map { .hex($0, digits: digits) }),
      ("stackPointer", stackPointer.map { .hex($0, digits: digits) }),
      ("returnAddress", returnAddress.map { .hex($0, digits: digits) }),
      ("arguments", .some(arguments.map { .hex(VirtualAddress($0), digits: digits) })),
      ("doubtful", isDoubtful ? .bool(true) : nil),
    ])
  }
}

extension DebuggerLogView.Module {
  func json(digits: Int) -> JSONValue {
    .members([
      ("name", .string(name)), ("file", .optional(file)), ("start", .hex(start, digits: digits)),
      ("end", .hex(end, digits: digits)),
      ("timestamp", timestamp.map { .string(hexadecimal(UInt64($0), digits: 8)) }),
      ("unloaded", isUnloaded ? .bool(true) : nil),
    ])
  }
}

extension DebuggerLogView.Lock {
  func json(digits: Int) -> JSONValue {
    .members([
      ("address", address.map { .hex($0, digits: digits) }), ("name", .optional(name)),
      ("exclusive", .bool(isExclusive)),
      ("contention", contention.map { .count($0) }), ("exclusiveWaiters", exclusiveWaiters.map { .count($0) }),
      ("sharedWaiters", sharedWaiters.map { .count($0) }), ("owners", .some(owners.map { .hex($0, digits: digits) })),
      ("waiters", .some(waiters.map { .hex($0, digits: digits) })),
    ])
  }
}

extension DebuggerLogView.WorkQueue {
  func json(digits: Int) -> JSONValue {
    .members([
      ("name", .string(name)), ("threads", .some(threads.map { .hex($0, digits: digits) })),
      ("pending", .some(pending.map { .string($0) })),
    ])
  }
}

extension PoolLogView {
  /// The key `pool` of `faultline.inspection/1`.
  public var json: JSONValue {
    .members([
      ("snapshots", .array(snapshots.map(\.json))), ("counters", .some(counters.map(\.json))),
      ("notes", .some(notes.map { .string($0) })),
    ])
  }
}

extension PoolLogView.Counter {
  fileprivate var json: JSONValue {
    .members([
      ("name", .string(name)), ("process", .optional(process)), ("pool", .optional(pool)),
      ("quantity", .string(quantity.rawValue)), ("samples", .count(samples.count)),
      ("start", .optional(samples.first.map { CivilTime(unixSeconds: Int64($0.seconds)).rfc3339 })),
      ("end", .optional(samples.last.map { CivilTime(unixSeconds: Int64($0.seconds)).rfc3339 })),
      ("first", samples.first.map { .count($0.value) }), ("last", samples.last.map { .count($0.value) }),
    ])
  }
}

extension PoolLogView.Snapshot {
  fileprivate var json: JSONValue {
    .members([
      ("time", .optional(time?.rfc3339)), ("scope", .optional(scope)),
      ("nonpagedBytes", nonpagedBytes.map { .count($0) }), ("pagedBytes", pagedBytes.map { .count($0) }),
      (
        "tags",
        .array(
          rows.map {
            .members([
              ("tag", .string($0.tag)), ("pool", .string($0.pool)), ("allocations", .count($0.allocations)),
              ("frees", $0.frees.map { .count($0) }), ("bytes", .count($0.bytes)), ("driver", .optional($0.driver)),
            ])
          })
      ),
    ])
  }
}
