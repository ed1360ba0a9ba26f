import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing
import Testing

@Suite struct FindingPlanTests {
  static func made(
    _ facts: [Fact], _ machine: Machine, _ id: String, changing change: (inout KnownIssue) -> Void = { _ in }
  ) throws -> (Finding, Plan) {
    var issues = try Catalogue.bundled().issues
    for index in issues.indices where issues[index].id == id { change(&issues[index]) }
    let findings = Matcher(issues).findings(facts: facts, machine: machine)
    let finding = try #require(findings.first { $0.issue.id == id })
    return (finding, plan(for: finding, facts: facts, machine: machine))
  }

  static let copy = Fact(
    .frame, "top",
    attributes: [
      "position": .text("top"), "symbol": .text("netbt!NbtCopyToStartOfIndicate"), "module": .text("netbt.sys"),
    ])
  static let stop = Fact(.stop, "stop", attributes: ["code": .stopCode(StopCode(0xD1))])
  static func server(_ pack: UInt8?) -> Machine {
    Machine(
      product: "Windows Server 2003", servicePack: pack.map { ServicePack($0) }, architecture: .x86, version: "5.2.3790"
    )
  }

  @Test func confirmedGetsTheFixInOrder() throws {
    let (finding, plan) = try Self.made([Self.copy], Self.server(2), "KB961799")
    #expect(finding.verdict == .confirmed)
    #expect(
      plan.steps.map(\.kind) == [.installHotfix, .upgrade, .workaround, .workaround, .workaround, .verify, .verify])
    let first = try #require(plan.steps.first)
    #expect(first.restart)
    #expect(
      first.text == "Install KB961799 for Windows Server 2003, service pack 2, x86. It replaces KB955860, KB948354.")
    #expect(plan.unfixed.contains("no fixed version is known, so files cannot prove that the fix is in place"))
    #expect(plan.obstacles.contains { $0.hasPrefix("the hotfix: given out on request only") })
  }

  @Test func prerequisitesComeFirst() throws {
    let (_, plan) = try Self.made([Self.copy], Self.server(1), "KB961799")
    #expect(plan.steps.prefix(2).map(\.kind) == [.installServicePack, .installHotfix])
    #expect(plan.steps.first?.text == "Install service pack 2 of Windows Server 2003, which the fix needs.")
    #expect(plan.steps.first?.restart == true)
    #expect(plan.steps[1].text.hasPrefix("Install KB961799 for Windows Server 2003, service pack 2, x86."))
    #expect(plan.obstacles.contains("the fix cannot be installed before service pack 2"))
  }

  @Test func probableCollectsEvidenceBeforeItInstalls() throws {
    let starved = Fact(
      .queueStarved, "starved", attributes: ["queue": .text("critical"), "client": .text("mup.sys")], trust: .inferred)
    let (finding, plan) = try Self.made([starved], Self.server(0), "FL-0004")
    #expect(finding.verdict == .probable)
    let kinds = plan.steps.map(\.kind)
    let firstInstall = try #require(kinds.firstIndex { $0.installs })
    #expect(firstInstall > 0)
    #expect(kinds[..<firstInstall].allSatisfy { $0 == .collectEvidence })
    #expect(kinds.contains(.installServicePack) && kinds.contains(.installHotfix))
    #expect(
      plan.steps.contains { $0.text.hasPrefix("Or, where service pack 1 cannot be installed: install KB824909") })
    #expect(kinds.last == .verify)
  }

  @Test func possibleOnlyCollectsEvidence() throws {
    let (finding, plan) = try Self.made([Self.stop], Self.server(2), "KB961799")
    #expect(finding.verdict == .possible)
    #expect(!plan.steps.isEmpty)
    #expect(plan.steps.allSatisfy { $0.kind == .collectEvidence })
    #expect(plan.steps.contains { $0.commands.contains { $0.hasSuffix("/v CrashDumpEnabled /t REG_DWORD /d 2 /f") } })
  }

  @Test func ruledOutPlansNothing() throws {
    let machine = Machine(product: "Windows 10", architecture: .x64, version: "10.0.19041")
    let (finding, plan) = try Self.made([Self.copy], machine, "KB961799")
    #expect(finding.verdict == .ruledOut)
    #expect(plan == Plan())
  }

  @Test func workaroundsFollowTheEvidence() throws {
    let fine = Fact(.announcedServer, "samba", attributes: ["software": .text("Samba"), "version": .text("3.6.1")])
    let old = Fact(.announcedServer, "samba", attributes: ["software": .text("Samba"), "version": .text("3.0.14a")])
    let set = Fact(
      .registry, "set",
      attributes: [
        "path": .text(#"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer\NoRemoteRecursiveEvents"#),
        "value": .integer(1),
      ])
    func workarounds(_ facts: [Fact]) throws -> [String] {
      try Self.made([Self.copy] + facts, Self.server(2), "KB961799").1.steps.filter { $0.kind == .workaround }.map(
        \.text)
    }
    #expect(try workarounds([]).count == 3)
    #expect(try workarounds([fine]).count == 2)
    #expect(try workarounds([old]).first?.hasPrefix("Upgrade every Samba server") == true)
    let (_, plan) = try Self.made([Self.copy, set], Self.server(2), "KB961799")
    #expect(!plan.steps.contains { $0.commands.contains { $0.contains("NoRemoteRecursiveEvents") } })
    #expect(plan.unfixed.contains { $0.hasPrefix("already in place") })
    #expect(try workarounds([]).last?.hasSuffix("It needs KB831129 first.") == true)
  }

  @Test func unknownMachineIsAskedFor() throws {
    let (finding, plan) = try Self.made([Self.copy], Machine(), "KB961799")
    #expect(finding.verdict == .confirmed)
    #expect(finding.applicability.status == .unknown)
    #expect(plan.steps.first?.kind == .collectEvidence)
    let commands = try #require(plan.steps.first?.commands)
    #expect(commands.prefix(2) == ["rem Windows 8 and later:", "systeminfo > systeminfo.txt"])
    #expect(commands.contains("rem Windows NT 4.0:") && commands.contains("winmsd /a /f"))
    #expect(!plan.obstacles.isEmpty)
    let install = try #require(plan.steps.first { $0.kind == .installHotfix })
    #expect(install.text.hasPrefix("Only if the machine turns out to run Windows Server 2003 or "))
  }

  @Test func aVersionWithoutAFixedOneLeavesTheInstallationConditional() throws {
    let module = Fact(
      .module, "netbt", attributes: ["module": .text("netbt.sys"), "version": .version(FileVersion(5, 2, 3790, 9999))])
    let (finding, plan) = try Self.made([Self.copy, module], Self.server(2), "KB961799")
    #expect(finding.verdict == .confirmed)
    #expect(finding.applicability.status == .unknown)
    #expect(
      finding.applicability.reasons == [
        "netbt.sys is 5.2.3790.9999 here, and no fixed version of it is known, so it may have the fix or not"
      ])
    #expect(plan.steps.first?.kind == .collectEvidence)
    #expect(
      plan.steps.filter { $0.kind.installs }.allSatisfy {
        $0.text.hasPrefix("Only if the files turn out to be without the fix: ")
      })
    #expect(plan.steps.contains { $0.kind == .installHotfix })
  }

  @Test func aFileNewerThanTheArticleLeavesTheInstallationConditional() throws {
    let module = Fact(.module, "netbt", attributes: ["module": .text("netbt.sys"), "built": .text("2013-01-29")])
    let (finding, plan) = try Self.made([Self.copy, module], Self.server(2), "KB961799")
    #expect(finding.applicability.status == .unknown)
    #expect(finding.applicability.reasons.first?.contains("built on 2013-01-29") == true)
    #expect(plan.steps.filter { $0.kind.installs }.allSatisfy { $0.text.hasPrefix("Only if ") })
  }

  @Test func plainNTIsAskedWhetherItIsATerminalServer() throws {
    let facts = [
      Fact(.stop, "stop", attributes: ["code": .stopCode(StopCode(0x41))]),
      Fact(.module, "tdpipe", attributes: ["module": .text("tdpipe.sys")]),
      Fact(.culprit, "laid", attributes: ["module": .text("tdpipe.sys")]),
      Fact(.poolUse, "Mdl", attributes: ["tag": .text("Mdl"), "pool": .text("nonpaged"), "rank": .integer(1)]),
    ]
    let machine = Machine(product: "Windows NT 4.0", servicePack: ServicePack(6), architecture: .x86)
    let (finding, plan) = try Self.made(facts, machine, "Q315817")
    #expect(finding.applicability.status == .unknown)
    let install = try #require(plan.steps.firstIndex { $0.kind == .installHotfix })
    #expect(plan.steps[..<install].contains { $0.text.hasPrefix("Find out whether this is the Terminal Server") })
    #expect(plan.steps[install].text.hasPrefix("Only if the machine turns out to run Windows NT 4.0 Terminal Server"))
    let newer = ["reg ", "systeminfo", "wmic", "driverquery", "verifier", "powershell"]
    #expect(!plan.steps.flatMap(\.commands).contains { command in newer.contains { command.hasPrefix($0) } })
  }

  @Test func aKernelDumpAtHandIsNotAskedFor() throws {
    func asks(_ type: String?) throws -> Bool {
      let dump = type.map { Fact(FactKind(rawValue: "dump"), "dump", attributes: ["type": .text($0)]) }
      let (_, plan) = try Self.made([Self.stop] + [dump].compactMap { $0 }, Self.server(2), "KB961799")
      return plan.steps.contains { $0.commands.contains { $0.contains("CrashDumpEnabled") } }
    }
    #expect(try asks(nil) && asks("triage"))
    #expect(try !asks("kernel") && !asks("full"))
  }

  @Test func aHotfixWithoutNumberIsAskedForByItsWords() throws {
    let facts = [
      Fact(
        .nullDereference, "null", attributes: ["module": .text("nt"), "symbol": .text("nt!MiSessionLookupImage")]),
      Fact(.otherSessionRemoves, "other", attributes: ["component": .text("session-image")]),
    ]
    let machine = Machine(product: "Windows Server 2008", servicePack: ServicePack(1), architecture: .x86)
    let (_, known) = try Self.made(facts, machine, "FL-0001")
    #expect(known.steps.first { $0.kind == .installHotfix }?.text.hasPrefix("Install KB951149 for") == true)
    let (_, plan) = try Self.made(facts, machine, "FL-0001") { issue in
      for index in issue.fixes.indices { issue.fixes[index].id = nil }
    }
    let install = try #require(plan.steps.first { $0.kind == .installHotfix })
    #expect(install.text.contains("Its number does not stand in the text at hand: ask Microsoft's support"))
    #expect(install.text.contains("Terminal-server sessions race"))
    #expect(plan.steps.first { $0.kind == .upgrade }?.restart == false)
  }

  @Test func versionOfTheRightServicePackIsNamed() throws {
    let facts = [
      Fact(.poolInStep, "in step", attributes: ["tags": .text("IoSe,Pp")]),
      Fact(.poolGrowth, "IoSe", attributes: ["tag": .text("IoSe"), "verdict": .text("leak")]),
      Fact(.poolGrowth, "Pp", attributes: ["tag": .text("Pp"), "verdict": .text("leak")]),
    ]
    let machine = Machine(
      product: "Windows XP", servicePack: ServicePack(3), architecture: .x86, version: "5.1.2600",
      files: [ModuleIdentity(name: "ntoskrnl.exe", version: FileVersion(5, 1, 2600, 5512))])
    let (_, plan) = try Self.made(facts, machine, "KB950162")
    #expect(
      plan.steps.first?.text
        == "Install KB950162 for Windows XP, service pack 3, x86. It brings Ntoskrnl.exe 5.1.2600.5586.")
  }

  @Test func withoutHarmItMayWait() throws {
    let facts = [
      Fact(.poolInStep, "in step", attributes: ["tags": .text("IoSe,Pp")]),
      Fact(.poolGrowth, "IoSe", attributes: ["tag": .text("IoSe"), "verdict": .text("leak")]),
      Fact(.poolGrowth, "Pp", attributes: ["tag": .text("Pp"), "verdict": .text("leak")]),
    ]
    let machine = Machine(
      product: "Windows XP", servicePack: ServicePack(3), architecture: .x86, version: "5.1.2600",
      files: [ModuleIdentity(name: "ntoskrnl.exe", version: FileVersion(5, 1, 2600, 5512))])
    func mayWait(_ facts: [Fact]) throws -> Bool {
      try Self.made(facts, machine, "KB950162").1.obstacles.contains { $0.contains("wait for the next service pack") }
    }
    #expect(try mayWait(facts))
    #expect(try !mayWait(facts + [Fact(.hang, "the machine hung")]))
  }

  @Test func listedFixIsVerifiedNotInstalledAgain() throws {
    var machine = Self.server(2)
    machine.updates = ["KB961799"]
    let (_, plan) = try Self.made([Self.copy], machine, "KB961799")
    #expect(!plan.steps.contains { $0.kind.installs })
    #expect(plan.steps.contains { $0.kind == .verify })
  }
}
