#if Server
import CaseStore
import Reporting

/// Lists of cases and machines.
enum CasePages {
  private typealias Cell = HTMLText.Cell

  static func list(_ records: [CaseRecord], _ query: CaseQuery) -> String {
    var out = "<h1>Cases</h1>\n<form class=\"search\" method=\"get\" action=\"/cases\" role=\"search\">\n"
    out +=
      "<label for=\"q\">Words</label><input id=\"q\" name=\"q\" type=\"search\" value=\"\(HTMLText.escaped(query.words ?? ""))\">\n"
    out += "<label for=\"state\">State</label><select id=\"state\" name=\"state\"><option value=\"\">any</option>"
    for state in CaseState.allCases {
      out += "<option value=\"\(state.rawValue)\"\(query.state == state ? " selected" : "")>\(state.rawValue)</option>"
    }
    out += "</select>\n<button>Show</button>\n</form>\n"
    guard !records.isEmpty else {
      return out + "<p>No case. <a href=\"/\">Begin one.</a></p>\n"
    }
    out += HTMLText.table(
      "Cases, the newest first", ["case", "state", "answer", "machine", "begun"],
      records.map { record in
        [
          Cell(markup: "<a href=\"/cases/\(record.id)\">\(HTMLText.escaped(record.name))</a>"),
          Cell(markup: Page.badge(record.state.rawValue)),
          Cell(
            markup: (record.verdict.map { Page.badge($0) + " " } ?? "")
              + HTMLText.escaped(record.answer ?? record.problem ?? "")),
          Cell(record.machine ?? ""), Cell(markup: HTMLText.time(CaseRecord.time(record.created))),
        ]
      })
    if records.count == query.limit, let last = records.last {
      let words = query.words.map { "&amp;q=\(HTMLText.pathComponent($0))" } ?? ""
      let state = query.state.map { "&amp;state=\($0.rawValue)" } ?? ""
      out += "<p><a href=\"/cases?before=\(last.id)\(words)\(state)\">Older cases</a></p>\n"
    }
    return out
  }

  static func machines(_ records: [CaseRecord]) -> String {
    var out = "<h1>Machines</h1>\n"
    out +=
      "<p>Each machine that a case describes. For an audit of its updates and the check that a fix is in place, <a href=\"/\">give</a> its <code>systeminfo</code>, list of updates, hives or files; the case's page then has both.</p>\n"
    let known = records.filter { $0.machine != nil }
    guard !known.isEmpty else { return out + "<p>No case describes a machine yet.</p>\n" }
    var order: [String] = []
    var cases: [String: [CaseRecord]] = [:]
    for record in known {
      guard let machine = record.machine else { continue }
      if cases[machine] == nil { order.append(machine) }
      cases[machine, default: []].append(record)
    }
    out += HTMLText.table(
      "Machines, the last seen first", ["machine", "cases"],
      order.map { machine in
        [
          Cell(machine),
          Cell(
            markup: (cases[machine] ?? []).map {
              "<a href=\"/cases/\($0.id)\">\(HTMLText.escaped($0.name))</a> (<a href=\"/cases/\($0.id)#audit-1\">audit</a>, <a href=\"/cases/\($0.id)/verify\">verify a fix</a>)"
            }.joined(separator: "<br>")),
        ]
      })
    return out
  }

  /// One case: its head, and its sections once it is done.
  static func page(_ record: CaseRecord, _ files: [CaseFile], _ sections: String?) -> String {
    var out = "<h1>\(HTMLText.escaped(record.name))</h1>\n"
    out +=
      "<p>\(Page.badge(record.state.rawValue)) begun \(HTMLText.time(CaseRecord.time(record.created))), \(record.files) \(record.files == 1 ? "file" : "files"), \(Page.bytes(record.bytes))</p>\n"
    switch record.state {
    case .queued, .running:
      out +=
        "<section class=\"progress\" data-case=\"\(record.id)\" aria-labelledby=\"progress-title\">\n<h2 id=\"progress-title\">Under way</h2>\n"
      out += progress(record)
      out += "<form method=\"post\" action=\"/cases/\(record.id)/cancel\"><button>Cancel</button></form>\n</section>\n"
    case .failed:
      out +=
        "<p class=\"problem\" role=\"alert\">\(HTMLText.escaped(record.problem ?? "The work on this case failed."))</p>\n"
    case .cancelled: out += "<p>The work on this case was cancelled.</p>\n"
    case .done: break
    }
    if let sections {
      out += HTMLText.contents(sections)
      out += "<form id=\"steps\" method=\"post\" action=\"/cases/\(record.id)/steps\">\n\(sections)"
      if sections.contains("name=\"step\"") {
        out +=
          "<p class=\"save\"><button>Keep which steps are done</button> <span role=\"status\" id=\"steps-status\"></span></p>\n"
      }
      out += "</form>\n"
    } else if !files.isEmpty {
      out += HTMLText.section(
        "given", "What was given",
        HTMLText.table(
          "Files", ["name", "bytes"],
          files.map { [Cell($0.name.text), Cell("\($0.bytes)", isNumber: true)] }, limit: 200))
    }
    out += "<section class=\"actions\" aria-labelledby=\"actions-title\"><h2 id=\"actions-title\">This case</h2>\n"
    out += "<p><a href=\"/api/cases/\(record.id)\">As JSON</a></p>\n"
    if record.state == .done { out += verificationForm(record, fix: "") }
    if record.state.isFinal {
      out += "<form method=\"post\" action=\"/cases/\(record.id)/again\"><button>Diagnose again</button></form>\n"
    }
    out +=
      "<form method=\"post\" action=\"/cases/\(record.id)/delete\" data-confirm=\"Delete this case and its evidence?\"><button class=\"danger\">Delete case and evidence</button></form>\n"
    return out + "</section>\n"
  }

  /// Whether any fix is in place on a case's machine.
  static func verification(_ record: CaseRecord, fix: String, _ sections: String?) -> String {
    var out = "<h1>Is a fix in place?</h1>\n"
    let machine = record.machine.map { ": \($0)" } ?? ""
    out +=
      "<p>On what <a href=\"/cases/\(record.id)\">\(HTMLText.escaped(record.name))</a> describes\(HTMLText.escaped(machine))</p>\n"
    out += verificationForm(record, fix: fix)
    return out + (sections ?? "")
  }

  private static func verificationForm(_ record: CaseRecord, fix: String) -> String {
    "<form class=\"search\" method=\"get\" action=\"/cases/\(record.id)/verify\"><label for=\"fix\">Fix, by its article's number</label><input id=\"fix\" name=\"fix\" value=\"\(HTMLText.escaped(fix))\" placeholder=\"KB950162\" required maxlength=\"64\" autocomplete=\"off\">\n<button>Verify</button>\n</form>\n"
  }

  private static func progress(_ record: CaseRecord) -> String {
    guard let step = record.progress else {
      return
        "<p role=\"status\" id=\"step\">\(record.state == .queued ? "It waits for its turn." : "It begins.")</p>\n<progress id=\"bar\" aria-label=\"Progress\"></progress>\n"
    }
    return
      "<p role=\"status\" id=\"step\">\(HTMLText.escaped(step.phase)): \(step.done) of \(step.total)</p>\n<progress id=\"bar\" aria-label=\"Progress\" max=\"\(max(1, step.total))\" value=\"\(step.done)\"></progress>\n"
  }
}
#endif
