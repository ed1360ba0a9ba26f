import Facts
import Testing

@testable import Planning

@Suite struct NextStepsTests {
  static func stop(_ code: UInt32) -> Fact {
    Fact(.stop, "stop", attributes: ["code": .stopCode(StopCode(code))])
  }
  static let windows10 = Machine(product: "Windows 10", architecture: .x64, version: "10.0.19041")

  @Test func culpritComesFirst() {
    let culprit = Fact(.culprit, "laid", attributes: ["module": .text("amdppm.sys"), "version": .text("10.0.19041.1")])
    let steps = nextSteps(facts: [Self.stop(0x7E), culprit], machine: Self.windows10)
    #expect(steps.first?.kind == .upgrade)
    #expect(
      steps.first?.text
        == "Update amdppm.sys 10.0.19041.1, to which the failure is laid, or remove it where it is not needed.")
    #expect(steps.contains { $0.commands == ["verifier"] && $0.text.contains("select from the list") })
    #expect(steps.contains { $0.commands.contains("mdsched.exe") })
  }

  @Test func theKernelIsNotToldToBeUpdated() {
    let culprit = Fact(.culprit, "laid", attributes: ["module": .text("ntoskrnl.exe")])
    let steps = nextSteps(facts: [culprit], machine: Self.windows10)
    #expect(!steps.contains { $0.kind == .upgrade })
    #expect(steps.first?.text.contains("a core part of Windows") == true)
  }

  @Test(
    arguments: [
      (0x124, "hardware"), (0x41, "Log the pool"), (0xC4, "on purpose"), (0x9F, "power state"), (0x7A, "disk"),
      (0x116, "display"), (0x133, "too long"), (0xEF, "cannot do without"),
    ] as [(UInt32, String)])
  func everyClassHasItsAdvice(code: UInt32, words: String) {
    let steps = nextSteps(facts: [Self.stop(code)], machine: Self.windows10)
    #expect(steps.contains { $0.text.contains(words) })
  }

  @Test func dumpSettingFollowsTheSystem() {
    func commands(_ version: String?) -> [String] {
      nextSteps(facts: [Self.stop(0x50)], machine: Machine(version: version)).flatMap(\.commands)
    }
    #expect(commands("5.2.3790").contains { $0.contains("CrashDumpEnabled") })
    #expect(!commands("5.0.2195").contains { $0.hasPrefix("reg ") || $0.hasPrefix("wmic") })
    #expect(commands("10.0.19041").contains { $0.contains("CrashDumpEnabled") })
    #expect(!commands("4.0.1381").contains { $0.contains("recoveros") || $0.contains("CrashDumpEnabled") })
    #expect(commands("4.0.1381").contains("winmsd /a /f"))
  }

  /// Tools by the Windows versions that lack them, over every class of stop.
  @Test(
    arguments: [
      (
        "4.0.1381",
        ["reg ", "systeminfo", "wmic", "driverquery", "verifier", "mdsched", "wevtutil", "powershell", "sfc"]
      ),
      ("5.0.2195", ["reg ", "systeminfo", "wmic", "driverquery", "mdsched", "wevtutil", "powershell", "powercfg"]),
      ("5.1.2600", ["mdsched", "wevtutil", "powershell", "winmsd"]),
      ("5.2.3790", ["mdsched", "wevtutil", "powershell", "winmsd"]), ("6.0.6001", ["powershell", "winmsd"]),
      ("10.0.26100", ["wmic", "winmsd"]), ("10.0.22631", ["wmic", "winmsd"]),
    ] as [(String, [String])])
  func commandsExistThere(version: String, lacking: [String]) {
    let leak = Fact(.poolGrowth, "leak", attributes: ["tag": .text("WDiv"), "verdict": .text("leak")])
    let culprit = Fact(.culprit, "laid", attributes: ["module": .text("foo.sys"), "inbox": .flag(false)])
    for code: UInt32 in [0x124, 0x41, 0xC4, 0x9F, 0x7A, 0x7B, 0x116, 0x133, 0xEF, 0x50] {
      let steps = nextSteps(
        facts: [Self.stop(code), leak, culprit, Fact(.hang, "hung")], machine: Machine(version: version))
      for command in steps.flatMap(\.commands) {
        #expect(!lacking.contains { command.hasPrefix($0) }, "\(version): \(command)")
        #expect(!command.contains("{drivers}") && !command.contains("{tag}") && !command.hasPrefix("rem "))
      }
    }
  }

  @Test func productsAreAsGoodAsVersions() {
    func commands(_ product: String) -> [String] {
      nextSteps(facts: [Self.stop(0x50)], machine: Machine(product: product)).flatMap(\.commands)
    }
    #expect(!commands("Windows Server 2025").contains { $0.hasPrefix("wmic") })
    #expect(commands("Windows Server 2003").contains { $0.hasPrefix("wmic qfe") })
    #expect(commands("Windows NT Workstation 4.0").contains("winmsd /a /f"))
    #expect(commands("BeOS").contains("rem Windows XP to Windows 7:"))
  }

  @Test func verifierGetsTheDriversByName() {
    func module(_ name: String, _ inbox: Bool?) -> Fact {
      Fact(
        .module, name,
        attributes: ["module": .text(name)].merging(inbox.map { ["inbox": .flag($0)] } ?? [:]) { $1 })
    }
    func commands(_ facts: [Fact]) -> [String] {
      nextSteps(facts: [Self.stop(0x50)] + facts, machine: Self.windows10).flatMap(\.commands)
    }
    let some = [
      module("ntfs.sys", true), module("a.sys", false), module("b c.sys", false), module("x&calc.sys", false),
      module("-all.sys", false), module("B-1_2.sys", false), module("A.SYS", false), module("d.sys", nil),
    ]
    #expect(commands(some).contains("verifier /standard /driver a.sys B-1_2.sys"))
    let many = (0..<30).map { module("driver\($0).sys", false) }
    #expect(commands(many).first { $0.hasPrefix("verifier") }?.split(separator: " ").count == 3 + 12)
    #expect(commands([module("ntfs.sys", true)]).contains("verifier"))
  }

  @Test func whoAskedLastIsAVictim() {
    let culprit = Fact(.culprit, "laid", attributes: ["module": .text("foo.sys")])
    for code: UInt32 in [0x41, 0x3F, 0x2D] {
      let steps = nextSteps(facts: [Self.stop(code), culprit], machine: Self.windows10)
      #expect(!steps.contains { $0.kind == .upgrade })
      #expect(steps.contains { $0.text.contains("is a victim") })
    }
  }

  /// Each purpose is served once on a Windows, so that no entry hides another.
  @Test func tableHasOneEntryPerSystem() {
    for (index, variant) in CommandTable.variants.enumerated() {
      for other in CommandTable.variants[(index + 1)...] where other.purpose == variant.purpose {
        #expect(!other.systems.overlaps(variant.systems), "\(variant)")
      }
      for command in variant.commands {
        #expect(CommandTable.typed([command], on: Machine(product: variant.systems.lowerBound.name)) == [command])
        #expect(CommandTable.typed([command], on: Machine(product: variant.systems.upperBound.name)) == [command])
      }
    }
  }

  @Test func theBootVolumeIsCheckedFromOutside() {
    func step(_ version: String) -> PlanStep? {
      nextSteps(facts: [Self.stop(0x7B)], machine: Machine(version: version)).first
    }
    #expect(step("5.2.3790")?.text.contains("recovery console") == true)
    #expect(step("10.0.19041")?.text.contains("recovery environment") == true)
    #expect(step("4.0.1381")?.commands == [])
  }

  @Test func nothingIsSaidTwice() {
    let facts = [Self.stop(0x50), Self.stop(0x1E), Self.stop(0x7E)]
    let steps = nextSteps(facts: facts, machine: Self.windows10)
    #expect(Set(steps.map(\.text)).count == steps.count)
    let planned = Plan(steps: steps.filter { !$0.commands.isEmpty })
    let rest = nextSteps(facts: facts, machine: Self.windows10, besides: [planned])
    #expect(rest.allSatisfy { $0.commands.isEmpty })
  }

  @Test func aKernelDumpAtHandIsNotAskedFor() {
    func asks(_ type: String) -> Bool {
      let dump = Fact(FactKind(rawValue: "dump"), "dump", attributes: ["type": .text(type)])
      return nextSteps(facts: [Self.stop(0x50), dump], machine: Self.windows10).contains {
        $0.text.contains("kernel memory dump")
      }
    }
    #expect(asks("triage") && asks("header"))
    #expect(!asks("full") && !asks("kernel"))
  }

  @Test func forcedDumpSaysNothingByItsCode() {
    let steps = nextSteps(facts: [Self.stop(0xE2), Fact(.forcedDump, "forced")], machine: Self.windows10)
    #expect(steps.contains { $0.text.contains("its stop code says nothing") })
    #expect(!steps.contains { $0.commands.contains("mdsched.exe") })
    let hang = nextSteps(facts: [Fact(.hang, "hung")], machine: Self.windows10)
    #expect(hang.contains { $0.commands.contains { $0.contains("CrashOnCtrlScroll") } })
  }

  @Test func tagsAreNotTypedIntoCommandsUnchecked() {
    func step(_ tag: String) -> PlanStep? {
      nextSteps(
        facts: [Fact(.poolGrowth, "leak", attributes: ["tag": .text(tag), "verdict": .text("leak")])],
        machine: Self.windows10
      ).first
    }
    #expect(step("WDiv")?.commands == [#"findstr /m /l "WDiv" %SystemRoot%\System32\drivers\*.sys"#])
    #expect(step(#""&a"#)?.commands == [])
  }

  @Test func nothingKnownAsksForTheInventory() {
    #expect(nextSteps(facts: [], machine: Machine()).map(\.kind) == [.collectEvidence])
    #expect(nextSteps(facts: [Self.stop(0xDEAD)], machine: Self.windows10).contains { $0.kind == .configure })
  }
}
