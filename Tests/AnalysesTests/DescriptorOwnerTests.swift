import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// Whose buffers the descriptors describe that filled the pool of a terminal server of NT 4.0.
@Suite struct DescriptorOwnerTests {
  private func facts(_ scenario: ShadowingScenario, _ seed: UInt64) throws -> [Fact] {
    let whole = try #require(scenario.machine(seed: seed))
    let bytes = MemoryDump(whole, .dump(.full)).encoded()
    return AllAnalyses.facts(KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "pool.dmp"))))
  }

  @Test(
    arguments: [(ShadowingScenario.leak, "tdpipe.sys"), (.otherOwner, "leakflt.sys")], 1...3 as ClosedRange<UInt64>)
  func owner(of scenario: (ShadowingScenario, String), seed: UInt64) throws {
    let facts = try facts(scenario.0, seed)
    let owner = try #require(facts.first { $0.kind == .poolOwner })
    #expect(owner["module"] == .text(scenario.1) && owner["means"] == .text("descriptors"))
    #expect(owner.trust == .observed && owner.text.contains("call IoAllocateMdl for the very buffers"))
    let use = try #require(facts.first { $0.kind == .poolUse && $0["tag"]?.description == "Mdl" })
    #expect(use["rank"] == .integer(1) && use["pool"] == .text("nonpaged"))
  }

  /// Whose buffers they are does not say who made the descriptors.
  @Test(arguments: 1...3 as ClosedRange<UInt64>) func withoutCode(seed: UInt64) throws {
    let owner = try #require(facts(.noCode, seed).first { $0.kind == .poolOwner })
    #expect(owner["module"] == .text("tdpipe.sys") && owner.trust == .inferred)
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>) func fewDescriptors(seed: UInt64) throws {
    let facts = try facts(.fewDescriptors, seed)
    #expect(!facts.contains { $0.kind == .poolOwner })
    #expect(facts.contains { $0.kind == .poolUse && $0["tag"]?.description != "Mdl" })
  }
}
