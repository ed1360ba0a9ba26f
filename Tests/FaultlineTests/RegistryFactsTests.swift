import ByteReading
import EvidenceSynthesis
import Facts
import KnowledgeBase
import MachineInventory
import Matching
import Planning
import Reporting
import Symbols
import TestSupport
import Testing

@testable import Faultline

/// Hives beside other evidence: whether a workaround is set, not set, or not known.
@Suite struct RegistryFactsTests {
  private typealias Key = SynthesizedHive.Key

  private static let policy =
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer\\NoRemoteRecursiveEvents"

  private func hive(_ value: UInt32?) -> [UInt8] {
    hive(value.map { [.number("NoRemoteRecursiveEvents", $0)] } ?? [])
  }

  private func hive(_ values: [SynthesizedHive.Value]) -> [UInt8] {
    SynthesizedHive(
      Key(
        "ROOT", [],
        [
          Key("Classes"),
          Key(
            "Microsoft", [],
            [
              Key("CurrentVersion").under("Windows NT"),
              Key("Explorer", values).under("Windows", "CurrentVersion", "Policies"),
            ]),
        ])
    ).encoded()
  }

  private func plan(_ hive: [UInt8]?) async throws -> (facts: [Fact], plan: Plan) {
    let folder = try TemporaryFolder()
    let written = try WrittenCase(try #require(Scenario.named("netbt-stop")), seed: 1, in: folder)
    var paths = [written.dump]
    if let hive { paths.append(try folder.write("SOFTWARE", hive)) }
    let diagnoser = Diagnoser(catalogue: try Catalogue.bundled(), symbols: SymbolFolder(paths: [written.symbols]))
    let diagnosis = diagnoser.diagnose(await diagnoser.read(paths))
    let finding = try #require(diagnosis.findings.first { $0.finding.issue.id == "KB961799" })
    return (diagnosis.facts, finding.plan)
  }

  private func step(_ plan: Plan) -> String? {
    plan.steps.first { $0.kind == .workaround && $0.text.contains("subfolders") }?.text
  }

  @Test func set() async throws {
    let (facts, plan) = try await plan(hive(1))
    let fact = try #require(facts.first { $0.kind == .registry })
    #expect(fact["value"] == .integer(1) && fact["path"] == .text(Self.policy) && fact.evidence == 1)
    #expect(step(plan) == nil)
    #expect(plan.unfixed.contains { $0.contains("already in place") })
  }

  @Test(arguments: [0, nil] as [UInt32?]) func notSet(value: UInt32?) async throws {
    let (facts, plan) = try await plan(hive(value))
    let stated = value == nil ? "The registry does not set \(Self.policy)." : "The registry sets \(Self.policy) to 0."
    #expect(facts.first { $0.kind == .registry }?.text == stated)
    #expect(step(plan)?.hasSuffix(" As it is: " + stated) == true)
    #expect(!plan.unfixed.contains { $0.contains("already in place") })
  }

  /// A text is not the number that it looks like.
  @Test func textIsNoNumber() async throws {
    let (facts, plan) = try await plan(hive([.text("NoRemoteRecursiveEvents", "1")]))
    #expect(facts.first { $0.kind == .registry }?.text == "The registry sets \(Self.policy) to \"1\".")
    #expect(step(plan)?.hasSuffix("to \"1\".") == true)
    #expect(!plan.unfixed.contains { $0.contains("already in place") })
  }

  @Test func notKnown() async throws {
    let (facts, plan) = try await plan(nil)
    #expect(!facts.contains { $0.kind == .registry })
    #expect(step(plan)?.contains("As it is") == false)
  }

  /// Every value by which the catalogue tells that a workaround is in place lies in a key that hives are read for.
  @Test func catalogueAsksForNothingElse() throws {
    var problems: [ReadError] = []
    let system = SynthesizedHive(
      Key("ROOT", [], [Key("Select", [.number("Current", 1)]), Key("Control").under("ControlSet001")])
    ).encoded()
    var machine = Machine()
    for bytes in [hive(nil), system] {
      let file = MappedFile(bytes: bytes, path: "hive")
      machine.merge(try #require(HiveView(try RegistryHive(parsing: file), &problems).machine))
    }
    let issues = try Catalogue.bundled().issues
    let asked = issues.flatMap(\.workarounds).compactMap { $0.inPlace?.anyValue }
    #expect(!asked.isEmpty)
    let facts = machine.registryFacts(asking: issues)
    for clause in asked { #expect(!clause.facts(in: facts).isEmpty, "\(clause)") }
  }

  /// A client that asks for changes again and again is said to have the policy, or not.
  @Test func notificationsNameThePolicy() throws {
    let issues = try Catalogue.bundled().issues
    let asking = Fact(.changeNotification, "10.0.0.1 asks 900 times.", attributes: ["address": .text("10.0.0.1")])
    let setting = RegistrySetting(path: Self.policy, value: "1", isNumber: true).fact
    let told = Diagnoser.withSettings([asking, setting], issues)
    #expect(told.map(\.text) == ["10.0.0.1 asks 900 times. " + setting.text, setting.text])
    #expect(Diagnoser.withSettings([asking], issues) == [asking])
    let other = RegistrySetting(path: "HKLM\\SOFTWARE\\Other", value: "1", isNumber: true).fact
    #expect(Diagnoser.withSettings([asking, other], issues) == [asking, other])
  }
}
