import EvidenceSynthesis
import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing
import Testing

@testable import Reporting

@Suite struct RedactorTests {
  @Test(arguments: [
    ("from 192.168.4.17 to 10.0.0.5.", "from address-1 to address-2."),
    ("192.168.4.17:445, again 192.168.4.17", "address-1:445, again address-1"),
    ("fe80::1ff:fe23:4567:890a asks 2001:db8::5", "address-1 asks address-2"),
    ("1:2:3:4:5:6:7:8 and ::ffff:10.1.2.3.", "address-1 and address-2."),
    ("00:1b:21:3C:9D:f8 is 00:1B:21:3c:9d:F8", "hardware-1 is hardware-1"),
    ("00-1b-21-3c-9d-f8", "hardware-1"),
    (
      "\\\\FILE7\\Payroll\\may\\list.xls and \\\\file7\\payroll",
      "\\\\host-1\\share-1\\item-1\\item-2 and \\\\host-1\\share-1"
    ),
    ("opens \\\\10.0.0.5\\c$.", "opens \\\\address-1\\share-1."),
    ("\\??\\C:\\Users\\jane.doe\\x.sys", "\\??\\C:\\Users\\user-1\\x.sys"),
    ("C:\\Documents and Settings\\Jane Doe\\a.dmp", "C:\\Documents and Settings\\user-1\\a.dmp"),
    ("/home/jane/kb.sqlite: damaged", "/home/user-1/kb.sqlite: damaged"),
    ("mail jane.doe@example.com.", "mail mail-1."),
    ("HKU\\S-1-5-21-1004336348-1177238915-682003330-512\\x", "HKU\\account-1\\x"),
  ])
  func forms(text: String, expected: String) {
    var redactor = Redactor()
    #expect(redactor.text(text) == expected)
  }

  /// What only resembles a name stays.
  @Test(arguments: [
    "version 5.2.3790.4318, 3.0.28 and 1.2.3.4.5", "at 10:47:12 UTC, 2008-05-28", "fffff807`5c01faa9 and 0x80502031",
    "win32k!Face::add::1", "\\SystemRoot\\system32\\DRIVERS\\netbt.sys", "\\\\.\\PhysicalDrive0", "\\\\?\\C:\\x",
    "wmic datafile where name=\"C:\\\\Windows\\\\System32\\\\mup.sys\"", "*\\\\Policies\\\\Explorer\\\\X",
    "C:\\Users\\Public\\x", "nt!KiTrap0E+0x2a, S-1-5-18", "a::b ::", "user@host", "1.2.3", "256.1.1.1", "",
  ])
  func whatStays(text: String) {
    var redactor = Redactor()
    #expect(redactor.text(text) == text)
  }

  @Test func aKnownVersionIsNoAddress() {
    var redactor = Redactor()
    redactor.keep(version: FileVersion(8, 17, 12, 5))
    #expect(redactor.text("8.17.12.5 and 8.17.12.6") == "8.17.12.5 and address-1")
  }

  @Test func namesGivenBeforehand() {
    var redactor = Redactor()
    redactor.learn("PAY", as: .host)
    redactor.learn("cases/PAY/MEMORY.DMP", as: .evidence, ending: ".DMP")
    #expect(
      redactor.text("cases/PAY/MEMORY.DMP: of pay, not PAYROLL, in \\\\Pay\\x")
        == "evidence-1.DMP: of host-1, not PAYROLL, in \\\\host-1\\share-1")
  }

  private static let planted = [
    "192.168.44.91", "fe80::aa1:b2", "00:1b:21:3c:9d:f8", "\\\\payroll7\\janes\\secret", "jane.doe@corp.example",
    "S-1-5-21-1004336348-1177238915-682003330-512",
  ]

  /// Names between any bytes: none is left, nothing stops, and what was replaced has no more to replace.
  @Test func hostileTexts() {
    var random = SplitMix64(seed: 7)
    let noise = Array(" ()\\.:,@-/\"'S1afUsers\\home/\u{0}\u{7F}é".utf8)
    for _ in 0..<4000 {
      func some() -> String {
        String(
          decoding: (0..<random.index(below: 12)).map { _ in noise[random.index(below: noise.count)] }, as: UTF8.self)
      }
      let name = Self.planted[random.index(below: Self.planted.count)]
      var redactor = Redactor()
      let free = redactor.text(some() + " " + name + " " + some())
      #expect(!free.contains(name), "\(free)")
      _ = redactor.text(some() + name + some() + name)
    }
    var redactor = Redactor()
    for long in ["/a", "\\\\a", "1.", ":", "a@", "Users\\"] {
      _ = redactor.text(String(repeating: long, count: 20_000))
    }
  }
}

