import Facts

extension QueueListView {
  /// `faultline.dump-queues/1`.
  public var json: JSONValue {
    .members([
      schema("dump-queues"), ("layout", layoutJSON(layoutBuild, isGuess: isGuess)), ("foundBy", .optional(foundBy)),
      ("queues", .array(queues.map(json))), ("graph", graph.json(digits: pointerDigits)),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  private func json(_ queue: Queue) -> JSONValue {
    .members([
      ("name", .string(queue.name)), ("kind", .string(queue.kind)),
      ("address", .hex(queue.address, digits: pointerDigits)), ("node", queue.node.map { .count($0) }),
      ("index", queue.index.map { .count($0) }), ("running", queue.running.map { .count($0) }),
      ("maximumRunning", .count(queue.maximumRunning)), ("staticWorkers", queue.staticWorkers.map { .count($0) }),
      ("dynamicWorkers", queue.dynamicWorkers.map { .count($0) }),
      ("maximumWorkers", queue.maximumWorkers.map { .count($0) }),
      ("itemsProcessed", queue.itemsProcessed.map { .count($0) }),
      ("workers", .array(queue.workers.map(json))), ("items", .array(queue.items.map(json))),
    ])
  }

  private func json(_ worker: Worker) -> JSONValue {
    .members([
      ("thread", .hex(worker.thread, digits: pointerDigits)), ("id", .count(worker.id)),
      ("state", .string(worker.state)), ("idle", .bool(worker.isIdle)), ("runs", .optional(worker.runs)),
      ("waitsFor", .optional(worker.waitsFor)),
      ("stack", .some(worker.stack.map { $0.json(digits: pointerDigits) })),
    ])
  }

  private func json(_ item: Item) -> JSONValue {
    .members([
      ("address", .hex(item.address, digits: pointerDigits)),
      ("routine", item.routine.map { .hex($0, digits: pointerDigits) }),
      ("routineName", .optional(item.routineName)),
      ("parameter", item.parameter.map { .hex($0, digits: pointerDigits) }),
      ("priority", item.priority.map { .count($0) }), ("queue", .optional(item.queue)),
    ])
  }

  /// `dump queues`: of each queue the first `limit` workers and items.
  public func text(_ style: TextStyle, limit: Int) -> String {
    var out: [String] = []
    for queue in queues {
      let idle = queue.workers.filter(\.isIdle).count
      var line = "\(queue.name) (\(queue.kind), \(hexadecimal(queue.address.rawValue, digits: pointerDigits))): "
      line += "\(queue.workers.count) workers, \(idle) idle; \(queue.items.count) items pending"
      out.append(style.heading(line))
      if let dynamic = queue.dynamicWorkers, let fixed = queue.staticWorkers {
        out.append("  \(fixed) static, \(dynamic) dynamic workers")
      }
      for worker in queue.workers.filter({ !$0.isIdle }).prefix(limit) {
        var text = "thread \(String(worker.id, radix: 16)), \(worker.state)"
        if let runs = worker.runs { text += ", runs \(runs)" }
        if let object = worker.waitsFor { text += ", waits for \(object)" }
        out.append(style.wrap(text, indent: 2, hanging: 4))
      }
      for item in queue.items.prefix(limit) {
        var text = "pending: \(item.routineName ?? "unknown routine")"
        if let parameter = item.parameter { text += " (\(hexadecimal(parameter.rawValue)))" }
        if let name = item.queue { text += ", \(name)" }
        out.append(style.wrap(text, indent: 2, hanging: 4))
      }
      let hidden = max(0, queue.workers.count - idle - limit) + max(0, queue.items.count - limit)
      if hidden > 0 { out.append("  … \(hidden) more: --limit shows them, JSON has all.") }
    }
    if queues.isEmpty { out.append("No work queue was found.") }
    if let foundBy { out.append("\nThe executive's queues were found by \(foundBy).") }
    if !graph.verdicts.isEmpty { out.append(graph.text(style)) }
    out += structureNotes(isGuess: isGuess, layoutBuild: layoutBuild, missing: missing, style)
    return out.joined(separator: "\n") + "\n"
  }
}
