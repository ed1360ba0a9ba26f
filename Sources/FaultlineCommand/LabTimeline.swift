import Lab
import Reporting

/// A search's result for people and for programs.
struct ExplorationReport {
  var labCase: LabCase
  var isFixed: Bool
  var size: Int
  var model: Model
  var reduced: Exploration
  /// Of models that fail: the search whose schedule is the shortest.
  var full: Exploration?
  var table: LabTable?

  private var decisive: Exploration { full ?? reduced }
  private var variant: String { isFixed ? "fixed" : "broken" }

  // MARK: JSON

  var json: JSONValue {
    var outcome = "holds"
    var failure: JSONValue?
    switch decisive.outcome {
    case .fails(let text):
      outcome = "fails"
      failure = .string(text)
    case .holds: break
    case .undecided: outcome = "undecided"
    }
    return .members([
      ("schema", .string("faultline.exploration/1")), ("case", .string(labCase.rawValue)),
      ("variant", .string(variant)), ("article", .string(labCase.article)), ("size", .integer(Int64(size))),
      ("property", .string(labCase.property)), ("outcome", .string(outcome)), ("failure", failure),
      ("states", .integer(Int64(decisive.states))), ("steps", .integer(Int64(decisive.steps))),
      ("reducedStates", .integer(Int64(reduced.states))),
      (
        "bound",
        .members([
          ("states", .integer(Int64(decisive.bound.states))), ("depth", .integer(Int64(decisive.bound.depth))),
          ("reached", decisive.reached.map { .string($0.rawValue) }),
        ])
      ),
      (
        "schedule",
        .array(
          decisive.schedule.enumerated().map { index, step in
            .members([
              ("step", .integer(Int64(index + 1))), ("thread", .string(model.threads[step.thread].name)),
              ("text", .string(step.text)),
            ])
          })
      ),
      (
        "table",
        table.map { table in
          .members([
            ("title", .string(table.title)), ("columns", .array(table.columns.map { .string($0) })),
            ("rows", .array(table.rows.map { .array($0.map { .string($0) }) })), ("complete", .bool(table.isComplete)),
          ])
        }
      ),
    ])
  }

  // MARK: Text

  func text(_ style: TextStyle) -> String {
    var out = [
      style.paragraph("\(labCase.rawValue), \(variant) [\(labCase.article)]", .strong),
      style.wrap("Must hold: \(labCase.property). Size: \(size) \(labCase.size.meaning).", hanging: 2), "",
    ]
    let bound = "The bound was \(decisive.bound.states) states and \(decisive.bound.depth) steps."
    switch decisive.outcome {
    case .fails(let failure):
      out.append(style.paragraph("Fails: \(failure).", .bad, hanging: 2))
      out += ["", timeline(style.width), ""]
      out.append(
        style.wrap(
          "No shorter schedule fails: the full search went breadth first over \(decisive.states) states to it. The reduced search "
            + "met a failure among \(reduced.states). \(bound)"))
    case .holds:
      out.append(style.paragraph("Holds over all schedules.", .good))
      out.append(
        style.wrap(
          "\(decisive.states) states and \(decisive.steps) steps of the reduced search stand for every interleaving. \(bound) "
            + "It was not reached."))
    case .undecided:
      let limit = decisive.reached == .depth ? "steps" : "states"
      out.append(style.paragraph("Undecided: the bound of \(limit) was reached.", .warning))
      out.append(
        style.wrap(
          "No failure among the \(decisive.states) states found, and nothing is claimed of the others. \(bound)"))
    }
    if let table {
      out += ["", style.paragraph(table.title, .strong, hanging: 2)]
      out.append(Self.set(table, style.width))
      if !table.isComplete { out.append(style.wrap("A bound was reached: the table is incomplete.")) }
    }
    return out.joined(separator: "\n") + "\n"
  }

  /// Narrowest column of a thread that is still readable; below it the threads stand before their steps.
  private static let narrowest = 16

  /// One column for each thread that takes part, one row for each step.
  func timeline(_ width: Int) -> String {
    let schedule = decisive.schedule
    let threads = Array(Set(schedule.map(\.thread))).sorted()
    let number = String(schedule.count).count + 2
    let column = (width - number) / max(1, threads.count) - 2
    if column < Self.narrowest {
      let style = TextStyle(width: width) { _ in "" }
      return schedule.enumerated().map { index, step in
        style.wrap(
          model.threads[step.thread].name + ": " + step.text, hanging: number,
          first: Self.left("\(index + 1)", number))
      }.joined(separator: "\n")
    }
    let wide = min(
      column, (schedule.map(\.text.count) + threads.map { model.threads[$0].name.count }).max() ?? column)
    var lines = Self.row(threads.map { model.threads[$0].name }, wide, first: "", number)
    lines += Self.row(threads.map { _ in String(repeating: "-", count: wide) }, wide, first: "", number)
    for (index, step) in schedule.enumerated() {
      lines += Self.row(threads.map { $0 == step.thread ? step.text : "" }, wide, first: "\(index + 1)", number)
    }
    return lines.joined(separator: "\n")
  }

  private static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Cells side by side, each broken into as many lines as it needs.
  private static func row(_ cells: [String], _ wide: Int, first: String, _ number: Int) -> [String] {
    let broken = cells.map { lines($0, wide) }
    return (0..<(broken.map(\.count).max() ?? 0)).map { line in
      var text = left(line == 0 ? first : "", number)
      for cell in broken { text += left(line < cell.count ? cell[line] : "", wide) + "  " }
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
  }

  private static func lines(_ text: String, _ wide: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= wide {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// A table whose last column is the one that is broken where the terminal is narrow.
  private static func set(_ table: LabTable, _ width: Int) -> String {
    let rows = [table.columns] + table.rows
    let widths = table.columns.indices.map { column in
      min(width / 2, rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0)
    }
    return rows.flatMap { row -> [String] in
      let broken = row.enumerated().map { lines($1, widths[$0]) }
      return (0..<(broken.map(\.count).max() ?? 0)).map { line in
        var text = "  "
        for (column, cell) in broken.enumerated() {
          text += left(line < cell.count ? cell[line] : "", widths[column]) + "  "
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
      }
    }.joined(separator: "\n")
  }
}
