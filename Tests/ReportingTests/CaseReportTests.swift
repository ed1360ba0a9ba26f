import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing
import Testing

@testable import Reporting

/// A case with everything that a page shows.
enum CaseSamples {
  /// Puts the text wherever evidence puts a text of its own.
  static func report(_ diagnosis: Diagnosis, _ text: String, address: String, path: String) -> CaseReport {
    var report = CaseReport(diagnosis: diagnosis)
    report.captures = [.init(path: path, view: capture(text, address: address))]
    report.growth = growth(text)
    report.waiting = [.init(path: path, graph: graph(text))]
    report.audits = [
      AuditReport(
        audit: Audit(
          machine: machine(text),
          updates: [AuditedUpdate("KB1", .hotfix, .missing, because: [text], title: "title")],
          missing: [Missing("updates", because: .notPresent, detail: text)]),
        evidence: [path], problems: [EvidenceProblem(what: "file", because: .malformed, text: text)])
    ]
    var found = ModuleIdentity(name: "netbt.sys", path: text)
    found.version = FileVersion(5, 2, 3790, 1)
    report.verifications = [
      VerificationReport(
        verification: FixVerification("KB1", .olderFiles, reasons: [text]),
        files: [
          VerifiedFile(name: "netbt.sys", wanted: nil, found: found, branch: nil, verdict: .older, reason: text)
        ], machine: machine(text), title: nil, evidence: [path],
        missing: [Missing("files", because: .notPresent, detail: text)], workarounds: [text])
    ]
    return report
  }

  private static func machine(_ text: String) -> Machine {
    var machine = Machine(product: "Windows Server 2003", architecture: .x86)
    machine.contradictions = [text]
    return machine
  }

  private static func capture(_ text: String, address: String) -> CaptureView {
    var view = CaptureView()
    view.container = "pcap"
    view.frames = 100
    view.firstTime = 1_200_000_000_000_000_000
    view.lastTime = 1_200_000_100_000_000_000
    let end = CaptureView.Endpoint(address: address, port: 139, mac: "00:1b:21:3c:9d:f8")
    let finding = CaptureView.Finding(
      frame: 7, time: 1_200_000_050_000_000_000, layer: "nbss", field: "length", fault: .lengthTooLong, expected: text,
      found: text, source: end, destination: end, follows: text)
    view.malformed = [finding]
    view.damaged = [finding]
    // Without a network address the one on the wire is shown.
    view.damaged[0].source.address = nil
    view.servers = [.init(address: address, nativeLanManager: text, nativeOS: text, frame: 3, count: 1)]
    view.clients = view.servers
    view.referrals = [.init(frame: 9, time: nil, client: address, server: address, path: text, targets: [text])]
    view.bursts = [
      .init(client: address, frame: 9, time: nil, shares: 2, unanswered: 2, mostOutstanding: 2, silence: nil)
    ]
    view.changeNotify = [.init(client: address, requests: 1)]
    view.patterns = [.init(kind: .host, value: address, frames: 1, hosts: 1, text: text)]
    view.offload = [.init(address: address, frames: 1)]
    view.notes = [text]
    return view
  }

  private static func growth(_ text: String) -> PoolGrowthView {
    var view = PoolGrowthView()
    var row = PoolGrowthView.Row(
      tag: "Leak", pool: "nonpaged", first: 1000, last: 5000, verdict: .leak, confidence: 0.9)
    row.points = (0..<5).map { .init(hours: Double($0), bytes: UInt64(1000 + 1000 * $0), run: 0) }
    row.bytesPerHour = 1000
    row.owner = text
    row.driver = text
    row.event = text
    row.bytesPerEvent = 10
    row.notes = [text]
    view.rows = [row]
    view.hours = 4
    view.start = "2008-03-01T00:00:00Z"
    view.end = "2008-03-01T04:00:00Z"
    view.snapshots = 5
    view.limits = [.init(pool: "nonpaged", bytes: 1 << 28, basis: text)]
    view.notes = [text]
    view.missing = [Missing("pool", because: .notPresent, detail: text)]
    return view
  }

