import Facts

extension PoolView {
  /// `faultline.dump-pool/1`. All rows: the limit is for people.
  public var json: JSONValue {
    .members([
      schema("dump-pool"),
      (
        "sources",
        .members([
          ("pages", pages.map { .count($0) }), ("damagedPages", pages.map { _ in .count(damagedPages) }),
          ("trackerTables", trackerTables > 0 ? .count(trackerTables) : nil),
          (
            "heaps",
            heaps.map {
              .members([
                ("heaps", .count($0.heaps)), ("segments", .count($0.segments)), ("subsegments", .count($0.subsegments)),
                ("layoutBuild", $0.guessedFrom.map { .count($0) }),
              ])
            }
          ),
        ])
      ),
      ("tags", .array(rows.map(Self.json))),
      (
        "sessions",
        .some(
          sessions.map {
            .members([
              ("session", .count(Int($0.id))), ("pages", $0.pages.map { .count($0) }),
              ("damagedPages", .count($0.damagedPages)),
              ("tags", .array($0.rows.map(Self.json))),
            ])
          })
      ),
      ("damaged", damaged.isEmpty ? nil : .array(damaged.map(json))),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  private static func json(_ row: Row) -> JSONValue {
    .members([
      ("tag", .string(row.tag.description)), ("pool", .string(row.pool)), ("source", .string(row.source.rawValue)),
      ("live", .count(row.live)), ("liveBytes", .count(row.liveBytes)), ("free", .count(row.free)),
      ("freeBytes", .count(row.freeBytes)),
      (
        "tracker",
        row.tracked.map {
          .members([
            ("allocations", .count($0.allocations)), ("frees", .count($0.frees)), ("bytes", .count($0.bytes)),
          ])
        }
      ),
      ("owner", .optional(row.owner)), ("ownerSource", .optional(row.ownerSource)),
      (
        "leadsTo",
        .some(
          row.leads.map {
            .members([
              ("kind", .string($0.kind)), ("name", $0.name.isEmpty ? nil : .string($0.name)),
              ("count", .count($0.count)),
              ("bytes", .count($0.bytes)), ("owner", .optional($0.owner)),
            ])
          })
      ),
    ])
  }

  private func json(_ damage: Damage) -> JSONValue {
    .members([
      ("address", .hex(damage.address, digits: pointerDigits)), ("tagBefore", .string(damage.tagBefore.description)),
      ("resumes", damage.resumes.map { .hex($0, digits: pointerDigits) }),
      ("tagAfter", damage.tagAfter.map { .string($0.description) }),
    ])
  }

  /// A server of terminals has many sessions with much the same in each.
  private static let sessionRows = 8

  private static func lines(_ rows: [Row], _ limit: Int) -> [String] {
    let isTracked = rows.contains { $0.tracked != nil }
    var cells = [["tag", "pool", "live", "bytes", "free", "bytes"] + (isTracked ? ["tracker"] : []) + ["owner"]]
    for row in rows.prefix(limit) {
      cells.append(
        [row.tag.description, row.pool, "\(row.live)", "\(row.liveBytes)", "\(row.free)", "\(row.freeBytes)"]
          + (isTracked ? [row.tracked.map { "\($0.bytes)" } ?? "-"] : []) + [row.owner ?? "-"])
    }
    var out = [table(cells, indent: 0)]
    if rows.count > limit { out.append("\n\(rows.count - limit) more rows: --limit shows them, JSON has all.") }
    return out
  }

  /// `dump pool`: the first `limit` rows.
  public func text(_ style: TextStyle, limit: Int) -> String {
    var out: [String] = []
    if !rows.isEmpty { out += Self.lines(rows, limit) }
    for session in sessions where !session.rows.isEmpty {
      let damage = session.damagedPages > 0 ? ", \(session.damagedPages) of them damaged" : ""
      let pages = session.pages.map { "\($0) pages of pool of its own\(damage)" } ?? "pool of its own"
      out.append(style.heading("Session \(session.id): \(pages)"))
      out += Self.lines(session.rows, min(limit, Self.sessionRows))
    }
    for row in rows.prefix(limit) where !row.leads.isEmpty {
      out.append(style.heading("What the descriptors of \(row.tag) lead to"))
      var cells = [["descriptors", "bytes", "what", "owner"]]
      for lead in row.leads.prefix(12) {
        cells.append([
          "\(lead.count)", "\(lead.bytes)", lead.name.isEmpty ? lead.kind : "\(lead.kind) \(lead.name)",
          lead.owner ?? "-",
        ])
      }
      out.append(table(cells))
    }
    switch (pages, trackerTables) {
    case (let pages?, 0): out.append("\nCounted on \(pages) pages of pool; the kernel's own count was not read.")
    case (let pages?, _):
      out.append("\nCounted on \(pages) pages of pool; tracker: the kernel's own count of bytes in use.")
    case (nil, 0): break
    case (nil, _): out.append("\nThe kernel's own count; the pages of pool were not read.")
    }
    if let heaps {
      out.append(
        "The pool is \(heaps.heaps) segment heaps: \(heaps.segments) segments with \(heaps.subsegments) subsegments of blocks."
      )
    }
    if damagedPages > 0 {
      out.append(
        style.heading("Damaged chains \(heaps == nil ? "on \(damagedPages) pages" : "at \(damagedPages) places")"))
      out += damaged.map { damage in
        let at = hexadecimal(damage.address.rawValue, digits: pointerDigits)
        var text = "behind the block \(damage.tagBefore) at \(at)"
        if let resumes = damage.resumes, let tag = damage.tagAfter {
          text += ", up to the block \(tag) at \(hexadecimal(resumes.rawValue, digits: pointerDigits))"
        }
        return style.wrap(text, indent: 2, hanging: 4, first: "- ")
      }
    }
    if !missing.isEmpty {
      out.append(style.heading("What is missing"))
      out += missing.map {
        style.wrap("\($0.what) (\($0.because.rawValue)): \($0.detail)", indent: 2, hanging: 4, first: "- ")
      }
    }
    return out.joined(separator: "\n") + "\n"
  }
}
