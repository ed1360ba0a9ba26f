import Facts
import Testing

@testable import KernelLayouts

@Suite struct KernelLayoutTests {
  @Test func everyRowHasEveryColumn() {
    let table = EmbeddedTable(PackageResources.layouts_tsv)
    let counts = table.records.map { table.fields(of: $0) }.filter { $0.count != 3 }.map(\.count)
    #expect(counts.dropFirst().allSatisfy { $0 == (counts.first ?? 0) + 3 })
    #expect(KernelLayout.all.count == 48)
    #expect(
      Set(
        KernelLayout.all.map { "\($0.architecture) \($0.build) \(String(describing: $0.servicePack)) \($0.revision)" }
      ).count == 48)
  }

  /// Offsets that people know by heart, from the debugger's `dt`.
  @Test func knownOffsets() throws {
    let xp = try #require(KernelLayout.find(build: 2600, servicePack: ServicePack(3), architecture: .x86))
    #expect(xp.isExact)
    #expect(xp.layout.offset("_EPROCESS", "ImageFileName") == 0x174)
    #expect(xp.layout.offset("_EPROCESS", "UniqueProcessId") == 0x84)
    #expect(xp.layout.offset("_KTRAP_FRAME", "Eip") == 0x68)
    #expect(xp.layout.offset("_KTRAP_FRAME", "Rip") == nil)
    #expect(xp.layout.offset("_KTHREAD", "ApcState.Process") == 0x44)
    #expect(xp.layout.size(of: "_KTRAP_FRAME") == 0x8C)

    let ten = try #require(KernelLayout.find(build: 19041, architecture: .x64))
    #expect(ten.isExact)
    #expect(ten.layout.offset("_EPROCESS", "ImageFileName") == 0x5A8)
    #expect(ten.layout.offset("_EPROCESS", "UniqueProcessId") == 0x440)
    #expect(ten.layout.offset("_KTRAP_FRAME", "Rip") == 0x168)
    #expect(ten.layout.offset("_KTRAP_FRAME", "Rsp") == 0x180)
    #expect(ten.layout.offset("_ETHREAD", "Cid.UniqueThread") == 0x480)
    #expect(ten.layout.offset("_KPCR", "CurrentPrcb") == 0x20)
    #expect(ten.layout.size(of: "_NO_SUCH_TYPE") == nil)
    #expect(ten.layout.offset("_EPROCESS", "NoSuchField") == nil)
  }

  /// What a reader of any dump needs must be there for every kernel.
  @Test(arguments: [
    "_EPROCESS.UniqueProcessId", "_EPROCESS.ImageFileName", "_EPROCESS.Session",
    "_EPROCESS.InheritedFromUniqueProcessId",
    "_ETHREAD.Cid.UniqueProcess", "_ETHREAD.Cid.UniqueThread", "_ETHREAD.StartAddress", "_ETHREAD.Win32StartAddress",
    "_KTHREAD.InitialStack", "_KTHREAD.StackLimit", "_KTHREAD.KernelStack", "_KTHREAD.State", "_KTHREAD.WaitReason",
    "_KTHREAD.ApcState.Process", "_KPRCB.CurrentThread", "_KPRCB.Number", "_KTRAP_FRAME.SegCs",
    "_LDR_DATA_TABLE_ENTRY.DllBase", "_LDR_DATA_TABLE_ENTRY.BaseDllName",
  ])
  func neededEverywhere(column: String) {
    let type = String(column.prefix { $0 != "." })
    let field = String(column.dropFirst(type.count + 1))
    for layout in KernelLayout.all {
      #expect(layout.offset(type, field) != nil, "\(layout.architecture) \(layout.build)")
    }
  }

  @Test func nearestLowerBuildIsNotExact() throws {
    let vista = try #require(KernelLayout.find(build: 6003, architecture: .x64))
    #expect(vista.layout.build == 6002 && !vista.isExact)
    let eleven = try #require(KernelLayout.find(build: 26100, architecture: .x64))
    #expect(eleven.layout.build == 19041 && !eleven.isExact)
    #expect(KernelLayout.find(build: 2195, architecture: .x86) == nil)
    #expect(KernelLayout.find(build: 22000, architecture: .arm64) == nil)
  }

  @Test func enablementPackagesShareTheirKernel() throws {
    let found = try #require(KernelLayout.find(build: 19045, architecture: .x64))
    #expect(found.layout.build == 19041 && found.isExact)
  }

  @Test func servicePackDecidesWhereTheBuildNumberDoesNot() throws {
    let first = try #require(KernelLayout.find(build: 3790, servicePack: ServicePack(0), architecture: .x86))
    let second = try #require(KernelLayout.find(build: 3790, servicePack: ServicePack(2), architecture: .x86))
    let unknown = try #require(KernelLayout.find(build: 3790, architecture: .x86))
    #expect(first.isExact && second.isExact && !unknown.isExact)
    #expect(first.layout.offset("_EPROCESS", "ImageFileName") == 340)
    #expect(second.layout.offset("_EPROCESS", "ImageFileName") == 356)
    #expect(unknown.layout.servicePack == ServicePack(2))
    // Both service packs of XP that are bundled agree in every offset.
    #expect(KernelLayout.find(build: 2600, architecture: .x86)?.isExact == true)
    #expect(
      KernelLayout.find(build: 2600, servicePack: ServicePack(1), architecture: .x86)?.layout.servicePack
        == ServicePack(2))
  }

  @Test func revisionDecidesWhereUpdatesMovedFields() throws {
    let early = try #require(KernelLayout.find(build: 7601, architecture: .x64, revision: 17514))
    let late = try #require(KernelLayout.find(build: 7601, architecture: .x64, revision: 24540))
    let unknown = try #require(KernelLayout.find(build: 7601, architecture: .x64))
    #expect(early.isExact && early.layout.revision == 0)
    #expect(late.isExact && late.layout.revision == 24000)
    #expect(!unknown.isExact && unknown.layout.revision == 24000)
  }
}