@Suite struct RedactedDiagnosisTests {
  static let secrets = ["PAYROLL7", "192.168.44.91", "jane", "acme"]
  static let secret =
    "PAYROLL7 at 192.168.44.91 opened \\\\payroll7\\acme from C:\\Users\\jane\\x, in cases/acme/MEMORY.DMP"

  /// Every text that comes from evidence holds every name.
  static func sample() throws -> Diagnosis {
    let secret = Self.secret
    var machine = Machine(product: "Windows Server 2003", servicePack: ServicePack(2), architecture: .x86)
    machine.computerName = "PAYROLL7"
    machine.contradictions = [secret]
    machine.origins = [.init("product", "cases/acme/MEMORY.DMP")]
    var facts = [
      Fact(.packetSender, secret, attributes: ["address": .text("192.168.44.91")], evidence: 0, origin: secret),
      Fact(
        .malformedFrame, secret,
        attributes: ["protocol": .text("nbss"), "field": .text("length"), "source": .text("192.168.44.91")],
        evidence: 0),
      Fact(.observation, secret, attributes: ["words": .text(secret)]),
      ReportSamples.frame("netbt!NbtCopyToStartOfIndicate", "netbt.sys"), ReportSamples.culprit("netbt.sys"),
    ]
    for index in facts.indices { facts[index].id = "f\(index + 1)" }
    var findings = Matcher(try Catalogue.bundled().issues).findings(facts: facts, machine: machine).map {
      (finding: $0, plan: plan(for: $0, facts: facts, machine: machine))
    }
    try #require(!findings.isEmpty)
    findings[0].finding.because[0].condition += " " + secret
    findings[0].finding.capReason = secret
    findings[0].finding.applicability.reasons.append(secret)
    findings[0].plan.steps.append(PlanStep(.collectEvidence, secret, commands: ["copy \(secret)"]))
    findings[0].plan.obstacles.append(secret)
    findings[0].plan.unfixed.append(secret)
    var dump = DumpView(architecture: .x86, bugcheck: StopCode(0xD1))
    dump.comment = secret
    return Diagnosis(
      evidence: [
        .init(
          path: "cases/acme/MEMORY.DMP", kind: "crash-dump", sha256: "00",
          problems: [
            EvidenceProblem(what: "file", because: .malformed, expected: secret, found: secret, text: secret)
          ])
      ], machine: machine, facts: facts, findings: findings,
      nextSteps: [PlanStep(.collectEvidence, secret, commands: [secret])],
      missing: [Missing("evidence", because: .notPresent, detail: secret)], dumps: [0: dump])
  }

  @Test func noFormOfReportHoldsAName() throws {
    let whole = try Self.sample()
    let redacted = whole.redacted()
    let style = TextStyle(width: 4000) { CivilTime(unixSeconds: $0).rfc3339 }
    for (form, before, after) in [
      ("text", whole.text(style), redacted.text(style)),
      ("json", whole.json.text(pretty: true), redacted.json.text(pretty: true)), ("value", "\(whole)", "\(redacted)"),
    ] {
      for secret in Self.secrets {
        #expect(before.lowercased().contains(secret.lowercased()), "\(form): \(secret)")
        #expect(!after.lowercased().contains(secret.lowercased()), "\(form): \(secret)")
      }
      // The same name is the same in every form.
      #expect(after.contains("host-1 at address-1 opened \\\\host-1\\share-1") || form == "json" || form == "value")
      #expect(after.contains("evidence-1.DMP"), "\(form)")
    }
    #expect(redacted.machine.computerName == "host-1")
    #expect(redacted.facts[0]["address"] == .text("address-1") && redacted.facts[1]["source"] == .text("address-1"))
    #expect(
      redacted.facts[0].text
        == "host-1 at address-1 opened \\\\host-1\\share-1 from C:\\Users\\user-1\\x, in evidence-1.DMP")
  }

  /// What was found stays.
  @Test func whatWasFoundStays() throws {
    let whole = try ReportSamples.confirmed()
    let redacted = whole.redacted()
    #expect(redacted.findings.map(\.finding) == whole.findings.map(\.finding))
    #expect(redacted.findings.map(\.plan) == whole.findings.map(\.plan))
    #expect(redacted.facts == whole.facts)
    #expect(redacted.evidence.map(\.path) == ["evidence-1.DMP"])
    #expect(redacted.redacted().json == redacted.json)
  }
}
