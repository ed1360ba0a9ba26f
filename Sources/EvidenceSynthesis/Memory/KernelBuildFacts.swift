import Facts
import KernelLayouts

/// A real kernel that whole machines are described after: where its symbols lie and which symbol file it names.
public struct SynthesizedKernel: Hashable, Sendable {
  public var version: SystemVersion
  /// Version resource's last part.
  public var revision: UInt32
  public var architecture: Architecture
  /// 32 hexadecimal digits.
  public var pdbGUID: String
  public var pdbAge: UInt32
  public var pdbName: String
  /// Relative to the image's base.
  public var symbols: [String: UInt32]

  /// Kernels whose public symbol tables Volatility 3 can be given: 7 SP1, 8.1, 10 1809 and 10 2004, x64.
  public static let named: [(name: String, kernel: SynthesizedKernel)] = [
    (
      "7601",
      x64(
        SystemVersion(6, 1, 7601, servicePack: 1, buildLab: "7601.24540.amd64fre.win7sp1_ldr.190"),
        "339E74133576439CBCDF7E0229DA3773",
        [
          "KeNumberProcessors": 0x29D018, "CmNtCSDVersion": 0x27323C, "MmLastUnloadedDriver": 0x239C88,
          "KiBugCheckData": 0x266780, "KiWaitNever": 0x29D130, "KiWaitAlways": 0x29D218,
          "KdpDataBlockEncoded": 0x1FFD1B, "PoolTrackTableSize": 0x210F80, "PoolBigPageTableSize": 0x210F58,
          "ExPoolTagTables": 0x210FA0, "ExWorkerQueue": 0x2107A0, "ExpSystemResourcesList": 0x210970,
        ])
    ),
    (
      "9600",
      x64(
        SystemVersion(6, 3, 9600, buildLab: "9600.19913.amd64fre.winblue_ltsb"), "22597D0B40394E23936F6A24C6C52D5B",
        [
          "KeNumberProcessors": 0x34F018, "CmNtCSDVersion": 0x2D4DA8, "MmLastUnloadedDriver": 0x2C5544,
          "KiBugCheckData": 0x2CC940, "KiWaitNever": 0x34F548, "KiWaitAlways": 0x34FA40,
          "KdpDataBlockEncoded": 0x29E448, "PoolTrackTableSize": 0x2A5B80, "PoolBigPageTableSize": 0x2A5AD8,
          "ExPoolTagTables": 0x2A46C0, "KeNodeBlock": 0x347800, "ExNode0": 0x29E480,
          "ExpSystemResourcesList": 0x2A4030,
        ])
    ),
    (
      "17763",
      x64(
        SystemVersion(10, 0, 17763, buildLab: "17763.1.amd64fre.rs5_release.180"), "8B11040A5928757B11390AC78F6B6925",
        [
          "KeNumberProcessors": 0x5432C4, "CmNtCSDVersion": 0x4393A8, "MmLastUnloadedDriver": 0x41B970,
          "KiBugCheckData": 0x422620, "KiWaitNever": 0x543668, "KiWaitAlways": 0x543868,
          "KdpDataBlockEncoded": 0x43D7F8, "PoolTrackTableSize": 0x407FD0, "PoolBigPageTableSize": 0x40A820,
          "ExPoolTagTables": 0x408000, "PspSystemPartition": 0x543610, "ExpSystemResourcesList": 0x407FC0,
        ])
    ),
    (
      "19041",
      x64(
        SystemVersion(10, 0, 19041, buildLab: "19041.1.amd64fre.vb_release.1912"), "5278AFF86C341677D7D7835C85B7B844",
        [
          "KeNumberProcessors": 0xCFC404, "CmNtCSDVersion": 0xC4C078, "MmLastUnloadedDriver": 0xC2A310,
          "KiBugCheckData": 0xC31480, "KiWaitNever": 0xCFC7F8, "KiWaitAlways": 0xCFC9F8,
          "KdpDataBlockEncoded": 0xC50BA0, "PoolTrackTableSize": 0xC19128, "PoolBigPageTableSize": 0xC19108,
          "ExPoolTagTables": 0xC168C0, "PspSystemPartition": 0xCFC750, "ExpSystemResourcesList": 0xC16890,
        ])
    ),
  ]

  private static func x64(_ version: SystemVersion, _ guid: String, _ more: [String: UInt32]) -> SynthesizedKernel {
    let build = KernelBuilds.find(pdbGUID: guid, age: 1)
    var symbols = more
    for name in KernelBuilds.symbols { symbols[name] = build?.rva(of: name) }
    return SynthesizedKernel(
      version: version, revision: UInt32(build?.version.revision ?? 0), architecture: .x64, pdbGUID: guid, pdbAge: 1,
      pdbName: "ntkrnlmp.pdb", symbols: symbols)
  }

  /// Systems without public tables at hand: symbols stand at fixed places of ours, and the symbol file's name with them.
  public static let unnamed: [(name: String, kernel: SynthesizedKernel)] = [
    ("2600", invented(SystemVersion(5, 1, 2600, servicePack: 3, buildLab: "2600.xpsp_sp3_gdr.080814"), .x86)),
    ("3790-sp0", invented(SystemVersion(5, 2, 3790, buildLab: "3790.srv03_rtm.030324"), .x86)),
    ("3790", invented(SystemVersion(5, 2, 3790, servicePack: 2, buildLab: "3790.srv03_sp2_gdr.0703"), .x86)),
    ("3790-x64", invented(SystemVersion(5, 2, 3790, servicePack: 2, buildLab: "3790.srv03_sp2_gdr.0703"), .x64)),
    ("6001", invented(SystemVersion(6, 0, 6001, servicePack: 1, buildLab: "6001.18000.x86fre.longhorn_"), .x86)),
    ("6001-x64", invented(SystemVersion(6, 0, 6001, servicePack: 1, buildLab: "6001.18000.amd64fre.longhor"), .x64)),
  ]

  private static func invented(_ version: SystemVersion, _ architecture: Architecture) -> SynthesizedKernel {
    SynthesizedKernel(
      version: version, revision: 0, architecture: architecture,
      pdbGUID: "FA17111E000000000000000000"
        + String(version.servicePack >> 8, radix: 16) + String(10000 + version.build), pdbAge: 1,
      pdbName: architecture == .x86 ? "ntkrpamp.pdb" : "ntkrnlmp.pdb",
      // Other symbols stand 0x100 apart, which is too little for the block and for an address for each processor. The size of
      // the tracker's table stands right before its address, as in 7601.
      symbols: [
        "KdDebuggerDataBlock": 0xE_0000, "PoolTrackTable": 0xD_0008,
        "PoolTrackTableSize": architecture == .x86 ? 0xD_0004 : 0xD_0000, "ExPoolTagTables": 0xD_0100,
        "PoolBigPageTable": 0xD_1000, "PoolBigPageTableSize": 0xD_1010, "ExWorkerQueue": 0xD_2020,
      ])
  }

  public static func find(_ name: String) -> SynthesizedKernel? {
    (named + unnamed).first { $0.name == name }?.kernel
  }
}
