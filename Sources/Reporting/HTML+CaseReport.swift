import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing

extension CaseReport {
  private typealias Cell = HTMLText.Cell

  /// The sections of a case's page on a site that has a page for each article, without the page around them. Check boxes of the
  /// plan are named `step` and have the values that ``stepKeys`` lists.
  public var htmlBody: String { verdict + sections(linkingArticles: true) }

  /// The same as a page that stands alone: no script, no other file, nothing fetched, everything from evidence and articles escaped.
  public var html: String {
    let sections = sections(linkingArticles: false)
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    var out = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="\(policy)">
      <title>\(HTMLText.escaped(diagnosis.verdict)) - Faultline</title>
      <style>
      \(PageStyle.css)</style></head><body>
      <main>
      <h1>What failed, and what to do</h1>

      """
    if let headline = diagnosis.machine.reportHeadline { out += "<p>\(HTMLText.escaped(headline))</p>\n" }
    // The answer comes before the way to everything else.
    out += verdict + HTMLText.contents(sections) + sections
    return out + "</main>\n</body></html>\n"
  }

  private func sections(linkingArticles: Bool) -> String {
    var out = ""
    for (index, entry) in diagnosis.findings.enumerated() where entry.finding.verdict != .ruledOut {
      out += finding(entry.finding, entry.plan, number: index + 1, linkingArticles)
    }
    out += ruledOut("ruled-out", Diagnosis.alikeHeading, diagnosis.alike, linkingArticles)
    out += ruledOut("fixed", Diagnosis.fixedHeading, diagnosis.fixed, linkingArticles)
    if !diagnosis.nextSteps.isEmpty {
      out += HTMLText.section(
        "next-steps", diagnosis.leading == nil ? "What to do" : "What else to do",
        Self.plan(diagnosis.nextSteps, finding: 0, legend: "Steps"))
    }
    out += HTMLText.section("missing", "What is missing", missing)
    out += "<p class=\"quiet\">What follows is for those who check the answer: all that it rests on.</p>\n"
    out += HTMLText.section("timeline", "Timeline", timelineTable)
    out += HTMLText.section("facts", "Facts", facts)
    let earlier = diagnosis.earlierLiveDumps
    let dumps = diagnosis.dumps.sorted { $0.key < $1.key }
    for (index, dump) in dumps where !earlier.contains(index) {
      out += HTMLText.section("dump-\(index + 1)", "Crash dump \(diagnosis.path(index))", self.dump(dump))
    }
    out += HTMLText.section(
      "earlier-dumps", "Earlier dumps of the running machine",
      dumps.filter { earlier.contains($0.key) }.map { index, dump in
        "<details id=\"dump-\(index + 1)\"><summary>\(HTMLText.escaped(diagnosis.path(index)))</summary>\n\(self.dump(dump))</details>\n"
      }.joined())
    if let growth { out += HTMLText.section("pool", "Pool over time", PoolPlot.htmlBody(growth)) }
    for (index, waiting) in waiting.enumerated() {
      out += HTMLText.section("waiting-\(index + 1)", "Who waits for whom in \(waiting.path)", waiting.graph.htmlBody)
    }
    for (index, capture) in captures.enumerated() {
      out += HTMLText.section(
        "capture-\(index + 1)", "Capture \(capture.path)",
        "<div class=\"capture\">\(Self.lowered(capture.view.htmlBody))</div>\n")
    }
    out += HTMLText.section("machine", "Machine", machine)
    for (index, audit) in audits.enumerated() { out += audit.htmlSection(index + 1) }
    for (index, report) in verifications.enumerated() { out += report.htmlSection(index + 1) }
    return out + HTMLText.section("evidence", "Evidence", evidence)
  }

  /// Values of all check boxes that the page may hold.
  public var stepKeys: [String] {
    diagnosis.findings.enumerated().flatMap { index, entry in
      entry.finding.verdict == .ruledOut ? [] : entry.plan.steps.indices.map { Self.key(index + 1, $0) }
    } + diagnosis.nextSteps.indices.map { Self.key(0, $0) }
  }

  private static func key(_ finding: Int, _ step: Int) -> String { "s\(finding)-\(step + 1)" }

  /// A report's headings stand below the section's.
  private static func lowered(_ markup: String) -> String {
    markup.replacing("<h2>", with: "<h3>").replacing("</h2>", with: "</h3>")
  }

  private func cite(_ fact: String?) -> String {
    guard let fact else { return "" }
    return " <a class=\"cite\" href=\"#\(HTMLText.escaped(fact))\">[\(HTMLText.escaped(fact))]</a>"
  }

  private var verdict: String {
    let leading = diagnosis.leading?.finding
    let kind = leading.map(\.verdict.rawValue) ?? "none"
    var out = "<section id=\"verdict\" class=\"verdict \(kind)\" aria-labelledby=\"verdict-title\">\n"
    out += "<h2 id=\"verdict-title\">Answer</h2>\n<p class=\"answer\">\(HTMLText.escaped(diagnosis.verdict))</p>\n"
    if let leading {
      if leading.verdict > .possible { out += "<p>\(HTMLText.escaped(leading.issue.summary))</p>\n" }
      out += "<p>\(badge(leading)). \(Self.meaning(leading.verdict))</p>\n"
    }
    out += firstStep
    return out + "</section>\n"
  }

  /// What to do first, with the way to all of it.
  private var firstStep: String {
    let isSettled = diagnosis.leading.map { $0.finding.verdict > .possible } ?? false
    let index = diagnosis.findings.firstIndex { $0.finding.verdict != .ruledOut }
    let plan = isSettled ? index.map { (diagnosis.findings[$0].plan.steps, "finding-\($0 + 1)") } : nil
    let (steps, place) = plan ?? (diagnosis.nextSteps, "next-steps")
    guard let first = steps.first else { return "" }
    let restart = first.restart ? " Needs a restart." : ""
    let all = steps.count > 1 ? " <a href=\"#\(place)\">All \(steps.count) steps</a>" : ""
    return "<p><b>What to do first:</b> \(HTMLText.escaped(first.text))\(restart)\(all)</p>\n"
  }

  /// What a verdict's word means, for people who meet it for the first time.
  private static func meaning(_ verdict: Verdict) -> String {
    switch verdict {
    case .confirmed: "The evidence shows the very mechanism that the article describes."
    case .probable:
      "Much speaks for it, but the evidence does not show the mechanism itself. Read what is not seen below before the machine is changed."
    case .possible:
      "Only general symptoms agree, as they do with other failures. It is no reason to change the machine."
    case .ruledOut: ""
    }
  }

  private func badge(_ finding: Finding) -> String {
    "<span class=\"badge \(finding.verdict.rawValue)\">\(finding.verdict.rawValue)</span> <span class=\"quiet\">confidence \(Int((finding.confidence * 100).rounded())) %, mechanism: \(finding.issue.mechanism.rawValue)</span>"
  }

  private func finding(_ finding: Finding, _ plan: Plan, number: Int, _ linkingArticles: Bool) -> String {
    var out = "<p>\(badge(finding)) \(HTMLText.escaped(finding.issue.title))."
    if linkingArticles { out += " " + Self.link(finding.issue.id, "Read \(finding.issue.id)") }
    out += "</p>\n"
    out += "<ul class=\"reasons\">\n"
    for reason in finding.because {
      let isAgainst = reason.effect == .contradicts
      let word = isAgainst ? "against" : reason.effect == .supports ? "for" : "for, \(reason.effect.rawValue)"
      let guess = reason.trust == .guessed ? " (a guess)" : ""
      out +=
        "<li class=\"\(isAgainst ? "against" : "for")\"><b>\(word)</b>: \(HTMLText.escaped(reason.condition))\(guess)\(cite(reason.fact))</li>\n"
    }
    let unseen = finding.unmet.filter { $0.effect == .decisive }
    for unmet in unseen { out += "<li class=\"unseen\"><b>not seen</b>: \(HTMLText.escaped(unmet.condition))</li>\n" }
    out += "</ul>\n"
    if finding.verdict < .confirmed { out += settling(unseen, finding.issue) }
    if let cap = finding.capReason { out += "<p class=\"note\">\(HTMLText.escaped(cap))</p>\n" }
    out += "<h3>Does the fix apply here: \(finding.applicability.status.rawValue)</h3>\n"
    out += HTMLText.list(finding.applicability.reasons)
    if !plan.steps.isEmpty {
      out += "<h3>What to do</h3>\n" + Self.plan(plan.steps, finding: number, legend: "Plan for \(finding.issue.id)")
    }
    out += HTMLText.list(plan.obstacles + plan.unfixed.map { "Stays unfixed: \($0)" })
    for note in finding.issue.notes { out += "<p class=\"note\">\(HTMLText.escaped(note))</p>\n" }
    if !finding.nearDuplicates.isEmpty {
      out += "<p>Nearly the same: \(HTMLText.escaped(finding.nearDuplicates.joined(separator: ", ")))</p>\n"
    }
    out += SupersedenceChain.svg(finding.issue.article)
    return HTMLText.section("finding-\(number)", "Why \(finding.issue.id)", out)
  }

  /// What evidence would show what was not seen.
  private func settling(_ unseen: [UnmetCondition], _ issue: KnownIssue) -> String {
    let sources = Set(unseen.flatMap(\.settledBy)).filter(issue.settledBy.indices.contains).sorted()
    guard !sources.isEmpty else { return "" }
    return "<p>What would settle it:</p>\n" + HTMLText.list(sources.map { issue.settledBy[$0].text })
  }

  private static func plan(_ steps: [PlanStep], finding: Int, legend: String) -> String {
    var out = "<fieldset class=\"plan\"><legend>\(HTMLText.escaped(legend))</legend>\n<ol>\n"
    for (index, step) in steps.enumerated() {
      let key = key(finding, index)
      let restart = step.restart ? " <b>Needs a restart.</b>" : ""
      out += "<li><input type=\"checkbox\" id=\"\(key)\" name=\"step\" value=\"\(key)\">"
      out +=
        "<label for=\"\(key)\"><b>\(step.kind.rawValue.replacing("-", with: " "))</b>: \(HTMLText.escaped(step.text))\(restart)</label>\n"
      if !step.commands.isEmpty {
        out +=
          "<pre tabindex=\"0\" aria-label=\"Commands\">\(step.commands.map(HTMLText.escaped).joined(separator: "\n"))</pre>\n"
      }
      out += "</li>\n"
    }
    return out + "</ol>\n</fieldset>\n"
  }

  private static func link(_ article: String, _ text: String) -> String {
    "<a href=\"/articles/\(HTMLText.pathComponent(article))\">\(HTMLText.escaped(text))</a>"
  }

  private func ruledOut(_ id: String, _ title: String, _ findings: [Finding], _ linkingArticles: Bool) -> String {
    var out = ""
    for finding in findings {
      let id = finding.issue.id
      out +=
        "<li>\(linkingArticles ? Self.link(id, id) : HTMLText.escaped(id)): \(HTMLText.escaped(finding.issue.title))\n<ul>\n"
      for reason in finding.because where reason.effect == .contradicts {
        out += "<li class=\"against\"><b>against</b>: \(HTMLText.escaped(reason.condition))\(cite(reason.fact))</li>\n"
      }
      out += "</ul></li>\n"
    }
    return HTMLText.section(id, title, out.isEmpty ? "" : "<ul>\n\(out)</ul>\n")
  }

  private var missing: String {
    // Several pieces of evidence lack the same.
    var counts: [Missing: Int] = [:]
    for one in diagnosis.missing { counts[one, default: 0] += 1 }
    var told: Set<Missing> = []
    let rows = diagnosis.missing.filter { told.insert($0).inserted }
    guard !rows.isEmpty else { return "" }
    return HTMLText.table(
      "What the evidence does not tell", ["what", "because", "in detail, and how to get it"],
      rows.map { one in
        let count = counts[one, default: 1]
        let times = count > 1 ? " (\(count) pieces of evidence)" : ""
        return [Cell(one.what), Cell(one.because.rawValue.replacing("-", with: " ")), Cell(one.detail + times)]
      })
  }

  private var timelineTable: String {
    let moments = timeline
    guard !moments.isEmpty else { return "" }
    return HTMLText.table(
      "Moments that the evidence names", ["time", "what", "evidence"],
      moments.map { [Cell(markup: HTMLText.time($0.time)), Cell($0.what), Cell($0.path)] })
  }

  private var facts: String {
    let earlier = diagnosis.earlierLiveDumps
    let cited = Set(diagnosis.findings.flatMap(\.finding.because).compactMap(\.fact))
    let isTold = { (fact: Fact) in cited.contains(fact.id) || !earlier.contains(fact.evidence ?? -1) }
    let others = diagnosis.facts.filter { !isTold($0) }
    let out = table("What the evidence shows", diagnosis.facts.filter(isTold))
    guard !others.isEmpty else { return out }
    return out
      + "<details><summary>\(others.count) more facts, of earlier dumps of the running machine</summary>\n\(table("Facts of earlier dumps", others))</details>\n"
  }

  private func table(_ caption: String, _ facts: [Fact]) -> String {
    guard !facts.isEmpty else { return "" }
    return HTMLText.table(
      caption, ["id", "fact", "known", "where"],
      facts.map { fact in
        let path = fact.evidence.map { diagnosis.path($0) } ?? ""
        let id = HTMLText.escaped(fact.id)
        return [
          Cell(markup: "<span id=\"\(id)\">\(id)</span>"), Cell(fact.text), Cell(fact.trust.name),
          Cell([path, fact.origin].filter { !$0.isEmpty }.joined(separator: ", ")),
        ]
      })
  }

  private func dump(_ dump: DumpView) -> String {
    var rows: [(key: String, value: String)] = []
    if dump.hasStop {
      rows.append(("Stop", "\(dump.bugcheck) \(dump.bugcheckName ?? "")"))
      for (place, parameter) in dump.parameterMeanings.enumerated() {
        let value = hexadecimal(parameter.value, digits: dump.pointerDigits)
        rows.append(("Parameter \(place + 1)", parameter.text.isEmpty ? value : "\(value): \(parameter.text)"))
      }
    }
    if let meaning = dump.meaning { rows.append(("Meaning", meaning)) }
    if let culprit = dump.culprit {
      rows.append(("Laid to", [culprit, dump.culpritReason ?? ""].joined(separator: ": ")))
    }
    if let name = dump.processName { rows.append(("Process", name)) }
    if let time = dump.crashTime { rows.append(("Time", time)) }
    var out = HTMLText.definitions(rows)
    if !dump.stack.isEmpty { out += "<h3>Stack</h3>\n" + StackPicture.svg(dump) + stack(dump) }
    if !dump.modules.isEmpty { out += "<h3>Modules</h3>\n" + modules(dump) }
    return out + HTMLText.list(dump.notes)
  }

  private func stack(_ dump: DumpView) -> String {
    HTMLText.table(
      "Frames, the innermost first; the failing one is marked", ["", "address", "where", "how it was found"],
      dump.stack.enumerated().map { index, frame in
        [
          Cell("\(index)", isNumber: true), Cell(hexadecimal(frame.address.rawValue, digits: dump.pointerDigits)),
          Cell(StackPicture.place(frame)), Cell(frame.trust.rawValue),
        ]
      }, marked: dump.topFrame.map { [$0] } ?? [], limit: 200)
  }

  /// Modules that a finding or the stack names come first and are marked.
  private func modules(_ dump: DumpView) -> String {
    var affected = Set(dump.stack.compactMap { $0.module?.lowercased() })
    for (finding, _) in diagnosis.findings where finding.verdict >= .possible {
      for file in finding.issue.article.files { affected.insert(file.name.lowercased()) }
    }
    let named = dump.modules.filter { affected.contains($0.identity.name.lowercased()) }
    let others = dump.modules.filter { !affected.contains($0.identity.name.lowercased()) }
    func table(_ caption: String, _ modules: [DumpView.Module], marked: Set<Int> = []) -> String {
      HTMLText.table(
        caption, ["name", "version", "base", "size", "Windows' own"],
        modules.map { module in
          [
            Cell(module.identity.name), Cell(module.identity.version?.description ?? ""),
            Cell(module.identity.base.map { hexadecimal($0.rawValue, digits: dump.pointerDigits) } ?? ""),
            Cell(module.identity.size.map { "\($0)" } ?? "", isNumber: true), Cell(module.isInbox ? "yes" : "no"),
          ]
        }, marked: marked, limit: 1000)
    }
    // A long list would push the rest of the page away.
    let folded = others.count > Self.openModules
    var out = table(
      "Loaded modules; those on the stack or in a finding's files are marked", folded ? named : named + others,
      marked: Set(named.indices))
    if folded {
      out +=
        "<details><summary>\(others.count) other modules</summary>\n\(table("Other loaded modules", others))</details>\n"
    }
    return out
  }

  /// Modules listed without being asked for.
  private static let openModules = 24

  private var machine: String {
    let machine = diagnosis.machine
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ value: String?) { if let value { rows.append((key, value)) } }
    row("Name", machine.computerName)
    row("Product", machine.edition ?? machine.product)
    row("Service pack", machine.servicePack?.description)
    row("Architecture", machine.architecture?.rawValue)
    row("Version", machine.version)
    row("Language", machine.language)
    var out = HTMLText.definitions(rows)
    if !machine.updates.isEmpty {
      let whole = machine.updatesAreComplete ? "the whole list" : "not known to be the whole list"
      out += "<details><summary>\(machine.updates.count) installed updates, \(whole)</summary>\n"
      out += HTMLText.list(machine.updates) + "</details>\n"
    }
    return out + HTMLText.list(machine.contradictions)
  }

  private var evidence: String {
    HTMLText.table(
      "What was read", ["path", "kind", "SHA-256", "problems"],
      diagnosis.evidence.map { piece in
        [
          Cell(piece.path), Cell(piece.kind),
          Cell(markup: piece.sha256.map { "<code class=\"hash\">\(HTMLText.escaped($0))</code>" } ?? ""),
          Cell(piece.problems.map(\.text).joined(separator: "; ")),
        ]
      })
  }
}
