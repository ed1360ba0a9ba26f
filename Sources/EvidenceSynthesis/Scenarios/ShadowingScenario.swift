import Facts

/// Terminal servers of NT 4.0, or servers of Windows 2000, that ran out of nonpaged pool, with all their memory.
public enum ShadowingScenario: String, Hashable, Sendable, CaseIterable {
  /// The descriptors that fill the pool describe buffers of tdpipe.sys.
  case leak = "shadowing-leak"
  /// They describe another driver's; tdpipe.sys is loaded.
  case otherOwner = "other-owner"
  /// There are few descriptors; something else filled the pool.
  case fewDescriptors = "few-descriptors"
  /// As in `leak`, without the driver's code: that it made the descriptors of its buffers does not show.
  case noCode = "no-code"

  /// No structure offsets of these kernels are public.
  private static func kernel(_ version: SystemVersion) -> SynthesizedKernel {
    SynthesizedKernel(
      version: version, revision: 0, architecture: .x86,
      pdbGUID: "FA17111E0000000000000000000" + String(10_000 + version.build), pdbAge: 1, pdbName: "ntkrnlmp.pdb",
      symbols: [:])
  }

  /// - Parameter isWindows2000: pages of its pool are the same as those of NT 4.0.
  public func machine(seed: UInt64, memoryBytes: UInt64 = 8 << 20, isWindows2000: Bool = false) -> WholeMachine? {
    let profile: SystemProfile = isWindows2000 ? .server2000 : .terminalServer4
    let other = DriverTemplate("leakflt.sys", 0x8000, 0x3A11_2233)
    var (machine, builder) = Scenario.emptyPoolMachine(
      profile, seed: seed, leaking: Scenario.tdpipe + [other])
    guard let owner = builder.module(named: self == .leak || self == .noCode ? "tdpipe" : "leakflt") else { return nil }
    machine.paeEnabled = false
    var whole = WholeMachine(
      machine, kernel: Self.kernel(profile.version), paging: .x86, memoryBytes: max(8 << 20, memoryBytes), seed: seed)
    var pages = DescriptorPages(at: 0x8140_0000 + 0x1000 * builder.random.below(0x100), seed: seed)
    let count = 200 + builder.random.index(below: 100)
    pages.addOthers(pages: count / (self == .fewDescriptors ? 1 : 6))
    let buffers = Self.buffers(of: owner, &builder.random)
    pages.addDescriptors(of: buffers, pages: self == .fewDescriptors ? 4 : count)
    whole.contents += pages.pages
    if self != .noCode {
      whole.kernelExports = ["IoAllocateMdl": 0x1_2340, "MmBuildMdlForNonPagedPool": 0x2_8760, "IoFreeMdl": 0x1_2480]
      var code = DriverCode(
        isWide: false, at: owner.base + 0x1000 + 16 * builder.random.below(0x40), table: owner.base + 0x1F00,
        routines: whole.kernelExports.mapValues { whole.machine.kernelBase + UInt64($0) })
      for buffer in buffers { _ = code.describes(buffer) }
      whole.contents += code.memory
    }
    return whole
  }

  /// Some in the image's last page, which holds its data.
  private static func buffers(of image: SynthesizedModule, _ random: inout SplitMix64) -> [UInt64] {
    let page = image.base + UInt64(image.size) - 0x1000
    return (0..<3).map { page + 0x400 * $0 + 8 * random.below(0x20) }
  }
}
