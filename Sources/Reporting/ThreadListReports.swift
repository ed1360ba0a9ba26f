import Facts

extension ThreadListView {
  /// `faultline.dump-threads/1`. All rows: the limit is for people.
  public var json: JSONValue {
    .members([
      schema("dump-threads"), ("layout", layoutJSON(layoutBuild, isGuess: isGuess)),
      ("threads", .array(rows.map(json))), ("missing", .array(missing.map(\.json))),
    ])
  }

  private func json(_ row: Row) -> JSONValue {
    .members([
      ("address", .hex(row.address, digits: pointerDigits)), ("id", .count(row.id)), ("process", process(row)),
      ("session", row.session.map { .count($0) }), ("state", .string(row.state)),
      ("processor", row.processor.map { .count($0) }),
      ("waitReason", .optional(row.waitReason)), ("waitMilliseconds", row.waitedMilliseconds.map { .count($0) }),
      ("priority", row.priority.map { .count($0) }), ("basePriority", row.basePriority.map { .count($0) }),
      ("startAddress", row.startAddress.map { .hex($0, digits: pointerDigits) }), ("start", .optional(row.start)),
      ("waitsFor", row.isWaiting ? waitsFor(row) : nil),
      ("requests", .some(row.requests.map { .string($0) })),
      ("stack", .array(row.stack.map { $0.json(digits: pointerDigits) })),
    ])
  }

  private func process(_ row: Row) -> JSONValue? {
    guard row.process != nil || row.processID != nil else { return nil }
    return .members([("name", .optional(row.process)), ("id", row.processID.map { .count($0) })])
  }

  private func waitsFor(_ row: Row) -> JSONValue {
    .members([
      ("any", .bool(row.waitsForAny)), ("timeout", .bool(row.hasTimeout)), ("objects", .array(row.waits.map(json))),
    ])
  }

  private func json(_ wait: Wait) -> JSONValue {
    .members([
      ("address", .hex(wait.address, digits: pointerDigits)), ("type", .optional(wait.type)),
      ("signalState", wait.signalState.map { .count($0) }), ("name", .optional(wait.name)),
      ("owner", wait.owner.map { .hex($0, digits: pointerDigits) }), ("ownerId", wait.ownerID.map { .count($0) }),
    ])
  }

  /// Frames that text shows of each thread.
  private static let shownFrames = 8

  /// `dump threads`: the first `limit` threads, each with what it waits for and the top of its stack.
  public func text(_ style: TextStyle, limit: Int) -> String {
    var out: [String] = []
    for row in rows.prefix(limit) {
      var line = "thread \(String(row.id, radix: 16))"
      if let process = row.process { line += " of \(process)" }
      if let id = row.processID { line += " (\(id))" }
      if let session = row.session { line += ", session \(session)" }
      line += ", \(row.state)"
      if let processor = row.processor { line += " on processor \(processor)" }
      if let reason = row.waitReason { line += " (\(reason))" }
      if let time = row.waitedMilliseconds { line += " for \(Self.duration(time))" }
      if let priority = row.priority { line += ", priority \(priority)" }
      out.append(style.ink(line, .strong))
      var about = hexadecimal(row.address.rawValue, digits: pointerDigits)
      if let start = row.start ?? row.startAddress.map({ $0.description }) { about += ", started at \(start)" }
      out.append(style.wrap(about, indent: 2))
      if !row.waits.isEmpty {
        let how = row.waits.count == 1 ? "waits for" : row.waitsForAny ? "waits for any of" : "waits for all of"
        let objects = row.waits.prefix(4).map(Self.words).joined(separator: ", ")
        let more = row.waits.count > 4 ? " and \(row.waits.count - 4) more" : ""
        out.append(
          style.wrap("\(how) \(objects)\(more)" + (row.hasTimeout ? ", with a timeout" : ""), indent: 2, hanging: 4))
      }
      for request in row.requests.prefix(4) { out.append(style.wrap("request to \(request)", indent: 2, hanging: 4)) }
      for frame in row.stack.prefix(Self.shownFrames) {
        out.append(TextStyle.cleanLine("    \(frame.word)  (\(frame.trust.rawValue))"))
      }
      if row.stack.count > Self.shownFrames { out.append("    … \(row.stack.count - Self.shownFrames) more frames") }
    }
    if rows.count > limit { out.append("\n\(rows.count - limit) more threads: --limit shows them, JSON has all.") }
    if rows.isEmpty { out.append("No thread.") }
    out += structureNotes(isGuess: isGuess, layoutBuild: layoutBuild, missing: missing, style)
    return out.joined(separator: "\n") + "\n"
  }

  private static func words(_ wait: Wait) -> String {
    var text = (wait.type ?? "an object that is not in the dump") + " \(hexadecimal(wait.address.rawValue))"
    if let name = wait.name { text += " (\(name))" }
    if let owner = wait.ownerID {
      text += ", owned by thread \(String(owner, radix: 16))"
    } else if let owner = wait.owner {
      text += ", owned by \(hexadecimal(owner.rawValue))"
    }
    return text
  }

  static func duration(_ milliseconds: UInt64) -> String {
    let seconds = milliseconds / 1000
    if seconds == 0 { return "\(milliseconds) ms" }
    if seconds < 120 { return "\(seconds) s" }
    if seconds < 7200 { return "\(seconds / 60) min" }
    return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
  }
}

extension StackFrame {
  /// `netbt!Name+0x12`, `amdppm.sys+0x334c`, or the bare address.
  var word: String {
    if let symbol { return symbol }
    if let module, let offset { return module + "+" + hexadecimal(offset) }
    return address.description
  }
}
