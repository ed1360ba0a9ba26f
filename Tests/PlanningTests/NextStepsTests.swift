import Facts
import Planning
import Testing

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
    #expect(steps.contains { $0.commands.contains("verifier /standard /all") })
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
    #expect(commands("5.2.3790").contains("wmic recoveros set DebugInfoType=2"))
    #expect(commands("10.0.19041").contains { $0.contains("CrashDumpEnabled") })
    #expect(!commands("4.0.1381").contains { $0.contains("recoveros") || $0.contains("CrashDumpEnabled") })
    #expect(commands("4.0.1381").contains("winmsd /a /f"))
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