  private static func graph(_ text: String) -> WaitGraph {
    var graph = WaitGraph()
    graph.nodes = [
      .init(.thread, address: VirtualAddress(0x8900_0000), title: text, detail: text),
      .init(.lock, address: VirtualAddress(0x8910_0000), title: text),
    ]
    graph.nodes[0].isStuck = true
    graph.edges = [
      .init(from: 0, to: 1, kind: .waitsFor, basis: .stated, trust: .observed, evidence: text),
      .init(from: 1, to: 0, kind: .heldBy, basis: .reachable, trust: .inferred, evidence: text),
    ]
    var verdict = WaitGraph.Verdict(.deadlock, text, trust: .inferred)
    verdict.edges = [0, 1]
    graph.verdicts = [verdict]
    return graph
  }
}

@Suite struct CaseReportTests {
  /// Elements of a page whose tags are balanced; what is out of order is recorded as a failure.
  private func elements(_ page: String, _ place: SourceLocation = #_sourceLocation) -> [String] {
    let alone: Set<String> = ["meta", "input", "br"]
    var open: [String] = []
    var all: [String] = []
    // Style is no markup.
    var rest = page[...]
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: ">") else { break }
      let tag = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!") { continue }
      let name = String(tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber })
      if tag.hasPrefix("/") {
        #expect(open.last == name, "</\(name)> within \(open)", sourceLocation: place)
        if open.last == name { open.removeLast() }
      } else {
        all.append(String(tag))
        if !tag.hasSuffix("/"), !alone.contains(name) { open.append(name) }
      }
    }
    #expect(open.isEmpty, "\(open)", sourceLocation: place)
    return all
  }

  /// Nothing is fetched and nothing runs; every section that the evidence gives is there, in the order in which people read.
  @Test func pageStandsAlone() throws {
    let report = CaseSamples.report(
      try ReportSamples.confirmed(), "words", address: "10.0.0.9", path: "netbios.pcap")
    let page = report.html
    let elements = elements(page)
    for forbidden in ["script", "link", "img", "iframe", "object", "form", "base"] {
      #expect(!elements.contains { $0 == forbidden || $0.hasPrefix(forbidden + " ") }, "\(forbidden)")
    }
    #expect(!page.contains("src=") && !page.contains("url(") && !page.contains("@import"))
    for element in elements where element.hasPrefix("a ") {
      #expect(element.contains("href=\"#"), "\(element)")
    }
    let sections = elements.filter { $0.hasPrefix("section ") }.compactMap {
      $0.split(separator: "\"").dropFirst().first.map(String.init)
    }
    let order = [
      "verdict", "finding-1", "missing", "timeline", "facts", "pool", "waiting-1", "capture-1", "machine", "audit-1",
      "verify-1", "evidence",
    ]
    #expect(sections.filter(order.contains) == order, "\(sections)")
    // Every place that the page leads to is there.
    let places = Set(page.matches(of: /id="([^"]*)"/).map { String($0.1) })
    for target in page.matches(of: /href="#([^"]*)"/) { #expect(places.contains(String(target.1)), "\(target.1)") }
    #expect(elements.count { $0.contains("type=\"checkbox\"") } == report.stepKeys.count)
    #expect(report.stepKeys.count > 1)
    #expect(page.contains(HTMLText.escaped(report.diagnosis.verdict)))
    #expect(page.contains("default-src 'none'"))
  }

  /// The same sections are the body of a site's page, which has a page for each article.
  @Test func siteLinksArticles() throws {
    let report = CaseReport(diagnosis: try ReportSamples.confirmed())
    #expect(report.htmlBody.contains("href=\"/articles/KB961799\""))
    #expect(!report.html.contains("href=\"/"))
  }

  @Test func hostileTextsStayText() throws {
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)></style></h2><!--\u{202E}\u{1B}[31m"
    var diagnosis = try ReportSamples.hostileDiagnosis()
    diagnosis.evidence[0].path = hostile
    for index in diagnosis.facts.indices {
      diagnosis.facts[index].text += hostile
      diagnosis.facts[index].origin += hostile
    }
    for index in diagnosis.findings.indices {
      diagnosis.findings[index].finding.issue.title = hostile
      diagnosis.findings[index].finding.issue.summary = hostile
      diagnosis.findings[index].finding.issue.id += hostile
      diagnosis.findings[index].finding.issue.notes = [hostile]
      diagnosis.findings[index].finding.issue.replaces = [hostile]
      diagnosis.findings[index].finding.applicability.reasons = [hostile]
      diagnosis.findings[index].finding.nearDuplicates = [hostile]
      diagnosis.findings[index].plan.steps.append(PlanStep(.verify, hostile, commands: [hostile]))
    }
    try #require(!diagnosis.findings.isEmpty)
    diagnosis.dumps[0]?.modules[0].identity.name = hostile
    diagnosis.dumps[0]?.stack[0].symbol = hostile
    diagnosis.dumps[0]?.culprit = hostile
    diagnosis.machine.computerName = hostile
    diagnosis.machine.updates = [hostile]
    for report in [
      CaseSamples.report(diagnosis, hostile, address: hostile, path: hostile),
      CaseSamples.report(diagnosis.ruledOut(), hostile, address: hostile, path: hostile),
    ] {
      for page in [report.html, "<main>\(report.htmlBody)</main>"] {
        let elements = elements(page)
        #expect(!elements.contains { $0.hasPrefix("script") || $0.hasPrefix("img") || $0.contains("onerror=\"") })
        #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("<!--"))
        #expect(!page.unicodeScalars.contains("\u{202E}") && !page.unicodeScalars.contains("\u{1B}"))
        #expect(page.contains("&lt;script&gt;"))
      }
    }
  }

  @Test func redactedPageHoldsNoName() throws {
    let secret = RedactedDiagnosisTests.secret
    var diagnosis = try RedactedDiagnosisTests.sample()
    diagnosis.dumps[0]?.notes = [secret]
    diagnosis.dumps[0]?.meaning = secret
    diagnosis.dumps[0]?.culprit = "netbt.sys"
    diagnosis.dumps[0]?.culpritReason = secret
    diagnosis.dumps[0]?.parameterMeanings = [.init(value: 1, text: secret)]
    let whole = CaseSamples.report(diagnosis, secret, address: "192.168.44.91", path: "cases/acme/MEMORY.DMP")
    let redacted = whole.redacted()
    let names = RedactedDiagnosisTests.secrets + ["00:1b:21:3c:9d:f8"]
    for (form, before, after) in [
      ("page", whole.html, redacted.html), ("site", whole.htmlBody, redacted.htmlBody),
      ("value", "\(whole)", "\(redacted)"),
    ] {
      for name in names {
        #expect(before.lowercased().contains(name.lowercased()), "\(form): \(name)")
        #expect(!after.lowercased().contains(name.lowercased()), "\(form): \(name)")
      }
    }
    // The names of the text and the JSON.
    let style = TextStyle(width: 4000) { CivilTime(unixSeconds: $0).rfc3339 }
    let sentence = "host-1 at address-1 opened \\\\host-1\\share-1"
    #expect(whole.diagnosis.redacted().text(style).contains(sentence))
    #expect(redacted.html.contains(sentence))
    #expect(redacted.redacted().html == redacted.html)
  }

  @Test(arguments: [
    ("\\FILE7\\Payroll\\may", "\\host-1\\share-1\\item-1"), ("FILE7\\payroll", "host-1\\share-1"),
    ("\\\\10.0.0.5\\c$\\", "\\\\address-1\\share-1\\"), ("", ""), ("\\", "\\"), ("a b", "host-1"),
  ])
  func networkPaths(path: String, expected: String) {
    var redactor = Redactor()
    #expect(redactor.networkPath(path) == expected)
  }
}

extension Diagnosis {
  fileprivate func ruledOut() -> Diagnosis {
    var result = self
    for index in result.findings.indices { result.findings[index].finding.verdict = .ruledOut }
    return result
  }
}
