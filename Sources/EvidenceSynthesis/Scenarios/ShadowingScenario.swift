import Facts

/// Terminal servers of NT 4.0 that ran out of nonpaged pool, with all their memory.
public enum ShadowingScenario: String, Hashable, Sendable, CaseIterable {
  /// The descriptors that fill the pool describe buffers of tdpipe.sys.
  case leak = "shadowing-leak"
  /// They describe another driver's; tdpipe.sys is loaded.
  case otherOwner = "other-owner"
  /// There are few descriptors; something else filled the pool.
  case fewDescriptors = "few-descriptors"

  /// NT 4.0 Terminal Server Edition, service pack 6. No structure offsets of this kernel are public.
  private static let kernel = SynthesizedKernel(
    version: SystemVersion(4, 0, 1381, servicePack: 6), revision: 0, architecture: .x86,
    pdbGUID: "FA17111E000000000000000000011381", pdbAge: 1, pdbName: "ntkrnlmp.pdb", symbols: [:])

  public func machine(seed: UInt64, memoryBytes: UInt64 = 8 << 20) -> WholeMachine? {
    let other = DriverTemplate("leakflt.sys", 0x8000, 0x3A11_2233)
    var (machine, builder) = Scenario.emptyPoolMachine(
      .terminalServer4, seed: seed, leaking: Scenario.tdpipe + [other])
    guard let owner = builder.module(named: self == .leak ? "tdpipe" : "leakflt") else { return nil }
    machine.paeEnabled = false
    var whole = WholeMachine(
      machine, kernel: Self.kernel, paging: .x86, memoryBytes: max(8 << 20, memoryBytes), seed: seed)
    var pages = DescriptorPages(at: 0x8140_0000 + 0x1000 * builder.random.below(0x100), seed: seed)
    let count = 200 + builder.random.index(below: 100)
    pages.addOthers(pages: count / (self == .fewDescriptors ? 1 : 6))
    pages.addDescriptors(of: owner, pages: self == .fewDescriptors ? 4 : count)
    whole.contents += pages.pages
    return whole
  }
}
