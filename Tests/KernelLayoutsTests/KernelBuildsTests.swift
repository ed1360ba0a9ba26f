import Facts
import Testing

@testable import KernelLayouts

@Suite struct KernelBuildsTests {
  @Test func tableIsSortedUniqueAndWhole() {
    let all = KernelBuilds.all
    #expect(all.count == 213)
    #expect(KernelBuilds.symbols.count == 23)
    #expect(Set(KernelBuilds.symbols).count == 23)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.version < $1.version })
    #expect(Set(all.map(\.pdbGUID)).count == 213)
    for build in all {
      #expect(build.architecture == .x64)
      #expect(build.pdbGUID.utf8.count == 32 && build.pdbAge > 0)
      #expect(KernelBuilds.symbols.count { build.rva(of: $0) != nil } >= 21)
    }
  }

  @Test func theBuildOfARealDump() throws {
    let build = try #require(KernelBuilds.find(version: FileVersion(10, 0, 19041, 804)))
    #expect(build.build == 19041)
    for symbol in ["KdDebuggerDataBlock", "PsLoadedModuleList", "PsActiveProcessHead", "KeBugCheckEx"] {
      #expect(build.rva(of: symbol) != nil)
    }
    #expect(build.rva(of: "NoSuchSymbol") == nil)
    #expect(KernelBuilds.find(pdbGUID: build.pdbGUID.lowercased(), age: build.pdbAge) == build)
    #expect(KernelBuilds.find(version: build.version, architecture: .arm64) == nil)
  }

  @Test func addressesOfTheOldestBuild() throws {
    let build = try #require(KernelBuilds.all.first)
    #expect(build.version == FileVersion(6, 1, 7601, 24540))
    #expect(build.pdbGUID == "339E74133576439CBCDF7E0229DA3773")
    #expect(build.rva(of: "PsLoadedModuleList") == 2_333_840)
    #expect(build.rva(of: "KeWaitForSingleObject") == 219_344)
    #expect(build.rva(of: "MiState") == nil)
  }
}
