import Facts

extension ProcessListView {
  /// `faultline.dump-processes/1`.
  public var json: JSONValue {
    .members([
      schema("dump-processes"),
      (
        "layout",
        layoutBuild.map { .members([("build", .count($0)), ("exact", .bool(!isGuess))]) }
      ),
      (
        "processes",
        .array(
          rows.map { row in
            .members([
              ("address", .hex(row.address, digits: pointerDigits)), ("name", .string(row.name)),
              ("id", .count(row.id)), ("parent", row.parent.map { .count($0) }),
              ("session", row.session.map { .count($0) }), ("threads", row.threads.map { .count($0) }),
              ("created", .optional(row.created)), ("exited", .optional(row.exited)),
              ("directoryTableBase", row.directoryTableBase.map { .string(hexadecimal($0.rawValue)) }),
              ("current", .bool(row.isCurrent)),
            ])
          })
      ),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  /// `dump processes`.
  public func text(_ style: TextStyle) -> String {
    var cells = [["id", "parent", "session", "threads", "created", "address", "name"]]
    for row in rows {
      cells.append([
        "\(row.id)" + (row.isCurrent ? " *" : ""), row.parent.map { "\($0)" } ?? "-",
        row.session.map { "\($0)" } ?? "-", row.threads.map { "\($0)" } ?? "-", row.created ?? "-",
        hexadecimal(row.address.rawValue, digits: pointerDigits), row.name,
      ])
    }
    var out = rows.isEmpty ? [] : [table(cells, indent: 0)]
    if rows.contains(where: \.isCurrent) { out.append("\n* current on the processor that stopped") }
    if isGuess, let layoutBuild {
      out.append(
        style.wrap(
          "The offsets are those of build \(layoutBuild): take names and numbers for a guess.", first: "Note: "))
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
