import Facts
import Servicing
import Testing

@Suite struct FileJudgementTests {
  static let kernels: [FixedFile] = [
    FixedFile(
      name: "Ntoskrnl.exe", version: FileVersion(5, 1, 2600, 3357), architecture: .x86, product: "Windows XP",
      servicePack: ServicePack(2)),
    FixedFile(
      name: "Ntkrnlpa.exe", version: FileVersion(5, 1, 2600, 5586), architecture: .x86, product: "Windows XP",
      servicePack: ServicePack(3)),
    FixedFile(
      name: "Ntoskrnl.exe", version: FileVersion(6, 0, 6000, 20793), architecture: .x86, product: "Windows Vista",
      servicePack: ServicePack(0), branch: .limited),
    FixedFile(
      name: "Ntoskrnl.exe", version: FileVersion(6, 0, 6001, 22137), architecture: .x86, servicePack: ServicePack(1),
      branch: .limited),
  ]

  static func judged(
    _ version: String, _ product: String, _ pack: UInt8? = nil, suffix: String? = nil, name: String = "ntoskrnl.exe"
  ) -> FileJudgement {
    let file = ModuleIdentity(name: name, version: FileVersion(version), branchSuffix: suffix)
    return judge(
      installed: file, against: kernels,
      machine: Machine(product: product, servicePack: pack.map { ServicePack($0) }, architecture: .x86))
  }

  @Test(arguments: [
    // The service pack's own kernel is a later number than the older pack's fix, and lacks it.
    ("5.1.2600.5512", FileJudgement.Verdict.older), ("5.1.2600.2180", .older), ("5.1.2600.3356", .older),
    ("5.1.2600.3357", .atOrAbove), ("5.1.2600.5586", .atOrAbove),
    // Later by number, branch not known.
    ("5.1.2600.3500", .unknown), ("5.1.2600.5657", .unknown),
  ])
  func xpIsComparedPerServicePack(version: String, verdict: FileJudgement.Verdict) {
    for pack in [nil, 2, 3] as [UInt8?] {
      let judgement = Self.judged(version, "Windows XP", pack)
      #expect(judgement.verdict == verdict)
      #expect(judgement.reason.contains(version))
    }
  }

  @Test func suffixTellsTheBranchOnXP() {
    #expect(Self.judged("5.1.2600.5657", "Windows XP", 3, suffix: "xpsp_sp3_qfe.080814-1242").verdict == .atOrAbove)
    #expect(Self.judged("5.1.2600.5657", "Windows XP", 3, suffix: "xpsp_sp3_gdr.080814-1236").verdict == .otherBranch)
    #expect(Self.judged("5.1.2600.5512", "Windows XP", 3, suffix: "xpsp_sp3_gdr.080413-2105").verdict == .older)
    #expect(Self.judged("5.1.2600.5580", "Windows XP", 3, suffix: "xpsp_sp3_qfe.080401-0000").verdict == .older)
  }

  @Test(arguments: [
    ("6.0.6001.18000", FileJudgement.Verdict.older), ("6.0.6001.18304", .otherBranch), ("6.0.6001.22100", .older),
    ("6.0.6001.22137", .atOrAbove), ("6.0.6001.22500", .atOrAbove), ("6.0.6000.16386", .older),
    ("6.0.6000.16830", .otherBranch), ("6.0.6000.21000", .atOrAbove), ("6.0.6002.18005", .atOrAbove),
  ])
  func vistaTellsTheBranchByNumber(version: String, verdict: FileJudgement.Verdict) {
    #expect(Self.judged(version, "Windows Vista").verdict == verdict)
  }

  @Test func anyKernelNameIsTheKernel() {
    #expect(Self.judged("5.1.2600.5586", "Windows XP", 3, name: "ntkrnlmp.exe").verdict == .atOrAbove)
    #expect(Self.judged("5.1.2600.5586", "Windows XP", 3, name: "hal.dll").verdict == .unknown)
  }

  @Test func anotherSystemIsUnknown() {
    let judgement = Self.judged("6.1.7601.17514", "Windows Vista")
    #expect(judgement.verdict == .unknown)
    #expect(judgement.reason.contains("another Windows version"))
  }

  @Test func bothBranchesListed() {
    let rows = [
      FixedFile(name: "netbt.sys", version: FileVersion(5, 2, 3790, 4100), branch: .general),
      FixedFile(name: "netbt.sys", version: FileVersion(5, 2, 3790, 4200), branch: .limited),
    ]
    func verdict(_ revision: UInt16, _ suffix: String? = nil) -> FileJudgement.Verdict {
      let file = ModuleIdentity(name: "netbt.sys", version: FileVersion(5, 2, 3790, revision), branchSuffix: suffix)
      return judge(installed: file, against: rows, machine: Machine(product: "Windows Server 2003")).verdict
    }
    #expect(verdict(3959) == .older)
    #expect(verdict(4150) == .unknown)
    #expect(verdict(4150, "srv03_sp2_gdr.070321-2337") == .atOrAbove)
    #expect(verdict(4150, "srv03_sp2_qfe.070321-2337") == .older)
    #expect(verdict(4300) == .atOrAbove)
    #expect(verdict(4100, "srv03_sp2_qfe.070321-2337") == .older)
    #expect(verdict(1830) == .older)
  }

  @Test func architectureChoosesTheRow() {
    let rows = [
      FixedFile(name: "a.sys", version: FileVersion(5, 0, 2195, 10), architecture: .x86),
      FixedFile(name: "a.sys", version: FileVersion(5, 0, 2195, 20), architecture: .ia64),
    ]
    let file = ModuleIdentity(name: "A.SYS", version: FileVersion(5, 0, 2195, 15))
    #expect(judge(installed: file, against: rows, machine: Machine(architecture: .x86)).verdict == .atOrAbove)
    #expect(judge(installed: file, against: rows, machine: Machine(architecture: .ia64)).verdict == .older)
    #expect(judge(installed: file, against: rows, machine: Machine(architecture: .alpha)).verdict == .unknown)
  }

  @Test(arguments: [
    ("2002-01-07" as String?, 10_360 as UInt64?, FileJudgement.Verdict.atOrAbove), ("2002-05-01", 10_400, .atOrAbove),
    ("2001-12-31", 10_360, .older), ("2001-12-31", nil, .older), ("2002-05-01", 10_360, .unknown),
    ("2002-01-07", 9_999, .unknown), ("2002-01-07", nil, .unknown), (nil, 10_360, .unknown),
  ])
  func datesAndSizesWhereThereAreNoVersions(date: String?, size: UInt64?, verdict: FileJudgement.Verdict) {
    let rows = [FixedFile(name: "Tdpipe.sys", size: 10_360, date: "2002-01-07", time: "10:47")]
    let file = ModuleIdentity(name: "tdpipe.sys", fileSize: size, fileDate: date)
    #expect(judge(installed: file, against: rows, machine: Machine()).verdict == verdict)
  }

  @Test func aTimeStampIsNotADate() {
    let rows = [FixedFile(name: "Tdpipe.sys", size: 10_360, date: "2002-01-07")]
    // Build hash of a reproducible build, which read as a date would be 2056.
    let file = ModuleIdentity(name: "tdpipe.sys", timestamp: 0xA1B2_C3D4, fileSize: 10_400)
    #expect(judge(installed: file, against: rows, machine: Machine()).verdict == .unknown)
  }
}
