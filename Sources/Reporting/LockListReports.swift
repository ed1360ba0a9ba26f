import Facts

extension LockListView {
  /// `faultline.dump-locks/1`.
  public var json: JSONValue {
    .members([
      schema("dump-locks"), ("layout", layoutJSON(layoutBuild, isGuess: isGuess)),
      ("resources", resourceCount.map { .count($0) }), ("locks", .array(locks.map(json))),
      ("graph", graph.json(digits: pointerDigits)), ("missing", .array(missing.map(\.json))),
    ])
  }

  private func json(_ lock: Lock) -> JSONValue {
    .members([
      ("kind", .string(lock.kind)), ("address", .hex(lock.address, digits: pointerDigits)),
      ("module", .optional(lock.module)), ("exclusive", .bool(lock.isExclusive)),
      ("contentions", lock.contentions.map { .count($0) }),
      ("exclusiveWaiters", lock.exclusiveWaiters.map { .count($0) }),
      ("sharedWaiters", lock.sharedWaiters.map { .count($0) }),
      ("owners", .array(lock.owners.map(json))), ("waiters", .array(lock.waiters.map(json))),
      ("note", .optional(lock.note)),
    ])
  }

  private func json(_ owner: Holder) -> JSONValue {
    .members([
      ("thread", .hex(owner.thread, digits: pointerDigits)), ("id", owner.id.map { .count($0) }),
      ("process", .optional(owner.process)), ("count", owner.count.map { .count($0) }),
    ])
  }

  private func json(_ waiter: Waiter) -> JSONValue {
    .members([
      ("thread", .hex(waiter.thread, digits: pointerDigits)), ("id", waiter.id.map { .count($0) }),
      ("process", .optional(waiter.process)), ("exclusive", waiter.isExclusive.map { .bool($0) }),
      ("basis", .string(waiter.isStated ? "stated" : "reachable")),
    ])
  }

  /// `dump locks`: locks that somebody waits for first; of each the first `limit` waiters.
  public func text(_ style: TextStyle, limit: Int) -> String {
    var out: [String] = []
    func name(_ id: UInt64?, _ process: String?, _ thread: VirtualAddress) -> String {
      guard let id else { return "thread at \(hexadecimal(thread.rawValue)) (not in the list of threads)" }
      return "thread \(String(id, radix: 16))" + (process.map { " of \($0)" } ?? "")
    }
    let contended = locks.filter { !$0.waiters.isEmpty || ($0.exclusiveWaiters ?? 0) + ($0.sharedWaiters ?? 0) > 0 }
    let others = locks.count - contended.count
    for lock in contended + locks.filter({ !contended.contains($0) }).prefix(max(0, limit - contended.count)) {
      var line = "\(lock.kind) \(hexadecimal(lock.address.rawValue, digits: pointerDigits))"
      if let module = lock.module { line += " in \(module)" }
      line += lock.owners.isEmpty ? "" : lock.isExclusive ? ", held exclusively" : ", shared by \(lock.owners.count)"
      out.append(style.heading(line))
      for owner in lock.owners.prefix(limit) {
        out.append(style.wrap("held by \(name(owner.id, owner.process, owner.thread))", indent: 2))
      }
      for waiter in lock.waiters.prefix(limit) {
        let how = waiter.isExclusive.map { $0 ? ", exclusive" : ", shared" } ?? ""
        out.append(
          style.wrap(
            "waited for by \(name(waiter.id, waiter.process, waiter.thread))\(how)"
              + (waiter.isStated ? "" : " (inferred: its stack holds the lock's address)"), indent: 2, hanging: 4))
      }
      if lock.waiters.count > limit { out.append("  … \(lock.waiters.count - limit) more waiters") }
      if let note = lock.note { out.append(style.wrap(note, indent: 2)) }
    }
    if locks.isEmpty { out.append("No lock is held or waited for.") }
    if let resourceCount {
      out.append(
        "\n\(resourceCount) resources, \(locks.filter { $0.kind == "resource" }.count) held; \(others) locks without waiters."
      )
    }
    if !graph.verdicts.isEmpty { out.append(graph.text(style)) }
    out += structureNotes(isGuess: isGuess, layoutBuild: layoutBuild, missing: missing, style)
    return out.joined(separator: "\n") + "\n"
  }
}
